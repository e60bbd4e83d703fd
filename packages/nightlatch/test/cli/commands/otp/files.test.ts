/** Files of other programs: what the command says of them, and what other programs make of what it writes. */
import { spawnSync } from 'node:child_process'
import * as crypto from 'node:crypto'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'
import { bin, hasProgram, run, spawnCli, temporaryFolder } from '../../../support/cli.js'
import { otpClient, otpClientPrograms, type OtpClientAccount } from '../../../support/otpclient.js'

const folder = fileURLToPath(new URL('../../../../../otp/test/files/', import.meta.url))
const passphrase = 'vault pass 2026'
const aegis = join(folder, 'otpclient-5.1.6/aegis_exports.json.aes')
const uris = join(folder, 'otp/uris.txt')

describe('an encrypted file', () => {
  it('is read with the passphrase that comes by standard input', async () => {
    const ran = await run(['otp', 'read', aegis, '--json'], { stdin: `${passphrase}\n` })
    expect(ran.status).toBe(0)
    expect(JSON.parse(ran.out).accounts).toHaveLength(4)
    expect(ran.out + ran.err).not.toContain(passphrase)
  })

  it('asks for it at a terminal, once for several files', async () => {
    const ran = await run(['otp', 'read', aegis, join(folder, 'made/proton-encrypted.json')], {
      typed: [passphrase],
    })
    expect(ran.status).toBe(0)
    expect(ran.err).toContain('Passphrase of aegis_exports.json.aes: ')
  })

  it.each([
    ['without a passphrase', '', 'is encrypted: pipe its passphrase in'],
    ['with a wrong one', 'wrong', 'wrong passphrase for aegis_exports.json.aes'],
  ])('%s is refused in one line', async (_name, stdin, words) => {
    const ran = await run(['otp', 'read', aegis], { stdin })
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(words) })
    expect(ran.err).not.toContain('damaged')
  })

  it('that came by standard input itself has to be named as a file', async () => {
    const ran = await run(['otp', 'read', '-'], { stdin: readFileSync(aegis) })
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('name it as a file') })
  })

  it.each([
    'made/proton-encrypted.json',
    'ente/ente-auth-codes-encrypted.txt',
    'keepass/people.kdbx',
    'pskc/password.pskcxml',
  ])('as installed: %s', (name) => {
    const ran = spawnCli(['otp', 'read', join(folder, name), '--json'], { stdin: passphrase })
    expect(ran.status).toBe(0)
    expect(JSON.parse(ran.out).accounts.length).toBeGreaterThan(2)
  })

  it('that is cut off is damaged, and one that asks for too much names the limit', async () => {
    const file = join(temporaryFolder(), 'cut.json')
    const whole = readFileSync(join(folder, 'bitwarden/password-protected.json'), 'utf8')
    writeFileSync(file, whole.slice(0, 300))
    expect((await run(['otp', 'read', file], { stdin: passphrase })).err).toContain('damaged')
    writeFileSync(file, whole.replace('600000', '600000000000'))
    expect((await run(['otp', 'read', file], { stdin: passphrase })).err).toContain('at most 10,000,000')
  })
})

/** Says which of the libraries for files a process has loaded. */
const loader = `import { writeSync } from 'node:fs'
export function load(url, context, next) {
  const name = /saxes|@noble|@node-rs|nuintun|jpeg-js/.exec(url)
  if (name !== null) writeSync(2, 'loaded ' + name[0] + String.fromCharCode(10))
  return next(url, context)
}`

function loadedFor(file: string): readonly string[] {
  const place = temporaryFolder()
  const hooked = pathToFileURL(join(place, 'hook.mjs')).href
  writeFileSync(join(place, 'loader.mjs'), loader)
  writeFileSync(
    join(place, 'hook.mjs'),
    "import { register } from 'node:module'\nregister('./loader.mjs', import.meta.url)\n",
  )
  const ran = spawnSync(process.execPath, ['--import', hooked, bin, 'otp', 'read', file], {
    input: passphrase,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] },
  })
  expect(ran.status, ran.stderr).toBe(0)
  return [...new Set(ran.stderr.match(/(?<=^loaded ).+$/gm))].toSorted()
}

const hasArgon2 = 'argon2' in crypto

describe('what is loaded', () => {
  it.each([
    ['a list', uris, []],
    ['a backup of Aegis, encrypted', aegis, []],
    ['tokens in XML', join(folder, 'pskc/plain.pskcxml'), ['saxes']],
    // Newer Nodes have it themselves.
    ['a file under argon2', join(folder, 'made/proton-encrypted.json'), hasArgon2 ? [] : ['@node-rs']],
  ])('for %s is what that format needs, and nothing else', (_name, file, wanted) => {
    expect(loadedFor(file)).toEqual(wanted)
  })
})

