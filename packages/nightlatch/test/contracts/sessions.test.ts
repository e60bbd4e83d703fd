import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anId, aSession, aSignIn, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('sessions on $name', (kind) => {
  const servers = useDatabase(kind)
  const sessions = () => servers.here.stores.sessions

  it('a session is found by its token with its account, on every server', async () => {
    const account = await somebody(servers.here.stores, { groups: ['staff'] })
    const session = aSession(account)
    const tokenHash = aHash()
    await sessions().add(session, tokenHash)
    expect(await servers.there.stores.sessions.findByTokenHash(tokenHash)).toEqual({ session, account })
    expect(await sessions().findByTokenHash(aHash())).toBeNull()
  })

  it('a disabled account has no live session until it is enabled again', async () => {
    const { accounts } = servers.here.stores
    const account = await somebody(servers.here.stores)
    const tokenHash = aHash()
    await sessions().add(aSession(account), tokenHash)
    await accounts.setDisabled(account.id, true)
    expect(await servers.there.stores.sessions.findByTokenHash(tokenHash)).toBeNull()
    await accounts.setDisabled(account.id, false)
    expect(await servers.there.stores.sessions.findByTokenHash(tokenHash)).not.toBeNull()
  })

  it('a session that ended on one server is dead on the other within 100 ms, with SQLite within one', async () => {
    const account = await somebody(servers.here.stores)
    for (let round = 0; round < 20; round += 1) {
      const tokenHash = aHash()
      await sessions().add(aSession(account), tokenHash)
      expect(await servers.there.stores.sessions.findByTokenHash(tokenHash)).not.toBeNull()
      expect(await sessions().endByTokenHash(tokenHash)).toBe(true)
      const ended = performance.now()
      const patience = kind.name === 'sqlite' ? 1 : 100
      for (let asked = ended; ; asked = performance.now()) {
        if ((await servers.there.stores.sessions.findByTokenHash(tokenHash)) === null) break
        expect(asked - ended).toBeLessThan(patience)
      }
    }
  })

  it('"last seen" that a closed database does not take is an error: only during a move nobody hears of it', async () => {
    const session = aSession(await somebody(servers.here.stores))
    await sessions().add(session, aHash())
    const other = await servers.database.open()
    await other.close()
    await expect(other.stores.sessions.touch(session.id, 2000)).rejects.toThrow()
  })

  it('"last seen" moves forward only', async () => {
    const session = aSession(await somebody(servers.here.stores))
    const tokenHash = aHash()
    await sessions().add(session, tokenHash)
    await sessions().touch(session.id, 2000)
    await sessions().touch(session.id, 1500)
    expect((await sessions().findByTokenHash(tokenHash))?.session.lastSeenAt).toBe(2000)
  })

  it('a step up gives a new token and ends the old one', async () => {
    const account = await somebody(servers.here.stores)
    const session = aSession(account, { factors: ['password'], verifiedAt: 0 })
    const [tokenHash, next] = [aHash(), aHash()]
    await sessions().add(session, tokenHash)
    const better = { ...session, factors: ['password', 'recovery-code'], verifiedAt: 1500 } as typeof session
    expect(await sessions().replaceToken(tokenHash, { tokenHash: next, session: better })).toBe(true)
    expect(await sessions().findByTokenHash(tokenHash)).toBeNull()
    expect(await sessions().findByTokenHash(next)).toEqual({ session: better, account })
  })

  it('of fifty step-ups with one token at once, one succeeds', async () => {
    const account = await somebody(servers.here.stores)
    const session = aSession(account)
    const tokenHash = aHash()
    await sessions().add(session, tokenHash)
    const wins = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.sessions.replaceToken(tokenHash, { tokenHash: aHash(), session }),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await sessions().listOf(account.id)).toHaveLength(1)
  })

  it('a session is ended by its owner only, once', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const session = aSession(ada)
    await sessions().add(session, aHash())
    expect(await sessions().end(session.id, eve.id)).toBe(false)
    expect(await sessions().end(session.id, ada.id)).toBe(true)
    expect(await sessions().end(session.id, ada.id)).toBe(false)
  })

  it('all but one end, or all; nobody else’s', async () => {
    const [ada, eve] = [await somebody(servers.here.stores), await somebody(servers.here.stores)]
    const mine = [aSession(ada), aSession(ada, { lastSeenAt: 3000 }), aSession(ada)]
    for (const session of [...mine, aSession(eve)]) await sessions().add(session, aHash())
    expect((await sessions().listOf(ada.id))[0]?.id).toBe(mine[1]!.id)
    expect(await sessions().endAllOf(ada.id, mine[0]!.id)).toBe(2)
    expect(await sessions().listOf(ada.id)).toEqual([mine[0]])
    expect(await sessions().endAllOf(ada.id)).toBe(1)
    expect(await sessions().listOf(eve.id)).toHaveLength(1)
  })

  it('beyond the most, those seen longest ago end', async () => {
    const ada = await somebody(servers.here.stores)
    for (const lastSeenAt of [1001, 1005, 1003, 1004, 1002])
      await sessions().add(aSession(ada, { lastSeenAt }), aHash())
    expect(await sessions().endOldestOf(ada.id, 2)).toBe(3)
    expect((await sessions().listOf(ada.id)).map((session) => session.lastSeenAt)).toEqual([1005, 1004])
    expect(await sessions().endOldestOf(ada.id, 2)).toBe(0)
  })

  it('expired ones are removed in batches', async () => {
    const ada = await somebody(servers.here.stores)
    for (const expiresAt of [100, 101, 102, 9000]) await sessions().add(aSession(ada, { expiresAt }), aHash())
    expect(await sessions().removeExpired(102, 2)).toBe(2)
    expect(await sessions().removeExpired(102, 2)).toBe(1)
    expect(await sessions().removeExpired(102, 2)).toBe(0)
    expect(await sessions().listOf(ada.id)).toHaveLength(1)
  })

  it('idle ones are removed in batches', async () => {
    const ada = await somebody(servers.here.stores)
    for (const lastSeenAt of [100, 101, 102, 103])
      await sessions().add(aSession(ada, { lastSeenAt }), aHash())
    expect(await sessions().removeIdleSince(103, 2)).toBe(2)
    expect(await sessions().removeIdleSince(103, 2)).toBe(1)
    expect(await sessions().removeIdleSince(103, 2)).toBe(0)
    expect((await sessions().listOf(ada.id)).map((session) => session.lastSeenAt)).toEqual([103])
  })
})

