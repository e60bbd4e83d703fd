import { describe, expect, it } from 'vitest'
import type { AuditEvent, AuditFilter } from '../../src/core/audit/audit.js'
import type { AccountId } from '../../src/core/ids.js'
import { databases, useDatabase } from '../support/databases.js'
import { anId, fiftyAtOnce } from './things.js'

const anEvent = (own: Partial<AuditEvent> = {}): AuditEvent => ({
  at: 1000,
  event: 'sign-in.completed',
  account: null,
  address: '192.0.2.1',
  userAgent: 'Browser',
  details: {},
  ...own,
})

describe.each(databases)('the audit trail on $name', (kind) => {
  const servers = useDatabase(kind)
  const audit = () => servers.here.stores.audit

  it('an event comes back as it was written', async () => {
    const account = anId<AccountId>()
    const event = anEvent({ account, details: { factor: 'totp', left: 9, again: true, name: 'Ада "🚪"' } })
    await audit().add(event)
    const [record] = await servers.there.stores.audit.list({ account, limit: 5 })
    expect(record).toEqual({ ...event, sequence: record?.sequence })
  })

  it('the newest comes first; what follows an event comes in order', async () => {
    const account = anId<AccountId>()
    for (let at = 1; at <= 5; at += 1) await audit().add(anEvent({ account, at }))
    const newest = await audit().list({ account, limit: 3 })
    expect(newest.map((event) => event.at)).toEqual([5, 4, 3])
    const beforeSequence = newest[2]?.sequence ?? 0
    const older = await audit().list({ account, beforeSequence, limit: 3 })
    expect(older.map((event) => event.at)).toEqual([2, 1])
    const afterSequence = older[1]?.sequence ?? 0
    const next = await audit().list({ account, afterSequence, limit: 2 })
    expect(next.map((event) => event.at)).toEqual([2, 3])
    const between = await audit().list({ account, afterSequence, beforeSequence, limit: 9 })
    expect(between.map((event) => event.at)).toEqual([2])
    expect(await audit().list({ afterSequence: newest[0]?.sequence ?? 0, limit: 9 })).toEqual([])
  })

  it('those of some numbers are found, oldest first, and nothing for a number that there is not', async () => {
    const account = anId<AccountId>()
    for (let at = 1; at <= 4; at += 1) await audit().add(anEvent({ account, at }))
    const [fourth, third, second, first] = (await audit().list({ account, limit: 9 })).map(
      ({ sequence }) => sequence,
    )
    const these = await audit().listThese([fourth!, first!, third!, 999_999])
    expect(these.map(({ at }) => at)).toEqual([1, 3, 4])
    expect(await audit().listThese([second!])).toMatchObject([{ at: 2, account }])
    expect(await audit().listThese([])).toEqual([])
  })

  it('fifty at once are fifty events with fifty numbers', async () => {
    const account = anId<AccountId>()
    await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.audit.add(anEvent({ account })),
    )
    const events = await audit().list({ account, limit: 100 })
    expect(new Set(events.map((event) => event.sequence)).size).toBe(50)
  })
})

describe.each(databases)('an audit trail that is kept short on $name', (kind) => {
  const servers = useDatabase(kind)

  it('old events are removed in batches, and their numbers never come back', async () => {
    const { audit } = servers.here.stores
    for (const at of [10, 11, 9, 10]) await audit.add(anEvent({ at }))
    const last = (await audit.list({ limit: 1 }))[0]?.sequence ?? 0
    expect(await audit.removeBefore(11, 2)).toBe(2)
    expect(await audit.removeBefore(11, 2)).toBe(1)
    expect(await audit.list({ limit: 9 })).toHaveLength(1)
    await audit.removeBefore(12, 2)
    await audit.add(anEvent())
    expect((await audit.list({ limit: 1 }))[0]?.sequence).toBeGreaterThan(last)
  })
})

describe.each(databases)('looking into the trail on $name', (kind) => {
  const servers = useDatabase(kind)
  const audit = () => servers.here.stores.audit

  it('events are found by what happened, from where, and since when', async () => {
    const account = anId<AccountId>()
    const own = [
      anEvent({ account, at: 10, event: 'code.refused', address: '192.0.2.9' }),
      anEvent({ account, at: 20, event: 'code.refused', address: '2001:db8::9' }),
      anEvent({ account, at: 30, event: 'session.ended', address: '192.0.2.9' }),
    ]
    for (const event of own) await audit().add(event)
    const times = async (filter: Partial<AuditFilter>): Promise<number[]> =>
      (await audit().list({ account, limit: 9, ...filter })).map(({ at }) => at)
    expect(await times({ event: 'code.refused' })).toEqual([20, 10])
    expect(await times({ address: '192.0.2.9' })).toEqual([30, 10])
    expect(await times({ address: '192.0.2.' })).toEqual([])
    expect(await times({ since: 20 })).toEqual([30, 20])
    expect(await times({ event: 'code.refused', address: '192.0.2.9', since: 11 })).toEqual([])
    const [newest] = await audit().list({ account, limit: 1 })
    expect(await times({ fromSequence: newest!.sequence })).toEqual([30])
  })

  it('events are counted with those that were told together', async () => {
    const at = 8_000_000_000
    const [one, other] = [anId<AccountId>(), anId<AccountId>()]
    const refused = { at, event: 'code.refused' } as const
    await audit().add(anEvent({ ...refused, account: one, details: { more: 41 } }))
    await audit().add(anEvent({ ...refused, account: one, address: '192.0.2.8' }))
    await audit().add(anEvent({ ...refused, account: other, address: '' }))
    await audit().add(anEvent({ at, event: 'account.rescued', account: one, address: '' }))
    await audit().add(anEvent({ at, event: 'session.ended', account: one }))
    await audit().add(anEvent({ ...refused, at: at - 1, account: one }))
    const counted = await audit().countSince(at, ['code.refused', 'account.rescued'])
    expect([...counted].sort((a, b) => b.times - a.times)).toEqual([
      { event: 'code.refused', times: 44, accounts: 2, addresses: 2 },
      { event: 'account.rescued', times: 1, accounts: 1, addresses: 0 },
    ])
    const what = { since: at, events: ['code.refused', 'account.rescued'] } as const
    expect(await audit().countUpTo(1000, what)).toBe(45)
    expect(await audit().countUpTo(1000, { since: at, events: ['passkey.cloned'] })).toBe(0)
    expect(await audit().countUpTo(7, what)).toBe(7)
  })
})
