import { ourOtp } from '../../../src/core/factors/totp/store.js'
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { openNightlatch } from '../../../src/compose/open.js'
import { readSettings } from '../../../src/config/read.js'
import { sealContext } from '../../../src/core/factors/totp/verify.js'
import { newId, type AuthenticatorId } from '../../../src/core/ids.js'
import { run, spawnAsNobody, temporaryFolder, type RunOptions } from '../../support/cli.js'

const password = 'correct horse battery'

/** A data folder with its accounts, and the commands on it. */
async function installation(...accounts: readonly string[]) {
  const data = temporaryFolder()
  const nl = (args: readonly string[], options: RunOptions = {}) => run([...args, '--data', data], options)
  for (const name of accounts) await nl(['user', 'add', name, '--password-stdin'], { stdin: `${password}\n` })
  return { data, nl }
}

/** An authenticator of the only account, sealed under the key of the folder. */
async function giveAuthenticator(data: string): Promise<void> {
  const read = readSettings({ env: { NIGHTLATCH_DATA: data } })
  const app = await openNightlatch(read.kind === 'settings' ? read.settings : expect.fail())
  const { accounts, authenticators } = app.storage.stores
  const [account] = await accounts.list()
  const id = newId<AuthenticatorId>((count) => app.core.platform.randomBytes(count))
  const sealed = app.core.box.seal(new Uint8Array(20), sealContext({ id, account: account!.id }))
  const times = {
    ...ourOtp,
    issuer: null,
    entryNumber: 1,
    lastStep: -1,
    drift: 0,
    serial: null,
    createdAt: 0,
    lastUsedAt: 0,
  }
  await authenticators.add({ id, account: account!.id, name: 'Phone', sealed, ...times })
  await app.close()
}

describe('user add', () => {
  it('prints a one-time link on the origin, and nothing else, to standard output', async () => {
    const { nl } = await installation()
    const ran = await nl([
      'user',
      'add',
      'ada',
      '--email',
      'ada@example.org',
      '--origin',
      'https://auth.example.org',
      '--base-path',
      '/auth',
    ])
    expect(ran.status).toBe(0)
    expect(ran.out).toMatch(/^https:\/\/auth\.example\.org\/auth\/invitation\?token=[\w-]{43}\n$/)
    expect(ran.err).toMatch(/^Added ada\. .* works once, until \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\.\n$/)
  })

  it('tells JSON the account and the link', async () => {
    const { nl } = await installation()
    const { out } = await nl(['user', 'add', 'ada', '--name', 'Ada Lovelace', '--admin', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      account: { username: 'ada', name: 'Ada Lovelace', admin: true, hasPassword: false },
      invitation: {
        url: expect.stringMatching(/^http:\/\/localhost:3000\/invitation\?token=/),
        expiresAt: expect.stringMatching(/Z$/),
      },
    })
  })

  it('takes a password by standard input, exactly as it is, but for the end of the line', async () => {
    const { nl, data } = await installation()
    const odd = '  spaces stay  here \t'
    expect(await nl(['user', 'add', 'ada', '--password-stdin'], { stdin: `${odd}\r\n` })).toMatchObject({
      status: 0,
      out: 'ada\n',
    })
    const read = readSettings({ env: { NIGHTLATCH_DATA: data } })
    const app = await openNightlatch(read.kind === 'settings' ? read.settings : expect.fail())
    const [account] = await app.core.queries.accounts.list()
    const { Secret } = await import('../../../src/core/secret.js')
    expect(await app.core.passwords.verify(account!.passwordHash, new Secret(odd))).toBe(true)
    await app.close()
  })

  it.each([
    ['tiny', 'too short'],
    ['password1234', 'commonest'],
    ['adaadaada', 'name of the account'],
    ['', 'no password came'],
    [new Uint8Array([0xff, 0xfe, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41, 0x41]), 'not text'],
    ['x'.repeat(300), 'too long'],
  ])('refuses the password %j', async (stdin, why) => {
    const { nl } = await installation()
    const ran = await nl(['user', 'add', 'ada', '--password-stdin'], { stdin })
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
    expect(ran.err).toContain(why)
    if (typeof stdin === 'string' && stdin !== '') expect(ran.err).not.toContain(stdin)
  })

  it('asks for 15 characters where a second factor is optional', async () => {
    const { nl } = await installation()
    const env = { NIGHTLATCH_MFA: 'optional' }
    const ran = await nl(['user', 'add', 'ada', '--password-stdin'], { stdin: 'tr0ub4dor&3', env })
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('needs 15 characters') })
  })

  it.each([
    [['user', 'add', 'a b'], 'cannot be a username'],
    [['user', 'add', ''], 'cannot be a username'],
    [['user', 'add', '\u001b[2Jx'], 'cannot be a username'],
    [['user', 'add', 'ada', '--email', 'nobody'], 'no email address'],
    [['user', 'add', 'ada', '--name', 'x'.repeat(101)], 'at most 100'],
    [['user', 'add', 'BOB'], 'is taken'],
  ])('refuses %j', async (args, why) => {
    const { nl } = await installation('bob')
    const ran = await nl(args)
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(why) })
    // eslint-disable-next-line no-control-regex
    expect(ran.err).not.toMatch(/\u001b/)
  })
})

