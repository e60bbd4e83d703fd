import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, aMailLink, fiftyAtOnce, somebody } from './things.js'

describe.each(databases)('links of mails on $name', (kind) => {
  const servers = useDatabase(kind)
  const links = () => servers.here.stores.mailLinks

  it('a link is found by its token and for what it is, until its end', async () => {
    const { id } = await somebody(servers.here.stores)
    const [link, tokenHash] = [aMailLink(id), aHash()]
    await links().add(link, tokenHash)
    expect(await servers.there.stores.mailLinks.find('undo', tokenHash, 4599)).toEqual(link)
    expect(await links().find('email', tokenHash, 4599)).toBeNull()
    expect(await links().find('undo', tokenHash, 4600)).toBeNull()
    expect(await links().take(link.id, 4600)).toBe(false)
  })

  it('of fifty who use a link at once, one does', async () => {
    const { id } = await somebody(servers.here.stores)
    const link = aMailLink(id)
    await links().add(link, aHash())
    const taken = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.mailLinks.take(link.id, 2000),
    )
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('those of one kind end together, or those from a moment on', async () => {
    const { id } = await somebody(servers.here.stores)
    const hashes = { older: aHash(), same: aHash(), later: aHash(), other: aHash() }
    await links().add(aMailLink(id, { createdAt: 999 }), hashes.older)
    await links().add(aMailLink(id, { createdAt: 1000 }), hashes.same)
    await links().add(aMailLink(id, { createdAt: 1001 }), hashes.later)
    await links().add(aMailLink(id, { kind: 'email' }), hashes.other)
    await links().removeSince(id, 'undo', 1000)
    expect(await links().find('undo', hashes.older, 2000)).not.toBeNull()
    for (const hash of [hashes.same, hashes.later]) expect(await links().find('undo', hash, 2000)).toBeNull()
    await links().removeAllOf(id, 'undo')
    expect(await links().find('undo', hashes.older, 2000)).toBeNull()
    expect(await links().find('email', hashes.other, 2000)).not.toBeNull()
  })

  it('what lies under another key is found, and sealed anew once', async () => {
    const { id } = await somebody(servers.here.stores)
    const link = aMailLink(id, { sealed: 'v1.bbbbbbbbbbbbbbbb.old' })
    await links().add(link, aHash())
    for (const key of ['aaaaaaaaaaaaaaaa', 'cccccccccccccccc'])
      expect((await links().listNotSealedUnder(key, 100)).map((one) => one.id)).toContain(link.id)
    expect((await links().listNotSealedUnder('bbbbbbbbbbbbbbbb', 100)).map((one) => one.id)).not.toContain(
      link.id,
    )
    const sealed = { from: link.sealed, to: 'v1.cccccccccccccccc.new' }
    expect(await links().reseal(link.id, sealed)).toBe(true)
    expect(await links().reseal(link.id, sealed)).toBe(false)
  })
})
