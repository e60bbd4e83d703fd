import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Nightlatch } from './open.js'
import { endHousekeeping, runHousekeeping } from '../core/maintenance/housekeeping.js'
import { tellRefused } from '../core/rate-limits/refusals.js'
import type { HttpLog } from '../http/services.js'

interface Rhythm {
  /** From the end of one round to the next. */
  readonly everyMs: number
  /** Between two batches: time for everybody else. */
  readonly pauseMs: number
}

const usual: Rhythm = { everyMs: 60_000, pauseMs: 50 }

interface Beside {
  /** What one server does for all, once the house is in order. */
  alsoDue?(): Promise<void>
}

/** Keeps house now and then. @returns what ends it: resolves when the running batch is done */
export function startHousekeeping(
  { core, box, alsoDue }: Pick<Nightlatch, 'core'> & Partial<Pick<Nightlatch, 'box'>> & Beside,
  log: HttpLog,
  { everyMs, pauseMs }: Rhythm = usual,
): () => Promise<void> {
  const name = randomUUID()
  const over = new AbortController()
  const pause = (ms: number): Promise<boolean> =>
    sleep(ms, true, { signal: over.signal, ref: false }).catch(() => false)
  let isOurs = false
  const round = async (): Promise<void> => {
    try {
      await tellRefused(core)
      isOurs = (await runHousekeeping(core, { name, pause: () => pause(pauseMs) })) !== null
      if (isOurs) await alsoDue?.()
    } catch (error) {
      log.error('housekeeping failed and will be tried again', {}, error)
    }
  }
  const run = async (): Promise<void> => {
    // While a root key is being rotated the first round begins at once, and a batch of it is done however soon the
    // server stops: the old key is to go.
    if ((box?.keyIds.length ?? 1) > 1) await round()
    while (await pause(everyMs)) await round()
    // Where the database is away, the next server waits for the end of our lease.
    if (isOurs) await endHousekeeping(core, name).catch(() => undefined)
  }
  const ended = run()
  return async () => {
    over.abort()
    await ended
    await tellRefused(core, true).catch(() => undefined) // the database may be away
  }
}