describe('user list and show', () => {
  it('list every account, without anything secret', async () => {
    const { nl } = await installation('ada', 'bob')
    const plain = await nl(['user', 'list'])
    expect(plain.out).toBe('ada\t-\tno\tactive\tnever\nbob\t-\tno\tactive\tnever\n')
    const json = JSON.parse((await nl(['user', 'list', '--json'])).out)
    expect(json.accounts.map((one: { username: string }) => one.username)).toEqual(['ada', 'bob'])
    for (const ran of [
      plain,
      await nl(['user', 'list', '--json']),
      await nl(['user', 'show', 'ada', '--json']),
    ])
      expect(ran.out).not.toContain('argon2')
  })

  it('line up on a terminal', async () => {
    const { nl } = await installation('ada')
    const { out } = await nl(['user', 'list'], { columns: 80, env: { NO_COLOR: '1' } })
    expect(out).toBe(
      'NAME  EMAIL  SECOND STEP  STATE   LAST SIGN-IN\nada   -      no           active  never\n',
    )
  })

  it('show one account', async () => {
    const { nl } = await installation('ada')
    const { out } = await nl(['user', 'show', 'ADA'])
    expect(out).toMatch(/^username {8}ada$/m)
    expect(out).toMatch(/^recovery codes {2}0 left$/m)
    expect(JSON.parse((await nl(['user', 'show', 'ada', '--json'])).out).account).toMatchObject({
      username: 'ada',
      sessions: 0,
    })
  })

  it('say when there is nobody', async () => {
    const { nl } = await installation('ada')
    for (const command of ['show', 'disable', 'enable', 'remove', 'reset-mfa'])
      expect(await nl(['user', command, 'eve'])).toMatchObject({
        status: 1,
        out: '',
        err: expect.stringContaining('there is no account "eve"'),
      })
  })
})

