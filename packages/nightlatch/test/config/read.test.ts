import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { atPort, readSettings, type SettingSources } from '../../src/config/read.js'
import { flagOf, settingNames, settings } from '../../src/config/settings.js'

const key = randomBytes(32).toString('base64')

function good(env: SettingSources['env'], flags: SettingSources['flags'] = {}) {
  const read = readSettings({ env, flags })
  if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
  return read.settings
}

function bad(env: SettingSources['env'], flags: SettingSources['flags'] = {}) {
  const read = readSettings({ env, flags })
  return read.kind === 'problems' ? read.problems : []
}

describe('without any setting', () => {
  it('everything has its default', () => {
    const { trustedProxies, ...rest } = good({ PATH: '/bin', HOME: '/root' })
    const dataFolder = resolve('nightlatch-data')
    expect(rest).toEqual({
      host: '127.0.0.1',
      port: 3000,
      tls: null,
      redirectPort: null,
      origin: 'http://localhost:3000',
      basePath: '',
      dataFolder,
      database: { kind: 'sqlite', file: join(dataFolder, 'nightlatch.db') },
      rootKey: { kind: 'file', path: join(dataFolder, 'root-key') },
      issuer: 'Nightlatch',
      mfa: 'required',
      passwordReset: 'on',
      weeklyReport: 'on',
      passkeys: { use: 'sign-in', rpId: 'localhost', formerOrigins: [], kind: 'any' },
      registration: { mode: 'off', domains: [] },
      cookieDomain: null,
      hsts: 'host',
      contact: '',
      mail: null,
      server: {
        keepAliveSeconds: 150,
        headerLimitBytes: 32_768,
        connections: 10_000,
        connectionsPerAddress: 1000,
      },
      workers: 1,
      logLevel: 'info',
      told: {},
    })
    expect(trustedProxies.size).toBe(0)
    expect(trustedProxies.has('127.0.0.1')).toBe(false)
  })

  it('empty variables count as not set', () => {
    const env = Object.fromEntries(settingNames.map((name) => [settings[name].variable, '']))
    delete env.NIGHTLATCH_SECRET
    delete env.NIGHTLATCH_SECRET_FILE
    delete env.NIGHTLATCH_DATABASE_URL
    delete env.NIGHTLATCH_DATABASE_URL_FILE
    expect(good(env).port).toBe(3000)
  })
})

