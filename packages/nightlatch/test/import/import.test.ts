/** Moving in: whoever had a password and a phone before has them afterwards, and nobody who only saw an old code. */
import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Hotp, Totp } from '@nightlatch/otp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import { forgetOldHashes } from '../../src/core/accounts/old-hashes.js'
import { storage } from '../../src/core/ports/stores.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { api } from '../support/api.js'
import { quickArgon2, TestClock, type TestApp } from '../support/app.js'
import { hasProgram, run, temporaryFolder, type Ran, type RunOptions } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const files = fileURLToPath(new URL('files/', import.meta.url))
const otpFiles = fileURLToPath(new URL('../../../otp/test/files/', import.meta.url))
const passwords = {
  ada: 'correct horse battery staple',
  grace: 'Zwölf Boxkämpfer jagen Viktor',
  linus: 'tr0ub4dor&3',
  margaret: 'moon landing 1969',
  hedy: 'frequency hopping',
  alan: 'enigma 1',
}
const base32 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const now = (): number => Math.floor(Date.now() / 1000)

describe.each(databases)('on $name', (kind) => {
  let app: TestApp
  const env: Record<string, string> = {}
  beforeAll(async () => {
    app = await startAppOn(kind, { clock: new TestClock(now()) })
    const { database } = app.nightlatch.settings
    if (database.kind === 'postgres') env['NIGHTLATCH_DATABASE_URL'] = String(database.url.reveal())
  })
  afterAll(() => app.close())

  /** The command and the server have one clock. */
  const command = (words: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    run([...words, '--data', app.dataFolder], {
      ...options,
      env: { ...env, ...options.env },
      deps: {
        open: (settings, parts = {}) =>
          openNightlatch(settings, {
            ...parts,
            platform: { ...nodePlatform, nowSeconds: () => app.clock.seconds },
            unsafeArgon2Setting: quickArgon2,
          }),
      },
    })
  const take = (...words: string[]): Promise<Ran> => command(['import', ...words])

  async function imported(...words: string[]): Promise<Ran> {
    const ran = await take(...words)
    if (ran.status !== 0) throw new Error(ran.err)
    return ran
  }

  /** The step after a right password, or why it was refused. */
  async function password(username: string, given: string): Promise<string> {
    const reply = await api(app.browser(), 'POST /sign-in', { username, password: given })
    return reply.code === '' ? String(reply.value['next'] ?? reply.value['state'] ?? 'accepted') : reply.code
  }

  async function signIn(username: string, given: string, code: string): Promise<string> {
    const browser = app.browser()
    const first = await api(browser, 'POST /sign-in', { username, password: given })
    if (first.code !== '') return first.code
    const second = await api(browser, 'POST /sign-in/verify', { otp: code })
    return second.code === '' ? 'signed-in' : second.code
  }

  const hashOf = async (username: string): Promise<string> => {
    const all = await app.nightlatch.core.queries.accounts.list()
    return all.find((one) => one.username === username)?.passwordHash ?? ''
  }

  it('htpasswd: all its kinds of hashes sign in, none lies weak in the database, each is renewed at once', async () => {
    const links = join(temporaryFolder(), 'links')
    const ran = await imported('htpasswd', join(files, 'htpasswd/mixed'), '--links', links)
    expect(ran.out).toContain('kurt\tneeds link\t')
    expect(ran.out).toContain('line 7: the password hash is of a kind that is not known here')
    expect(statSync(links).mode & 0o777).toBe(0o600)
    expect(readFileSync(links, 'utf8')).toMatch(/^kurt\thttp\S+\/invitation\?token=\S{43}\t\S+\n$/)
    expect(ran.out + ran.err).not.toMatch(/token=/)
    const weak = readFileSync(join(files, 'htpasswd/mixed'), 'utf8')
    for (const username of ['grace', 'linus', 'margaret', 'hedy', 'alan'] as const) {
      const kept = await hashOf(username)
      const old = weak.split('\n').find((line) => line.startsWith(`${username}:`)) ?? ''
      expect(kept).toContain('$argon2id$')
      expect(kept).not.toContain(old.slice(-11))
    }
    for (const [username, right] of Object.entries(passwords)) {
      // Of Unix's oldest hash eight characters count: whatever comes behind them is right, too.
      if (username !== 'alan') expect(await password(username, `${right}x`)).toBe('wrong-credentials')
      expect(await password(username, right.replace(/.$/, '_'))).toBe('wrong-credentials')
      expect(await hashOf(username)).toMatch(/^\$old\$/)
      expect(await password(username, right)).not.toMatch(/wrong/)
      expect(await hashOf(username)).toMatch(/^\$argon2id\$v=19\$/)
      // Renewed: and only the right one is.
      expect(await password(username, right)).not.toMatch(/wrong/)
    }
  })

  it('htpasswd: with the real program, in the test run', { timeout: 60_000 }, async (test) => {
    if (!hasProgram('htpasswd') || !hasProgram('mkpasswd')) return test.skip()
    const folder = temporaryFolder()
    const file = join(folder, 'passwords')
    const flags: Record<string, string[]> = {
      bcrypt: ['-B'],
      apr1: ['-m'],
      sha1: ['-s'],
      sha256: ['-2'],
      sha512: ['-5'],
      crypt: ['-d'],
    }
    const lines = Object.entries(flags).map(([name, flag]) =>
      execFileSync('htpasswd', ['-nb', ...flag, `p-${name}`, 'Tür 4!ab'], { encoding: 'utf8' }).trim(),
    )
    for (const method of ['sha512crypt', 'sha256crypt', 'md5crypt', 'bcrypt'])
      lines.push(
        `m-${method}:${execFileSync('mkpasswd', ['-m', method, 'Tür 4!ab'], { encoding: 'utf8' }).trim()}`,
      )
    lines.push(`yescrypt:${execFileSync('mkpasswd', ['-m', 'yescrypt', 'x'], { encoding: 'utf8' }).trim()}`)
    writeFileSync(file, `\ufeff${lines.join('\r\n')}\r\n`)
    const ran = await imported('htpasswd', file)
    expect(ran.out).toContain('yescrypt\tneeds link')
    for (const line of lines.slice(0, -1)) {
      const [username = ''] = line.split(':')
      expect(await password(username, 'Tür 4!ab')).not.toMatch(/wrong/)
    }
  })

  it('bcrypt counts 72 bytes, as it did before', async () => {
    await imported('htpasswd', join(files, 'htpasswd/long-bcrypt'))
    expect(await password('long', 'a'.repeat(71))).toMatch(/wrong/)
    expect(await password('long', 'a'.repeat(80))).not.toMatch(/wrong/)
  })

  const isVerified = async (name: string, ...where: readonly string[]): Promise<boolean> => {
    const told = await (where.length === 0 ? command : run)(['user', 'show', name, '--json', ...where])
    return (JSON.parse(told.out) as { account: { emailVerified: boolean } }).account.emailVerified
  }

  it('keycloak: password, phones of all kinds, groups, and who is disabled', async () => {
    // Of the people who are here, one has the address that is confirmed there.
    await command(['user', 'edit', 'margaret', '--email', 'margaret@example.test'])
    const ran = await imported(
      'keycloak',
      join(files, 'keycloak/realm-export.json'),
      '--on-conflict',
      'merge',
      '--json',
    )
    const told = JSON.parse(ran.out) as { people: { username: string; groups: string[] }[] }
    expect(told.people.map(({ username }) => username)).toEqual(['ada', 'grace', 'linus', 'margaret'])
    expect(told.people[0]?.groups).toEqual(['/staff/admins'])
    const verified = await Promise.all(['margaret', 'linus'].map((name) => isVerified(name)))
    expect(verified).toEqual([true, false])
    const at = app.clock.seconds
    const totp = new Totp({ secret: new TextEncoder().encode('xYzAbCdEfGhIjKlMnOpQ') })
    expect(await signIn('ada', passwords.ada, totp.at(at - 30))).not.toBe('signed-in')
    expect(await signIn('ada', passwords.ada, totp.at(at))).toBe('signed-in')
    const other = new Totp({ secret: base32, algorithm: 'SHA256', digits: 8, periodSeconds: 60 })
    expect(await signIn('ada', passwords.ada, other.at(at))).toBe('signed-in')
    const counter = new Hotp({ secret: new TextEncoder().encode('hotpSecretOf20Chars!') })
    expect(await signIn('margaret', passwords.margaret, counter.at(6))).not.toBe('signed-in')
    expect(await signIn('margaret', passwords.margaret, counter.at(7))).toBe('signed-in')
  })

  it('who is disabled there does not come in by a merge, and is told of where the account here is in use', async () => {
    const folder = temporaryFolder()
    const [phones, users] = [join(folder, 'phones.txt'), join(folder, 'users.yml')]
    writeFileSync(phones, `otpauth://totp/x:gone?secret=${base32}\notpauth://totp/x:kept?secret=${base32}\n`)
    await imported('otpauth', phones)
    const hash = '$2y$10$xEYdKJsQYjYqke1RTKZ9oeD1T5IGNPre6mAzAUiE1QtmOZ1XQiDRy'
    const userOf = (name: string, disabled: boolean) =>
      `  ${name}:\n    password: ${hash}\n    email: ${name}@example.test\n    disabled: ${String(disabled)}\n`
    const all = [userOf('gone', true), userOf('kept', false), userOf('margaret', true)]
    writeFileSync(users, `users:\n${all.join('')}`)
    const ran = await imported('authelia', users, '--on-conflict', 'merge', '--json')
    const { people } = JSON.parse(ran.out) as { people: { disabled: boolean; warnings: string[] }[] }
    expect(people.map(({ disabled }) => disabled)).toEqual([true, false, false])
    const told = people.map(({ warnings }) => warnings.join('; '))
    expect(told[2]).toBe('is disabled there, and not here')
    expect(told[1]).toContain('has no address here')
    expect(await password('gone', passwords.ada)).toBe('wrong-credentials')
    expect(await password('kept', passwords.ada)).toBe('verify')
    expect(await password('margaret', passwords.margaret)).toBe('verify')
  })

  it('authelia: names that YAML takes for something else, and the secret that is base64 of base32', async () => {
    const folder = temporaryFolder()
    const secret = Buffer.from(base32).toString('base64')
    writeFileSync(
      join(folder, 'totp.yml'),
      `totp_configurations:\n  - username: '1e3'\n    issuer: Authelia\n    algorithm: SHA512\n    digits: 8\n    period: 60\n    secret: ${secret}\n`,
    )
    const users = join(files, 'authelia/users_database.yml')
    const ran = await imported('authelia', users, join(folder, 'totp.yml'), '--on-conflict', 'skip')
    expect(ran.out).toMatch(/^007\tkept\t-\t-/m)
    expect(ran.out).toMatch(/^1e3\tkept\tTOTP 8 digits SHA512\tguests/m)
    const totp = new Totp({ secret: base32, algorithm: 'SHA512', digits: 8, periodSeconds: 60 })
    expect(await signIn('1e3', passwords.linus, totp.at(app.clock.seconds))).not.toMatch(/malformed/)
    const all = await app.nightlatch.core.queries.accounts.list()
    expect(all.find(({ username }) => username === '007')).toMatchObject({ disabled: true, name: 'James' })
  })

  it('better-auth: with its secret, and without it nothing', async () => {
    const place = join(files, 'better-auth.sqlite')
    const secret = 'a-secret-of-the-invented-site-0123456789'
    const words = ['import', 'better-auth', place]
    expect((await command(words)).err).toContain('give BETTER_AUTH_SECRET')
    expect((await command(words, { env: { BETTER_AUTH_SECRET: 'x' } })).err).toContain(
      'wrong BETTER_AUTH_SECRET',
    )
    const dry = await command([...words, '--dry-run'], { env: { BETTER_AUTH_SECRET: secret } })
    expect(dry).toMatchObject({ status: 0, err: expect.stringContaining('Nothing was changed') })
    // Another file here has the addresses of these two already.
    const all = await app.nightlatch.core.queries.accounts.list()
    expect(all.some(({ username }) => username === 'ada@example.test')).toBe(false)
    const ran = await command([...words, '--on-conflict', 'skip'], { env: { BETTER_AUTH_SECRET: secret } })
    expect(ran.status).toBe(0)
    expect(await password('ada@example.test', passwords.ada)).not.toMatch(/wrong/)
  })

  it.skipIf(!hasProgram('google-authenticator') || !hasProgram('oathtool'))(
    'google-authenticator: the real program writes, oathtool computes, the person signs in',
    async () => {
      const home = join(temporaryFolder(), 'lise')
      mkdirSync(home)
      const file = join(home, '.google_authenticator')
      const flags = ['-t', '-d', '-f', '-C', '-q', '-r', '3', '-R', '30', '-w', '3', '-e', '5', '-s', file]
      execFileSync('google-authenticator', flags)
      chmodSync(file, 0o600)
      const hash = join(home, 'passwords')
      writeFileSync(
        hash,
        `lise:${execFileSync('openssl', ['passwd', '-6', 'fission 1938'], { encoding: 'utf8' })}`,
      )
      await imported('htpasswd', hash)
      const ran = await imported('google-authenticator-libpam', file, '--on-conflict', 'merge')
      expect(ran.out).toMatch(/^lise\tunchanged\tTOTP\t/)
      const [secret = ''] = readFileSync(file, 'utf8').split('\n')
      const at = (seconds: number): string =>
        execFileSync('oathtool', ['--totp', '-b', '--now', `@${seconds}`, secret], {
          encoding: 'utf8',
        }).trim()
      expect(await signIn('lise', 'fission 1938', at(app.clock.seconds - 30))).not.toBe('signed-in')
      expect(await signIn('lise', 'fission 1938', at(app.clock.seconds))).toBe('signed-in')
      expect(await signIn('lise', 'fission 1938', at(app.clock.seconds))).not.toBe('signed-in')
    },
  )

  it('a phone and a token whose clocks were found to be off go on with the codes of their clocks', async () => {
    const folder = temporaryFolder()
    const old = 'KBOXsfeICt4PU1MKVdmvAhC5rXs='
    writeFileSync(join(folder, 'p'), `slow:{SHA}${old}\nfast:{SHA}${old}\nfar:{SHA}${old}\n`)
    await imported('htpasswd', join(folder, 'p'))
    const token = readFileSync(join(otpFiles, 'pskc/plain.pskcxml'), 'utf8')
      .replace('CN=ada', 'CN=slow')
      .replace(/(<\/pskc:KeyPackage>)[\s\S]*?(?=<\/pskc:KeyContainer>)/, '$1')
      .replace(
        '</pskc:TimeInterval>',
        '$&<pskc:TimeDrift><pskc:PlainValue>-4</pskc:PlainValue></pskc:TimeDrift>',
      )
    writeFileSync(join(folder, 'tokens.xml'), token)
    for (const [name, skew] of [
      ['fast', 5],
      ['far', 400],
    ] as const)
      writeFileSync(join(folder, name), `${base32}\n" RATE_LIMIT 3 30\n" TIME_SKEW ${skew}\n" TOTP_AUTH\n`)
    await imported('pskc', join(folder, 'tokens.xml'), '--on-conflict', 'merge')
    const homes = [join(folder, 'fast'), join(folder, 'far')]
    await imported('google-authenticator-libpam', ...homes, '--on-conflict', 'merge')
    const code = (steps: number) => new Totp({ secret: base32 }).at(app.clock.seconds + steps * 30)
    expect(await signIn('slow', passwords.linus, code(-5))).not.toBe('signed-in')
    expect(await signIn('slow', passwords.linus, code(-4))).toBe('signed-in')
    expect(await signIn('fast', passwords.linus, code(4))).not.toBe('signed-in')
    expect(await signIn('fast', passwords.linus, code(5))).toBe('signed-in')
    // No clock is so far off: what was written there does not shut its owner out for hours.
    expect(await signIn('far', passwords.linus, code(0))).toBe('signed-in')
  })

  it('users.oath and an encrypted Aegis file with a map bring phones to who is here', async () => {
    const folder = temporaryFolder()
    writeFileSync(
      join(folder, 'p'),
      'rosa:{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs=\nvera:{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs=\n',
    )
    await imported('htpasswd', join(folder, 'p'))
    writeFileSync(
      join(folder, 'users.oath'),
      'HOTP/T30/8 rosa 1234 3132333435363738393031323334353637383930\n',
    )
    const oath = await imported('oath', join(folder, 'users.oath'), '--on-conflict', 'merge')
    expect(oath.out).toContain('a PIN went before the code')
    const eight = new Totp({ secret: base32, digits: 8 })
    expect(await signIn('rosa', passwords.linus, eight.at(app.clock.seconds))).toBe('signed-in')
    writeFileSync(join(folder, 'map.csv'), 'account,username\nDoor:margaret,vera\n')
    const unnamed = await take(
      'oath',
      join(folder, 'users.oath'),
      '--map',
      join(folder, 'map.csv'),
      '--dry-run',
    )
    expect(unnamed.err).toContain('there is nobody in it: rosa was left out: the map does not name it')
    const words = ['import', 'aegis', join(otpFiles, 'otpclient-5.1.6/aegis_exports.json.aes')]
    const rest = ['--map', join(folder, 'map.csv'), '--on-conflict', 'merge']
    expect((await command([...words, ...rest], { stdin: 'x' })).err).toContain('wrong passphrase')
    const aegis = await command([...words, ...rest], { stdin: 'vault pass 2026' })
    expect(aegis.err).toContain('Wiki:ada was left out: the map does not name it.')
    const hotp = new Hotp({ secret: 'KRUGKIDROVUWG2ZAMJZG653OEBTG66DA' })
    expect(await signIn('vera', passwords.linus, hotp.at(7))).toBe('signed-in')
  })

  it('all or nothing: who is here, and whose names are the same, are all listed', async () => {
    const folder = temporaryFolder()
    const before = (await app.nightlatch.core.queries.accounts.list()).length
    const file = join(folder, 'p')
    writeFileSync(
      file,
      'Émile:{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs=\nada:x\ne\u0301mile:x\nbad name:x\nADA:x\nnewcomer:x\n',
    )
    const ran = await take('htpasswd', file)
    expect(ran).toMatchObject({ status: 1, out: '' })
    for (const place of ['line 3', 'line 4', 'line 5', 'line 2']) expect(ran.err).toContain(place)
    expect((await take('htpasswd', file, '--on-conflict', 'skip')).err).toContain(
      'is the same name or address as',
    )
    expect((await app.nightlatch.core.queries.accounts.list()).length).toBe(before)
  })

  it('a dry run changes nothing, and says what the real one does', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'p'), 'dora:{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs=\n')
    const dry = await imported('htpasswd', join(folder, 'p'), '--dry-run', '--links', join(folder, 'l'))
    expect(existsSync(join(folder, 'l'))).toBe(false)
    expect(await hashOf('dora')).toBe('')
    const real = await imported('htpasswd', join(folder, 'p'))
    expect(real.out).toBe(dry.out)
  })

  it('every name costs what each kind of old hash costs, for as long as there is one of it', async () => {
    const { core } = app.nightlatch
    const kinds = async (): Promise<string[]> => {
      const facts = await core[storage].stores.facts.list('old-hash:')
      return facts.map(({ name }) => name.slice('old-hash:'.length)).toSorted()
    }
    const old = (await core.queries.accounts.list()).flatMap(({ passwordHash }) =>
      passwordHash.startsWith('$old$') ? [passwordHash.split('$')[2] ?? ''] : [],
    )
    expect(old.length).toBeGreaterThan(2)
    expect(await kinds()).toEqual(expect.arrayContaining(old))
    await forgetOldHashes(core)
    expect(await kinds()).toEqual([...new Set(old)].toSorted())
  })

  it('leaving: the realm that is written is taken over again, passwords and all', async () => {
    const folder = temporaryFolder()
    const realm = join(folder, 'realm.json')
    await command(['user', 'edit', 'ada', '--email', 'ada@example.org', '--email-verified'])
    expect((await command(['export', '--to', 'keycloak', '--out', realm])).status).toBe(0)
    expect(statSync(realm).mode & 0o777).toBe(0o600)
    const other = join(folder, 'other')
    const ran = await run(['import', 'keycloak', realm, '--data', other, '--json'])
    expect(ran.err).not.toContain('nightlatch:')
    const told = JSON.parse(ran.out) as {
      people: { username: string; password: string; factors: unknown[] }[]
    }
    expect(told.people.find(({ username }) => username === 'ada')).toMatchObject({
      password: 'kept',
      factors: expect.arrayContaining([expect.objectContaining({ digits: 8 })]),
    })
    expect(await isVerified('ada', '--data', other)).toBe(true)
    expect(await isVerified('grace', '--data', other)).toBe(false)
    const uris = await command(['export', '--to', 'otpauth'])
    expect(uris.out).toContain(`secret=${base32}`)
    const csv = await command(['export', '--to', 'csv'])
    expect(csv.out).toMatch(/^username,email,name,groups.*,email_verified\r\n/)
    expect(csv.out).not.toContain('$argon2id$')
  })
})

