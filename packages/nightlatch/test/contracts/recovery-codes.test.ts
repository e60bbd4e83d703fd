import { describe, expect, it } from 'vitest'
import type { SessionId } from '../../src/core/ids.js'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anId, aSession, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('recovery codes on $name', (kind) => {
  const servers = useDatabase(kind)
  const codes = () => servers.here.stores.recoveryCodes
  const tenHashes = () => Array.from({ length: 10 }, aHash)

  it('of fifty requests with one code at once, one spends it', async () => {
    const { id } = await somebody(servers.here.stores)
    const hashes = tenHashes()
    await codes().replaceAll(id, { salt: 'salt', hashes })
    const wins = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.recoveryCodes.take(id, hashes[3]!, 1000),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await codes().countLeft(id)).toBe(9)
    expect(await codes().saltOf(id)).toBe('salt')
  })

  it('a code is good for its account only', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const hashes = tenHashes()
    await codes().replaceAll(ada.id, { salt: 'salt', hashes })
    expect(await codes().take(eve.id, hashes[0]!, 1000)).toBe(false)
    expect(await codes().take(ada.id, hashes[0]!, 1000)).toBe(true)
  })

  it('a renewal ends every older code', async () => {
    const { id } = await somebody(servers.here.stores)
    const [old, fresh] = [tenHashes(), tenHashes()]
    await codes().replaceAll(id, { salt: 'old', hashes: old })
    await codes().replaceAll(id, { salt: 'fresh', hashes: fresh })
    expect(await codes().saltOf(id)).toBe('fresh')
    expect(await codes().take(id, old[0]!, 1000)).toBe(false)
    expect(await codes().countLeft(id)).toBe(10)
    await codes().removeAllOf(id)
    expect(await codes().saltOf(id)).toBeNull()
    expect(await codes().take(id, fresh[0]!, 1000)).toBe(false)
  })

  it('of fifty renewals at once, the codes of one are left, with its salt', async () => {
    const { id } = await somebody(servers.here.stores)
    const sets = Array.from({ length: 50 }, (_one, index) => ({ salt: `salt ${index}`, hashes: tenHashes() }))
    await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.atomically(({ recoveryCodes }) => recoveryCodes.replaceAll(id, sets[index]!)),
    )
    expect(await codes().countLeft(id)).toBe(10)
    const salt = await codes().saltOf(id)
    const left = sets.find((set) => set.salt === salt)
    for (const hash of left?.hashes ?? []) expect(await codes().take(id, hash, 1000)).toBe(true)
    expect(await codes().countLeft(id)).toBe(0)
  })
})

describe.each(databases)('a way back in that an administrator gives, on $name', (kind) => {
  const servers = useDatabase(kind)
  const codes = () => servers.here.stores.recoveryCodes
  const rescue = (hash: string, salt = 'fresh') => ({ hash, expiresAt: 2000, salt })

  it('lies beside the set, counts as none of it, and is the only one of its kind', async () => {
    const { id } = await somebody(servers.here.stores)
    const [own, first, second] = [aHash(), aHash(), aHash()]
    await codes().replaceAll(id, { salt: 'salt', hashes: [own] })
    await codes().putRescue(id, rescue(first))
    await codes().putRescue(id, rescue(second))
    expect(await codes().saltOf(id)).toBe('salt')
    expect([await codes().countLeft(id), await codes().hashesOf(id)]).toEqual([1, [own]])
    expect(await codes().take(id, first, 1000)).toBe(false)
    await codes().removeRescueOf(id)
    expect(await codes().take(id, second, 1000)).toBe(false)
    expect(await codes().take(id, own, 1000)).toBe(true)
    expect(await codes().hashesOf(id)).toEqual([])
  })

  it('is there for whoever has no set, and so is a set without codes', async () => {
    const { id } = await somebody(servers.here.stores)
    const hash = aHash()
    await codes().putRescue(id, rescue(hash))
    expect(await codes().saltOf(id)).toBe('fresh')
    expect(await codes().take(id, hash, 1999)).toBe(true)
    await codes().replaceAll(id, { salt: 'empty', hashes: [] })
    expect([await codes().saltOf(id), await codes().hashesOf(id)]).toEqual(['empty', []])
  })
})

describe.each(databases)('unsaved codes on $name', (kind) => {
  const servers = useDatabase(kind)

  it('they lie beside their session until they are saved, and are gone once', async () => {
    const { sessions, unsavedCodes } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const session = aSession(ada)
    await sessions.add(session, aHash())
    await unsavedCodes.put(session.id, ada.id, 'first')
    await unsavedCodes.put(session.id, ada.id, 'second')
    expect(await unsavedCodes.find(session.id)).toBe('second')
    const wins = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.unsavedCodes.remove(session.id),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await unsavedCodes.find(session.id)).toBeNull()
  })

  it('they may be put just before their session, in one transaction', async () => {
    const ada = await somebody(servers.here.stores)
    const session = aSession(ada)
    await servers.here.atomically(async ({ sessions, unsavedCodes }) => {
      await unsavedCodes.put(session.id, ada.id, 'sealed')
      await sessions.add(session, aHash())
    })
    expect(await servers.here.stores.unsavedCodes.find(session.id)).toBe('sealed')
  })

  it('they move with a session that steps up, and end with it', async () => {
    const { sessions, unsavedCodes } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const session = aSession(ada)
    const [tokenHash, next] = [aHash(), aHash()]
    await sessions.add(session, tokenHash)
    await unsavedCodes.put(session.id, ada.id, 'sealed')
    const id = anId<SessionId>()
    await sessions.replaceToken(tokenHash, { tokenHash: next, session: { ...session, id } })
    expect(await unsavedCodes.find(session.id)).toBeNull()
    expect(await unsavedCodes.find(id)).toBe('sealed')
    await sessions.endByTokenHash(next)
    expect(await unsavedCodes.find(id)).toBeNull()
  })

  it('those of one account are removed together', async () => {
    const { sessions, unsavedCodes } = servers.here.stores
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const [mine, hers] = [aSession(ada), aSession(eve)]
    for (const session of [mine, hers]) {
      await sessions.add(session, aHash())
      await unsavedCodes.put(session.id, session.account, 'sealed')
    }
    await unsavedCodes.removeAllOf(ada.id)
    expect(await unsavedCodes.find(mine.id)).toBeNull()
    expect(await unsavedCodes.find(hers.id)).toBe('sealed')
  })
})
