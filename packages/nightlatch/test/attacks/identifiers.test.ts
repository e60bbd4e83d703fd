import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addAccount } from '../../src/core/accounts/administration.js'
import type { TestApp } from '../support/app.js'
import { testPassword } from '../support/app.js'
import { failuresOf } from '../support/attack.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { vectors } from '../support/vectors.js'

interface Collision {
  readonly id: string
  readonly existing: string
  readonly attempt: string
  readonly expect: string
}
const { cases } = vectors<{ cases: Collision[] }>('identifier-collisions')

/** Rows that are more than one name against one other. */
const special = new Set(['array', 'username-vs-email', 'username-looks-like-email', 'reserved'])
const pairs = cases.filter((one) => !special.has(one.id))

describe.each(databases)('names that look alike, on $name', (kind) => {
  let app: TestApp
  beforeAll(async () => {
    app = await startAppOn(kind, { env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
  })
  afterAll(() => app.close())

  const add = (username: string, more: { email?: string } = {}) =>
    addAccount(app.nightlatch.core, { username, admin: false, ...more }, { password: testPassword })

  let addresses = 0
  const signIn = (username: string, password = testPassword) => {
    addresses += 1
    const headers = { 'x-forwarded-for': `10.3.${String(addresses >> 8)}.${String(addresses & 255)}` }
    return app.browser(headers).post('/login', { username, password })
  }

  const forget = async (): Promise<void> => {
    const { accounts } = app.nightlatch.storage.stores
    for (const account of await accounts.list()) await accounts.remove(account.id)
  }

  it.each(pairs)('ID-1 $id: $expect', async ({ existing, attempt, expect: wanted }) => {
    await forget()
    expect(await add(existing)).toMatchObject({ kind: 'added' })
    const entered = await signIn(attempt)
    expect(entered.status).toBeLessThan(500)
    const added = await add(attempt)
    const outcome = added.kind === 'added' ? 'added' : added.kind === 'refused' ? added.why : added.kind
    const isSame = entered.status === 303
    if (wanted === 'same_account') expect([isSame, outcome]).toEqual([true, 'name-taken'])
    if (wanted === 'distinct') expect([isSame, outcome]).toEqual([false, 'added'])
    if (wanted === 'reject') expect([isSame, outcome]).toEqual([false, 'bad-username'])
    if (wanted === 'distinct_or_reject') {
      expect(isSame).toBe(false)
      expect(['added', 'bad-username']).toContain(outcome)
    }
  })

  it('ID-1 an address is one whichever way its domain is written, capitals and all', async () => {
    await forget()
    await add('ada', { email: 'Ada@Bücher.TEST' })
    for (const spelling of ['ada@bücher.test', 'ADA@xn--bcher-kva.test', 'ada@BÜCHER.test'])
      expect((await signIn(spelling)).status, spelling).toBe(303)
  })

  it('ID-1 array: a field that is sent twice is refused, in every form', async () => {
    await forget()
    await add('victim@example.test')
    const headers = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    const bodies = [
      `username=victim@example.test&username=attacker@evil.test&password=${encodeURIComponent(testPassword)}`,
      `username[]=victim@example.test&username[]=attacker@evil.test&password=x`,
      `username[]=victim@example.test&password=${encodeURIComponent(testPassword)}`,
    ]
    for (const body of bodies) {
      const reply = await app.browser().send('/login', { method: 'POST', headers, body })
      expect([400, 422]).toContain(reply.status)
    }
  })

  it('ID-1 username-vs-email: one account by either name, and one count of failures', async () => {
    await forget()
    const added = await add('alice', { email: 'alice@example.test' })
    const account = added.kind === 'added' ? added.account : undefined
    for (let time = 0; time < 5; time += 1) {
      await signIn('alice', 'not it')
      await signIn('Alice@Example.test', 'not it')
    }
    expect(await failuresOf(app, account!, 'password')).toBe(10)
    expect((await signIn('alice')).status).toBe(429)
    expect((await signIn('alice@example.test')).status).toBe(429)
  })

  it('ID-1 username-looks-like-email: nobody takes another’s address as a name', async () => {
    await forget()
    await add('bob', { email: 'bob@example.test' })
    expect(await add('bob@example.test')).toMatchObject({ kind: 'refused', why: 'name-taken' })
    expect(await add('eve', { email: 'BOB@example.test' })).toMatchObject({
      kind: 'refused',
      why: 'name-taken',
    })
    expect(await add('bob2', { email: 'bob' })).toMatchObject({ kind: 'refused', why: 'bad-email' })
  })

  it('ID-1 reserved words are names like any other, or none', async () => {
    await forget()
    const words = [
      'admin',
      'root',
      'api',
      'login',
      '.well-known',
      '../x',
      '__proto__',
      'constructor',
      'null',
      'undefined',
      'toString',
      '0',
      'true',
    ]
    for (const word of words) {
      expect((await signIn(word)).status, word).toBe(401)
      const { kind: outcome } = await add(word)
      expect((await signIn(word)).status === 303, word).toBe(outcome === 'added')
      expect((await signIn(`somebody-else-${String(words.indexOf(word))}`)).status).toBe(401)
    }
  })

  it('ID-2 twenty spellings of one name at once become one account', async () => {
    await forget()
    const spellings = Array.from({ length: 20 }, (_, one) =>
      [...'josé']
        .map((char, at) => ((one >> at) & 1 ? char.toUpperCase() : char))
        .join('')
        .normalize(one % 2 ? 'NFC' : 'NFD'),
    )
    const outcomes = await Promise.all(spellings.map((name) => add(name)))
    expect(outcomes.filter((one) => one.kind === 'added')).toHaveLength(1)
    expect(await app.nightlatch.storage.stores.accounts.list()).toHaveLength(1)
  })

  it('ID-2 lower-casing comes before the last normalisation: one name, however it is composed', async () => {
    await forget()
    expect(await add('J\u030cohn')).toMatchObject({ kind: 'added' })
    expect(await add('\u01f0ohn')).toMatchObject({ kind: 'refused', why: 'name-taken' })
    expect((await signIn('\u01f0OHN')).status).toBe(303)
  })

  it('ID-3 names that draw something else than they are cannot be made', async () => {
    await forget()
    for (const name of [
      '\u202eecila',
      'ali\u200bce',
      'ali\u00adce',
      'a\u2066b',
      'ali\ufeffce',
      'alice\ufe0f',
      'ali\u034fce',
      'ali\u115fce',
      'alice\u1160',
      'ali\u180bce',
      'ali\u{e0100}ce',
      'al ice',
      'a\tb',
      'a\nb',
      '\ud800',
      'a/b',
      'a<b',
      '',
    ])
      expect(await add(name), JSON.stringify(name)).toMatchObject({ kind: 'refused', why: 'bad-username' })
  })
})
