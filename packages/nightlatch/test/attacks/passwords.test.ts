import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { addAccount } from '../../src/core/accounts/administration.js'
import { Secret } from '../../src/core/secret.js'
import { createPasswordHasher } from '../../src/crypto/password-hasher.js'
import { testPassword, useApp } from '../support/app.js'
import { accountOf, inDatabase } from '../support/attack.js'
import { vectors } from '../support/vectors.js'

interface PasswordCase {
  readonly id: string
  readonly set: string
  readonly try: string | null
  readonly expect: string
}
const { cases } = vectors<{ cases: PasswordCase[] }>('password-inputs')

describe('a password', () => {
  const app = useApp({ env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })

  const set = (username: string, password: string) =>
    addAccount(app.nightlatch.core, { username, admin: false }, { password })
  let addresses = 0
  const signIn = (username: string, password: string) => {
    addresses += 1
    return app
      .browser({ 'x-forwarded-for': `10.4.0.${String(addresses)}` })
      .post('/login', { username, password })
  }

  it.each(cases)('PW-1 $id: $expect', async (one) => {
    const text = one.id === 'len-over' ? 'z'.repeat(1_000_000) : one.set
    const started = performance.now()
    const outcome = await set(one.id, text)
    expect(['added', 'bad-password']).toContain(outcome.kind)
    if (one.expect === 'refuse_at_set') expect(outcome.kind).toBe('bad-password')
    if (one.id === 'len-over') {
      expect(performance.now() - started).toBeLessThan(1000)
      expect((await signIn('anybody', text)).status).toBe(413)
    }
    if (one.id === 'lone-surrogate') {
      expect(outcome.kind).toBe('bad-password')
      expect((await signIn(one.id, text)).status).toBe(401)
    }
    if (outcome.kind !== 'added' || one.try === null) return
    expect((await signIn(one.id, text)).status).toBe(303)
    expect((await signIn(one.id, one.try)).status).toBe(
      one.expect === 'accept' ? 303 : one.try.includes('\0') ? 400 : 401,
    )
  })

  it('PW-1 the longest: 256 characters count to the last one, 257 are refused', async () => {
    const longest = `${'ab-cd '.repeat(50)}`.slice(0, 255)
    expect(await set('longest', `${longest}X`)).toMatchObject({ kind: 'added' })
    expect((await signIn('longest', `${longest}X`)).status).toBe(303)
    expect((await signIn('longest', `${longest}Y`)).status).toBe(401)
    expect((await signIn('longest', longest)).status).toBe(401)
    expect(await set('longer', `${longest}XX`)).toMatchObject({ kind: 'bad-password', why: 'too-long' })
  })

  it('PW-1 nobody’s own name, and not the product’s either', async () => {
    for (const password of [
      'grace-hopper',
      'Grace-Hopper1',
      'nightlatch',
      'Nightlatch2026!',
      'grace-hoppergrace-hopper',
    ])
      expect(await set('grace-hopper', password), password).toMatchObject({ kind: 'bad-password' })
    for (const password of ['password1234', '1234567890', 'qwertyuiop'])
      expect(await set('grace', password), password).toMatchObject({ kind: 'bad-password', why: 'common' })
  })

  it('PW-4 an old, cheaper hash is renewed at the next sign-in', async () => {
    await set('old', testPassword)
    const cheap = createPasswordHasher({ setting: { memory: 16, passes: 1, lanes: 1 } })
    const hash = await cheap.hash(new Secret(testPassword))
    await cheap.close()
    await inDatabase(app, `UPDATE account SET password_hash = '${hash}' WHERE username = 'old'`)
    expect((await signIn('old', 'not it')).status).toBe(401)
    expect((await accountOf(app, 'old')).passwordHash).toBe(hash)
    expect((await signIn('old', testPassword)).status).toBe(303)
    expect((await accountOf(app, 'old')).passwordHash).toMatch(/^\$argon2id\$v=19\$m=64,t=1,p=1\$/)
    expect((await signIn('old', testPassword)).status).toBe(303)
  })

  it.each([
    '$argon2id$v=19$m=4294967295,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2id$v=19$m=9999999,t=99,p=9$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$argon2i$v=19$m=64,t=1,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    '$2b$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy',
    '',
    '!',
    '*',
    'correct horse battery',
  ])('PW-5 a damaged hash matches nothing and costs nothing: %s', async (hash) => {
    await set('damaged', testPassword)
    await inDatabase(
      app,
      'DELETE FROM attempt',
      `UPDATE account SET password_hash = '${hash}' WHERE username = 'damaged'`,
    )
    const before = process.memoryUsage().rss
    for (const password of [testPassword, hash === '' ? 'x' : hash, '!'])
      expect((await signIn('damaged', password)).status).toBe(401)
    // The hashes ask for ten gigabytes and more. Tests beside this one may take some, too.
    expect(process.memoryUsage().rss - before).toBeLessThan(1024 ** 3)
  })

  it('PW-6 lies nowhere in clear: not in the database, its log, or ours', async () => {
    const marker = 'Marker-4f1c-password'
    await set('marker', marker)
    await signIn('marker', marker)
    await signIn(marker, 'in the wrong field')
    await signIn('marker', `${marker}-wrong`)
    for (const file of readdirSync(app.dataFolder)) {
      const bytes = readFileSync(join(app.dataFolder, file))
      expect([file, bytes.includes(marker)]).toEqual([file, false])
    }
    expect(app.logged.join('\n')).not.toContain(marker)
    expect(JSON.stringify(app.notices)).not.toContain(marker)
  })
})
