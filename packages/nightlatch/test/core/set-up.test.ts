import { ourOtp } from '../../src/core/factors/totp/store.js'
import { decodeBase32, parseOtpauthUri } from '@nightlatch/otp'
import { describe, expect, it } from 'vitest'
import { removeAuthenticator } from '../../src/core/accounts/changes.js'
import { resetSecondFactor } from '../../src/core/accounts/administration.js'
import { codeKey, setUpKey as attemptsAtSetUp } from '../../src/core/factors/totp/counters.js'
import type { Session } from '../../src/core/sessions/session.js'
import { findUnsavedCodes, forgetUnsavedCodes } from '../../src/core/factors/recovery-codes/set-up.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { findSession } from '../../src/core/sessions/session-lifetime.js'
import { confirmSetUp } from '../../src/core/factors/totp/confirm.js'
import type { SetUpOwner } from '../../src/core/factors/enrolment.js'
import { beginSetUp, findSetUp, maySetUp } from '../../src/core/factors/totp/set-up.js'
import { Phone } from '../support/phone.js'
import { aBox, fullHasher, justBeforeTheWrite, noon, pendingSetUp, useHere, withStorage } from './people.js'
import type { Person } from './people.js'
import { withStores } from '../support/with-stores.js'
import { overriding } from '../../src/storage/stores/store.js'

const here = useHere()
const notNow = (why: string) => ({ kind: 'not-now', why })

async function someoneSettingUp() {
  const ada = await here.someoneWithAPassword()
  const owner = await ada.setUpOwner()
  const pending = await pendingSetUp(here.core, owner)
  const phone = new Phone(pending.key, here.clock)
  const confirm = (code = phone.code(), name = '', core = here.core) =>
    confirmSetUp(core, owner, { code, name, browser: ada.browser })
  return { ada, owner, pending, phone, confirm }
}

/** One authenticator more, by the signed-in person. */
async function addAnother(person: Person, name = '', wishes: Parameters<typeof beginSetUp>[2] = {}) {
  const owner = await person.sessionOwner()
  const pending = await pendingSetUp(here.core, owner, wishes)
  const phone = new Phone(pending.key, here.clock)
  const given = { code: phone.code(), name, browser: person.browser }
  const outcome = await confirmSetUp(here.core, owner, given)
  if (outcome.kind === 'confirmed') person.keep(outcome.signedIn)
  return { outcome, phone, pending }
}

const namesOf = async (person: Person): Promise<string[]> =>
  (await here.stores.authenticators.listOf(person.id)).map(({ name }) => name)