describe('changes of an account', () => {
  it('disable, enable, reset, set the password, remove', async () => {
    const { nl } = await installation('ada')
    const state = async () => JSON.parse((await nl(['user', 'show', 'ada', '--json'])).out).account.disabled
    expect(await nl(['user', 'disable', 'ada'])).toMatchObject({
      status: 0,
      err: expect.stringContaining('Disabled ada'),
    })
    expect(await state()).toBe(true)
    expect(await nl(['user', 'enable', 'ada'])).toMatchObject({ status: 0 })
    expect(await state()).toBe(false)
    expect(await nl(['user', 'reset-mfa', 'ada'])).toMatchObject({
      status: 0,
      err: expect.stringContaining('next sign-in'),
    })
    expect(
      await nl(['user', 'password', 'ada', '--password-stdin'], { stdin: 'another good one' }),
    ).toMatchObject({ status: 0 })
    expect(await nl(['user', 'password', 'ada', '--password-stdin'], { stdin: 'password1' })).toMatchObject({
      status: 1,
    })
    expect(await nl(['user', 'password', 'ada'])).toMatchObject({ status: 2 })
    expect(await nl(['user', 'remove', 'ada'])).toMatchObject({ status: 0 })
    expect(await nl(['user', 'show', 'ada'])).toMatchObject({ status: 1 })
  })

  it('tell JSON the account as it is afterwards, and nothing else', async () => {
    const { nl } = await installation('ada')
    const stdin = 'another good one'
    for (const [args, expected] of [
      [['disable', 'ada'], { disabled: true }],
      [['enable', 'ada'], { disabled: false }],
      [['reset-mfa', 'ada'], { authenticators: 0 }],
      [['password', 'ada', '--password-stdin'], { hasPassword: true }],
      [['remove', 'ada'], { username: 'ada' }],
    ] as const) {
      const ran = await nl(['user', ...args, '--json'], { stdin })
      expect(ran).toMatchObject({ status: 0, err: '' })
      expect(JSON.parse(ran.out)).toMatchObject({ schemaVersion: 1, account: expected })
    }
  })

  it('are refused with a code that a script can tell apart', async () => {
    const { nl } = await installation('ada')
    const codeOf = async (args: readonly string[], stdin = '') => {
      const ran = await nl([...args, '--json'], { stdin })
      expect(ran).toMatchObject({ status: 1, out: '' })
      return JSON.parse(ran.err).error.code
    }
    expect(await codeOf(['user', 'disable', 'eve'])).toBe('no-such-account')
    expect(await codeOf(['audit', '--user', 'eve'])).toBe('no-such-account')
    expect(await codeOf(['user', 'add', 'ADA'])).toBe('name-taken')
    expect(await codeOf(['user', 'add', 'e e'])).toBe('refused')
    expect(await codeOf(['user', 'add', 'eve', '--password-stdin'], 'short')).toBe('bad-password')
  })

  it('a removal is confirmed by a person, never by a script', async () => {
    const { nl } = await installation('ada')
    expect(await nl(['user', 'remove', 'ada'], { typed: ['yes'] })).toMatchObject({
      status: 1,
      err: expect.stringContaining('nothing was changed'),
    })
    expect(await nl(['user', 'show', 'ada'])).toMatchObject({ status: 0 })
    expect(await nl(['user', 'remove', 'ada'], { typed: ['ada'] })).toMatchObject({ status: 0 })
  })

  it('are in the audit trail, as they were done', async () => {
    const { nl } = await installation('ada', 'bob')
    await nl(['user', 'disable', 'bob'])
    const { out } = await nl(['audit'])
    expect(out.split('\n').map((line) => line.split('\t').slice(1, 3).join(' '))).toEqual([
      'account.created ada',
      'account.created bob',
      'account.disabled bob',
      '',
    ])
    const mine = JSON.parse((await nl(['audit', '--user', 'bob', '--limit', '1', '--json'])).out)
    expect(mine.events).toMatchObject([
      { event: 'account.disabled', username: 'bob', at: expect.stringMatching(/Z$/) },
    ])
    expect(await nl(['audit', '--limit', 'x'])).toMatchObject({ status: 2 })
  })
})

describe('a command on a database that is not there', () => {
  it('makes no new one by a mistyped folder', async () => {
    const data = join(temporaryFolder(), 'typo')
    for (const args of [
      ['user', 'list'],
      ['audit'],
      ['backup', join(data, 'x')],
      ['key', 'list'],
      ['user', 'disable', 'x'],
    ])
      expect(await run([...args, '--data', data])).toMatchObject({
        status: 1,
        err: expect.stringContaining('there is no database'),
      })
    expect(existsSync(data)).toBe(false)
  })

  it('says so when it cannot be opened', async () => {
    const data = temporaryFolder()
    writeFileSync(
      join(data, 'nightlatch.db'),
      'this is not a database, but a text of some length'.repeat(100),
    )
    const ran = await run(['user', 'list', '--data', data])
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
  })

  it('says so when PostgreSQL does not answer', async () => {
    const env = { NIGHTLATCH_DATABASE_URL: 'postgres://someone:hunter2@127.0.0.1:9/nightlatch' }
    const ran = await run(['user', 'list'], { env })
    expect(ran.status).toBe(1)
    expect(ran.err).toMatch(/^nightlatch: [^\n]+: see that it runs, [^\n]+NIGHTLATCH_DATABASE_URL\n$/)
    expect(ran.err).not.toContain('hunter2')
  })
})