describe('good settings', () => {
  it.each([
    ['NIGHTLATCH_HOST', '0.0.0.0', 'host', '0.0.0.0'],
    ['NIGHTLATCH_HOST', '::', 'host', '::'],
    ['NIGHTLATCH_HOST', '[::1]', 'host', '::1'],
    ['NIGHTLATCH_HOST', 'localhost', 'host', 'localhost'],
    ['NIGHTLATCH_PORT', '0', 'port', 0],
    ['NIGHTLATCH_PORT', '65535', 'port', 65_535],
    ['NIGHTLATCH_PORT', ' 8080 ', 'port', 8080],
    ['NIGHTLATCH_PORT', '8080', 'origin', 'http://localhost:8080'],
    ['NIGHTLATCH_PORT', '80', 'origin', 'http://localhost'],
    ['NIGHTLATCH_ORIGIN', 'https://auth.example.org', 'origin', 'https://auth.example.org'],
    ['NIGHTLATCH_ORIGIN', 'HTTPS://Auth.Example.org:443/', 'origin', 'https://auth.example.org'],
    ['NIGHTLATCH_ORIGIN', 'https://10.0.0.5:8443', 'origin', 'https://10.0.0.5:8443'],
    ['NIGHTLATCH_ORIGIN', 'https://bücher.example', 'origin', 'https://xn--bcher-kva.example'],
    ['NIGHTLATCH_ORIGIN', 'http://localhost:3000', 'origin', 'http://localhost:3000'],
    ['NIGHTLATCH_ORIGIN', 'http://auth.localhost', 'origin', 'http://auth.localhost'],
    ['NIGHTLATCH_ORIGIN', 'http://127.1.2.3:1', 'origin', 'http://127.1.2.3:1'],
    ['NIGHTLATCH_ORIGIN', 'http://[::1]:3000', 'origin', 'http://[::1]:3000'],
    ['NIGHTLATCH_BASE_PATH', '/auth', 'basePath', '/auth'],
    ['NIGHTLATCH_BASE_PATH', 'auth/', 'basePath', '/auth'],
    ['NIGHTLATCH_BASE_PATH', '/', 'basePath', ''],
    ['NIGHTLATCH_BASE_PATH', '/a/b.c', 'basePath', '/a/b.c'],
    ['NIGHTLATCH_DATA', '/var/lib/nightlatch', 'dataFolder', '/var/lib/nightlatch'],
    ['NIGHTLATCH_DATA', 'here', 'dataFolder', resolve('here')],
    ['NIGHTLATCH_ISSUER', ' Example Inc. ', 'issuer', 'Example Inc.'],
    ['NIGHTLATCH_ISSUER', 'Größe & Söhne', 'issuer', 'Größe & Söhne'],
    ['NIGHTLATCH_MFA', 'optional', 'mfa', 'optional'],
    ['NIGHTLATCH_LOG_LEVEL', 'silent', 'logLevel', 'silent'],
    ['NIGHTLATCH_HSTS', 'off', 'hsts', 'off'],
    ['NIGHTLATCH_CONTACT', ' Ada, room 12 ', 'contact', 'Ada, room 12'],
    ['NIGHTLATCH_CONTACT', 'help@example.org', 'contact', 'help@example.org'],
    ['NIGHTLATCH_CONTACT', 'https://example.org/help', 'contact', 'https://example.org/help'],
    ['NIGHTLATCH_COOKIE_DOMAIN', 'localhost', 'cookieDomain', 'localhost'],
  ] as const)('%s=%j gives %s %j', (variable, text, name, expected) => {
    expect(good({ [variable]: text })[name]).toEqual(expected)
  })

  it.each([
    ['example.org', 'https://auth.example.org'],
    ['.example.org', 'https://auth.example.org'],
    ['Example.ORG', 'https://auth.example.org'],
    ['example.org', 'https://example.org'],
    ['localhost', 'http://auth.localhost:3000'],
  ])('a cookie for %s may come from %s', (domain, origin) => {
    expect(good({ NIGHTLATCH_COOKIE_DOMAIN: domain, NIGHTLATCH_ORIGIN: origin }).cookieDomain).toBe(
      domain.toLowerCase().replace(/^\./, ''),
    )
  })

  it('a database and a mail server are kept where they cannot be printed', () => {
    const read = good({
      NIGHTLATCH_DATABASE_URL: 'postgresql://someone:hunter2@db/nightlatch',
      NIGHTLATCH_SMTP_URL: 'smtps://someone:hunter2@mail.example.org',
      NIGHTLATCH_MAIL_FROM: 'Example <auth@example.org>',
      NIGHTLATCH_SECRET: key,
    })
    expect(read.database.kind === 'postgres' && read.database.url.reveal()).toContain('hunter2')
    expect(read.mail?.smtpUrl.reveal()).toContain('hunter2')
    const printed = [String(read), JSON.stringify(read), inspect(read, { depth: 9, showHidden: true })]
    printed.push(Object.entries(read).join(), inspect(new Error('x', { cause: read }), { depth: 9 }))
    for (const line of printed) {
      expect(line).not.toContain('hunter2')
      expect(line).not.toContain(key.slice(0, 10))
    }
  })

  it('the root key may come from a file', () => {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-config-'))
    writeFileSync(join(folder, 'key'), `${key}\n`)
    const { rootKey } = good({ NIGHTLATCH_SECRET_FILE: join(folder, 'key') })
    expect(rootKey.kind === 'given' && Buffer.from(rootKey.keys[0]!.reveal()).toString('base64')).toBe(key)
    rmSync(folder, { recursive: true })
  })

  it('a flag wins over the variable', () => {
    expect(good({ NIGHTLATCH_PORT: '1' }, { port: '2' }).port).toBe(2)
  })

  it('with port 0 the default origin follows the port that was found', () => {
    expect(atPort(good({ NIGHTLATCH_PORT: '0' }), 40_123)).toMatchObject({
      port: 40_123,
      origin: 'http://localhost:40123',
    })
    const fixed = good({ NIGHTLATCH_PORT: '0', NIGHTLATCH_ORIGIN: 'https://auth.example.org' })
    expect(atPort(fixed, 40_123).origin).toBe('https://auth.example.org')
  })
})