describe('a set-up', () => {
  it('shows a secret of 160 bits as a key and as what the QR code says', async () => {
    const ada = await here.someoneWithAPassword()
    const owner = await ada.setUpOwner()
    const pending = await pendingSetUp(here.core, owner, { name: ' Phone ' })
    expect(decodeBase32(pending.key)).toHaveLength(20)
    expect(pending.key).toMatch(/^[A-Z2-7]{32}$/)
    expect(pending.label).toBe(`${ada.username}@login.example.org`)
    const parsed = parseOtpauthUri(pending.uri)
    expect(parsed).toMatchObject({ parsed: true, account: { issuer: 'Example', account: pending.label } })
    expect(pending.uri).toContain(`secret=${pending.key}`)
    expect(pending.uri).toContain('issuer=Example')
    expect(decodeURIComponent(pending.uri)).toContain(`Example:${ada.username}@login.example.org`)
    expect(pending.setUp).toMatchObject({
      id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
      account: ada.id,
      owner: owner.signIn.id,
      name: 'Phone',
      replaces: '',
      createdAt: noon,
      expiresAt: noon + 1800,
    })
    expect(pending.setUp.sealed).not.toContain(pending.key)
  })

  it('of a name that cannot be one has none', async () => {
    const ada = await here.someoneWithAPassword()
    const pending = await pendingSetUp(here.core, await ada.setUpOwner(), { name: 'a\nb' })
    expect(pending.setUp.name).toBe('')
  })

  it('shows a user name with a domain as it is, and a number for every further authenticator', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const owner = await ada.sessionOwner()
    const account = { ...owner.account, username: 'ada@example.net' }
    const first = await pendingSetUp(here.core, {
      ...owner,
      account: { ...account, factorCounts: { totp: 0 } },
    })
    expect(first.label).toBe('ada@example.net')
    const second = await pendingSetUp(here.core, { ...owner, account })
    expect(second.label).toBe('ada@example.net (2)')
  })

  /** What the app calls the entries of the account's authenticators: the number in each. */
  const numbersOf = async (person: Person): Promise<number[]> =>
    (await here.stores.authenticators.listOf(person.id)).map(({ entryNumber }) => entryNumber)
  const numberIn = ({ label }: { label: string }): number => Number(/ \((\d+)\)$/.exec(label)?.[1] ?? 1)

  it('has the smallest number that no other entry of the account has, and keeps it', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (const number of [2, 3, 4]) expect(numberIn((await addAnother(ada)).pending)).toBe(number)
    const all = await here.stores.authenticators.listOf(ada.id)
    const [first, third] = [1, 3].map((number) => all.find(({ entryNumber }) => entryNumber === number))
    await here.stores.authenticators.remove(third!.id, ada.id)
    expect(numberIn((await addAnother(ada)).pending), 'the one that is free').toBe(3)
    expect(numberIn((await addAnother(ada)).pending)).toBe(5)
    await here.stores.authenticators.remove(first!.id, ada.id)
    expect(numberIn((await addAnother(ada)).pending), 'the one without a number').toBe(1)
    expect((await numbersOf(ada)).sort()).toEqual([1, 2, 3, 4, 5])
  })

  it('that takes the place of another has a number of its own, so that the old one works until then', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (const number of [2, 1, 2]) {
      const [old] = await here.stores.authenticators.listOf(ada.id)
      const { pending } = await addAnother(ada, '', { replaces: old!.id })
      expect([numberIn(pending), await numbersOf(ada)]).toEqual([number, [number]])
    }
  })

  it('in another session at the same time has another number, until it is too old', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [one, two] = [await ada.sessionOwner(), await ada.sessionOwner()]
    const other = {
      ...two,
      signedIn: { ...two.signedIn, session: { ...two.signedIn.session, id: 'other' as never } },
    }
    expect(numberIn(await pendingSetUp(here.core, one))).toBe(2)
    expect(numberIn(await pendingSetUp(here.core, other))).toBe(3)
    expect(numberIn(await pendingSetUp(here.core, one)), 'shown again').toBe(2)
  })

  it('begun before numbers were kept, by the version before, is told apart as it was', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const owner = await ada.sessionOwner()
    const { setUp, label } = await pendingSetUp(here.core, owner)
    await here.stores.setUps.removeByOwner(setUp.owner)
    await here.stores.setUps.addUnlessThere({ ...setUp, entryNumber: 0 })
    const shown = await findSetUp(here.core, owner)
    expect(shown?.label).toBe(label.replace('(2)', `(${setUp.id.slice(0, 4)})`))
  })

  it('stays the same over reloads and wrong codes', async () => {
    const { owner, pending, phone, confirm } = await someoneSettingUp()
    expect(await beginSetUp(here.core, owner)).toEqual(pending)
    expect((await confirm(phone.wrongCode())).kind).toBe('wrong')
    expect(await findSetUp(here.core, owner)).toEqual(pending)
    expect(await beginSetUp(here.core, owner, { name: 'other' })).toEqual(pending)
  })

  it.each([
    ['a second before its 30 minutes', 1799, true],
    ['at 30 minutes', 1800, false],
  ])('%s', async (_when, age, lasts) => {
    const ada = await here.someoneWithoutASecondFactor()
    const owner = await ada.sessionOwner()
    const pending = await pendingSetUp(here.core, owner)
    const laterOwner = { ...owner, signedIn: stillFresh(owner, age) }
    here.clock.advance(age)
    expect(await findSetUp(here.core, laterOwner)).toEqual(lasts ? pending : null)
    const begun = await pendingSetUp(here.core, laterOwner)
    expect(begun.key === pending.key).toBe(lasts)
  })

  function stillFresh(owner: SetUpOwner & { kind: 'session' }, age: number) {
    return { ...owner.signedIn, session: { ...owner.signedIn.session, verifiedAt: noon + age } }
  }

  it('belongs to its sign-in and to no other one', async () => {
    const { ada, pending } = await someoneSettingUp()
    const other = await ada.setUpOwner()
    expect(await findSetUp(here.core, other)).toBeNull()
    expect((await pendingSetUp(here.core, other)).key).not.toBe(pending.key)
    const given = { code: new Phone(pending.key, here.clock).code(), name: '', browser: ada.browser }
    expect((await confirmSetUp(here.core, other, given)).kind).toBe('wrong')
  })

  it('counts for nothing before it is confirmed', async () => {
    const { ada } = await someoneSettingUp()
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await ada.account()).toMatchObject({ factorCounts: { totp: 0 } })
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(0)
    expect((await ada.givePassword()).kind).toBe('set-up-due')
  })

  it('that no key at hand opens begins anew', async () => {
    const { owner, pending } = await someoneSettingUp()
    const lost = { ...here.core, box: aBox() }
    expect(await findSetUp(lost, owner)).toBeNull()
    const anew = await pendingSetUp(lost, owner)
    expect(anew.key).not.toBe(pending.key)
    expect(await findSetUp(lost, owner)).toEqual(anew)
  })

  it('whose secret was moved from another one begins anew', async () => {
    const { owner, pending } = await someoneSettingUp()
    const { owner: other, pending: others } = await someoneSettingUp()
    await here.stores.setUps.removeByOwner(owner.signIn.id)
    await here.stores.setUps.addUnlessThere({ ...pending.setUp, sealed: others.setUp.sealed })
    expect(await findSetUp(here.core, owner)).toBeNull()
    expect(await findSetUp(here.core, other)).toEqual(others)
  })

  it('has a secret of the random numbers that everything has', async () => {
    const ada = await here.someoneWithAPassword()
    const owner = await ada.setUpOwner()
    const platform = {
      ...here.core.platform,
      randomBytes: (count: number) => new Uint8Array(count).fill(0x5a),
    }
    const { key } = await pendingSetUp({ ...here.core, platform }, owner)
    expect(decodeBase32(key)).toEqual(new Uint8Array(20).fill(0x5a))
  })

  it('that another request confirms or ends as it begins is not shown', async () => {
    const quick = (id: string) =>
      withStorage(here.core, {
        stores: withStores(here.stores, {
          setUps: overriding(here.stores.setUps, {
            findByOwner: async (owner: string, now: number) => {
              await here.stores.setUps.removeByOwner(id)
              return here.stores.setUps.findByOwner(owner, now)
            },
          }),
        }),
      })
    const owner = await (await here.someoneWithAPassword()).setUpOwner()
    expect(await beginSetUp(quick(owner.signIn.id), owner)).toEqual(notNow('has-second-factor'))
    const session = await (await here.someoneWithAnAuthenticatorApp()).sessionOwner()
    const { id } = session.signedIn.session
    expect(await beginSetUp(quick(id), session)).toEqual(notNow('not-fresh'))
  })

  it('that was begun freshly is not there any more once the proof is old', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const owner = await ada.sessionOwner()
    await pendingSetUp(here.core, owner)
    here.clock.advance(569)
    expect(await findSetUp(here.core, owner)).not.toBeNull()
    here.clock.advance(1)
    expect(await findSetUp(here.core, owner)).toBeNull()
  })

  it('to replace one authenticator is not the one to add another', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const owner = await ada.sessionOwner()
    const [old] = await here.stores.authenticators.listOf(ada.id)
    const plain = await pendingSetUp(here.core, owner)
    const replacing = await pendingSetUp(here.core, owner, { replaces: old!.id })
    expect(replacing.key).not.toBe(plain.key)
    expect(replacing.setUp.replaces).toBe(old!.id)
    expect(await pendingSetUp(here.core, owner, { replaces: old!.id })).toEqual(replacing)
    expect(await pendingSetUp(here.core, owner)).toEqual(replacing)
  })
})

