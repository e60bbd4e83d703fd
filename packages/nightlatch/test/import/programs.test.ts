/**
 * Programs of Debian write the files in the test run. Whoever had a password and a phone there signs in here with both; the code
 * is oathtool's, and one from before the move opens nothing. Where a program is not installed, its test says that it was left out.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { api } from '../support/api.js'
import { quickArgon2, TestClock, type TestApp } from '../support/app.js'
import { hasProgram, run, temporaryFolder, type Ran, type RunOptions } from '../support/cli.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'
import { otpClient, otpClientPrograms } from '../support/otpclient.js'

const missing = (...programs: string[]): readonly string[] => programs.filter((name) => !hasProgram(name))

/** The name of a test that is left out says for want of what. */
const withPrograms = (programs: readonly string[], name: string): [boolean, string] => {
  const absent = missing(...programs)
  return [absent.length > 0, absent.length === 0 ? name : `${name} (left out: no ${absent.join(', ')} here)`]
}

const oathtool = (...words: string[]): string => execFileSync('oathtool', words, { encoding: 'utf8' }).trim()
const timed = (base32: string, seconds: number, ...more: string[]): string =>
  oathtool('--totp', '-b', '--now', `@${seconds}`, ...more, base32)
const counted = (hex: string, counter: number): string => oathtool('-c', String(counter), hex)

const random32 = (): string => {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  return [...randomBytes(32)].map((byte) => letters[byte % 32]).join('')
}
const hexOf = (base32: string): string => {
  const told = oathtool('-v', '-b', base32)
  return /Hex secret: ([\da-f]+)/.exec(told)?.[1] ?? ''
}

