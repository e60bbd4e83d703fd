import { usualLimits } from '../../src/core/policy.js'
import { describe, expect, it } from 'vitest'
import { addAccount } from '../../src/core/accounts/administration.js'
import { checkPassword } from '../../src/core/sign-in/password-check.js'
import { newPasswordHash, shortestHere } from '../../src/core/accounts/new-password.js'
import {
  couldBePassword,
  namesOf,
  normalisePassword,
  passwordProblem,
} from '../../src/core/accounts/password.js'
import { Secret } from '../../src/core/secret.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { quickArgon2 } from '../support/phone.js'
import { vectors } from '../support/vectors.js'
import { fullHasher, hasher, useHere } from './people.js'

const here = useHere()

describe('why a new password is refused', () => {
  const policy = {
    shortest: 8,
    longest: 256,
    names: ['Ada', 'ada@example.org', '', 'ab', 'Café', 'nightlatch'],
    isCommon: (lower: string) => lower === 'password1234',
  }

  it.each<[string, string, ReturnType<typeof passwordProblem>]>([
    ['eight characters', '8 things', null],
    ['seven characters', '7 thing', 'too-short'],
    ['nothing', '', 'too-short'],
    ['eight emoji', '🚪'.repeat(8), null],
    ['seven emoji, which are fourteen units', '🚪'.repeat(7), 'too-short'],
    ['seven letters with accents, typed apart', 'e\u0301'.repeat(7), 'too-short'],
    ['eight letters with accents, typed apart', 'e\u0301'.repeat(8), null],
    ['256 characters', 'xy'.repeat(128), null],
    ['257 characters', `${'xy'.repeat(128)}z`, 'too-long'],
    ['256 emoji', '🚪'.repeat(256), null],
    ['257 emoji', '🚪'.repeat(257), 'too-long'],
    ['513 units, whatever they would compose to', `${'e\u0301'.repeat(256)}x`, 'too-long'],
    ['512 units that compose to 256 characters', 'e\u0301'.repeat(256), null],
    ['a megabyte', 'x'.repeat(1_000_000), 'too-long'],
    ['a zero byte', 'abcdefgh\0ijkl', 'not-allowed'],
    ['half a surrogate pair', 'abcdefgh\ud83d', 'not-allowed'],
    ['a short one with a zero byte', '\0', 'not-allowed'],
    ['a common one', 'password1234', 'common'],
    ['a common one in capitals', 'PassWord1234', 'common'],
    ['a common one with one sign more', 'password1234!', null],
    ['no composition rules', 'aaaa bbbb cccc', null],
    ['digits only', '83920174658291', null],
    ['blanks around it', '  a b c  ', null],
    ['the own name, repeated', 'adaadaada', 'own-name'],
    ['the own name in capitals with digits', 'ADA12345', 'own-name'],
    ['the own name between signs', '--Ada-- 2026!', 'own-name'],
    ['the own name and a word', 'adabicycle', null],
    ['letters around the own name', 'xadax1234', null],
    ['the own email address', 'ada@example.org', 'own-name'],
    ['a name with an accent, typed apart', 'cafe\u0301 2026', 'own-name'],
    ['the name of this software', 'Nightlatch1', 'own-name'],
    ['a name of two letters counts for nothing', 'abababab', null],
    ['signs and digits without the name', '--12345678--', null],
  ])('%s', (_what, password, problem) => {
    expect(passwordProblem(password, policy)).toBe(problem)
  })

  it('a name of three letters counts', () => {
    expect(passwordProblem('xyz12345', { ...policy, names: ['xyz'] })).toBe('own-name')
    expect(passwordProblem('xy123456', { ...policy, names: ['xy'] })).toBeNull()
  })

  it('the own names are the user name, the email address, what is before their @, and the product', () => {
    const account = { username: 'ada@work.example', email: 'lovelace@example.org' }
    expect(namesOf(account, 'Example')).toEqual([
      'ada@work.example',
      'ada',
      'lovelace@example.org',
      'lovelace',
      'Example',
      'nightlatch',
    ])
    expect(namesOf({ username: 'ada', email: '' }, 'X')).toEqual(['ada', 'ada', '', '', 'X', 'nightlatch'])
  })

  it('the length is the shortest that the policy says', () => {
    expect(passwordProblem('x'.repeat(14), { ...policy, shortest: 15 })).toBe('too-short')
    expect(passwordProblem('x'.repeat(15), { ...policy, shortest: 15 })).toBeNull()
  })
})