describe('bad settings', () => {
  it.each([
    ['NIGHTLATCH_HOST', 'http://localhost'],
    ['NIGHTLATCH_HOST', '300.1.1.1'],
    ['NIGHTLATCH_HOST', 'two words'],
    ['NIGHTLATCH_PORT', '-1'],
    ['NIGHTLATCH_PORT', '65536'],
    ['NIGHTLATCH_PORT', '3e3'],
    ['NIGHTLATCH_PORT', '0x50'],
    ['NIGHTLATCH_PORT', 'http'],
    ['NIGHTLATCH_PORT', '30.5'],
    ['NIGHTLATCH_ORIGIN', 'example.org'],
    ['NIGHTLATCH_ORIGIN', 'http://example.org'],
    ['NIGHTLATCH_ORIGIN', 'http://10.0.0.5'],
    ['NIGHTLATCH_ORIGIN', 'http://127.0.0.1.example.org'],
    ['NIGHTLATCH_ORIGIN', 'http://localhost.example.org'],
    ['NIGHTLATCH_ORIGIN', 'https://example.org/auth'],
    ['NIGHTLATCH_ORIGIN', 'https://example.org?x'],
    ['NIGHTLATCH_ORIGIN', 'https://example.org/#x'],
    ['NIGHTLATCH_ORIGIN', 'https://someone@example.org'],
    ['NIGHTLATCH_ORIGIN', 'ftp://example.org'],
    ['NIGHTLATCH_ORIGIN', 'javascript:alert(1)'],
    ['NIGHTLATCH_ORIGIN', 'https://'],
    ['NIGHTLATCH_BASE_PATH', '/a b'],
    ['NIGHTLATCH_BASE_PATH', '/a//b'],
    ['NIGHTLATCH_BASE_PATH', '/../etc'],
    ['NIGHTLATCH_BASE_PATH', '/a?b'],
    ['NIGHTLATCH_BASE_PATH', 'https://example.org/auth'],
    ['NIGHTLATCH_DATABASE_URL', 'mysql://db/nightlatch'],
    ['NIGHTLATCH_DATABASE_URL', './nightlatch.db'],
    ['NIGHTLATCH_DATABASE_URL', ''],
    ['NIGHTLATCH_SECRET', 'changeme'],
    ['NIGHTLATCH_SECRET', ''],
    ['NIGHTLATCH_SECRET', Buffer.alloc(31).toString('base64')],
    ['NIGHTLATCH_SECRET_FILE', '/there/is/none'],
    ['NIGHTLATCH_SECRET_FILE', ''],
    ['NIGHTLATCH_ISSUER', 'Example: Inc.'],
    ['NIGHTLATCH_ISSUER', 'Example%3AInc'],
    ['NIGHTLATCH_ISSUER', 'two\nlines'],
    ['NIGHTLATCH_ISSUER', 'x'.repeat(61)],
    ['NIGHTLATCH_MFA', 'off'],
    ['NIGHTLATCH_MFA', 'Required'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '10.0.0.0/33'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '10.0.0'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '127.0.0.1, proxy.example.org'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '10.0.0.0/8/8'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '10.0.0.0/'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '0.0.0.0/0'],
    ['NIGHTLATCH_TRUSTED_PROXIES', '::/0'],
    ['NIGHTLATCH_COOKIE_DOMAIN', 'org'],
    ['NIGHTLATCH_COOKIE_DOMAIN', '10.0.0.1'],
    ['NIGHTLATCH_COOKIE_DOMAIN', 'exam ple.org'],
    ['NIGHTLATCH_COOKIE_DOMAIN', 'example.org; Secure'],
    ['NIGHTLATCH_COOKIE_DOMAIN', 'https://example.org'],
    ['NIGHTLATCH_SMTP_URL', 'mail.example.org'],
    ['NIGHTLATCH_SMTP_URL', 'https://mail.example.org'],
    ['NIGHTLATCH_SMTP_URL', 'smtp://'],
    ['NIGHTLATCH_MAIL_FROM', 'nobody'],
    ['NIGHTLATCH_MAIL_FROM', 'a@b.example\r\nBcc: c@d.example'],
    ['NIGHTLATCH_MAIL_FROM', 'a@b.example, c@d.example'],
    ['NIGHTLATCH_MAIL_FROM', 'Example <auth@>'],
    ['NIGHTLATCH_LOG_LEVEL', 'verbose'],
    ['NIGHTLATCH_HSTS', 'yes'],
    ['NIGHTLATCH_CONTACT', 'two\nlines'],
    ['NIGHTLATCH_CONTACT', 'http://example.org'],
  ])('%s=%j is refused in one line that begins with its name', (variable, text) => {
    const problems = bad({
      [variable]: text,
      ...(variable === 'NIGHTLATCH_SMTP_URL' ? { NIGHTLATCH_MAIL_FROM: 'a@example.org' } : {}),
    })
    expect(problems).toHaveLength(1)
    expect(problems[0]).toMatch(new RegExp(`^${variable}: [^\n\r]{8,300}\\.$`))
  })

  it.each([
    ['example.com', 'https://auth.example.org'],
    ['ample.org', 'https://example.org'],
    ['auth.example.org', 'https://example.org'],
    ['localhost', 'https://auth.example.org'],
  ])('a cookie for %s cannot come from %s', (domain, origin) => {
    const [problem] = bad({ NIGHTLATCH_COOKIE_DOMAIN: domain, NIGHTLATCH_ORIGIN: origin })
    expect(problem).toContain("must be a parent of the origin's host")
  })

  it('are all reported at once', () => {
    const problems = bad({
      NIGHTLATCH_PORT: 'x',
      NIGHTLATCH_ORIGIN: 'http://example.org',
      NIGHTLATCH_COOKIE_DOMAIN: 'example.org',
      NIGHTLATCH_MFA: 'x',
      NIGHTLATCH_SMTP_URL: 'smtp://mail.example.org',
      NIGHTLATCH_ORGIN: 'x',
      NIGHTLATCH_ZZZZZZZZZZZZ: 'x',
    })
    expect(problems.map((line) => line.split(':')[0])).toEqual([
      'NIGHTLATCH_ORGIN',
      'NIGHTLATCH_ZZZZZZZZZZZZ',
      'NIGHTLATCH_PORT',
      'NIGHTLATCH_ORIGIN',
      'NIGHTLATCH_MFA',
      'NIGHTLATCH_MAIL_FROM',
    ])
  })

  it('an unknown variable comes with the name that was probably meant', () => {
    expect(bad({ NIGHTLATCH_ORGIN: 'x' })[0]).toContain('Did you mean NIGHTLATCH_ORIGIN?')
    expect(bad({ nightlatch_port: 'x' })[0]).toContain('Did you mean NIGHTLATCH_PORT?')
    expect(bad({ NIGHTLATCH_ZZZZZZZZZZZZ: 'x' })[0]).not.toContain('Did you mean')
  })

  it('a mail server without a sender is told together with what is wrong with its address', () => {
    const read = readSettings({ env: { NIGHTLATCH_SMTP_URL: 'nonsense' } })
    expect(read).toMatchObject({
      kind: 'problems',
      problems: [
        expect.stringMatching(/^NIGHTLATCH_SMTP_URL: /),
        expect.stringMatching(/^NIGHTLATCH_MAIL_FROM: /),
      ],
    })
  })

  it('two root keys are one too many', () => {
    expect(bad({ NIGHTLATCH_SECRET: key, NIGHTLATCH_SECRET_FILE: '/dev/null' })).toContain(
      'NIGHTLATCH_SECRET and NIGHTLATCH_SECRET_FILE: only one of them may be set.',
    )
  })

  it('never show a secret', () => {
    const problems = bad({
      NIGHTLATCH_SECRET: 'hunter2',
      NIGHTLATCH_DATABASE_URL: 'mysql://someone:hunter2@db',
      NIGHTLATCH_SMTP_URL: 'http://someone:hunter2@mail',
      NIGHTLATCH_MAIL_FROM: 'auth@example.org',
    })
    expect(problems).toHaveLength(3)
    expect(problems.join()).not.toContain('hunter2')
  })

  it('by a flag begin with the flag', () => {
    expect(bad({}, { port: 'x' })[0]).toMatch(/^--port: must be a whole number/)
    expect(bad({}, { trustedProxies: '' })[0]).toMatch(/^--trusted-proxies: is set but empty/)
  })

  it('a password in a flag is refused, because everybody on the machine could read it', () => {
    for (const url of ['postgres://a:hunter2@db/x', 'postgres://db/x?password=hunter2']) {
      const [problem] = bad({}, { databaseUrl: url })
      expect(problem).toMatch(/^--database-url: .* use NIGHTLATCH_DATABASE_URL\.$/)
      expect(problem).not.toContain('hunter2')
    }
    expect(good({}, { databaseUrl: 'postgres://db.example.org/x' }).database.kind).toBe('postgres')
  })

  it('the root key has no flag at all', () => {
    expect(good({}, { secret: key }).rootKey.kind).toBe('file')
  })
})

