import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/core/accounts/account.js'
import type { GivenToken, HardwareToken } from '../../src/core/factors/totp/tokens/store.js'
import { databases, useDatabase } from '../support/databases.js'
import { aHardwareToken, anAuthenticator, anId, fiftyAtOnce, somebody } from './things.js'

const given = (token: HardwareToken, { id }: Account, own: Partial<GivenToken> = {}): GivenToken => ({
  ...{ id: anId(), account: id, name: 'Token', sealed: 'v1.0123456789abcdef.own' },
  ...{ lastStep: token.lastStep + 1, drift: 60, counter: null, createdAt: 2000 },
  serial: token.key,
  ...own,
})

describe.each(databases)('hardware tokens on $name', (kind) => {
  const servers = useDatabase(kind)
  const tokens = () => servers.here.stores.hardwareTokens

  it('they lie in the drawer as they were put there, each once, however many come at a time', async () => {
    const all = Array.from({ length: 250 }, () => aHardwareToken())
    const counted = aHardwareToken({ algorithm: 'SHA1', digits: 6, counter: 7, maker: '' })
    expect(await tokens().add([...all, counted])).toBe(251)
    for (const one of [all[0]!, all[99]!, all[100]!, all[249]!, counted])
      expect(await servers.there.stores.hardwareTokens.find(one.key)).toEqual({ ...one, holder: null })
    expect(await tokens().add([{ ...counted, maker: 'Other' }, aHardwareToken()])).toBe(1)
    expect(await tokens().find(counted.key)).toMatchObject({ maker: '' })
    expect(await tokens().add([])).toBe(0)
    expect(await tokens().find(anId() as string as HardwareToken['key'])).toBeNull()
  })

  it('somebody gets one as an authenticator that makes its codes, and it is told who has it', async () => {
    const ada = await somebody(servers.here.stores)
    const token = aHardwareToken()
    await tokens().add([token])
    const one = given(token, ada)
    expect(await tokens().give(one)).toBe(true)
    const { algorithm, digits, period } = token
    expect(await servers.there.stores.authenticators.listOf(ada.id)).toEqual([
      anAuthenticator(ada, {
        ...{ id: one.id, name: one.name, sealed: one.sealed, lastStep: one.lastStep, drift: one.drift },
        ...{ algorithm, digits, period, counter: null, issuer: token.serial, entryNumber: 0 },
        ...{ serial: token.key, createdAt: 2000, lastUsedAt: 2000 },
      }),
    ])
    const holder = { authenticator: one.id, account: ada.id, username: ada.username }
    expect(await tokens().find(token.key)).toEqual({ ...token, holder })
    expect((await tokens().list('', 1000)).find(({ key }) => key === token.key)?.holder).toEqual(holder)
    expect(await tokens().remove(token.key)).toBe(false)
  })

  it('one with a counter is given away with a later count, and with no earlier one', async () => {
    const ada = await somebody(servers.here.stores)
    const token = aHardwareToken({ counter: 7, lastStep: 0 })
    await tokens().add([token])
    const give = (counter: number) => tokens().give(given(token, ada, { counter, lastStep: 0 }))
    expect([await give(6), await give(7), await give(8)]).toEqual([false, false, true])
    expect(await servers.here.stores.authenticators.listOf(ada.id)).toMatchObject([{ counter: 8 }])
  })

  it('of fifty who are given one at once, one has it', async () => {
    const people = [await somebody(servers.here.stores), await somebody(servers.here.stores)] as const
    const token = aHardwareToken()
    await tokens().add([token])
    const got = await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.stores.hardwareTokens.give(given(token, people[index % 4 < 2 ? 0 : 1])),
    )
    expect(got.filter(Boolean)).toHaveLength(1)
  })

  it('it goes back into the drawer with what was used of it, alone or with all the others of its owner', async () => {
    const { authenticators } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    const all = [aHardwareToken(), aHardwareToken(), aHardwareToken({ counter: 7, lastStep: 0 })]
    await tokens().add(all)
    const owned = all.map((token) => given(token, ada, { counter: token.counter === null ? null : 8 }))
    for (const one of owned) await tokens().give({ ...one, name: one.id })
    const eve = await somebody(servers.here.stores)
    const other = aHardwareToken()
    await tokens().add([other])
    await tokens().give(given(other, eve))
    await authenticators.consumeStepIfNewer(owned[0]!.id, { step: 50, drift: 90 }, 3000)
    expect(await authenticators.remove(owned[0]!.id, eve.id)).toBe(false)
    expect(await tokens().find(all[0]!.key)).toMatchObject({ lastStep: 10, drift: -30 })
    expect(await authenticators.remove(owned[0]!.id, ada.id)).toBe(true)
    expect(await tokens().find(all[0]!.key)).toEqual({ ...all[0]!, lastStep: 50, drift: 90, holder: null })
    expect(await tokens().find(all[1]!.key)).toMatchObject({ lastStep: 10, drift: -30 })

    await authenticators.consumeCounterIfNewer(owned[2]!.id, 20, 3000)
    expect(await authenticators.removeAllOf(ada.id)).toBe(2)
    expect(await tokens().find(all[1]!.key)).toMatchObject({ lastStep: 11, drift: 60, holder: null })
    expect(await tokens().find(all[2]!.key)).toMatchObject({ counter: 20, holder: null })
    expect(await tokens().find(other.key)).toMatchObject({ lastStep: 10, holder: { account: eve.id } })
  })
})

describe.each(databases)('a drawer of tokens on $name', (kind) => {
  const servers = useDatabase(kind)

  it('has one that is free, or none', async () => {
    const { hardwareTokens } = servers.here.stores
    const ada = await somebody(servers.here.stores)
    expect(await hardwareTokens.hasFree()).toBe(false)
    const [one, other] = [aHardwareToken(), aHardwareToken()]
    await hardwareTokens.add([one])
    expect(await hardwareTokens.hasFree()).toBe(true)
    await hardwareTokens.give(given(one, ada))
    expect(await hardwareTokens.hasFree()).toBe(false)
    await hardwareTokens.add([other])
    expect(await hardwareTokens.hasFree()).toBe(true)
    expect(await hardwareTokens.remove(other.key)).toBe(true)
    expect(await hardwareTokens.hasFree()).toBe(false)
  })
})