describe('an entry that is left out', () => {
  it('is named with what the file calls it, and why', async () => {
    const ran = await run(['otp', 'read', join(folder, 'made/stratum-legacy.authpro')], { stdin: passphrase })
    expect(ran.err).toBe('entry 3 (Old VPN) was left out: mOTP (motp://) makes codes of another kind.\n')
    const json = await run(['otp', 'read', join(folder, 'made/stratum-legacy.authpro'), '--json'], {
      stdin: passphrase,
    })
    expect(JSON.parse(json.out).leftOut).toMatchObject([{ entry: 3, name: 'Old VPN', why: 'motp' }])
  })

  it('because it has no one-time password is counted only', async () => {
    const ran = await run(['otp', 'read', join(folder, 'bitwarden/plain.json')])
    expect(ran.err).toContain('2 entries of plain.json have no one-time password.\n')
  })

  it('of another scheme is named for what it is', async () => {
    const file = join(temporaryFolder(), 'list')
    writeFileSync(file, `motp://x\notpauth://yaotp/x?secret=A\n${readFileSync(uris, 'utf8')}`)
    const { err } = await run(['otp', 'read', file])
    expect(err).toContain('line 1 was left out: mOTP (motp://)')
    expect(err).toContain('line 2 was left out: Yandex (otpauth://yaotp)')
  })

  it.each([
    ['motp://VPN:ada?secret=0123456789abcdef', 'mOTP (motp://)'],
    ['otpauth://yaotp/ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', 'Yandex (otpauth://yaotp)'],
  ])('is named where it is the argument: %s', async (uri, words) => {
    for (const command of ['read', 'code'])
      expect((await run(['otp', command, uri])).err).toContain(`${words} makes codes of another kind`)
  })

  it('in an archive is one of its lines, and the others are taken', async () => {
    const { err, out } = await run(['otp', 'read', join(folder, 'made/winauth.zip')], { stdin: passphrase })
    expect(err).not.toContain('nightlatch:')
    expect(out).toContain('account')
  })
})

interface Account {
  readonly account: string
  readonly uri: string
}

async function accountsOf(file: string): Promise<readonly Account[]> {
  const ran = await run(['otp', 'read', file, '--json'])
  expect(ran.status).toBe(0)
  return JSON.parse(ran.out).accounts as readonly Account[]
}

/** The code of a URI, now. */
function oathtoolOf(uri: string): string {
  const { searchParams: given, host } = new URL(uri.replace(/^otpauth/, 'https'))
  const digits = ['-d', given.get('digits') ?? '6']
  const hash = (given.get('algorithm') ?? 'SHA1').toLowerCase()
  const moving =
    host === 'hotp'
      ? ['-c', given.get('counter') ?? '0']
      : [`--totp=${hash}`, '-s', given.get('period') ?? '30']
  const words = [...moving, ...digits, '-b', given.get('secret') ?? '']
  return spawnSync('oathtool', words, { encoding: 'utf8' }).stdout.trim()
}