describe('a secret in a file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-settings-'))
  afterAll(() => rmSync(folder, { recursive: true, force: true }))
  const fileOf = (text: string): string => {
    const file = join(folder, randomBytes(6).toString('hex'))
    writeFileSync(file, text)
    return file
  }
  const databaseUrl = 'postgres://nightlatch:hunter2@db/nightlatch'
  const smtpUrl = 'smtps://auth:hunter2@mail.example.org'

  it('counts as if it stood in the variable', () => {
    const read = good({
      NIGHTLATCH_DATABASE_URL_FILE: fileOf(`${databaseUrl}\n`),
      NIGHTLATCH_SMTP_URL_FILE: fileOf(smtpUrl),
      NIGHTLATCH_MAIL_FROM: 'auth@example.org',
    })
    expect(read.database.kind === 'postgres' && read.database.url.reveal()).toBe(databaseUrl)
    expect(read.mail?.smtpUrl.reveal()).toBe(smtpUrl)
  })

  it('may be named by a flag, because a path is no secret', () => {
    const read = good({}, { databaseUrlFile: fileOf(databaseUrl) })
    expect(read.database.kind).toBe('postgres')
  })

  it.each([
    [
      'that is not there',
      '/nowhere/at/all',
      'NIGHTLATCH_DATABASE_URL_FILE: /nowhere/at/all cannot be read (ENOENT).',
    ],
    ['that is empty', fileOf(' \n'), 'is empty.'],
    ['with something else in it', fileOf('mysql://hunter2@db/x'), 'must be a URL such as postgres://'],
  ])('%s is refused, without a word of it', (_what, file, problem) => {
    const problems = bad({ NIGHTLATCH_DATABASE_URL_FILE: file })
    expect(problems).toEqual([expect.stringContaining(problem)])
    expect(problems.join()).not.toContain('hunter2')
  })

  it('does not go together with the variable', () => {
    const env = { NIGHTLATCH_DATABASE_URL: databaseUrl, NIGHTLATCH_DATABASE_URL_FILE: fileOf(databaseUrl) }
    expect(bad(env)).toEqual([
      'NIGHTLATCH_DATABASE_URL and NIGHTLATCH_DATABASE_URL_FILE: only one of them may be set.',
    ])
  })

  it('asks for a sender, too, when it is a mail server', () => {
    expect(bad({ NIGHTLATCH_SMTP_URL_FILE: fileOf(smtpUrl) })).toEqual([
      'NIGHTLATCH_MAIL_FROM: must be set, because NIGHTLATCH_SMTP_URL_FILE is.',
    ])
  })
})

