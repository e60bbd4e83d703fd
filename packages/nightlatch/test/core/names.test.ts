import { describe, expect, it } from 'vitest'
import { parseDisplayName, parseEmail, parseLoginName } from '../../src/core/accounts/account.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { addAccount, findAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { parseAccountInput } from '../../src/core/accounts/new-account.js'
import { parseAuthenticatorName } from '../../src/core/factors/totp/store.js'
import { nodePlatform as platform } from '../../src/crypto/platform.js'
import { vectors } from '../support/vectors.js'
import { goodPassword, useHere } from './people.js'

const refused = (why: string) => ({ kind: 'refused', why })

describe('a user name', () => {
  it.each([
    ['ada', 'ada', 'ada'],
    ['  Ada ', 'Ada', 'ada'],
    ['\tada\n', 'ada', 'ada'],
    ['\u00a0Ada\u3000', 'Ada', 'ada'],
    ['a', 'a', 'a'],
    ['7', '7', '7'],
    ["o'neill", "o'neill", "o'neill"],
    ['ada.lovelace-1_+x', 'ada.lovelace-1_+x', 'ada.lovelace-1_+x'],
    ['ada+', 'ada+', 'ada+'],
    ['ada_', 'ada_', 'ada_'],
    ['ada-', 'ada-', 'ada-'],
    ['jose\u0301', 'jos\u00e9', 'jos\u00e9'],
    ['JOSE\u0301', 'JOS\u00c9', 'jos\u00e9'],
    ['Жанна', 'Жанна', 'жанна'],
    ['ПЕТЯ', 'ПЕТЯ', 'петя'],
    ['李小龍', '李小龍', '李小龍'],
    ['𝒳'.normalize('NFKC'), 'X', 'x'],
    ['a\u0301\u0323', 'ạ\u0301', 'ạ\u0301'],
    ['नमस्ते', 'नमस्ते', 'नमस्ते'],
    ['Ada@Example.ORG', 'Ada@Example.ORG', 'ada@example.org'],
    ['ada+tag@example.org', 'ada+tag@example.org', 'ada+tag@example.org'],
    ['ada@bücher.test', 'ada@bücher.test', 'ada@xn--bcher-kva.test'],
    ['ada@XN--BCHER-KVA.test', 'ada@XN--BCHER-KVA.test', 'ada@xn--bcher-kva.test'],
    ['constructor', 'constructor', 'constructor'],
  ])('%j is shown as %j and looked up by %j', (typed, shown, key) => {
    expect(parseLoginName(platform, typed)).toEqual({ kind: 'name', shown, key })
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['\u00a0\u3000', 'empty'],
    ['a b', 'not-allowed'],
    ['a\u00a0b', 'not-allowed'],
    ['-ada', 'not-allowed'],
    ['.ada', 'not-allowed'],
    ['@ada', 'not-allowed'],
    ['_ada', 'not-allowed'],
    ['ada.', 'not-allowed'],
    ["ada'", 'not-allowed'],
    ['ada@', 'not-allowed'],
    ['ada@b@c', 'not-allowed'],
    ['ada@example.org.', 'not-allowed'],
    ['ada@exa_mple..org', 'not-allowed'],
    ['@', 'not-allowed'],
    ['.', 'not-allowed'],
    ['\u0301ada', 'not-allowed'],
    ['ada\u0000', 'not-allowed'],
    ['a\u0000da', 'not-allowed'],
    ['a\nda', 'not-allowed'],
    ['ada\u202e', 'not-allowed'],
    ['\u202eecila', 'not-allowed'],
    ['a\u200bda', 'not-allowed'],
    ['a\u00adda', 'not-allowed'],
    ['ａda', 'not-allowed'],
    ['ada＠example.org', 'not-allowed'],
    ['\u212aate', 'not-allowed'],
    ['\u2160', 'not-allowed'],
    ['ﬁona', 'not-allowed'],
    ['x²', 'not-allowed'],
    ['\u00aa', 'not-allowed'],
    ['ada\ud83d', 'not-allowed'],
    ['\ud83d\ude00', 'not-allowed'],
    ['ada,bob', 'not-allowed'],
    ['ada;bob', 'not-allowed'],
    ['"ada"@example.org', 'not-allowed'],
    ['<b>ada', 'not-allowed'],
    ['../ada', 'not-allowed'],
    ['a%00', 'not-allowed'],
    ['ada:x', 'not-allowed'],
    ['ada/x', 'not-allowed'],
    ['__proto__', 'not-allowed'],
  ])('%j is refused: %s', (typed, why) => {
    expect(parseLoginName(platform, typed)).toEqual(refused(why))
  })

  it('has at most 254 characters', () => {
    expect(parseLoginName(platform, ` ${'a'.repeat(254)} `)).toMatchObject({ kind: 'name' })
    expect(parseLoginName(platform, 'a'.repeat(255))).toEqual(refused('too-long'))
  })

  it('that differs in nothing but case is the same, also where lower case has no letter of its own', () => {
    const capital = parseLoginName(platform, 'J\u030cane')
    const small = parseLoginName(platform, '\u01f0ane')
    expect(capital).toMatchObject({ kind: 'name', key: '\u01f0ane' })
    expect(small).toMatchObject({ kind: 'name', key: '\u01f0ane' })
  })
})

