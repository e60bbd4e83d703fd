import { describe, expect, it } from 'vitest'
import type { OpenInvitation } from '../../src/core/registration/open-invitation.js'
import { databases, useDatabase } from '../support/databases.js'
import { aHash, anOpenInvitation, aRegistration } from './things.js'

const aLink = () => ({ handed: aHash(), mailed: null })

describe.each(databases)('open invitations and registrations on $name', (kind) => {
  const servers = useDatabase(kind)
  const stores = () => servers.here.stores

  it('keeps an invitation as it is, and finds it by id and by token', async () => {
    const { openInvitations } = stores()
    const [one, hash] = [anOpenInvitation({ email: 'ada@example.org', domain: 'example.org' }), aHash()]
    await openInvitations.add(one, { handed: hash, mailed: null })
    expect(await openInvitations.find(one.id)).toEqual(one)
    expect(await openInvitations.findByTokenHash(hash)).toEqual({ invitation: one, isMailed: false })
    expect(await openInvitations.findByTokenHash(aHash())).toBeNull()
  })

  it('knows which of the two links of a mailed invitation somebody has', async () => {
    const { openInvitations } = stores()
    const [invitation, handed, mailed] = [anOpenInvitation({ email: 'ada@example.org' }), aHash(), aHash()]
    await openInvitations.add(invitation, { handed, mailed })
    expect(await openInvitations.findByTokenHash(handed)).toEqual({ invitation, isMailed: false })
    expect(await openInvitations.findByTokenHash(mailed)).toEqual({ invitation, isMailed: true })
  })

  it('gives out as many uses as there are, and none after the end or the withdrawal', async () => {
    const { openInvitations } = stores()
    const one = anOpenInvitation({ uses: 3 })
    await openInvitations.add(one, aLink())
    const wins = await Promise.all(Array.from({ length: 9 }, () => openInvitations.use(one.id, 1500)))
    expect(wins.filter(Boolean)).toHaveLength(3)
    expect((await openInvitations.find(one.id))?.used).toBe(3)
    const [late, withdrawn] = [anOpenInvitation(), anOpenInvitation()]
    for (const each of [late, withdrawn]) await openInvitations.add(each, aLink())
    expect(await openInvitations.use(late.id, 1999)).toBe(true)
    expect(await openInvitations.use(late.id, 2000)).toBe(false)
    expect(await openInvitations.withdraw(withdrawn.id, 1200)).toBe(true)
    expect(await openInvitations.withdraw(withdrawn.id, 1300)).toBe(false)
    expect(await openInvitations.use(withdrawn.id, 1500)).toBe(false)
    expect((await openInvitations.find(withdrawn.id))?.withdrawnAt).toBe(1200)
  })

  it('lists them newest first, page by page, and removes those that ended long ago', async () => {
    const { openInvitations } = stores()
    const at = (createdAt: number, expiresAt = 9_000_000_000): OpenInvitation =>
      anOpenInvitation({ createdAt, expiresAt })
    const all = [at(5_000_001), at(5_000_002), at(5_000_002), at(5_000_003)]
    for (const one of all) await openInvitations.add(one, aLink())
    const first = await openInvitations.list({ after: null, limit: 2 })
    const second = await openInvitations.list({ after: first[1]!, limit: 2 })
    const seen = [...first, ...second].map(({ id }) => id)
    expect(new Set(seen)).toEqual(new Set(all.map(({ id }) => id)))
    expect([first[0]?.createdAt, second[1]?.createdAt]).toEqual([5_000_003, 5_000_001])
    const old = anOpenInvitation({ expiresAt: 10 })
    await openInvitations.add(old, aLink())
    expect(await openInvitations.removeExpiredBefore(10, 100)).toBe(1)
    expect(await openInvitations.find(old.id)).toBeNull()
  })

  it('keeps one registration an address, good once and for a while', async () => {
    const { registrations } = stores()
    const one = aRegistration()
    const { emailKey } = one
    const [first, second] = [aHash(), aHash()]
    await registrations.put(one, first)
    await registrations.put({ ...one, createdAt: 1100 }, second)
    expect(await registrations.find(first, 1500)).toBeNull()
    expect(await registrations.find(second, 1500)).toEqual({ ...one, createdAt: 1100 })
    expect(await registrations.find(second, 2000)).toBeNull()
    expect(await registrations.take(emailKey, first)).toBe(false)
    const wins = await Promise.all(Array.from({ length: 5 }, () => registrations.take(emailKey, second)))
    expect(wins.filter(Boolean)).toHaveLength(1)
    await registrations.put(one, aHash())
    expect(await registrations.removeExpired(2000, 100)).toBeGreaterThanOrEqual(1)
  })
})
