import { describe, expect, it } from 'vitest'
import { type AttemptKey, type AttemptPolicy } from '../../src/core/rate-limits/attempts.js'
import type { InvitationId } from '../../src/core/ids.js'
import { day, hour } from '../../src/core/ports/platform.js'
import { openStorage } from '../../src/storage/index.js'
import { databases, useDatabase } from '../support/databases.js'
import { anId, fiftyAtOnce } from './things.js'
import { usualLimits } from '../../src/core/policy.js'

const { password: passwordPolicy, code: codePolicy, recoveryCode: recoveryPolicy } = usualLimits.attempts

const aKey = (): AttemptKey => `code:${anId()}` as AttemptKey

describe.each(databases)('attempts on $name', (kind) => {
  const servers = useDatabase(kind)
  const attempts = () => servers.here.stores.attempts

  /** Fails until there is a wait. @returns how long it is */
  async function nextWait(key: AttemptKey, policy: AttemptPolicy, from: number): Promise<number> {
    for (;;) {
      const answer = await attempts().reserve(key, policy, from)
      if (answer.kind === 'wait') return answer.untilSeconds - from
      if (answer.kind === 'locked') return Infinity
    }
  }

  it('four attempts are free, the fifth one brings a wait that doubles from 30 seconds to an hour', async () => {
    const key = aKey()
    for (let failures = 1; failures <= 5; failures += 1)
      expect(await attempts().reserve(key, codePolicy, 1000)).toEqual({ kind: 'reserved', failures })
    const waits: number[] = []
    for (let now = 1000; waits.length < 10; now += waits.at(-1) ?? 0)
      waits.push(await nextWait(key, codePolicy, now))
    expect(waits).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
  })

  it('the wait ends at its second and not before', async () => {
    const key = aKey()
    await nextWait(key, codePolicy, 1000)
    expect(await attempts().reserve(key, codePolicy, 1029)).toEqual({ kind: 'wait', untilSeconds: 1030 })
    expect(await attempts().reserve(key, codePolicy, 1030)).toEqual({ kind: 'reserved', failures: 6 })
  })

  it('at a hundred in a row it is locked, however long one waits', async () => {
    const key = aKey()
    const policy = { ...codePolicy, waitFrom: 1000 }
    for (let failures = 1; failures <= 100; failures += 1) await attempts().reserve(key, policy, 1000)
    expect(await attempts().reserve(key, codePolicy, 1000)).toEqual({ kind: 'locked' })
    expect(await attempts().reserve(key, codePolicy, 1000 + 400 * day)).toEqual({ kind: 'locked' })
    await attempts().clear(key)
    expect(await attempts().reserve(key, codePolicy, 1001)).toEqual({ kind: 'reserved', failures: 1 })
  })

  it('BRUTE-23 two counters of one secret lock at a hundred together, and wait each by itself', async () => {
    const [one, other] = [aKey(), aKey()]
    const at = (key: AttemptKey) => ({ ...codePolicy, lockedWith: key === one ? other : one })
    const roomy = { waitFrom: 1000 }
    for (let failures = 1; failures <= 60; failures += 1)
      await attempts().reserve(one, { ...at(one), ...roomy }, 1000)
    expect(await attempts().reserve(other, at(other), 1000)).toEqual({ kind: 'reserved', failures: 1 })
    const more = Array.from({ length: 45 }, () => attempts().reserve(other, { ...at(other), ...roomy }, 1000))
    const kinds = (await Promise.all(more)).map(({ kind }) => kind)
    expect(kinds.filter((kind) => kind === 'reserved')).toHaveLength(39)
    for (const key of [one, other])
      expect(await attempts().reserve(key, at(key), 1000 + 400 * day)).toEqual({ kind: 'locked' })
    await attempts().clear(other)
    expect(await attempts().reserve(one, { ...at(one), ...roomy }, 1000)).toEqual({
      kind: 'reserved',
      failures: 61,
    })
  })

  it('BRUTE-23 the first try at one place is none when the other place has had the hundred', async () => {
    const [one, other] = [aKey(), aKey()]
    for (let failures = 1; failures <= 100; failures += 1)
      await attempts().reserve(one, { ...recoveryPolicy, waitFrom: 1000 }, 1000)
    const policy = { ...recoveryPolicy, lockedWith: one }
    expect(await attempts().reserve(other, policy, 1000 + day)).toEqual({ kind: 'locked' })
    expect(await attempts().reserve(other, policy, 1001 + day)).toEqual({ kind: 'reserved', failures: 1 })
  })

  it('failures of long ago are forgotten where the policy says so, a lock too', async () => {
    const key = aKey()
    const policy = { ...recoveryPolicy, waitFrom: 1000 }
    for (let failures = 1; failures <= 100; failures += 1) await attempts().reserve(key, policy, 1000)
    expect(await attempts().reserve(key, recoveryPolicy, 1000 + day)).toEqual({ kind: 'locked' })
    expect(await attempts().reserve(key, recoveryPolicy, 1001 + day)).toEqual({
      kind: 'reserved',
      failures: 1,
    })
  })

  it('a burst of fifty on two servers gets the budget and no more', async () => {
    const key = aKey()
    const both = [servers.here.stores, servers.there.stores] as const
    const answers = await fiftyAtOnce(both, (stores) => stores.attempts.reserve(key, codePolicy, 1000))
    const reserved = answers.flatMap((answer) => (answer.kind === 'reserved' ? [answer.failures] : []))
    expect(reserved.sort()).toEqual([1, 2, 3, 4, 5])
    const others = answers.filter((answer) => answer.kind !== 'reserved')
    expect(others).toEqual(Array(45).fill({ kind: 'wait', untilSeconds: 1030 }))
  })

  it('a first burst of fifty on a policy with room counts every one', async () => {
    const key = aKey()
    const both = [servers.here.stores, servers.there.stores] as const
    const roomy = { ...passwordPolicy, waitFrom: 100 }
    const answers = await fiftyAtOnce(both, (stores) => stores.attempts.reserve(key, roomy, 1000))
    const counts = answers.map((answer) => (answer.kind === 'reserved' ? answer.failures : 0))
    expect(new Set(counts)).toEqual(new Set(Array.from({ length: 50 }, (_one, index) => index + 1)))
  })

  it('an attempt that is given back takes its wait along, and never makes more than there were', async () => {
    const key = aKey()
    for (let failures = 1; failures <= 5; failures += 1) await attempts().reserve(key, codePolicy, 1000)
    await attempts().giveBack(key)
    expect(await attempts().reserve(key, codePolicy, 1000)).toEqual({ kind: 'reserved', failures: 5 })
    for (let back = 0; back < 8; back += 1) await attempts().giveBack(key)
    expect(await attempts().reserve(key, codePolicy, 1000)).toEqual({ kind: 'reserved', failures: 1 })
    await attempts().giveBack(aKey())
  })

  it('a policy that waits from the first failure on does so', async () => {
    const key = aKey()
    const strict = { ...codePolicy, waitFrom: 1 }
    expect(await attempts().reserve(key, strict, 1000)).toEqual({ kind: 'reserved', failures: 1 })
    expect(await attempts().reserve(key, strict, 1000)).toEqual({ kind: 'wait', untilSeconds: 1030 })
  })

  it.each([1, 60, hour, day, 3650 * day])(
    'a wait from a clock that ran %i seconds ahead lasts as long as it was meant to, and keeps the count',
    async (ahead) => {
      const key = aKey()
      await nextWait(key, codePolicy, 1000 + ahead)
      const wait = { kind: 'wait', untilSeconds: 1030 }
      expect(await attempts().reserve(key, codePolicy, 1000)).toEqual(wait)
      expect(await attempts().reserve(key, codePolicy, 1029), 'it begins again once').toEqual(wait)
      expect(await attempts().reserve(key, codePolicy, 1030)).toEqual({ kind: 'reserved', failures: 6 })
      expect(await attempts().reserve(key, codePolicy, 1030)).toEqual({ kind: 'wait', untilSeconds: 1090 })
    },
  )

  it('a clock that goes back an hour makes no wait shorter', async () => {
    const key = aKey()
    await nextWait(key, codePolicy, 10_000)
    expect(await attempts().reserve(key, codePolicy, 10_030 - hour)).toMatchObject({ kind: 'wait' })
  })

  it('BRUTE-21 a server whose clock is a second slow gets no guess of its own at the longest wait', async () => {
    for (const behind of [1, 5, 60, hour]) {
      const key = aKey()
      let now = 100_000
      for (let wait = 0; wait < hour; now += wait) wait = await nextWait(key, codePolicy, now)
      expect((await servers.here.stores.attempts.reserve(key, codePolicy, now)).kind).toBe('reserved')
      expect((await servers.there.stores.attempts.reserve(key, codePolicy, now - behind)).kind).toBe('wait')
    }
  })

  it('counters that nobody looks at any more are removed in batches; those that never forget stay', async () => {
    const [forgetful, strict] = [aKey(), aKey()]
    const old = Array.from({ length: 3 }, aKey)
    for (const key of [forgetful, ...old]) await attempts().reserve(key, passwordPolicy, 50)
    await attempts().reserve(strict, codePolicy, 50)
    await attempts().reserve(forgetful, passwordPolicy, 100)
    expect(await attempts().removeIdleSince(100, 2)).toBe(2)
    expect(await attempts().removeIdleSince(100, 2)).toBe(1)
    expect(await attempts().removeIdleSince(100, 2)).toBe(0)
    expect(await attempts().reserve(strict, codePolicy, 100)).toEqual({ kind: 'reserved', failures: 2 })
    expect(await attempts().reserve(forgetful, passwordPolicy, 100)).toEqual({
      kind: 'reserved',
      failures: 3,
    })
  })
})