describe('backup', () => {
  it('writes a copy that works, for its owner only, and never over a file', async () => {
    const { nl, data } = await installation('ada')
    const folder = temporaryFolder()
    const file = join(folder, 'copy.db')
    expect(await nl(['backup', file])).toMatchObject({
      status: 0,
      out: `${file}\n`,
      err: expect.stringContaining('root key'),
    })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(await nl(['backup', file])).toMatchObject({
      status: 1,
      err: expect.stringContaining('exists already'),
    })
    const asJson = await nl(['backup', join(folder, 'another.db'), '--json'])
    expect(JSON.parse(asJson.out)).toEqual({ schemaVersion: 1, file: join(folder, 'another.db') })
    const restored = join(folder, 'restored')
    mkdirSync(restored)
    writeFileSync(join(restored, 'nightlatch.db'), readFileSync(file))
    writeFileSync(join(restored, 'root-key'), readFileSync(join(data, 'root-key')))
    expect((await run(['user', 'list', '--data', restored])).out).toContain('ada')
  })

  it('leaves nothing behind where it cannot write', async () => {
    const { nl } = await installation('ada')
    expect(await nl(['backup', '/there/is/none/copy.db'])).toMatchObject({ status: 1, out: '' })
  })
})

describe('root keys', () => {
  it('are listed by their ids', async () => {
    const { nl, data } = await installation('ada')
    const { keys } = JSON.parse((await nl(['key', 'list', '--json'])).out)
    expect(keys).toEqual([
      { id: expect.stringMatching(/^[0-9a-f]{16}$/), here: true, newest: true, secrets: 0 },
    ])
    const text = readFileSync(join(data, 'root-key'), 'utf8')
    expect((await nl(['key', 'list'])).out).not.toContain(text.trim())
  })

  it('a wrong or missing key stops every command, until it is declared lost', async () => {
    const { nl, data } = await installation('ada')
    rmSync(join(data, 'root-key'))
    expect(await nl(['user', 'list'])).toMatchObject({ status: 1, err: expect.stringContaining('root key') })
    expect(existsSync(join(data, 'root-key'))).toBe(false)
    const env = { NIGHTLATCH_SECRET: 'vVYwKjKgVYyBsSbrMMDrVtcqVOvmzFWDEKq4AUGHlmc=' }
    expect(await nl(['user', 'list'], { env })).toMatchObject({
      status: 1,
      err: expect.stringContaining('does not fit'),
    })
    expect(JSON.parse((await nl(['key', 'list', '--json'], { env })).out).keys).toMatchObject([
      { here: false },
    ])
    expect(await nl(['key', 'forget-lost'], { env })).toMatchObject({ status: 2 })
    expect(await nl(['key', 'forget-lost', '--confirm'], { env })).toMatchObject({
      status: 0,
      err: 'Forgot 1 key.\n',
    })
    expect(await nl(['user', 'list'], { env })).toMatchObject({
      status: 0,
      out: expect.stringContaining('ada'),
    })
    expect(await nl(['key', 'forget-lost', '--confirm'], { env })).toMatchObject({
      err: expect.stringContaining('nothing was changed'),
    })
    const again = await nl(['key', 'forget-lost', '--confirm', '--json'], { env })
    expect(JSON.parse(again.out)).toEqual({ schemaVersion: 1, forgotten: 0 })
  })

  it.each(['', 'hello\n'])(
    '%j instead of the key of a database: nobody is told to make another one',
    async (text) => {
      const { nl, data } = await installation('ada')
      writeFileSync(join(data, 'root-key'), text)
      const ran = await nl(['user', 'list'])
      expect(ran).toMatchObject({
        status: 1,
        err: expect.stringContaining('put the key of this database back'),
      })
      expect(ran.err).not.toContain('openssl')
    },
  )
})

