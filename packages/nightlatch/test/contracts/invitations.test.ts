import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anInvitation, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('invitations on $name', (kind) => {
  const servers = useDatabase(kind)
  const invitations = () => servers.here.stores.invitations

  it('a link is good until its end, for an account or for the first one', async () => {
    const { id } = await somebody(servers.here.stores)
    for (const invitation of [anInvitation(id), anInvitation(null)]) {
      const tokenHash = aHash()
      await invitations().add(invitation, tokenHash)
      expect(await servers.there.stores.invitations.find(tokenHash, 4599)).toEqual(invitation)
      expect(await invitations().find(tokenHash, 4600)).toBeNull()
      expect(await invitations().take(invitation.id, 4600)).toBe(false)
    }
  })

  it('one that was sent by mail knows where to', async () => {
    const { id } = await somebody(servers.here.stores)
    const [invitation, tokenHash] = [anInvitation(id, { mailedTo: 'ada@example.org' }), aHash()]
    await invitations().add(invitation, tokenHash)
    expect(await servers.there.stores.invitations.find(tokenHash, 2000)).toEqual(invitation)
  })

  it('of fifty who use a link at once, one does', async () => {
    const invitation = anInvitation(null)
    await invitations().add(invitation, aHash())
    const wins = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.invitations.take(invitation.id, 2000),
    )
    expect(wins.filter(Boolean)).toHaveLength(1)
  })

  it('links of an account and of the first account are taken back apart', async () => {
    const { id } = await somebody(servers.here.stores)
    const [mine, first] = [aHash(), aHash()]
    await invitations().add(anInvitation(id), mine)
    await invitations().add(anInvitation(null), first)
    await invitations().removeAllOf(null)
    expect(await invitations().find(first, 2000)).toBeNull()
    expect(await invitations().find(mine, 2000)).not.toBeNull()
    await invitations().removeAllOf(id)
    expect(await invitations().find(mine, 2000)).toBeNull()
  })

  it('expired ones are removed in batches', async () => {
    for (const expiresAt of [100, 100, 100])
      await invitations().add(anInvitation(null, { expiresAt }), aHash())
    expect(await invitations().removeExpired(100, 2)).toBe(2)
    expect(await invitations().removeExpired(100, 2)).toBe(1)
  })
})