describe('whether one may set up', () => {
  const withSession = (owner: SetUpOwner & { kind: 'session' }, own: Partial<Session>) => ({
    ...owner,
    signedIn: { ...owner.signedIn, session: { ...owner.signedIn.session, ...own } },
  })

  it('a sign-in may add the first authenticator only', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const owner = { kind: 'sign-in', signIn, account: await ada.account() } as const
    expect(maySetUp(here.core, owner)).toEqual(notNow('has-second-factor'))
    expect(await beginSetUp(here.core, owner)).toEqual(notNow('has-second-factor'))
    expect(await findSetUp(here.core, owner)).toBeNull()
    const given = { code: '123456', name: '', browser: ada.browser }
    expect(await confirmSetUp(here.core, owner, given)).toEqual({ kind: 'no-set-up' })
    expect(await here.stores.setUps.findByOwner(signIn.id, noon)).toBeNull()
  })

  it.each<[string, Partial<Session>, boolean]>([
    ['proven just now', { verifiedAt: noon }, true],
    ['proven a second less than 10 minutes ago', { verifiedAt: noon - 599 }, true],
    ['proven 10 minutes ago', { verifiedAt: noon - 600 }, false],
    ['never proven', { verifiedAt: 0, signedInAt: noon }, false],
    ['begun with a recovery code just now', { verifiedAt: 0, factors: ['password', 'recovery-code'] }, true],
    [
      'begun with a recovery code a second less than 10 minutes ago',
      { verifiedAt: 0, signedInAt: noon - 599, factors: ['password', 'recovery-code'] },
      true,
    ],
    [
      'begun with a recovery code 10 minutes ago',
      { verifiedAt: 0, signedInAt: noon - 600, factors: ['password', 'recovery-code'] },
      false,
    ],
    ['begun with a trusted device', { verifiedAt: 0, factors: ['password', 'device'] }, false],
  ])('a session that was %s', async (_what, own, may) => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    here.clock.seconds = noon
    const owner = withSession(await ada.sessionOwner(), { signedInAt: noon, ...own })
    expect(maySetUp(here.core, owner)).toEqual(may ? null : notNow('not-fresh'))
    expect((await beginSetUp(here.core, owner)).kind).toBe(may ? 'pending' : 'not-now')
  })

  it('ten authenticators are the most; a change of phone also works with ten', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let number = 2; number <= 10; number += 1) {
      const { outcome } = await addAnother(ada)
      expect(outcome.kind).toBe('confirmed')
    }
    expect((await ada.account()).factorCounts.totp).toBe(10)
    const owner = await ada.sessionOwner()
    expect(await beginSetUp(here.core, owner)).toEqual(notNow('too-many'))

    const [old] = await here.stores.authenticators.listOf(ada.id)
    const { outcome } = await addAnother(ada, 'New phone', { replaces: old!.id })
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    expect(outcome.signedIn.account.factorCounts.totp).toBe(10)
    expect((await ada.account()).factorCounts.totp).toBe(10)
    const left = await here.stores.authenticators.listOf(ada.id)
    expect(left).toHaveLength(10)
    expect(left.map(({ id }) => id)).not.toContain(old!.id)
  })

  it('the eleventh of two at once is refused by the write', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    for (let number = 2; number <= 9; number += 1) await addAnother(ada)
    const owner = await ada.sessionOwner()
    const pending = await pendingSetUp(here.core, owner)
    const phone = new Phone(pending.key, here.clock)
    const core = justBeforeTheWrite(here.core, () =>
      here.stores.accounts.countFactorUp(ada.id, 'totp', { atMost: 10 }),
    )
    const given = { code: phone.code(), name: '', browser: ada.browser }
    expect(await confirmSetUp(core, owner, given)).toEqual({ kind: 'over' })
    expect(await here.stores.authenticators.listOf(ada.id)).toHaveLength(9)
    expect(await findSetUp(here.core, owner)).toEqual(pending)
  })
})