describe('with the real program', () => {
  let app: TestApp
  beforeAll(async () => {
    app = await startAppOn(databases[0]!, { clock: new TestClock(Math.floor(Date.now() / 1000)) })
  })
  afterAll(() => app.close())

  const command = (words: readonly string[], options: RunOptions = {}): Promise<Ran> =>
    run([...words, '--data', app.dataFolder], {
      ...options,
      deps: {
        open: (settings, parts = {}) =>
          openNightlatch(settings, {
            ...parts,
            platform: { ...nodePlatform, nowSeconds: () => app.clock.seconds },
            unsafeArgon2Setting: quickArgon2,
          }),
      },
    })

  async function done(words: readonly string[], options: RunOptions = {}): Promise<Ran> {
    const ran = await command(words, options)
    if (ran.status !== 0) throw new Error(ran.err)
    return ran
  }

  /** Somebody whose password a program has hashed. */
  async function withPassword(line: string): Promise<void> {
    const file = join(temporaryFolder(), 'passwords')
    writeFileSync(file, line)
    await done(['import', 'htpasswd', file])
  }

  const htpasswd = (username: string, password: string): string =>
    execFileSync('htpasswd', ['-nbB', '-C', '10', username, password], { encoding: 'utf8' })

  async function signIn(username: string, password: string, otp: string): Promise<string> {
    const browser = app.browser()
    const first = await api(browser, 'POST /sign-in', { username, password })
    if (first.code !== '') return first.code
    const second = await api(browser, 'POST /sign-in/verify', { otp })
    return second.code === '' ? 'signed-in' : second.code
  }

  const [noMkpasswd, mkpasswdName] = withPrograms(
    ['mkpasswd', 'google-authenticator', 'oathtool'],
    'mkpasswd and google-authenticator, by its counter',
  )
  it.skipIf(noMkpasswd)(mkpasswdName, async () => {
    const hash = execFileSync('mkpasswd', ['-m', 'sha512crypt', '-R', '5000', 'fission 1938'], {
      encoding: 'utf8',
    })
    await withPassword(`lise:${hash}`)
    const file = join(temporaryFolder(), 'lise')
    const flags = ['-c', '-f', '-C', '-q', '-u', '-w', '3', '-e', '5', '-s', file]
    execFileSync('google-authenticator', flags)
    const ran = await done(['import', 'google-authenticator-libpam', file, '--on-conflict', 'merge'])
    expect(ran.out).toMatch(/^lise\tunchanged\tHOTP\t/)
    const [secret = ''] = readFileSync(file, 'utf8').split('\n')
    const counter = Number(/^" HOTP_COUNTER (\d+)/m.exec(readFileSync(file, 'utf8'))?.[1])
    expect(await signIn('lise', 'fission 1938', counted(hexOf(secret), counter - 1))).toBe('wrong-code')
    expect(await signIn('lise', 'fission 1938', counted(hexOf(secret), counter))).toBe('signed-in')
    expect(await signIn('lise', 'fission 1938', counted(hexOf(secret), counter))).toBe('wrong-code')
  })

  const pamPrograms = ['pamtester', 'htpasswd', 'oathtool']
  const hasPamOath = ['x86_64', 'aarch64'].some((kind) =>
    existsSync(`/lib/${kind}-linux-gnu/security/pam_oath.so`),
  )
  const [noPam, pamName] = withPrograms(pamPrograms, 'pam_oath, which has let somebody in through pamtester')
  it.skipIf(noPam || !hasPamOath || process.getuid?.() !== 0)(
    `${pamName}${hasPamOath ? '' : ' (left out: no libpam-oath here)'}`,
    async () => {
      const file = join(temporaryFolder(), 'users.oath')
      const service = `nightlatch-test-${process.pid}`
      const [secret, phone] = [random32(), random32()]
      writeFileSync(file, `HOTP rosa - ${hexOf(secret)}\nHOTP/T30/6 vera - ${hexOf(phone)}\n`, {
        mode: 0o600,
      })
      writeFileSync(
        `/etc/pam.d/${service}`,
        `auth required pam_oath.so usersfile=${file} window=20\naccount required pam_permit.so\n`,
      )
      const pam = (username: string, code: string): number | null =>
        spawnSync('pamtester', [service, username, 'authenticate'], { input: `${code}\n` }).status
      const real = Math.floor(Date.now() / 1000)
      try {
        expect(pam('rosa', counted(hexOf(secret), 0))).toBe(0)
        expect(pam('rosa', counted(hexOf(secret), 3))).toBe(0)
        expect(pam('rosa', counted(hexOf(secret), 3))).not.toBe(0)
        expect(pam('vera', timed(phone, real))).toBe(0)
      } finally {
        rmSync(`/etc/pam.d/${service}`)
      }
      await withPassword(htpasswd('rosa', 'Spartakus 1916'))
      await withPassword(htpasswd('vera', 'dark matter 1970'))
      app.clock.seconds = Math.max(app.clock.seconds, real) + 30
      const ran = await done(['import', 'oath', file, '--on-conflict', 'merge'])
      expect(ran.out).toMatch(/^rosa\tunchanged\tHOTP\t/m)
      expect(await signIn('rosa', 'Spartakus 1916', counted(hexOf(secret), 3))).toBe('wrong-code')
      expect(await signIn('rosa', 'Spartakus 1916', counted(hexOf(secret), 4))).toBe('signed-in')
      expect(await signIn('vera', 'dark matter 1970', timed(phone, real))).toBe('wrong-code')
      expect(await signIn('vera', 'dark matter 1970', timed(phone, app.clock.seconds))).toBe('signed-in')
    },
  )

  const [noOtpClient, otpClientName] = withPrograms(
    [...otpClientPrograms, 'htpasswd', 'oathtool'],
    'otpclient-cli: Aegis, FreeOTP+ and andOTP, plain and encrypted',
  )
  it.skipIf(noOtpClient)(otpClientName, { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const exports = [
      ['aegis', 'aegis', 'aegis_export_plain.json', 'nora'],
      ['freeotpplus', 'freeotp', 'freeotpplus-exports.txt', 'olga'],
      // Debian's version has the two names of andOTP the wrong way round.
      ['andotp_plain', 'andotp', 'andotp_exports.json.aes', 'petra'],
      ['andotp_encrypted', 'andotp', 'andotp_exports.json', 'quirin'],
    ] as const
    const secrets = new Map(exports.map(([, , , name]) => [name, random32()]))
    const client = otpClient(
      [...secrets].map(([label, secret]) => ({
        ...({ type: 'TOTP', issuer: 'Site', label, secret } as const),
        ...{ digits: 8, algo: 'SHA256', period: 60 },
      })),
      'vault pass',
    )
    for (const [type, source, file, name] of exports) {
      client('export', '-t', type, '-d', folder)
      await withPassword(htpasswd(name, `${name} had this one`))
      const map = join(folder, `only-${name}`)
      writeFileSync(map, `account,username\nSite:${name},${name}\n`)
      const words = ['import', source, join(folder, file), '--on-conflict', 'merge', '--map', map]
      const isSealed = file.endsWith('.aes')
      if (isSealed) expect((await command(words, { stdin: 'x' })).err).toContain('wrong passphrase')
      const ran = await done(words, isSealed ? { stdin: 'vault pass' } : {})
      expect(ran.out).toMatch(new RegExp(`^${name}\\tunchanged\\tTOTP 8 digits SHA256\\t`, 'm'))
      const code = (at: number): string =>
        oathtool('--totp=sha256', '-d8', '-s60', '-b', '--now', `@${at}`, secrets.get(name) ?? '')
      expect(await signIn(name, `${name} had this one`, code(app.clock.seconds - 60))).toBe('wrong-code')
      expect(await signIn(name, `${name} had this one`, code(app.clock.seconds))).toBe('signed-in')
    }
  })

  const [noKeePass, keePassName] = withPrograms(
    ['keepassxc-cli', 'htpasswd', 'oathtool'],
    'keepassxc-cli: a vault, and its CSV',
  )
  it.skipIf(noKeePass)(keePassName, { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const secrets = { hedy: random32(), emmy: random32() }
    const entries = Object.entries(secrets).map(([name, secret], index) => {
      const uri = `otpauth://totp/Wiki:${name}?secret=${secret}&amp;issuer=Wiki&amp;digits=8`
      const id = Buffer.alloc(16, index + 1).toString('base64')
      const text = (key: string, value: string): string =>
        `<String><Key>${key}</Key><Value>${value}</Value></String>`
      return `<Entry><UUID>${id}</UUID>${text('Title', 'Wiki')}${text('UserName', name)}${text('otp', uri)}</Entry>`
    })
    const group = `<Group><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Name>Root</Name>${entries.join('')}</Group>`
    writeFileSync(
      join(folder, 'a.xml'),
      `<?xml version="1.0"?><KeePassFile><Meta/><Root>${group}</Root></KeePassFile>`,
    )
    const vault = join(folder, 'a.kdbx')
    const input = 'vault pass\nvault pass\n'
    execFileSync('keepassxc-cli', ['import', '-q', '-p', join(folder, 'a.xml'), vault], { input })
    const csv = execFileSync('keepassxc-cli', ['export', '-q', '-f', 'csv', vault], { input })
    writeFileSync(join(folder, 'a.csv'), csv)
    writeFileSync(join(folder, 'only-emmy'), 'account,username\nWiki:emmy,emmy\n')
    writeFileSync(join(folder, 'only-hedy'), 'account,username\nWiki:hedy,hedy\n')
    await withPassword(htpasswd('hedy', 'frequency hopping'))
    await withPassword(htpasswd('emmy', 'rings and ideals'))
    const words = ['--on-conflict', 'merge', '--map']
    const wrong = await command(['import', 'keepassxc', vault, ...words, join(folder, 'only-hedy')], {
      stdin: 'x',
    })
    expect(wrong).toMatchObject({ status: 1, err: expect.stringContaining('wrong passphrase') })
    await done(['import', 'keepassxc', vault, ...words, join(folder, 'only-hedy')], { stdin: 'vault pass' })
    await done(['import', 'keepassxc', join(folder, 'a.csv'), ...words, join(folder, 'only-emmy')])
    const at = app.clock.seconds
    for (const [name, password] of [
      ['hedy', 'frequency hopping'],
      ['emmy', 'rings and ideals'],
    ] as const) {
      expect(await signIn(name, password, timed(secrets[name], at - 30, '-d8'))).toBe('wrong-code')
      expect(await signIn(name, password, timed(secrets[name], at, '-d8'))).toBe('signed-in')
    }
  })

  const [noPskc, pskcName] = withPrograms(
    ['csv2pskc', 'pskctool', 'openssl', 'htpasswd', 'oathtool'],
    'csv2pskc writes, pskctool validates and signs: tokens in the drawer, and one of somebody',
  )
  it.skipIf(noPskc)(pskcName, { timeout: 60_000 }, async () => {
    const folder = temporaryFolder()
    const place = (name: string): string => join(folder, name)
    const secrets = { 'PS-1': random32(), 'PS-2': random32(), 'PS-3': random32() }
    const head =
      'id,serial,secret,algorithm,response_length,response_encoding,time_interval,counter,key_userid,manufacturer,algorithm_suite\n'
    const kind = 'urn:ietf:params:xml:ns:keyprov:pskc'
    const line = (serial: keyof typeof secrets, [type, interval, counter]: string[], user = ''): string =>
      `${serial},${serial},${secrets[serial]},${kind}:${type},6,DECIMAL,${interval},${counter},${user},Invented GmbH,HMAC-SHA1\n`
    writeFileSync(
      place('a.csv'),
      `${head}${line('PS-1', ['totp', '30', ''])}${line('PS-2', ['hotp', '', '7'])}`,
    )
    writeFileSync(place('b.csv'), `${head}${line('PS-3', ['totp', '30', ''], 'CN=mary')}`)
    const convert = (...words: string[]): Buffer => execFileSync('csv2pskc', ['-e', 'base32', ...words])
    convert('-o', place('plain.xml'), place('a.csv'))
    expect(spawnSync('pskctool', ['--validate', place('plain.xml')]).stdout.toString()).toContain('OK')
    // pskctool reads the same numbers out of it as we do.
    const info = execFileSync('pskctool', ['--info', place('plain.xml')], { encoding: 'utf8' })
    expect(info).toContain('PS-1')
    const key = [
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=maker',
      '-keyout',
      place('key'),
      '-out',
      place('crt'),
    ]
    execFileSync('openssl', ['req', '-x509', '-days', '2', ...key], { stdio: 'ignore' })
    const sign = ['--sign', '--sign-key', place('key'), '--sign-crt', place('crt'), place('plain.xml')]
    writeFileSync(place('signed.xml'), execFileSync('pskctool', sign))
    await done(['token', 'import', place('signed.xml')])
    convert('-p', 'maker pass', '-o', place('sealed.xml'), place('b.csv'))
    await withPassword(htpasswd('mary', 'Ichthyosaurus 1811'))
    const words = ['import', 'pskc', place('sealed.xml'), '--on-conflict', 'merge']
    expect((await command(words, { stdin: 'x' })).err).toContain('wrong passphrase')
    await done(words, { stdin: 'maker pass' })
    const at = app.clock.seconds
    expect(await signIn('mary', 'Ichthyosaurus 1811', timed(secrets['PS-3'], at - 30))).toBe('wrong-code')
    expect(await signIn('mary', 'Ichthyosaurus 1811', timed(secrets['PS-3'], at))).toBe('signed-in')
    await withPassword(htpasswd('anna', 'Cyanotype 1843'))
    const hex = hexOf(secrets['PS-2'])
    await done(['token', 'assign', 'ps2', 'anna', counted(hex, 7), counted(hex, 8)])
    expect(await signIn('anna', 'Cyanotype 1843', counted(hex, 8))).toBe('wrong-code')
    expect(await signIn('anna', 'Cyanotype 1843', counted(hex, 9))).toBe('signed-in')
    const listed = await done(['token', 'list', '--free'])
    expect(listed.out).toContain('PS-1')
  })
})