describe('an email address', () => {
  it('is a name with a domain', () => {
    expect(parseEmail(platform, ' Ada@Example.org ')).toEqual({
      kind: 'name',
      shown: 'Ada@Example.org',
      key: 'ada@example.org',
    })
    expect(parseEmail(platform, 'ada')).toEqual(refused('not-allowed'))
    expect(parseEmail(platform, '')).toEqual(refused('empty'))
    expect(parseEmail(platform, 'ada@')).toEqual(refused('not-allowed'))
  })
})

const unprintable: [string, string][] = [
  ['a line break', 'a\nb'],
  ['a zero byte', 'a\0b'],
  ['a delete', 'a\u007fb'],
  ['a line separator', 'a\u2028b'],
  ['a paragraph separator', 'a\u2029b'],
  ['half a surrogate pair', 'a\ud83db'],
  ['a private character', 'a\ue000b'],
  ['text from right to left (embedding)', 'a\u202ab'],
  ['text from right to left (override)', 'a\u202eb'],
  ['an isolate', 'a\u2066b'],
  ['the end of an isolate', 'a\u2069b'],
]

describe('a display name', () => {
  it.each([
    ['', ''],
    ['  Ada Lovelace ', 'Ada Lovelace'],
    ['Jose\u0301 <b>', 'Jos\u00e9 <b>'],
    ['👩‍🚀 ada', '👩‍🚀 ada'],
    ['a\u2065b', 'a\u2065b'],
    ['ada\u200f', 'ada\u200f'],
  ])('%j is shown as %j', (typed, shown) => {
    expect(parseDisplayName(typed)).toBe(shown)
  })

  it.each(unprintable)('must be one line of printable text: %s is refused', (_what, text) => {
    expect(parseDisplayName(text)).toBeNull()
  })

  it('has at most 100 characters, however they are stored', () => {
    expect(parseDisplayName(` ${'x'.repeat(100)} `)).toBe('x'.repeat(100))
    expect(parseDisplayName('x'.repeat(101))).toBeNull()
    expect(parseDisplayName('🚪'.repeat(100))).toBe('🚪'.repeat(100))
    expect(parseDisplayName('🚪'.repeat(101))).toBeNull()
  })
})

describe('the name of an authenticator', () => {
  it.each([
    ['', ''],
    ['  My phone ', 'My phone'],
    ['Te\u0301le\u0301phone', 'T\u00e9l\u00e9phone'],
    ['x'.repeat(40), 'x'.repeat(40)],
    ['🚪'.repeat(40), '🚪'.repeat(40)],
    [` ${'x'.repeat(40)} `, 'x'.repeat(40)],
  ])('%j is kept as %j', (typed, kept) => {
    expect(parseAuthenticatorName(typed)).toBe(kept)
  })

  it.each([...unprintable, ['41 characters', 'x'.repeat(41)], ['41 emoji', '🚪'.repeat(41)]])(
    'is refused: %s',
    (_what, text) => {
      expect(parseAuthenticatorName(text)).toBeNull()
    },
  )
})

