import { setTimeout as sleep } from 'node:timers/promises'
import { patient } from './pace.js'

/** Waits until it is so, and says what was waited for when it never is. */
export async function until(isSo: () => Promise<boolean> | boolean, withinMs = 15_000): Promise<void> {
  const began = performance.now()
  while (!(await isSo())) {
    const waited = performance.now() - began
    if (waited > withinMs && waited > patient(withinMs))
      throw new Error(`never came true: ${isSo.toString()}`)
    await sleep(5)
  }
}