describe('doctor', () => {
  const states = (out: string) =>
    Object.fromEntries(
      (JSON.parse(out).checks as { check: string; state: string }[]).map(({ check, state }) => [
        check,
        state,
      ]),
    )

  it('finds nothing that fails on a new installation', async () => {
    const { nl } = await installation('ada')
    const ran = await nl(['doctor', '--json', '--port', '9'])
    expect(ran.status).toBe(0)
    expect(states(ran.out)).toMatchObject({
      database: 'ok',
      key: 'ok',
      clock: 'ok',
      permissions: 'ok',
      proxy: 'ok',
      mail: 'warn',
    })
  })

  it('names files that others can read, and how to mend it', async () => {
    const { nl, data } = await installation('ada')
    const { chmodSync } = await import('node:fs')
    chmodSync(join(data, 'root-key'), 0o644)
    const ran = await nl(['doctor', '--port', '9'])
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('not in order: permissions') })
    expect(ran.out).toMatch(/^FAIL {2}permissions .*root-key: chmod -R go= /m)
  })

  it('tells a key that does not fit, a mail server that is down, and a proxy that nobody trusts', async () => {
    const { nl } = await installation('ada')
    const env = {
      NIGHTLATCH_SECRET: 'vVYwKjKgVYyBsSbrMMDrVtcqVOvmzFWDEKq4AUGHlmc=',
      NIGHTLATCH_SMTP_URL: 'smtp://127.0.0.1:9',
      NIGHTLATCH_MAIL_FROM: 'auth@example.org',
      NIGHTLATCH_ORIGIN: 'https://localhost:9',
    }
    const ran = await nl(['doctor', '--json'], { env })
    expect(ran.status).toBe(1)
    expect(states(ran.out)).toMatchObject({ key: 'fail', mail: 'fail', proxy: 'warn', origin: 'warn' })
  })

  it.each([
    [{}, 'ok', /localhost alone/],
    [
      { NIGHTLATCH_ORIGIN: 'https://auth.example.org', NIGHTLATCH_COOKIE_DOMAIN: 'example.org' },
      'ok',
      /every host below example\.org/,
    ],
    [
      { NIGHTLATCH_ORIGIN: 'https://auth.example.co.uk', NIGHTLATCH_COOKIE_DOMAIN: 'co.uk' },
      'fail',
      /no cookie for all of co\.uk/,
    ],
  ])('says whom the cookies are for: %o', async (env, state, text) => {
    const { nl } = await installation('ada')
    const ran = await nl(['doctor', '--json', '--port', '9'], { env })
    const found = (JSON.parse(ran.out).checks as { check: string; state: string; text: string }[]).find(
      ({ check }) => check === 'cookies',
    )
    expect(found).toMatchObject({ state, text: expect.stringMatching(text) })
  })

  it('warns of authenticators whose key was declared lost, and fails while it may be found', async () => {
    const { nl, data } = await installation('ada')
    await giveAuthenticator(data)
    const env = { NIGHTLATCH_SECRET: 'vVYwKjKgVYyBsSbrMMDrVtcqVOvmzFWDEKq4AUGHlmc=' }
    const doctor = ['doctor', '--port', '9']
    const before = await nl(doctor, { env })
    expect(before).toMatchObject({ status: 1, err: expect.stringContaining('not in order: key') })
    expect(before.out).toMatch(/^FAIL {2}key .*does not fit.*forget-lost --help`\.$/m)
    await nl(['key', 'forget-lost', '--confirm'], { env })
    const after = await nl(doctor, { env })
    expect(after.out).toMatch(
      /^WARN {2}key {9}1 authenticator is sealed under .* declared lost: .*reset-mfa NAME$/m,
    )
    expect(after.status).toBe(0)
  })

  it('looks at an installation that is not there yet without making one', async () => {
    const data = join(temporaryFolder(), 'new')
    const ran = await run(['doctor', '--json', '--data', data, '--port', '9'])
    expect(ran.status).toBe(0)
    expect(states(ran.out)).toMatchObject({ database: 'warn' })
    expect(existsSync(data)).toBe(false)
  })
})

describe("another user's data", () => {
  const commands = [
    ['user', 'list'],
    ['user', 'show', 'ada'],
    ['user', 'reset-mfa', 'ada'],
    ['audit'],
    ['backup', 'copy.db'],
    ['key', 'list'],
  ]

  it('is not called missing: every command says that this user may not get at it, and doctor fails', async () => {
    const folder = temporaryFolder()
    const data = join(folder, 'data')
    await run(['user', 'add', 'ada', '--data', data])
    const asNobody = (args: readonly string[]) => spawnAsNobody([...args, '--data', data])
    for (const args of commands) {
      const ran = asNobody(args)
      expect([args[0], ran.status]).toEqual([args[0], 1])
      expect(ran.err).toContain('this user may not')
      expect(ran.err).not.toContain('there is no database')
    }
    const doctor = asNobody(['doctor'])
    expect(doctor.status).toBe(1)
    expect(doctor.out).toMatch(/^FAIL +database .*this user may not/m)
  })
})

describe('a password for somebody else', () => {
  const next = 'another long passphrase'

  it('is asked for twice at a terminal', async () => {
    const { nl } = await installation('ada')
    const ran = await nl(['user', 'password', 'ada'], { typed: [next, next] })
    expect(ran).toMatchObject({
      status: 0,
      err: expect.stringMatching(/^New password: .*Set the password of ada/s),
    })
  })

  it('that is typed differently the second time changes nothing', async () => {
    const { nl } = await installation('ada')
    const ran = await nl(['user', 'password', 'ada'], { typed: [next, `${next}!`] })
    expect(ran.status).toBe(1)
    expect(ran.err).toContain('two different passwords, nothing was changed')
  })

  it('is not asked for where nobody can answer', async () => {
    const { nl } = await installation('ada')
    const ran = await nl(['user', 'password', 'ada'])
    expect(ran.status).toBe(2)
    expect(ran.err).toContain('--password-stdin')
  })

  it.each(['one long line\nand another\n', 'one long line\r\nand another', 'one long line\n\n'])(
    'is one line: %j is refused, by every command that takes one',
    async (stdin) => {
      const { nl } = await installation('ada')
      for (const args of [
        ['user', 'password', 'ada'],
        ['user', 'add', 'bob'],
      ]) {
        const ran = await nl([...args, '--password-stdin'], { stdin })
        expect([args[1], ran.status]).toEqual([args[1], 1])
        expect(ran.err).toContain('several lines')
      }
    },
  )
})

describe('what cannot be undone asks a person first', () => {
  it.each(['remove', 'reset-mfa'])('user %s: by the name, and not in a script', async (command) => {
    const { nl } = await installation('ada')
    const refused = await nl(['user', command, 'ada'], { typed: ['bob'] })
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('Type the name ada to go on') })
    expect((await nl(['user', 'show', 'ada'])).status).toBe(0)
    expect((await nl(['user', command, 'ada'], { typed: ['ada'] })).status).toBe(0)
    await nl(['user', 'add', 'eve', '--password-stdin'], { stdin: 'correct horse battery' })
    expect((await nl(['user', command, 'eve'])).status).toBe(0)
  })
})

it('a username that begins with a dash is refused in words that say so', async () => {
  const data = temporaryFolder()
  const ran = await run(['user', 'add', '--data', data, '--', '-dash'])
  expect(ran.err).toContain('begin with a letter or digit')
})