describe.each(databases)('sign-ins on $name', (kind) => {
  const servers = useDatabase(kind)
  const signIns = () => servers.here.stores.signIns

  it('a sign-in is found by its token until its time is over', async () => {
    const signIn = aSignIn(await somebody(servers.here.stores))
    const tokenHash = aHash()
    await signIns().add(signIn, tokenHash)
    expect(await servers.there.stores.signIns.findByTokenHash(tokenHash, 1899)).toMatchObject({
      signIn,
      account: { id: signIn.account },
    })
    expect(await signIns().findByTokenHash(tokenHash, 1900)).toBeNull()
    expect(await signIns().findByTokenHash(aHash(), 1000)).toBeNull()
  })

  it('of fifty requests at once, one completes it', async () => {
    const signIn = aSignIn(await somebody(servers.here.stores))
    await signIns().add(signIn, aHash())
    const wins = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.signIns.take(signIn.id),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
    expect(await signIns().take(anId())).toBe(false)
  })

  it('they end by token, by account, and when they have expired', async () => {
    const ada = await somebody(servers.here.stores)
    const tokenHash = aHash()
    await signIns().add(aSignIn(ada), tokenHash)
    await signIns().endByTokenHash(tokenHash)
    expect(await signIns().findByTokenHash(tokenHash, 1001)).toBeNull()
    for (const expiresAt of [100, 101, 5000, 5001]) await signIns().add(aSignIn(ada, { expiresAt }), aHash())
    expect(await signIns().removeExpired(101, 10)).toBe(2)
    expect(await signIns().endAllOf(ada.id)).toBe(2)
  })
})