describe('the database has the clock that decides, on postgres', () => {
  const postgres = databases.find(({ name }) => name === 'postgres')!
  const servers = useDatabase(postgres)
  const real = (): number => Math.floor(Date.now() / 1000)
  const open = () => openStorage(servers.database.location, { clock: 'database' })
  const set = (key: AttemptKey, seconds: number) =>
    servers.database.sql(`INSERT INTO attempt (key, failures, blocked_until, changed_at, forgets)
      SELECT '${key}', 13, now.s + ${seconds}, now.s - 3000, 0
      FROM (SELECT CAST(floor(extract(epoch FROM clock_timestamp())) AS bigint) AS s) AS now`)

  it.each([-86_400, -1, 1, 86_400])(
    'BRUTE-21 two servers, one of them %i seconds off: one guess, not two, and none before the time',
    async (off) => {
      const [right, wrong] = [await open(), await open()]
      try {
        const [due, early] = [aKey(), aKey()]
        await set(due, -5)
        await set(early, 600)
        expect((await wrong.stores.attempts.reserve(early, codePolicy, real() + off)).kind).toBe('wait')
        expect((await right.stores.attempts.reserve(early, codePolicy, real())).kind).toBe('wait')
        const first = await wrong.stores.attempts.reserve(due, codePolicy, real() + off)
        expect(first).toEqual({ kind: 'reserved', failures: 14 })
        const second = await right.stores.attempts.reserve(due, codePolicy, real())
        if (second.kind !== 'wait') throw new Error(second.kind)
        const wait = second.untilSeconds - real()
        expect(wait).toBeGreaterThan(hour - 120)
        expect(wait).toBeLessThanOrEqual(hour + 1)
      } finally {
        await right.close()
        await wrong.close()
      }
    },
  )

  it('RESET-9 a link that is over is not taken by a server whose clock is slow', async () => {
    const slow = await open()
    try {
      const id = anId() as InvitationId
      const invitation = { id, account: null, createdAt: real() - 7200, expiresAt: real() - 3600 }
      await slow.stores.invitations.add(invitation, id)
      expect(await slow.stores.invitations.find(id, real() - 5000)).toBeNull()
      expect(await slow.stores.invitations.take(id, real() - 5000)).toBe(false)
    } finally {
      await slow.close()
    }
  })
})
