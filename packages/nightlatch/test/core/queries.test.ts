import { describe, expect, expectTypeOf, it } from 'vitest'
import type { Nightlatch } from '../../src/compose/open.js'
import type { Core } from '../../src/core/core.js'
import { useHere } from './people.js'

const here = useHere()

describe('what a door is given', () => {
  it('has no name by which the stores are reached', () => {
    expectTypeOf<Extract<keyof Core, string>>().extract<'storage' | 'stores'>().toBeNever()
    expectTypeOf<keyof Nightlatch['storage']>().toEqualTypeOf<'backupTo' | 'check' | 'dialect' | 'onEvent'>()
    expect(Object.keys(here.core)).not.toContain('storage')
  })

  it('asks, and changes nothing', () => {
    const asked = Object.entries(here.core.queries).flatMap(([noun, asks]) =>
      Object.keys(asks).map((ask) => `${noun}.${ask}`),
    )
    expect(asked.toSorted()).toEqual([
      'accounts.find',
      'accounts.isEmpty',
      'accounts.list',
      'applications.listOf',
      'audit.list',
      'audit.listThese',
      'authenticators.factsOf',
      'authenticators.listOf',
      'factors.listOf',
      'hardwareTokens.find',
      'hardwareTokens.hasFree',
      'hardwareTokens.list',
      'installation.find',
      'keys.list',
      'keys.listMissing',
      'outbox.summary',
      'passkeys.count',
      'passkeys.countElsewhere',
      'passkeys.listOf',
      'passkeys.userHandleOf',
      'recoveryCodes.countLeft',
      'sessions.listOf',
      'trustedDevices.listOf',
    ])
  })

  it('is told of sessions and trusted devices until they expire, whether or not they were pruned', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await ada.signIn(here.newBrowser(), true)
    const { sessions, trustedDevices } = here.core.queries
    expect(await sessions.listOf(ada.id)).toHaveLength(2)
    here.clock.advance(13 * 3600)
    expect(await sessions.listOf(ada.id)).toEqual([])
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(2)
    expect(await trustedDevices.listOf(ada.id)).toHaveLength(1)
    here.clock.advance(30 * 86_400)
    expect(await trustedDevices.listOf(ada.id)).toEqual([])
    expect(await here.stores.trustedDevices.listOf(ada.id)).toHaveLength(1)
  })

  it('sees what a factor has, and how much is left of the way back in', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { authenticators, factors, recoveryCodes } = here.core.queries
    const [phone] = await authenticators.listOf(ada.id)
    expect(await factors.listOf(ada.id)).toMatchObject({
      items: [{ id: phone!.id, kind: 'totp' }],
      counts: { totp: 1, 'recovery-code': 10 },
    })
    expect(await recoveryCodes.countLeft(ada.id)).toBe(10)
  })
})
