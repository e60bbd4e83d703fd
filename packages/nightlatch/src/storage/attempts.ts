import type { AttemptKey, AttemptPolicy, AttemptStore, Reservation } from '../core/attempts.js'
import type { Db } from './db.js'
import { among, done } from './rows.js'

interface AttemptRow {
  readonly failures: number
  readonly blocked_until: number
  readonly changed_at: number
}

/**
 * $2 now, $3 forget what was before, $4 the wait of a first failure, $5 wait from, $6 doublings until the
 * longest wait, $7 end of the longest wait, $8 first wait, $9 locked at, $10 forgets at all.
 * A wait that ends later than the longest one does was set by a clock that was wrong, and holds nobody.
 */
const reserve = `INSERT INTO attempt (key, failures, blocked_until, changed_at, forgets)
  VALUES ($1, 1, $4, $2, $10)
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN attempt.changed_at < $3 THEN 1 ELSE attempt.failures + 1 END,
    blocked_until = CASE
      WHEN attempt.changed_at < $3 THEN $4
      WHEN attempt.failures + 1 < $5 THEN 0
      WHEN attempt.failures + 1 - $5 >= $6 THEN $7
      ELSE $2 + (CAST($8 AS bigint) << CAST(attempt.failures + 1 - $5 AS integer)) END,
    changed_at = $2,
    forgets = $10
  WHERE (attempt.blocked_until <= $2 OR attempt.blocked_until > $7)
    AND (attempt.changed_at < $3 OR attempt.failures < $9)
  RETURNING failures, blocked_until, changed_at`

function reserveParams(key: AttemptKey, policy: AttemptPolicy, now: number) {
  const { waitFrom, firstWaitSeconds, longestWaitSeconds, lockAt, forgetAfterSeconds } = policy
  const doublings = Math.ceil(Math.log2(Math.max(1, longestWaitSeconds / firstWaitSeconds)))
  return [
    key,
    now,
    forgetAfterSeconds === null ? Number.MIN_SAFE_INTEGER : now - forgetAfterSeconds,
    waitFrom <= 1 ? now + Math.min(firstWaitSeconds, longestWaitSeconds) : 0,
    waitFrom,
    doublings,
    now + longestWaitSeconds,
    firstWaitSeconds,
    lockAt ?? Number.MAX_SAFE_INTEGER,
    Number(forgetAfterSeconds !== null),
  ]
}

/** Why there is no attempt; null when somebody has made room meanwhile. */
function refusal(row: AttemptRow | null, policy: AttemptPolicy, now: number): Reservation | null {
  if (row === null) return null
  const { lockAt, forgetAfterSeconds, longestWaitSeconds } = policy
  const forgotten = forgetAfterSeconds !== null && row.changed_at < now - forgetAfterSeconds
  if (lockAt !== null && row.failures >= lockAt && !forgotten) return { kind: 'locked' }
  const waits = row.blocked_until > now && row.blocked_until <= now + longestWaitSeconds
  return waits ? { kind: 'wait', untilSeconds: row.blocked_until } : null
}

const why = 'SELECT failures, blocked_until, changed_at FROM attempt WHERE key = $1'
const idle = `SELECT key FROM attempt WHERE changed_at < $1 AND (forgets = 1 OR failures = 0)
  ORDER BY changed_at LIMIT $2`

export function attemptStore(db: Db): AttemptStore {
  const removeIdle = `DELETE FROM attempt WHERE ${among(db, 'key', idle)}`
  return {
    async reserve(key, policy, nowSeconds) {
      for (let tries = 0; tries < 5; tries += 1) {
        const row = await db.one<AttemptRow>(reserve, reserveParams(key, policy, nowSeconds))
        if (row !== null) return { kind: 'reserved', failures: row.failures }
        const refused = refusal(await db.one<AttemptRow>(why, [key]), policy, nowSeconds)
        if (refused !== null) return refused
      }
      // Others keep changing this counter: no attempt now, and an honest time for the next one.
      return { kind: 'wait', untilSeconds: nowSeconds + 1 }
    },
    giveBack: (key) =>
      done(
        db.run(
          'UPDATE attempt SET failures = failures - 1, blocked_until = 0 WHERE key = $1 AND failures > 0',
          [key],
        ),
      ),
    clear: (key) => done(db.run('DELETE FROM attempt WHERE key = $1', [key])),
    removeIdleSince: (at, limit) => db.run(removeIdle, [at, limit]),
  }
}