describe('the first authenticator', () => {
  it('is confirmed with a right code: signed in, ten recovery codes, the owner is told', async () => {
    const { ada, confirm, owner } = await someoneSettingUp()
    here.clock.advance(5)
    const outcome = await confirm()
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    const at = noon + 5
    expect(outcome.authenticator).toEqual({
      ...ourOtp,
      drift: 0,
      serial: null,
      issuer: 'Example',
      entryNumber: 1,
      id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
      account: ada.id,
      name: 'Authenticator app',
      createdAt: at,
      lastUsedAt: at,
      sealed: expect.stringMatching(/^v1\./) as string,
      lastStep: noon / 30,
    })
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([outcome.authenticator])
    expect(outcome.signedIn.account).toMatchObject({ id: ada.id, factorCounts: { totp: 1 } })
    expect(outcome.signedIn.session).toMatchObject({ factors: ['password', 'totp'], verifiedAt: at })
    const signedIn = await findSession(here.core, outcome.signedIn.token)
    expect(signedIn).toMatchObject({ account: { factorCounts: { totp: 1 } } })
    expect(outcome.recoveryCodes).toHaveLength(10)
    expect(new Set(outcome.recoveryCodes).size).toBe(10)
    for (const code of outcome.recoveryCodes)
      expect(code).toMatch(/^([0-9a-hjkmnp-tv-z]{4}-){3}[0-9a-hjkmnp-tv-z]{4}$/)
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(await here.stores.setUps.findByOwner(owner.signIn.id, at)).toBeNull()
    expect((await ada.trail()).slice(-2)).toMatchObject([
      { event: 'sign-in.completed', at, details: { factors: 'password+totp' } },
      {
        event: 'authenticator.added',
        at,
        address: ada.browser.client.address,
        details: { authenticator: outcome.authenticator.id, replaced: false },
      },
    ])
    expect(here.notices).toEqual([
      {
        kind: 'authenticator-added',
        account: owner.account,
        at,
        client: ada.browser.client,
        details: { name: 'Authenticator app' },
      },
    ])
  })

  it('spends the confirming code', async () => {
    const { ada, confirm, phone } = await someoneSettingUp()
    expect((await confirm()).kind).toBe('confirmed')
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).toBe('wrong')
    here.clock.advance(30)
    expect((await giveCode(here.core, { ...given, code: phone.code() })).kind).toBe('complete')
  })

  it.each([
    ['of the step before', -30],
    ['of the next step', 30],
  ])('may be confirmed with a code %s, which is spent as that', async (_which, offset) => {
    const { confirm, phone } = await someoneSettingUp()
    const outcome = await confirm(phone.code(offset))
    expect(outcome).toMatchObject({
      kind: 'confirmed',
      authenticator: { lastStep: (noon + offset) / 30 },
    })
  })

  it('ends every other sign-in, session and set-up of the account', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const session = ada.browser.session
    const other = await ada.beginSignIn()
    await ada.enrol()
    expect(await findSession(here.core, session)).toBeNull()
    const given = {
      signIn: other.signIn,
      browser: here.newBrowser(),
      code: ada.phone.code(),
      remember: false,
    }
    expect(await giveCode(here.core, given)).toEqual({ kind: 'over' })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(1)
  })

  it('of a session keeps that session under a new token, and ends the others', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const before = ada.browser.session
    const elsewhere = await ada.givePassword(here.newBrowser(), here.optional)
    if (elsewhere.kind !== 'complete') throw new Error(elsewhere.kind)
    here.clock.advance(60)
    const { outcome } = await addAnother(ada, 'Mine')
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    expect(outcome.recoveryCodes).toHaveLength(10)
    expect(outcome.signedIn.account.factorCounts.totp).toBe(1)
    expect(await findSession(here.core, before)).toBeNull()
    expect(await findSession(here.core, elsewhere.token)).toBeNull()
    expect(await findSession(here.core, outcome.signedIn.token)).toMatchObject({
      session: { factors: ['password', 'totp'], verifiedAt: noon + 60, signedInAt: noon },
    })
    expect(await here.stores.sessions.listOf(ada.id)).toHaveLength(1)
    expect(await ada.lastEvent()).toMatchObject({ event: 'authenticator.added' })
  })

  it('leaves its recovery codes to be seen until they are saved, by this session only', async () => {
    const { ada, confirm } = await someoneSettingUp()
    const outcome = await confirm()
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    const { id } = outcome.signedIn.session
    expect(await findUnsavedCodes(here.core, id)).toEqual(outcome.recoveryCodes)
    here.clock.advance(30)
    expect(await findUnsavedCodes({ ...here.core, box: aBox() }, id)).toBeNull()
    const sealed = await here.stores.unsavedCodes.find(id)
    for (const code of outcome.recoveryCodes) expect(sealed).not.toContain(code)
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    const other = (await bob.signedIn()).session.id
    await forgetUnsavedCodes(here.core, other)
    await here.stores.unsavedCodes.put(other, bob.id, sealed!)
    expect(await findUnsavedCodes(here.core, other)).toBeNull()
    expect(await forgetUnsavedCodes(here.core, id)).toBe(true)
    expect(await forgetUnsavedCodes(here.core, id)).toBe(false)
    expect(await findUnsavedCodes(here.core, id)).toBeNull()
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
  })

  it('of two at once is one: the other set-up is over, and nothing of it is kept', async () => {
    const { ada, owner, phone } = await someoneSettingUp()
    const rival = await ada.setUpOwner()
    const pending = await pendingSetUp(here.core, rival)
    const given = { code: new Phone(pending.key, here.clock).code(), name: '', browser: here.newBrowser() }
    const core = justBeforeTheWrite(here.core, () =>
      confirmSetUp(here.core, owner, { code: phone.code(), name: '', browser: ada.browser }),
    )
    here.notices.length = 0
    expect(await confirmSetUp(core, rival, given)).toEqual({ kind: 'over' })
    expect(await here.stores.authenticators.listOf(ada.id)).toHaveLength(1)
    expect((await ada.account()).factorCounts.totp).toBe(1)
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(here.notices).toHaveLength(1)
  })

  it('of a set-up that another one overtook in the account alone is over, too', async () => {
    const { ada, confirm, owner, pending } = await someoneSettingUp()
    const core = justBeforeTheWrite(here.core, () =>
      here.stores.accounts.countFactorUp(ada.id, 'totp', 'first'),
    )
    expect(await confirm(undefined, '', core)).toEqual({ kind: 'over' })
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await here.stores.setUps.findByOwner(owner.signIn.id, noon)).toEqual(pending.setUp)
  })

  it('of a sign-in that ended meanwhile is over, and nothing of it is kept', async () => {
    const { ada, confirm, owner, pending } = await someoneSettingUp()
    const core = justBeforeTheWrite(here.core, () => here.stores.signIns.endAllOf(ada.id))
    expect(await confirm(undefined, '', core)).toEqual({ kind: 'over' })
    expect(await ada.account()).toMatchObject({ factorCounts: { totp: 0 } })
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await here.stores.setUps.findByOwner(owner.signIn.id, noon)).toEqual(pending.setUp)
    expect(here.notices).toEqual([])
  })

  it('of a session that ended meanwhile is over, and nothing of it is kept', async () => {
    const ada = await here.someoneWithoutASecondFactor()
    const owner = await ada.sessionOwner()
    const pending = await pendingSetUp(here.core, owner)
    const core = justBeforeTheWrite(here.core, () => here.stores.sessions.endAllOf(ada.id))
    const given = { code: new Phone(pending.key, here.clock).code(), name: '', browser: ada.browser }
    expect(await confirmSetUp(core, owner, given)).toEqual({ kind: 'over' })
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([])
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(0)
  })

  it('waits for room to hash the recovery codes, and spends no attempt', async () => {
    const { ada, confirm, phone } = await someoneSettingUp()
    const full = { ...here.core, passwords: fullHasher }
    for (let time = 0; time < 8; time += 1)
      expect(await confirm(phone.code(), '', full)).toEqual({ kind: 'busy' })
    expect((await confirm()).kind).toBe('confirmed')
    expect((await ada.account()).factorCounts.totp).toBe(1)
  })

  it('needs no recovery codes from the second on, also while there is no room', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const owner = await ada.sessionOwner()
    const pending = await pendingSetUp(here.core, owner)
    const given = { code: new Phone(pending.key, here.clock).code(), name: '', browser: ada.browser }
    const full = { ...here.core, passwords: fullHasher }
    expect(await confirmSetUp(full, owner, given)).toMatchObject({ kind: 'confirmed', recoveryCodes: [] })
  })
})