describe('two names that look alike', () => {
  const here = useHere()
  const { cases } = vectors<{
    cases: readonly { id: string; existing: string; attempt: string; expect: string }[]
  }>('identifier-collisions')
  const ofOneName = cases.filter(
    ({ id }) => !['array', 'username-vs-email', 'username-looks-like-email', 'reserved'].includes(id),
  )

  async function ownerOf(name: string): Promise<string> {
    const there = await findAccount(here.core, name)
    if (there !== null) return there.id
    const added = await addAccount(here.core, { username: name, admin: false }, { password: goodPassword })
    if (added.kind !== 'added') throw new Error(added.kind)
    return added.account.id
  }

  it.each(ofOneName)('$id: $expect', async ({ existing, attempt, expect: expected }) => {
    const owner = await ownerOf(existing)
    const found = (await findAccount(here.core, attempt))?.id
    const { kind } = parseLoginName(platform, attempt)
    const verdict = kind === 'refused' ? 'reject' : found === owner ? 'same_account' : 'distinct'
    expect(expected.split('_or_')).toContain(verdict)
  })

  it.each([
    ['\u0430dmin', 'bad-username'],
    ['ad\u03bfra', 'bad-username'],
    ['ivan.\u0438\u0432\u0430\u043d', 'bad-username'],
    ['\u0438\u0432\u0430\u043d7', null],
    ['\u03bd\u03af\u03ba\u03bf\u03c2', null],
    ['\u5c71\u7530-taro', null],
  ])(
    'nobody is called %s anew where Latin letters stand beside those that are drawn like them',
    async (username, why) => {
      const added = await addAccount(here.core, { username, admin: false }, { password: goodPassword })
      expect(added).toMatchObject(why === null ? { kind: 'added' } : { kind: 'refused', why })
      const ada = await addAccount(
        here.core,
        { username: `plain-${here.next()}`, admin: false },
        { password: goodPassword },
      )
      if (ada.kind !== 'added' || why === null) return
      const edited = await editAccount(here.core, ada.account, {
        edit: { username },
        actor: atTheCommandLine,
      })
      expect(edited).toMatchObject({ kind: 'refused', why })
    },
  )

  it('an account has one owner, by name and by email address', async () => {
    const wishes = { username: 'grace', email: 'Grace@Example.org', admin: false }
    const added = await addAccount(here.core, wishes, { password: goodPassword })
    if (added.kind !== 'added') throw new Error(added.kind)
    expect((await findAccount(here.core, 'GRACE'))?.id).toBe(added.account.id)
    expect((await findAccount(here.core, 'grace@EXAMPLE.org'))?.id).toBe(added.account.id)
    expect(await findAccount(here.core, 'grace@example.net')).toBeNull()
    expect(await findAccount(here.core, 'not a name')).toBeNull()
    const shadow = { username: 'grace@example.org', admin: false }
    expect(await addAccount(here.core, shadow, { password: goodPassword })).toEqual(refused('name-taken'))
    const thief = { username: 'hopper', email: 'grace@example.org', admin: false }
    expect(await addAccount(here.core, thief, { password: goodPassword })).toEqual(refused('name-taken'))
    expect(await findAccount(here.core, 'hopper')).toBeNull()
  })

  it.each(['admin', 'root', 'api', 'login', 'constructor', 'null', 'undefined'])(
    'the name %s is a name like any other',
    async (username) => {
      const added = await addAccount(here.core, { username, admin: false }, { password: goodPassword })
      expect(added).toMatchObject(
        username === 'admin' ? {} : { kind: 'added', account: { username, admin: false } },
      )
    },
  )
})

describe('what an administrator asks for', () => {
  const here = useHere()
  const wishes = { username: 'ada', admin: false }

  it('becomes an account without anything yet', () => {
    const asked = { username: ' Ada ', email: 'Ada@Example.org', name: ' Ada L. ', admin: true }
    expect(parseAccountInput(here.core, asked)).toEqual({
      kind: 'parsed',
      account: {
        id: expect.stringMatching(/^[a-z2-7]{26}$/) as string,
        username: 'Ada',
        name: 'Ada L.',
        email: 'Ada@Example.org',
        emailVerified: false,
        groups: [],
        admin: true,
        disabled: false,
        waiting: false,
        passwordHash: '',
        factorCounts: { totp: 0 },
        createdAt: here.clock.seconds,
        lastSignInAt: 0,
        endsAt: null,
      },
      loginNames: ['ada', 'ada@example.org'],
      groups: [],
    })
  })

  it('an email address is no must', () => {
    for (const email of [undefined, ''])
      expect(parseAccountInput(here.core, { ...wishes, email })).toMatchObject({
        kind: 'parsed',
        account: { email: '', name: '', admin: false },
        loginNames: ['ada'],
      })
  })

  it('a user name that is the email address is one name', () => {
    const asked = { username: 'ADA@example.org', email: 'ada@example.org', admin: false }
    expect(parseAccountInput(here.core, asked)).toMatchObject({ loginNames: ['ada@example.org'] })
  })

  it.each([
    ['bad-username', { username: '' }],
    ['bad-username', { username: 'a b', email: 'bad', name: '\0' }],
    ['bad-email', { email: 'nobody' }],
    ['bad-email', { email: ' ' }],
    ['bad-email', { email: 'a@b@c', name: '\0' }],
    ['bad-name', { name: 'a\nb' }],
  ])('%s: %j', (why, asked) => {
    expect(parseAccountInput(here.core, { ...wishes, ...asked })).toEqual(refused(why))
  })
})
