import type { AttemptKey, AttemptPolicy, AttemptStore, Reservation } from '../../core/rate-limits/attempts.js'
import { byClock } from '../engine/clock.js'
import { removeAmong } from './rows.js'
import { defineStore } from './store.js'

interface AttemptRow {
  readonly failures: number
  readonly blocked_until: number
  readonly changed_at: number
  readonly now: number
  /** Failures of the counter that it locks with. */
  readonly beside: number
}

/** What the other counter has to say about the lock: 0 when there is none, or it is forgotten. */
const besideAt = (now: string, [key, forgets, age]: readonly [string, string, string]): string =>
  `COALESCE((SELECT beside.failures FROM attempt AS beside WHERE beside.key = CAST(${key} AS text)
    AND (CAST(${forgets} AS bigint) = 0 OR beside.changed_at >= ${now} - CAST(${age} AS bigint))), 0)`

/**
 * $1 key, $2 now, $3 forgets what is so many seconds old, $4 wait from, $5 doublings until the longest wait, $6 the
 * longest wait, $7 the first, $8 locked at, $9 forgets at all, $10 the counter that it locks with. The row that is put in carries the
 * moment.
 */
const reserve = byClock((now) => {
  const beside = ['$10', '$9', '$3'] as const
  const isForgotten = '($9 = 1 AND attempt.changed_at < excluded.changed_at - $3)'
  return `INSERT INTO attempt (key, failures, blocked_until, changed_at, forgets)
  SELECT CAST($1 AS text), 1, CASE WHEN CAST($4 AS bigint) <= 1 THEN moment.now + CAST($7 AS bigint) ELSE 0 END,
    moment.now, CAST($9 AS bigint)
  FROM (SELECT ${now('$2')} AS now) AS moment
  WHERE ${besideAt('moment.now', beside)} < CAST($8 AS bigint)
  ON CONFLICT (key) DO UPDATE SET
    failures = CASE WHEN ${isForgotten} THEN 1 ELSE attempt.failures + 1 END,
    blocked_until = CASE
      WHEN ${isForgotten} THEN excluded.blocked_until
      WHEN attempt.failures + 1 < $4 THEN 0
      WHEN attempt.failures + 1 - $4 >= $5 THEN excluded.changed_at + $6
      ELSE excluded.changed_at + (CAST($7 AS bigint) << CAST(attempt.failures + 1 - $4 AS integer)) END,
    changed_at = excluded.changed_at,
    forgets = excluded.forgets
  WHERE attempt.blocked_until <= excluded.changed_at
    AND CASE WHEN ${isForgotten} THEN 0 ELSE attempt.failures END
      + ${besideAt('excluded.changed_at', beside)} < $8
  RETURNING failures`
})

function reserveParams(key: AttemptKey, policy: AttemptPolicy, now: number) {
  const { waitFrom, firstWaitSeconds, longestWaitSeconds, lockAt, forgetAfterSeconds } = policy
  const doublings = Math.ceil(Math.log2(Math.max(1, longestWaitSeconds / firstWaitSeconds)))
  return [
    key,
    now,
    forgetAfterSeconds ?? 0,
    waitFrom,
    doublings,
    longestWaitSeconds,
    Math.min(firstWaitSeconds, longestWaitSeconds),
    lockAt ?? Number.MAX_SAFE_INTEGER,
    Number(forgetAfterSeconds !== null),
    policy.lockedWith ?? null,
  ]
}

/** $1 key, $2 now, $3 the counter that it locks with, $4 forgets at all, $5 what is so many seconds old. */
const look = byClock(
  (now) => `SELECT COALESCE(attempt.failures, 0) AS failures,
    COALESCE(attempt.blocked_until, 0) AS blocked_until, COALESCE(attempt.changed_at, moment.now) AS changed_at,
    ${besideAt('moment.now', ['$3', '$4', '$5'])} AS beside, moment.now AS now
  FROM (SELECT ${now('$2')} AS now) AS moment LEFT JOIN attempt ON attempt.key = $1`,
)

const lookParams = (key: AttemptKey, { lockedWith, forgetAfterSeconds }: AttemptPolicy, now: number) => [
  key,
  now,
  lockedWith ?? null,
  Number(forgetAfterSeconds !== null),
  forgetAfterSeconds ?? 0,
]

/** Why there is no attempt; null when somebody has made room meanwhile. The wait's end is told in the server's time. */
function refusal(row: AttemptRow | null, policy: AttemptPolicy, nowSeconds: number): Reservation | null {
  if (row === null) return null
  const { now } = row
  const { lockAt, forgetAfterSeconds } = policy
  const forgotten = forgetAfterSeconds !== null && row.changed_at < now - forgetAfterSeconds
  const failures = (forgotten ? 0 : row.failures) + row.beside
  if (lockAt !== null && failures >= lockAt) return { kind: 'locked' }
  return row.blocked_until > now ? { kind: 'wait', untilSeconds: nowSeconds + row.blocked_until - now } : null
}

/**
 * A clock that was set back since: nobody knows how much of the wait is over, so it begins once more. A clock that ran an
 * hour ahead locks nobody out for that hour, and one that is set back makes no wait shorter.
 */
const beginWaitAgain = byClock(
  (now) => `UPDATE attempt
  SET blocked_until = attempt.blocked_until - attempt.changed_at + moment.now, changed_at = moment.now
  FROM (SELECT ${now('$2')} AS now) AS moment
  WHERE attempt.key = $1 AND attempt.changed_at > moment.now AND attempt.blocked_until > moment.now`,
)

const idle = `SELECT key FROM attempt WHERE changed_at < $1 AND (forgets = 1 OR failures = 0)
  ORDER BY changed_at LIMIT $2`
const removeIdle = removeAmong('attempt', 'key', idle)

export const attemptStore = defineStore<AttemptStore>({
  async reserve(key, policy, nowSeconds) {
    for (let tries = 0; tries < 5; tries += 1) {
      const row = await this.db.returning<Pick<AttemptRow, 'failures'>>(
        reserve[this.clock],
        reserveParams(key, policy, nowSeconds),
      )
      if (row !== null) return { kind: 'reserved', failures: row.failures }
      const why = await this.db.one<AttemptRow>(look[this.clock], lookParams(key, policy, nowSeconds))
      if (why !== null && why.changed_at > why.now && why.blocked_until > why.now) {
        await this.db.run(beginWaitAgain[this.clock], [key, nowSeconds])
        continue
      }
      const refused = refusal(why, policy, nowSeconds)
      if (refused !== null) return refused
    }
    // Others keep changing this counter: no attempt now, and an honest time for the next one.
    return { kind: 'wait', untilSeconds: nowSeconds + 1 }
  },
  async giveBack(key) {
    await this.db.run(
      'UPDATE attempt SET failures = failures - 1, blocked_until = 0 WHERE key = $1 AND failures > 0',
      [key],
    )
  },
  async clear(...keys) {
    if (keys.length === 0) return
    const marks = keys.map((_key, at) => `$${at + 1}`).join(', ')
    await this.db.run(`DELETE FROM attempt WHERE key IN (${marks})`, keys)
  },
  removeIdleSince(at, limit) {
    return this.db.run(removeIdle[this.db.dialect], [at, limit])
  },
})