it('leaving: what was taken over from Keycloak and never used goes back to it as it was', async () => {
  const folder = temporaryFolder()
  const [first, other] = [join(folder, 'first'), join(folder, 'other')]
  const realm = join(folder, 'realm.json')
  await run(['import', 'keycloak', join(files, 'keycloak/realm-export.json'), '--data', first])
  const left = await run(['export', '--to', 'keycloak', '--out', realm, '--data', first])
  // PBKDF2 with SHA-1 lies in argon2id.
  expect(left.err).toMatch(/^1 passwords were taken over and not used since/)
  const ran = await run(['import', 'keycloak', realm, '--data', other])
  expect(ran.out.match(/^(?:ada|grace|linus)\tkept\t/gm)).toHaveLength(3)
  const credentials = (file: string): unknown =>
    (JSON.parse(readFileSync(file, 'utf8')) as { users: { username: string; credentials: object[] }[] }).users
      .filter(({ username }) => /^(?:ada|grace|linus)$/.test(username))
      .map(({ username, credentials }) => [
        username,
        credentials.flatMap((one) => {
          const { type, secretData, credentialData } = one as Record<string, string>
          return type === 'password' ? [JSON.parse(secretData ?? ''), JSON.parse(credentialData ?? '')] : []
        }),
      ])
      .sort()
  expect(credentials(realm)).toEqual(credentials(join(files, 'keycloak/realm-export.json')))
})