describe('a new password', () => {
  const ada = { username: 'ada', email: 'lovelace@example.org' }

  it('has eight characters where there is a second factor, fifteen where there may be none', async () => {
    expect(shortestHere(here.core)).toBe(8)
    expect(shortestHere(here.optional)).toBe(15)
    expect(await newPasswordHash(here.core, ada, 'bicycle8')).toMatchObject({ kind: 'hashed' })
    expect(await newPasswordHash(here.core, ada, 'bicycl7')).toEqual({
      kind: 'bad-password',
      why: 'too-short',
    })
    expect(await newPasswordHash(here.optional, ada, 'fourteen words')).toEqual({
      kind: 'bad-password',
      why: 'too-short',
    })
    expect(await newPasswordHash(here.optional, ada, 'fifteen letters')).toMatchObject({ kind: 'hashed' })
  })

  it.each([
    ['ada ada ada', 'own-name'],
    ['lovelace1815', 'own-name'],
    ['example 2026', 'own-name'],
    ['Password1', 'common'],
    ['1234567890', 'common'],
    ['qwertyuiop', 'common'],
  ])('%s is refused: %s', async (password, why) => {
    expect(await newPasswordHash(here.core, ada, password)).toEqual({ kind: 'bad-password', why })
  })

  it('is hashed in its NFC form', async () => {
    expect(normalisePassword('cafe\u0301')).toBe('caf\u00e9')
    const hashed = await newPasswordHash(here.core, ada, 'cafe\u0301 cafe\u0301')
    if (hashed.kind !== 'hashed') throw new Error(hashed.kind)
    expect(await hasher.verify(hashed.hash, new Secret('caf\u00e9 caf\u00e9'))).toBe(true)
  })

  it('is not hashed while there is no room', async () => {
    const full = { ...here.core, passwords: fullHasher }
    expect(await newPasswordHash(full, ada, 'bicycle8')).toEqual({ kind: 'busy' })
    expect(await newPasswordHash(full, ada, 'ada')).toEqual({ kind: 'bad-password', why: 'too-short' })
  })
})

describe('a password that is given', () => {
  it.each<[string, boolean]>([
    ['', false],
    ['x', true],
    [' ', true],
    ['x'.repeat(512), true],
    ['x'.repeat(513), false],
    ['x\0', false],
    ['x\ud83d', false],
    ['🚪', true],
  ])('%j could be one: %s', (text, could) => {
    expect(couldBePassword(usualLimits, text)).toBe(could)
  })

  const { cases } = vectors<{
    cases: readonly { id: string; set: string; try: string | null; expect: string }[]
  }>('password-inputs')
  const ofOurOwn = cases.filter(({ set }) => !set.startsWith('<gen'))

  it.each(ofOurOwn)('$id: $expect', async ({ id, set, try: given, expect: expected }) => {
    const wishes = { username: `vector.${id}`, admin: false }
    const added = await addAccount(here.core, wishes, { password: set })
    if (expected === 'refuse_at_set' || given === null) {
      expect(added).toMatchObject({ kind: 'bad-password' })
    } else if (added.kind === 'added') {
      const { account } = added
      const check = await checkPassword(here.core, { account, username: 'x', password: given })
      expect(check.kind).toBe(expected === 'accept' ? 'right' : 'wrong')
    } else expect(expected).toContain('refuse_at_set')
  })

  it('is wrong without a look when it could never have been set', async () => {
    const account = await (await here.someoneWithAPassword()).account()
    const blind = { ...here.core, passwords: fullHasher }
    for (const password of ['', 'x\0', '\ud83d', 'x'.repeat(513)])
      expect(await checkPassword(blind, { account, username: 'ada', password })).toEqual({ kind: 'wrong' })
    expect(await checkPassword(blind, { account, username: 'ada', password: 'x' })).toEqual({ kind: 'busy' })
  })

  it('costs one hash also for an unknown name, a disabled account and one without a password', async () => {
    const ada = await (await here.someoneWithAPassword()).account()
    const looked: string[] = []
    const counting = {
      ...hasher,
      verify: (hash: string, password: Secret<string>) => {
        looked.push(hash)
        return hasher.verify(hash, password)
      },
    }
    const core = { ...here.core, passwords: counting }
    const given = { username: 'ada', password: 'correct horse battery' }
    const nobody = hasher.unknownAccountHash
    expect(await checkPassword(core, { ...given, account: null })).toEqual({ kind: 'wrong' })
    expect(looked.splice(0)).toEqual([nobody])
    expect(await checkPassword(core, { ...given, account: { ...ada, passwordHash: '' } })).toEqual({
      kind: 'wrong',
    })
    expect(looked.splice(0)).toEqual([nobody])
    expect(await checkPassword(core, { ...given, account: { ...ada, disabled: true } })).toEqual({
      kind: 'wrong',
    })
    expect(looked.splice(0)).toEqual([ada.passwordHash])
    expect(await checkPassword(core, { ...given, account: ada })).toEqual({ kind: 'right', account: ada })
  })

  it('that was hashed with a weaker setting is hashed anew, and stays right', async () => {
    const ada = await here.someoneWithAPassword()
    const account = await ada.account()
    const strong = createPasswordHasher({ threads: 1, setting: { ...quickArgon2, memory: 128 } })
    const core = { ...here.core, passwords: strong }
    const given = { ...ada.typed(), account }
    const first = await checkPassword(core, given)
    if (first.kind !== 'right') throw new Error(first.kind)
    const renewed = await ada.account()
    expect(renewed.passwordHash).toContain('$m=128,')
    expect(first.account).toEqual(renewed)
    expect(await checkPassword(core, { ...given, account: renewed })).toEqual({
      kind: 'right',
      account: renewed,
    })
    expect((await ada.account()).passwordHash).toBe(renewed.passwordHash)

    // Somebody changed the password meanwhile: theirs stays.
    expect(await checkPassword(core, given)).toEqual({ kind: 'right', account })
    expect((await ada.account()).passwordHash).toBe(renewed.passwordHash)
    await strong.close()
  })

  it('is right although there is no room to hash it anew', async () => {
    const ada = await here.someoneWithAPassword()
    const account = await ada.account()
    const passwords = { ...hasher, needsRenewal: () => true, hash: fullHasher.hash }
    const given = { ...ada.typed(), account }
    expect(await checkPassword({ ...here.core, passwords }, given)).toEqual({ kind: 'right', account })
    expect(await ada.account()).toEqual(account)
  })
})
