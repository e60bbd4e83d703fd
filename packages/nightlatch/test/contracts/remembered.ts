import { setTimeout as sleep } from 'node:timers/promises'

/** Asks until the very same object comes back: it is remembered. */
export async function untilRemembered<Found>(ask: () => Promise<Found>): Promise<Found> {
  const deadline = performance.now() + 15_000
  for (let last = await ask(); ;) {
    const found = await ask()
    if (found === last) return found
    if (performance.now() > deadline) throw new Error('nothing is remembered')
    last = found
    await sleep(0)
  }
}

/** How long after now the last wrong answer was asked for: 0 when there was none. */
export async function msUntil(isRight: () => Promise<boolean>): Promise<number> {
  const began = performance.now()
  for (let lastWrong = 0; ;) {
    const asked = performance.now()
    if ((await isRight()) || asked - began > 5000) return lastWrong
    lastWrong = asked - began
  }
}