describe('what Kubernetes says of its services', () => {
  const service = {
    NIGHTLATCH_SERVICE_HOST: '10.0.0.1',
    NIGHTLATCH_SERVICE_PORT: '3000',
    NIGHTLATCH_SERVICE_PORT_HTTP: '3000',
    NIGHTLATCH_PORT: 'tcp://10.0.0.1:3000',
    NIGHTLATCH_PORT_3000_TCP: 'tcp://10.0.0.1:3000',
    NIGHTLATCH_PORT_3000_TCP_PROTO: 'tcp',
    NIGHTLATCH_PORT_3000_TCP_PORT: '3000',
    NIGHTLATCH_PORT_3000_TCP_ADDR: '10.0.0.1',
  }
  const another = {
    NIGHTLATCH_DB_SERVICE_HOST: '10.0.0.2',
    NIGHTLATCH_DB_SERVICE_PORT: '5432',
    NIGHTLATCH_DB_PORT: 'tcp://10.0.0.2:5432',
    NIGHTLATCH_DB_PORT_5432_TCP: 'tcp://10.0.0.2:5432',
  }

  it.each([
    ['one named nightlatch', service],
    ['one named nightlatch-db beside it', { ...service, ...another }],
  ])('is no setting: %s', (_what, env) => {
    expect(good(env).port).toBe(3000)
    expect(good({ ...env, NIGHTLATCH_PORT: '8080' }).port).toBe(8080)
  })

  it('hides no mistake of somebody who sets things', () => {
    expect(bad({ ...service, NIGHTLATCH_ORIGN: 'https://x.example' })).toEqual([
      expect.stringMatching(/^NIGHTLATCH_ORIGN: .*NIGHTLATCH_ORIGIN/),
    ])
    expect(bad({ NIGHTLATCH_PORT: 'tcp://10.0.0.1:3000' })).toHaveLength(1)
    expect(bad({ ...service, NIGHTLATCH_PORT: 'http://10.0.0.1' })).toHaveLength(1)
  })
})

