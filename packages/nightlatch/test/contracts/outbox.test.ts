import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aMail, anId, fiftyAtOnce } from './things.js'

const claim = { holder: 'here', nextTrySeconds: 20 }

describe.each(databases)('the outbox on $name', (kind) => {
  const servers = useDatabase(kind)
  const outbox = () => servers.here.stores.outbox
  const emptied = async (): Promise<void> => {
    for (const { id } of await outbox().listDue(1e10, 1000)) await outbox().remove(id)
  }
  const held = (holder = 'here', now = 2000) =>
    servers.here.stores.leases.take({ name: 'outbox', holder, seconds: 15 }, now)

  it('a mail is due at once, and as it was put in', async () => {
    await emptied()
    const mail = aMail({ account: anId() })
    expect(await outbox().add(mail, 10)).toBe(true)
    expect(await servers.there.stores.outbox.listDue(0, 10)).toEqual([mail])
    expect(await outbox().summary()).toEqual({ waiting: 1, oldestAt: 1000 })
  })

  it('a mail is gone with the transaction that it was written in', async () => {
    await emptied()
    const write = servers.here.atomically(async (stores) => {
      await stores.outbox.add(aMail(), 10)
      throw new Error('the change was not made')
    })
    await expect(write).rejects.toThrow('not made')
    expect(await outbox().listDue(1e10, 10)).toEqual([])
  })

  it('no more wait than there may', async () => {
    await emptied()
    for (const isKept of [true, true, true, false, false]) expect(await outbox().add(aMail(), 3)).toBe(isKept)
  })

  it('only whoever holds the lease takes a mail, once for each try, and for as long as it lasts', async () => {
    await emptied()
    const mail = aMail()
    await outbox().add(mail, 10)
    expect(await outbox().claim(mail, claim, 2000)).toBe(false)
    await held('here', 2000)
    expect(await outbox().claim(mail, { ...claim, holder: 'there' }, 2001)).toBe(false)
    expect(await outbox().claim(mail, claim, 2015)).toBe(false)
    expect(await outbox().claim(mail, claim, 2001)).toBe(true)
    expect(await outbox().claim(mail, claim, 2001)).toBe(false)
    // Whoever took it has died: it is due again for the next one.
    expect(await outbox().listDue(2020, 10)).toEqual([])
    expect(await outbox().listDue(2021, 10)).toEqual([{ ...mail, tries: 1 }])
    await held('there', 2021)
    expect(await outbox().claim(mail, { ...claim, holder: 'there' }, 2021)).toBe(false)
    expect(await outbox().claim({ ...mail, tries: 1 }, { ...claim, holder: 'there' }, 2021)).toBe(true)
    await servers.here.stores.leases.release('outbox', 'there')
  })

  it('one that met no mail server has not been tried, and is due again soon', async () => {
    await emptied()
    const mail = aMail()
    await outbox().add(mail, 10)
    await held('here', 3000)
    await outbox().claim(mail, { holder: 'here', nextTrySeconds: 3600 }, 3000)
    await outbox().putBack(mail.id, 10, 3000)
    expect(await outbox().listDue(3009, 10)).toEqual([])
    expect(await outbox().listDue(3010, 10)).toEqual([mail])
    await servers.here.stores.leases.release('outbox', 'here')
  })

  it('of fifty who take a mail at once, one gets it', async () => {
    await emptied()
    const mail = aMail()
    await outbox().add(mail, 10)
    await held('here', 4000)
    const taken = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.outbox.claim(mail, claim, 4000),
    )
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(await outbox().remove(mail.id)).toBe(true)
    expect(await outbox().remove(mail.id)).toBe(false)
    await servers.here.stores.leases.release('outbox', 'here')
  })

  it('what nobody takes is removed in batches', async () => {
    await emptied()
    for (const expiresAt of [100, 100, 100, 101]) await outbox().add(aMail({ expiresAt }), 10)
    expect(await outbox().removeExpired(100, 2)).toBe(2)
    expect(await outbox().removeExpired(100, 2)).toBe(1)
    expect(await outbox().removeExpired(100, 2)).toBe(0)
  })
})