describe('otp write', () => {
  it.each(['otpauth', 'aegis', '2fas'])(
    '%s is read again as it was, and only the owner can read it',
    async (format) => {
      const out = join(temporaryFolder(), 'out')
      const ran = await run(['otp', 'write', format, uris, '--out', out])
      expect(ran).toMatchObject({ status: 0, out: '', err: expect.stringContaining('4 accounts') })
      expect(statSync(out).mode & 0o777).toBe(0o600)
      expect(await accountsOf(out)).toEqual(await accountsOf(uris))
    },
  )

  it('google refuses what the format cannot say, and writes nothing', async () => {
    const out = join(temporaryFolder(), 'codes.png')
    const ran = await run(['otp', 'write', 'google', uris, '--out', out])
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('cannot be written') })
    expect(statSync(out, { throwIfNoEntry: false })).toBeUndefined()
  })

  it.skipIf(!hasProgram('zbarimg'))(
    'google draws QR codes that zbarimg reads, numbered where there are several',
    async () => {
      const place = temporaryFolder()
      const list = join(place, 'list')
      const many = Array.from(
        { length: 12 },
        (_, at) => `otpauth://totp/Wiki:ada${at}?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Wiki`,
      )
      writeFileSync(list, many.join('\n'))
      expect((await run(['otp', 'write', 'google', list, '--out', join(place, 'codes.png')])).status).toBe(0)
      const files = [1, 2].map((part) => join(place, `codes-${part}.png`))
      const scanned = spawnSync('zbarimg', ['--raw', '-q', ...files], { encoding: 'utf8' }).stdout
      expect(scanned.match(/^otpauth-migration:/gm)).toHaveLength(2)
      writeFileSync(list, scanned)
      expect((await accountsOf(list)).map(({ account }) => account)).toEqual(many.map((_, at) => `ada${at}`))
    },
  )

  /** KeePassXC takes the URI as its own field, and makes codes of it. */
  it.skipIf(!hasProgram('keepassxc-cli') || !hasProgram('oathtool'))(
    'otpauth gives KeePassXC the codes that oathtool has',
    async () => {
      const place = temporaryFolder()
      const { out } = await run(['otp', 'write', 'otpauth', join(folder, 'pskc/tokens.csv')])
      const [uri = ''] = out.split('\n')
      const field = `<String><Key>otp</Key><Value>${uri.replaceAll('&', '&amp;')}</Value></String>`
      const entry = `<Entry><UUID>EBESExQVFhcYGRobHB0eHw==</UUID><String><Key>Title</Key><Value>Wiki</Value></String>${field}</Entry>`
      const group = `<Group><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Name>Root</Name>${entry}</Group>`
      writeFileSync(
        join(place, 'a.xml'),
        `<?xml version="1.0"?><KeePassFile><Meta/><Root>${group}</Root></KeePassFile>`,
      )
      const vault = join(place, 'a.kdbx')
      const input = `${passphrase}\n${passphrase}\n`
      expect(
        spawnSync('keepassxc-cli', ['import', '-q', '-p', join(place, 'a.xml'), vault], { input }).status,
      ).toBe(0)
      // A code that changes between the two questions is asked for once more.
      const same = [1, 2, 3].some(() => {
        const shown = spawnSync('keepassxc-cli', ['show', '-q', '-t', vault, 'Wiki'], {
          input,
          encoding: 'utf8',
        })
        const told = spawnSync('oathtool', ['--totp', '-b', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'], {
          encoding: 'utf8',
        })
        return shown.stdout.trim() === told.stdout.trim() && told.stdout.trim() !== ''
      })
      expect(same).toBe(true)
      // And what KeePassXC wrote is read here.
      const back = await run(['otp', 'read', vault, '--json'], { stdin: passphrase })
      expect(JSON.parse(back.out).accounts).toMatchObject([{ account: 'ada', issuer: 'Wiki' }])
    },
  )

  /**
   * No program of Debian takes these two formats by a command. jq finds what they say where their own documents have it and
   * nowhere else, and OTPClient makes codes of it, which have to be those of oathtool.
   */
  const paths = {
    aegis: `[.db.entries[] | {type: (.type | ascii_upcase), label: .name, issuer, secret: .info.secret, digits: .info.digits,
      algo: .info.algo} + (if .type == "hotp" then {counter: .info.counter} else {period: .info.period} end)]`,
    '2fas': `[.services[] | {type: .otp.tokenType, label: .otp.account, issuer: .otp.issuer, secret, digits: .otp.digits,
      algo: .otp.algorithm} + (if .otp.tokenType == "HOTP" then {counter: .otp.counter} else {period: .otp.period} end)]`,
  }
  const readers = ['jq', 'oathtool', ...otpClientPrograms]
  it.skipIf(!readers.every(hasProgram)).each(['aegis', '2fas'] as const)(
    '%s says to jq and OTPClient what makes the codes of oathtool',
    { timeout: 60_000 },
    async (format) => {
      const out = join(temporaryFolder(), 'out')
      expect((await run(['otp', 'write', format, uris, '--out', out])).status).toBe(0)
      const taken = spawnSync('jq', ['-c', paths[format], out], { encoding: 'utf8' }).stdout
      const accounts = JSON.parse(taken) as OtpClientAccount[]
      expect(accounts).toHaveLength(4)
      const client = otpClient(accounts, passphrase)
      for (const { label, issuer } of accounts) {
        const [uri = ''] = readFileSync(uris, 'utf8')
          .split('\n')
          .filter((line) => decodeURIComponent(line).includes(`:${label}?`))
        // A code that changes between the two questions is asked for once more.
        const same = [1, 2, 3].some(() => {
          const shown = client('show', '-a', label, '-i', issuer, '-m')
          const told = oathtoolOf(uri)
          return told !== '' && shown.includes(`: ${told}`)
        })
        expect(same, label).toBe(true)
      }
    },
  )

  it.each([
    [['write', 'authy', uris], 'the format is one of'],
    [['write', 'toString', uris], 'the format is one of'],
  ])('%j is wrong usage', async (words, said) => {
    expect(await run(['otp', ...words])).toMatchObject({ status: 2, err: expect.stringContaining(said) })
  })
})
