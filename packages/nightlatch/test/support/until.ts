import { setTimeout as sleep } from 'node:timers/promises'

/** Waits until it is so, and says what was waited for when it never is. */
export async function until(isSo: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> {
  const deadline = performance.now() + withinMs
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`never came true: ${isSo.toString()}`)
    await sleep(5)
  }
}