describe('a wrong code at set-up', () => {
  it('is counted on the account, written down, and waits like any wrong code', async () => {
    const { ada, phone, confirm } = await someoneSettingUp()
    for (let wrong = 1; wrong <= 5; wrong += 1)
      expect(await confirm(phone.wrongCode())).toEqual({ kind: 'wrong', driftSeconds: null })
    expect(await ada.lastEvent()).toMatchObject({
      event: 'set-up.refused',
      at: noon,
      address: ada.browser.client.address,
      details: {},
    })
    expect(await confirm()).toEqual({ kind: 'wait', untilSeconds: noon + 30 })
    expect(await ada.lastEvent()).toMatchObject({ event: 'code.throttled' })
    here.clock.advance(30)
    expect((await confirm()).kind).toBe('confirmed')
    const policy = { waitFrom: 9, firstWaitSeconds: 1, longestWaitSeconds: 1, lockAt: null }
    const own = { ...policy, forgetAfterSeconds: null }
    expect(await here.stores.attempts.reserve(codeKey(ada.id), own, noon)).toEqual({
      kind: 'reserved',
      failures: 1,
    })
  })

  it('does not lock: the secret is on the page; and codes that are locked do not stand in its way', async () => {
    const { ada, confirm } = await someoneSettingUp()
    const policy = { waitFrom: 1000, firstWaitSeconds: 1, longestWaitSeconds: 1, lockAt: null }
    for (const key of [codeKey(ada.id), attemptsAtSetUp(ada.id)])
      for (let wrong = 1; wrong <= 100; wrong += 1)
        await here.stores.attempts.reserve(key, { ...policy, forgetAfterSeconds: null }, noon)
    expect((await confirm()).kind).toBe('confirmed')
  })

  it.each([
    [60, 60],
    [-60, -60],
    [600, 600],
    [-600, -600],
    [630, null],
    [-630, null],
  ])('of a phone whose clock is %s seconds off says so: %s', async (offset, driftSeconds) => {
    const { phone, confirm } = await someoneSettingUp()
    expect(await confirm(phone.code(offset))).toEqual({ kind: 'wrong', driftSeconds })
  })

  it.each([
    ['', 'empty', 0],
    ['12345', 'wrong-length', 5],
    ['abcdef', 'not-numbers', 6],
  ])('%j is none, and spends nothing', async (code, problem, digits) => {
    const { confirm } = await someoneSettingUp()
    for (let time = 0; time < 8; time += 1)
      expect(await confirm(code)).toEqual({ kind: 'malformed', problem, digits })
    expect((await confirm()).kind).toBe('confirmed')
  })

  it('without a set-up is told so, and spends nothing', async () => {
    const ada = await here.someoneWithAPassword()
    const owner = await ada.setUpOwner()
    const given = { code: '123456', name: '', browser: ada.browser }
    for (let time = 0; time < 8; time += 1)
      expect(await confirmSetUp(here.core, owner, given)).toEqual({ kind: 'no-set-up' })
    expect(await ada.events()).not.toContain('set-up.refused')
  })
})