describe('a file that is not what it should be', () => {
  it.each([
    ['authelia', 'users:\n  a: &x {password: y}\n  b: *x\n', 'anchors'],
    ['authelia', 'users:\n  ada: !!js/function x\n', 'line 2: it has YAML tags'],
    ['htpasswd', 'ada:x\na b:x\n', 'line 2: "a b" cannot be a username. For a name, use letters'],
    [
      'otpauth',
      `otpauth://totp/a%20b?secret=${base32}\n`,
      '"a b" cannot be a username. Say with --map whose it is',
    ],
    [
      'authelia',
      "users:\n  ada: {}\n  bob: {}\n  'ada': {}\n  bob: {}\n",
      'line 4: "ada" stands there twice; line 5: "bob" stands there twice',
    ],
    ['authelia', 'users:\n  ada: [unclosed\n', 'line'],
    ['authelia', 'issuer,username,secret\nAuthelia,ada,x\n', 'neither users nor totp_configurations'],
    ['authelia', 'otpauth://totp/Authelia:ada?secret=x\n', 'neither users nor totp_configurations'],
    ['authelia', 'webauthn_credentials:\n  - username: ada\n', 'neither users nor totp_configurations'],
    ['keycloak', '{"users": [{"username": "ada"', 'cut off'],
    ['keycloak', '{"realm": "x"}', 'has no users'],
    ['htpasswd', 'no colon here\n', 'line 1'],
    ['htpasswd', 'ada:x\0y\n', 'NUL'],
    ['htpasswd', '', 'is empty'],
    [
      'pskc',
      '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><KeyContainer>&b;</KeyContainer>',
      'DTD',
    ],
    ['better-auth', 'this is no database', 'nothing was imported'],
    ['google-authenticator-libpam', 'hello', 'no file of google-authenticator'],
  ])('%s: %j is refused in one line, and no database is changed', async (source, content, words) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'file'), content)
    const ran = await run(['import', source, join(folder, 'file'), '--data', join(folder, 'data')], {
      env: { BETTER_AUTH_SECRET: 'x' },
    })
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toContain(words)
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
  })

  it.each([
    ['$2y$31$abcdefghijklmnopqrstuuWJ9n1m0T1r6l9l0rT5lQw0m0T1r6l9l', '31 as its cost of bcrypt; at most 14'],
    [`$6$rounds=999999999999$salt$${'a'.repeat(86)}`, '999,999,999,999 rounds of SHA-crypt; at most 200,000'],
    [`$argon2id$v=19$m=4194304,t=3,p=4$c29tZXNhbHQ$${'a'.repeat(43)}`, 'at most 262,144'],
    [`$argon2id$v=19$m=65536,t=100000,p=4$c29tZXNhbHQ$${'a'.repeat(43)}`, 'at most 2,097,152'],
    [`$argon2id$v=19$m=65536,t=1,p=200$c29tZXNhbHQ$${'a'.repeat(43)}`, '200 lanes of argon2; at most 16'],
    [
      `$scrypt$ln=30,r=8,p=1$c29tZXNhbHQ$${'a'.repeat(43)}`,
      'bytes of memory for scrypt; at most 268,435,456',
    ],
    [
      `$pbkdf2-sha512$99999999999$c29tZXNhbHQ$${'a'.repeat(86)}`,
      '99,999,999,999 iterations of PBKDF2; at most 2,000,000',
    ],
  ])('a hash that asks for too much is not taken, and the limit is named: %s', async (hash, words) => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'p'), `ada:${hash}\n`)
    const ran = await run(['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'd'), '--dry-run'])
    expect(ran.out).toMatch(/^ada\tneeds link\t-\t-\tline 1: the password hash asks for /m)
    expect(ran.out).toContain(words)
  })

  it('authelia: whoever is not surely let in there is disabled here, and nothing is no text', async () => {
    const folder = temporaryFolder()
    const words = ['', 'false', 'no', 'Off', 'null', '~', 'true', 'TRUE', 'yes', 'Y', 'on', '1']
    const users = words.map(
      (word, index) => `  u${index}:\n    email: null\n    displayname: ~\n    disabled: ${word}\n`,
    )
    writeFileSync(join(folder, 'users.yml'), `users:\n${users.join('')}`)
    const ran = await run(['import', 'authelia', join(folder, 'users.yml'), '--dry-run', '--json'])
    const { people } = JSON.parse(ran.out) as { people: { disabled: boolean; warnings: string[] }[] }
    expect(people.map(({ disabled }) => disabled)).toEqual(words.map((_word, index) => index > 5))
    expect(people.flatMap(({ warnings }) => warnings)).toEqual([])
  })

  it('htpasswd: whoever was locked is disabled, whatever became of the password', async () => {
    const folder = temporaryFolder()
    const hash = '$apr1$dSzbzlKU$24N3O.58OxuHI4zcIVmtd/'
    writeFileSync(join(folder, 'file'), `a:!\nb:*\nc:!${hash}\nd:${hash}\ne:\n`)
    const ran = await run(['import', 'htpasswd', join(folder, 'file'), '--dry-run', '--json'])
    const { people } = JSON.parse(ran.out) as { people: { disabled: boolean; password: string }[] }
    expect(people.map(({ disabled }) => disabled)).toEqual([true, true, true, false, false])
    expect(people.map(({ password }) => password)).toEqual([
      ...['needs-link', 'needs-link', 'needs-link'],
      ...['kept', 'needs-link'],
    ])
    expect(ran.out).toContain('locked there: disabled here until')
  })

  it('of Latin-1 has its names', async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, 'p'), Buffer.from('j\u00fcrgen:{SHA}KBOXsfeICt4PU1MKVdmvAhC5rXs=\n', 'latin1'))
    const ran = await run(['import', 'htpasswd', join(folder, 'p'), '--data', join(folder, 'd')])
    expect(ran.out).toContain('jürgen\tkept')
  })

  it('links are for a file, and not among the table on standard output', async () => {
    const ran = await run(['import', 'htpasswd', join(files, 'htpasswd/mixed'), '--links', '-'])
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(ran.err).toContain('--links takes the name of a file')
  })

  it.each([['shadow'], ['constructor']])('a source that is none is wrong usage: %s', async (source) => {
    expect(await run(['import', source, 'x'])).toMatchObject({ status: 2 })
  })
})