describe('what was said', () => {
  it('is told apart from what is usual, with the way it was said', () => {
    expect(good({ NIGHTLATCH_ORIGIN: 'https://a.example' }, { port: '3100' }).told).toEqual({
      origin: 'variable',
      port: 'flag',
    })
  })
})

describe('trusted proxies', () => {
  const { trustedProxies } = good({
    NIGHTLATCH_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.1.7 fd00::/8,2001:db8::1',
  })

  it.each([
    '10.1.2.3',
    '::ffff:10.1.2.3',
    '192.168.1.7',
    'fd12::1',
    'fd12::1%eth0',
    '2001:db8::1',
    '2001:DB8:0::1',
  ])('are trusted: %s', (address) => expect(trustedProxies.has(address)).toBe(true))

  it.each([
    '11.0.0.1',
    '192.168.1.8',
    '::ffff:11.0.0.1',
    '2001:db8::2',
    '',
    'proxy',
    '10.0.0.1, 10.0.0.2',
    '10.0.0.1:80',
  ])('are not: %j', (address) => expect(trustedProxies.has(address)).toBe(false))
})

it('every setting has a flag of its name in kebab case, save the secret', () => {
  for (const name of settingNames) {
    const kebab = settings[name].variable.replace('NIGHTLATCH_', '').toLowerCase().replaceAll('_', '-')
    expect(flagOf(name)).toBe(`--${kebab}`)
    expect(settings[name].placeholder === null).toBe(name === 'secret')
  }
})

it('every example is a good value', () => {
  for (const name of settingNames) {
    const { variable, example } = settings[name]
    if (name === 'secret' || name.endsWith('File')) continue
    const origin = { NIGHTLATCH_ORIGIN: 'https://auth.example.org', NIGHTLATCH_MAIL_FROM: 'a@example.org' }
    const together = {
      NIGHTLATCH_DATABASE_URL: settings.databaseUrl.example,
      NIGHTLATCH_TLS_CERT: '/cert.pem',
      NIGHTLATCH_TLS_KEY: '/key.pem',
    }
    expect(bad({ ...origin, ...together, [variable]: example })).toEqual([])
  }
})

describe('who may make an account', () => {
  const mail = { NIGHTLATCH_SMTP_URL: 'smtp://localhost', NIGHTLATCH_MAIL_FROM: 'auth@example.org' }

  it.each([
    ['off', 'off', []],
    ['invitation', 'invitation', []],
    ['approval', 'approval', []],
    ['domain:example.org', 'domain', ['example.org']],
    ['domain: Example.org , @b\u00fccher.example', 'domain', ['example.org', 'xn--bcher-kva.example']],
  ])('is read of %j', (text, mode, domains) => {
    expect(good({ NIGHTLATCH_REGISTRATION: text, ...mail }).registration).toEqual({ mode, domains })
  })

  it.each([
    'on',
    'Invitation',
    'approval:x',
    'domain',
    'domain:',
    'domain:localhost',
    'domain:co.uk',
    'domain:a b.org',
    'domain:127.0.0.1',
    'domain:example.org,',
  ])('is not %j', (text) => {
    const read = readSettings({ env: { NIGHTLATCH_REGISTRATION: text, ...mail } })
    expect(read).toMatchObject({ problems: [expect.stringMatching(/^NIGHTLATCH_REGISTRATION: must /)] })
  })

  it('by domain needs a mail server, which confirms the addresses', () => {
    const read = readSettings({ env: { NIGHTLATCH_REGISTRATION: 'domain:example.org' } })
    expect(read).toMatchObject({ problems: [expect.stringMatching(/^NIGHTLATCH_SMTP_URL: must be set/)] })
  })
})