describe('the name of a new authenticator', () => {
  it.each([
    ['x'.repeat(41), 'too-long'],
    ['🚪'.repeat(41), 'too-long'],
    ['a\nb', 'not-allowed'],
    [` a\n${'x'.repeat(38)} `, 'not-allowed'],
  ])('%j is refused: %s, before the code is looked at', async (name, why) => {
    const { confirm } = await someoneSettingUp()
    for (let time = 0; time < 6; time += 1)
      expect(await confirm(undefined, name)).toEqual({ kind: 'bad-name', why })
    expect((await confirm(undefined, ' x ')).kind).toBe('confirmed')
  })

  it('is the one given, else the one of the beginning, else a plain one', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, ' Phone ', { name: 'Before' })
    await addAnother(ada, '', { name: 'Tablet' })
    await addAnother(ada)
    expect((await namesOf(ada)).sort()).toEqual([
      'Authenticator app',
      'Authenticator app 2',
      'Phone',
      'Tablet',
    ])
  })

  it('that is taken is refused when given, and gets a number otherwise', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Phone')
    const { outcome } = await addAnother(ada, 'Phone')
    expect(outcome).toEqual({ kind: 'bad-name', why: 'taken' })
    await addAnother(ada, 'phone')
    for (const name of ['Phone', 'Phone']) {
      await here.stores.setUps.removeAllOf(ada.id)
      await addAnother(ada, '', { name })
    }
    expect((await namesOf(ada)).sort()).toEqual(['Authenticator app', 'Phone', 'Phone 2', 'Phone 3', 'phone'])
  })

  it('stays within 40 characters with its number, and whole', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const long = `a${'🚪'.repeat(39)}`
    await addAnother(ada, '', { name: long })
    await addAnother(ada, '', { name: long })
    await addAnother(ada, '', { name: 'x'.repeat(40) })
    await addAnother(ada, '', { name: 'x'.repeat(40) })
    expect((await namesOf(ada)).sort()).toEqual(
      ['Authenticator app', long, `a${'🚪'.repeat(35)} 2`, 'x'.repeat(40), `${'x'.repeat(36)} 2`].sort(),
    )
  })

  it("of somebody else is nobody's business", async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    await addAnother(ada, 'Phone')
    expect((await addAnother(bob, 'Phone')).outcome.kind).toBe('confirmed')
  })
})

describe('a further authenticator', () => {
  it('leaves the other sessions and recovery codes, ends trusted devices, and gives a new token', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const elsewhere = await ada.signIn(here.newBrowser(), true)
    const before = ada.browser.session
    const { outcome, phone } = await addAnother(ada, 'Tablet')
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    expect(outcome.recoveryCodes).toEqual([])
    expect(outcome.signedIn.account.factorCounts.totp).toBe(2)
    expect(await findSession(here.core, before)).toBeNull()
    expect(await findSession(here.core, elsewhere.token)).not.toBeNull()
    expect(await here.stores.trustedDevices.listOf(ada.id)).toEqual([])
    expect(await here.stores.recoveryCodes.countLeft(ada.id)).toBe(10)
    expect(await ada.lastEvent()).toMatchObject({ details: { replaced: false } })
    here.clock.advance(30)
    for (const code of [phone.code(), ada.phone.code()]) {
      const { signIn } = await ada.beginSignIn()
      const given = { signIn, browser: here.newBrowser(), code, remember: false }
      expect((await giveCode(here.core, given)).kind).toBe('complete')
    }
  })

  it('takes the place of another one: the old one works until then and not after', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const [old] = await here.stores.authenticators.listOf(ada.id)
    const owner = await ada.sessionOwner()
    await pendingSetUp(here.core, owner, { replaces: old!.id })
    await ada.signIn()
    const { outcome, phone } = await addAnother(ada)
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    expect(outcome.signedIn.account.factorCounts.totp).toBe(1)
    expect(await here.stores.authenticators.listOf(ada.id)).toEqual([outcome.authenticator])
    expect((await ada.account()).factorCounts.totp).toBe(1)
    expect(await ada.lastEvent()).toMatchObject({
      event: 'authenticator.added',
      details: { authenticator: outcome.authenticator.id, replaced: true },
    })
    here.clock.advance(30)
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: here.newBrowser(), code: ada.phone.code(), remember: false }
    expect((await giveCode(here.core, given)).kind).toBe('wrong')
    expect((await giveCode(here.core, { ...given, code: phone.code() })).kind).toBe('complete')
  })

  it('is added where the one to be replaced is gone meanwhile', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Second')
    const [old, other] = await here.stores.authenticators.listOf(ada.id)
    const owner = await ada.sessionOwner()
    const pending = await pendingSetUp(here.core, owner, { replaces: old!.id })
    expect((await removeAuthenticator(here.core, { ...(await ada.change()), id: old!.id })).kind).toBe(
      'removed',
    )
    const given = { code: new Phone(pending.key, here.clock).code(), name: 'Third', browser: ada.browser }
    const outcome = await confirmSetUp(here.core, owner, given)
    if (outcome.kind !== 'confirmed') throw new Error(outcome.kind)
    expect((await ada.account()).factorCounts.totp).toBe(2)
    expect(outcome.signedIn.account.factorCounts.totp).toBe(2)
    expect((await namesOf(ada)).sort()).toEqual([other!.name, 'Third'].sort())
  })

  it('may have the name of the one whose place it takes', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    await addAnother(ada, 'Phone')
    const old = (await here.stores.authenticators.listOf(ada.id)).find(({ name }) => name === 'Phone')
    expect((await addAnother(ada, 'Phone', { replaces: old!.id })).outcome.kind).toBe('confirmed')
    expect((await namesOf(ada)).sort()).toEqual(['Authenticator app', 'Phone'])
  })

  it("cannot take the place of another person's", async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const bob = await here.someoneWithAnAuthenticatorApp('bob')
    const [bobs] = await here.stores.authenticators.listOf(bob.id)
    await addAnother(ada, 'Mine', { replaces: bobs!.id })
    expect(await here.stores.authenticators.listOf(bob.id)).toEqual([bobs])
    expect(await namesOf(ada)).toHaveLength(2)
  })

  it('may be added straight after a recovery code, which frees locked codes', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    const { signIn } = await ada.beginSignIn()
    const given = { signIn, browser: ada.browser, code: ada.recoveryCodes[0]! }
    const outcome = await giveRecoveryCode(here.core, given)
    if (outcome.kind !== 'complete') throw new Error(outcome.kind)
    ada.keep(outcome)
    const added = await addAnother(ada, 'New phone')
    expect(added.outcome).toMatchObject({
      kind: 'confirmed',
      signedIn: { session: { factors: ['password', 'recovery-code', 'totp'] } },
    })
  })

  it('after a reset is a first one again', async () => {
    const ada = await here.someoneWithAnAuthenticatorApp()
    expect(await resetSecondFactor(here.core, await ada.account())).toEqual({
      totp: 1,
      passkey: 0,
      'recovery-code': 10,
    })
    await ada.enrol()
    expect(ada.recoveryCodes).toHaveLength(10)
  })
})
