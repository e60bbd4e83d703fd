import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { generateSecret } from '@nightlatch/otp'
import { writeMigration } from '@nightlatch/otp/migration'
import { encode as encodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { encodeQR } from 'qr'
import { describe, expect, it } from 'vitest'
import { hasProgram, run, temporaryFolder } from '../../../support/cli.js'

const sha1 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const sha256 = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA'
const sha512 =
  'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA'
const uri = `otpauth://totp/Example:ada@example.org?secret=${sha1}&issuer=Example`

describe('otp secret', () => {
  it('prints 20 random bytes in base32, and nothing else', async () => {
    const [one, two] = [await run(['otp', 'secret']), await run(['otp', 'secret'])]
    expect(one).toMatchObject({ status: 0, err: '', out: expect.stringMatching(/^[A-Z2-7]{32}\n$/) })
    expect(one.out).not.toBe(two.out)
  })

  it('prints as many bytes as asked, also in hexadecimal and JSON', async () => {
    expect((await run(['otp', 'secret', '--bytes', '64'])).out.trim()).toHaveLength(103)
    expect((await run(['otp', 'secret', '--bytes', '32', '--hex'])).out).toMatch(/^[0-9a-f]{64}\n$/)
    const { base32, hex, bytes } = JSON.parse((await run(['otp', 'secret', '--json'])).out)
    expect([base32.length, hex.length, bytes]).toEqual([32, 40, 20])
  })

  it.each(['10', '0', '-1', '1e3', 'x', '100000'])('refuses --bytes %s', async (bytes) => {
    expect(await run(['otp', 'secret', '--bytes', bytes])).toMatchObject({ status: 2, out: '' })
  })
})

describe('otp code', () => {
  it.each([
    [sha1, 'SHA1', 59, '94287082'],
    [sha256, 'SHA256', 59, '46119246'],
    [sha512, 'SHA512', 59, '90693936'],
    [sha1, 'SHA1', 1111111109, '07081804'],
    [sha256, 'sha256', 1111111109, '68084774'],
    [sha512, 'sha-512', 1111111109, '25091201'],
    [sha1, 'SHA1', 20000000000, '65353130'],
  ])('agrees with RFC 6238: %.8s… %s at %d', async (secret, algorithm, at, code) => {
    const args = ['otp', 'code', secret, '--algorithm', algorithm, '--at', String(at), '--digits', '8']
    expect(await run(args)).toEqual({ status: 0, out: `${code}\n`, err: '' })
  })

  it('agrees with RFC 4226', async () => {
    const codes = [
      '755224',
      '287082',
      '359152',
      '969429',
      '338314',
      '254676',
      '287922',
      '162583',
      '399871',
      '520489',
    ]
    for (const [counter, code] of codes.entries())
      expect((await run(['otp', 'code', sha1, '--counter', `${counter}`])).out).toBe(`${code}\n`)
  })

  it.skipIf(!hasProgram('oathtool'))('agrees with oathtool', async () => {
    for (let round = 0; round < 5; round += 1) {
      const hex = Buffer.from(generateSecret()).toString('hex')
      const secret = (
        await run(['otp', 'uri', '--issuer', 'x', '--account', 'y', '--secret', base32(hex)])
      ).out.trim()
      const at = String(randomBytes(4).readUInt32BE())
      const theirs = spawnSync('oathtool', ['--totp', '-d7', '-s60s', `-N@${at}`, hex]).stdout.toString()
      expect((await run(['otp', 'code', secret, '--at', at, '--digits', '7', '--period', '60'])).out).toBe(
        theirs,
      )
    }
  })

  it('takes its parameters from a URI, and a flag wins', async () => {
    const long = `${uri}&digits=8&period=60&algorithm=SHA256`
    const flags = ['--digits', '8', '--period', '60', '--algorithm', 'SHA256', '--at', '1000']
    expect((await run(['otp', 'code', long, '--at', '1000'])).out).toBe(
      (await run(['otp', 'code', sha1, ...flags])).out,
    )
    expect((await run(['otp', 'code', long, '--at', '1000', '--digits', '6'])).out).toHaveLength(7)
    const hotp = `otpauth://hotp/x?secret=${sha1}&counter=1`
    expect((await run(['otp', 'code', hotp])).out).toBe('287082\n')
    expect((await run(['otp', 'code', hotp, '--counter', '2'])).out).toBe('359152\n')
  })

  it('reads the secret from standard input', async () => {
    const wanted = (await run(['otp', 'code', sha1, '--at', '59'])).out
    for (const stdin of [sha1, `${sha1}\n`, `${sha1.toLowerCase()}\r\n`, uri])
      expect((await run(['otp', 'code', '-', '--at', '59'], { stdin })).out).toBe(wanted)
  })

  it('tells JSON when the code ends', async () => {
    const { out } = await run(['otp', 'code', sha1, '--at', '59', '--json'])
    expect(JSON.parse(out)).toEqual({
      schemaVersion: 1,
      type: 'totp',
      code: '287082',
      step: 1,
      validUntil: '1970-01-01T00:01:00Z',
    })
  })

  it('takes a counter of 64 bits', async () => {
    const { out } = await run(['otp', 'code', sha1, '--counter', '18446744073709551615', '--json'])
    expect(JSON.parse(out)).toMatchObject({ type: 'hotp', counter: '18446744073709551615' })
  })

  it.each([
    'not base32!',
    '',
    'GEZDGNBV1',
    'otpauth://totp/x',
    'otpauth://x',
    'otpauth-migration://offline?data=x',
  ])('refuses the secret %j in one line that does not show it', async (secret) => {
    const ran = await run(['otp', 'code', '-'], { stdin: secret })
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
    if (secret !== '') expect(ran.err).not.toContain(secret)
  })

  it.each([
    ['--digits', '5'],
    ['--digits', '11'],
    ['--period', '0'],
    ['--algorithm', 'MD5'],
    ['--at', '-1'],
    ['--at', 'now'],
    ['--counter', '18446744073709551616'],
    ['--counter', '1.5'],
  ])('refuses %s %s as wrong usage', async (flag, value) => {
    const ran = await run(['otp', 'code', sha1, `${flag}=${value}`])
    expect(ran).toMatchObject({ status: 2, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
  })
})

describe('what a secret or a URI may look like', () => {
  const code = async (source: string, ...flags: readonly string[]) =>
    run(['otp', 'code', source, '--at', '59', ...flags])
  const piped = async (stdin: string, ...flags: readonly string[]) =>
    run(['otp', 'code', '-', '--at', '59', ...flags], { stdin })
  const plain = `otpauth://totp/x?secret=${sha1}`

  it.each([
    ['the password first, as pass shows it', `hunter2\n${uri}\n`],
    ['a word before it', `hunter2\nuser: ada\notpauth: ${uri}\nurl: https://example.org\n`],
    ['comments before it', `# ada\n# her codes\n${uri}\n`],
    ['it twice', `${uri}\n${uri}\n`],
    ['line ends of Windows', `hunter2\r\n${uri}\r\n`],
    ['blanks in it', `otpauth://totp/Big Corp:ada?secret=${sha1}&issuer=Big Corp`],
  ])('the one URI among other lines: %s', async (_what, text) => {
    expect(await piped(text)).toEqual({ status: 0, out: '287082\n', err: '' })
    const verified = await run(['otp', 'verify', '-', '287082', '--at', '59'], { stdin: text })
    expect(verified).toEqual({ status: 0, out: '0\n', err: '' })
  })

  it('a password and a name, which are base32 if chance has it, are no secret of several lines', async () => {
    const ran = await piped('horse\nuser ada\n')
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toContain('several lines came, and none is an otpauth URI')
    expect(await piped(`\n${sha1}\n\n`)).toMatchObject({ status: 0, out: '287082\n' })
  })

  it('two different ones are refused, because it cannot be known which', async () => {
    const ran = await piped(`${uri}\n${plain}\n`)
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('2 different otpauth URIs') })
    expect(ran.err).not.toContain(sha1)
  })

  it.each([
    ['a counter that is missing', `otpauth://hotp/x?secret=${sha1}`, ['--counter', '1']],
    ['a counter that is none', `otpauth://hotp/x?secret=${sha1}&counter=x`, ['--counter', '1']],
    ['five digits', `${plain}&digits=5`, ['--digits', '6']],
    ['an algorithm of its own', `${plain}&algorithm=MD5`, ['--algorithm', 'SHA1']],
    ['a period of nothing', `${plain}&period=0`, ['--period', '30']],
    ['two of a parameter', `${plain}&digits=7&digits=8`, ['--digits', '6']],
    ['a parameter of a page', `${plain}&amp;period=0`, ['--period', '30']],
  ])('a flag wins over %s, in code and verify', async (_what, source, flags) => {
    expect(await code(source, ...flags)).toMatchObject({ status: 0, out: '287082\n' })
    const verify = await run(['otp', 'verify', source, '287082', '--at', '59', ...flags])
    expect(verify).toMatchObject({ status: 0, out: '0\n' })
    const without = await code(source)
    expect(without).toMatchObject({ status: 1, out: '' })
  })

  it('a parameter that a flag can put right is named with the flag', async () => {
    expect((await code(`otpauth://hotp/x?secret=${sha1}`)).err).toContain('--counter')
    expect((await code(`${plain}&digits=5`)).err).toContain('--digits')
  })

  it.each([`otpauth://totp/Steam:ada?secret=${sha1}&issuer=Steam`, `steam://${sha1}`, `${plain}&steam`])(
    'a code of Steam is five letters and digits: %s',
    async (source) => {
      expect(await code(source)).toEqual({ status: 0, out: 'PV9M4\n', err: '' })
    },
  )

  it('says where it may be one of Steam or not', async () => {
    const ran = await code(`otpauth://totp/Steam:ada?secret=${sha1}&issuer=Steam&digits=6`)
    expect(ran).toMatchObject({ status: 0, out: '287082\n', err: expect.stringContaining('Steam') })
  })

  it('parameters behind &amp; count, with a warning', async () => {
    const ran = await code(`${plain}&amp;digits=8&amp;period=60`)
    expect(ran).toMatchObject({ status: 0, out: '84755224\n', err: expect.stringContaining('ampersand') })
  })

  it.each(['HmacSHA256', 'HMAC-SHA-256', 'Algorithm.sha256', 'sha-256'])(
    '--algorithm %s is SHA256',
    async (name) => {
      const ran = await code(sha256, '--algorithm', name, '--digits', '8')
      expect(ran).toMatchObject({ status: 0, out: '46119246\n' })
    },
  )

  it('takes the hexadecimal that otp secret prints', async () => {
    const hex = '3132333435363738393031323334353637383930'
    for (const spelling of [hex, `0x${hex}`, hex.replace(/(..)(?=.)/g, '$1 ')])
      expect(await code(spelling)).toEqual({ status: 0, out: '287082\n', err: '' })
    expect(await code(hex, '--hex')).toMatchObject({ out: '287082\n' })
    const made = JSON.parse((await run(['otp', 'secret', '--json'])).out)
    expect((await code(made.hex, '--hex')).out).toBe((await code(made.base32)).out)
    const uriOfHex = await run(['otp', 'uri', '--issuer', 'E', '--account', 'a', '--secret', '-'], {
      stdin: hex,
    })
    expect(uriOfHex.out).toContain(`secret=${sha1}&`)
  })

  it('says which of two it took, where a secret is base32 and hexadecimal', async () => {
    const either = 'a2'.repeat(12)
    expect(await code(either)).toMatchObject({ status: 0, err: expect.stringContaining('--hex') })
    const asHex = await code(either, '--hex')
    expect(asHex).toMatchObject({ status: 0, err: '' })
    expect(asHex.out).not.toBe((await code(either)).out)
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['====', 'empty'],
    ['GEZDGNBVA', 'never 9 characters'],
    ['GEZDGNBV1', 'O, I and B are meant'],
    ['GEZDGNB!', 'letters from A to Z'],
    ['GEZD=GNBV', 'padding'],
  ])('the secret %j is refused for its true reason', async (source, reason) => {
    const ran = await code(source)
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(reason) })
  })

  it('times end with the year 9999, so that milliseconds are told', async () => {
    const last = await run(['otp', 'code', sha1, '--at', '253402300799', '--json'])
    expect(JSON.parse(last.out)).toMatchObject({ step: 8446743359 })
    for (const at of ['253402300800', '1700000000000', '8640000000000']) {
      const ran = await run(['otp', 'code', sha1, '--at', at])
      expect(ran).toMatchObject({ status: 2, err: expect.stringContaining('253402300799') })
      expect(ran.err).toContain('seconds, not milliseconds')
    }
  })
})

describe('otp verify', () => {
  it.each(['287082', '287 082', '94287082'])(
    'names the right order when %j comes before the secret',
    async (code) => {
      const ran = await run(['otp', 'verify', code, sha1, '--at', '59'])
      expect(ran).toMatchObject({ status: 2, out: '' })
      expect(ran.err).toContain('The secret comes first, then the code')
      expect(ran.err).not.toContain(sha1)
    },
  )

  it.each([
    ['28', '0'],
    ['59', '0'],
    ['89', '-1'],
    ['29', '1'],
  ])('at %s prints the offset %s', async (at, offset) => {
    const code = (await run(['otp', 'code', sha1, '--at', at === '28' ? '28' : '59'])).out.trim()
    expect(await run(['otp', 'verify', sha1, code, '--at', at])).toEqual({
      status: 0,
      out: `${offset}\n`,
      err: '',
    })
  })

  it('ends with 1 and one line when it does not match', async () => {
    const ran = await run(['otp', 'verify', sha1, '287082', '--at', '1000'])
    expect(ran).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringMatching(/^nightlatch: the code does not match[^\n]+\n$/),
    })
    const json = await run(['otp', 'verify', sha1, '287082', '--at', '1000', '--json'])
    expect(JSON.parse(json.out)).toEqual({ schemaVersion: 1, matched: false, offset: null })
    expect(JSON.parse(json.err)).toHaveProperty('error.message')
    for (const code of ['', '28708', '2870822', 'abcdef', '+87082'])
      expect(await run(['otp', 'verify', sha1, code, '--at', '59'])).toMatchObject({ status: 1 })
  })

  it('takes a wider window only when asked', async () => {
    expect(await run(['otp', 'verify', sha1, '287082', '--at', '149'])).toMatchObject({ status: 1 })
    expect(await run(['otp', 'verify', sha1, '287082', '--at', '149', '--window', '3'])).toMatchObject({
      out: '-3\n',
    })
    expect(await run(['otp', 'verify', sha1, '287082', '--at', '60', '--window', '0'])).toMatchObject({
      status: 1,
    })
  })

  it('checks counters ahead', async () => {
    expect(await run(['otp', 'verify', sha1, '359152', '--counter', '2'])).toMatchObject({ out: '0\n' })
    expect(await run(['otp', 'verify', sha1, '359152', '--counter', '1'])).toMatchObject({ out: '1\n' })
    expect(await run(['otp', 'verify', sha1, '359152', '--counter', '3'])).toMatchObject({ status: 1 })
  })

  it.each(['9007199254740991', '9007199254740990', '18446744073709551615'])(
    'compares the code at counter %s like any other',
    async (counter) => {
      const code = (await run(['otp', 'code', sha1, '--counter', counter])).out.trim()
      expect(await run(['otp', 'verify', sha1, code, '--counter', counter])).toMatchObject({
        status: 0,
        out: '0\n',
      })
      expect(await run(['otp', 'verify', sha1, '000000', '--counter', counter])).toMatchObject({ status: 1 })
    },
  )

  it('says why a code does not match: the clock, the counter, or that it is none', async () => {
    const reason = async (...args: readonly string[]) => (await run(['otp', 'verify', ...args])).err
    expect(await reason(sha1, '123456', '--at', '59')).toContain('clock')
    expect(await reason(sha1, '123456', '--counter', '3')).toContain('counter')
    expect(await reason(sha1, '123456', '--counter', '3')).not.toContain('clock')
    for (const typed of ['12', '1234567', 'abcdef', ''])
      expect(await reason(sha1, typed, '--at', '59')).toContain('have 6 digits')
  })

  it('takes a code in digits of any script', async () => {
    expect(
      await run(['otp', 'verify', sha1, '\u0662\u0668\u0667\u0660\u0668\u0662', '--at', '59']),
    ).toMatchObject({ out: '0\n' })
  })
})

describe('a Steam account', () => {
  // KeePassXC, tests/TestTotp.cpp: compared with the codes of Steam's own app.
  const steam = 'otpauth://totp/Steam:a?secret=63BEDWCQZKTQWPESARIERL5DTTQFCJTK&issuer=Steam&encoder=steam'

  it('has codes of letters and digits', async () => {
    for (const source of [steam, steam.replace('//totp', '//steam').replace('&encoder=steam', '')])
      expect(await run(['otp', 'code', source, '--at', '1511200518'])).toMatchObject({
        status: 0,
        out: 'FR8RV\n',
      })
    const { out } = await run(['otp', 'code', steam, '--at', '1511200518', '--json'])
    expect(JSON.parse(out)).toMatchObject({
      type: 'steam',
      code: 'FR8RV',
      validUntil: '2017-11-20T17:55:30Z',
    })
  })

  it('is verified in the window', async () => {
    const at = (time: number): string[] => ['otp', 'verify', steam, 'fr8rv', '--at', String(time)]
    expect(await run(at(1511200518))).toMatchObject({ status: 0, out: '0\n' })
    expect(await run(at(1511200518 + 30))).toMatchObject({ status: 0, out: '-1\n' })
    expect(await run(at(1511200518 + 60))).toMatchObject({ status: 1, out: '' })
    expect(await run(['otp', 'verify', steam, 'FR8RV', '--at', '5'])).toMatchObject({ status: 1, out: '' })
  })
})

describe('otp uri', () => {
  it('makes a new secret unless one is given', async () => {
    const [one, two] = await Promise.all(
      [1, 2].map(() => run(['otp', 'uri', '--issuer', 'Example', '--account', 'ada'])),
    )
    expect(one?.out).toMatch(/^otpauth:\/\/totp\/Example:ada\?secret=[A-Z2-7]{32}&issuer=Example\n$/)
    expect(one?.out).not.toBe(two?.out)
    const given = ['otp', 'uri', '--issuer', 'Example Inc', '--account', 'ada@example.org', '--secret']
    const wanted = `otpauth://totp/Example%20Inc:ada%40example.org?secret=${sha1}&issuer=Example%20Inc\n`
    expect((await run([...given, sha1])).out).toBe(wanted)
    expect((await run([...given, '-'], { stdin: `${sha1}\n` })).out).toBe(wanted)
  })

  it('writes HOTP and other parameters', async () => {
    const base = ['otp', 'uri', '--issuer', 'E', '--account', 'a', '--secret', sha1]
    expect((await run([...base, '--counter', '7'])).out).toBe(
      `otpauth://hotp/E:a?secret=${sha1}&issuer=E&counter=7\n`,
    )
    const { out } = await run([...base, '--digits', '8', '--period', '60', '--algorithm', 'SHA256'])
    expect(out).toBe(`otpauth://totp/E:a?secret=${sha1}&issuer=E&algorithm=SHA256&digits=8&period=60\n`)
  })

  it('says what is missing or not allowed', async () => {
    expect(await run(['otp', 'uri', '--issuer', 'E'])).toMatchObject({
      status: 2,
      err: expect.stringContaining('--account'),
    })
    expect(await run(['otp', 'uri', '--issuer', 'E:x', '--account', 'a'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('colon'),
    })
  })
})

function base32(hex: string): string {
  const bits = [...Buffer.from(hex, 'hex')].map((byte) => byte.toString(2).padStart(8, '0')).join('')
  return (bits.match(/.{5}/g) ?? [])
    .map((five) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[parseInt(five, 2)])
    .join('')
}

describe('otp qr', () => {
  it('writes files that only the owner can read, also in the place of others', async () => {
    const folder = temporaryFolder()
    const [png, svg] = [join(folder, 'code.png'), join(folder, 'code.svg')]
    writeFileSync(png, 'old')
    chmodSync(png, 0o644)
    const ran = await run(['otp', 'qr', '-', '--png', png, '--svg', svg], { stdin: `${uri}\n` })
    expect(ran).toMatchObject({ status: 0, out: '' })
    for (const file of [png, svg]) expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(svg, 'utf8')).toMatch(/^<svg /)
    expect(ran.err).not.toContain(sha1)
  })

  it.skipIf(!hasProgram('zbarimg'))('can be read by another program', async () => {
    const file = join(temporaryFolder(), 'code.png')
    await run(['otp', 'qr', uri, '--png', file])
    expect(spawnSync('zbarimg', ['-q', '--raw', file]).stdout.toString().trim()).toBe(uri)
  })

  it('has a quiet zone of four modules and is pure black on white', async () => {
    const file = join(temporaryFolder(), 'code.png')
    await run(['otp', 'qr', uri, '--png', file])
    const { width, height, data } = PNG.sync.read(readFileSync(file))
    expect(width).toBe(height)
    const colours = new Set<string>()
    const dark: [number, number][] = []
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        const at = (y * width + x) * 4
        colours.add([...data.subarray(at, at + 4)].join())
        if (data[at] === 0) dark.push([x, y])
      }
    expect([...colours].sort()).toEqual(['0,0,0,255', '255,255,255,255'])
    const edges = [...dark.map(([x]) => x), ...dark.map(([, y]) => y)]
    expect([Math.min(...edges), width - 1 - Math.max(...edges)]).toEqual([32, 32])
  })

  it('says what has to be set besides the key', async () => {
    const base = `otpauth://totp/E:a?secret=${sha1}&issuer=E`
    const shown = async (text: string) => (await run(['otp', 'qr', text], { columns: 120 })).out
    expect(await shown(`${base}&algorithm=SHA256&digits=8&period=60`)).toMatch(/SHA256.*8 digits.*60 seconds/)
    expect(await shown(`${base.replace('totp', 'hotp')}&counter=7`)).toMatch(/HOTP.*counter 7/)
    expect(await shown(base)).not.toContain('besides the key')
  })

  it('says which terminal is too narrow', async () => {
    expect(await run(['otp', 'qr', uri], { columns: 30 })).toMatchObject({
      status: 1,
      err: expect.stringContaining('--png'),
    })
    expect(await run(['otp', 'qr', uri], { columns: 80 })).toMatchObject({ status: 0 })
  })

  it('refuses what is no otpauth URI, and a folder that is not there', async () => {
    expect(await run(['otp', 'qr', 'https://example.org'])).toMatchObject({ status: 1 })
    expect(await run(['otp', 'qr', uri, '--png', '/there/is/none/x.png'])).toMatchObject({
      status: 1,
      err: 'nightlatch: /there/is/none/x.png was not written: there is no such folder\n',
    })
    const folder = temporaryFolder()
    expect(await run(['otp', 'qr', uri, '--svg', folder])).toMatchObject({
      status: 1,
      err: `nightlatch: ${folder} was not written: it is a folder: name a file in it\n`,
    })
    expect(await run(['otp', 'qr', uri, '--png', '/proc/version/code.png'])).toMatchObject({
      status: 1,
      err: 'nightlatch: /proc/version/code.png was not written: what should be its folder is a file\n',
    })
    const endless = `otpauth://totp/x?secret=${'A'.repeat(3500)}`
    expect(await run(['otp', 'qr', endless])).toMatchObject({
      status: 1,
      err: expect.stringContaining('too long'),
    })
  })
})

/** A QR code somewhere on a page, as a screenshot shows it. */
function screenshot(
  text: string,
  look: { scale: number; page: number[]; dark: number[]; light: number[] },
): PNG {
  const modules = encodeQR(text, 'raw', { border: 4, ecc: 'medium' })
  const png = new PNG({ width: 1280, height: 800 })
  for (let at = 0; at < png.data.length; at += 4) png.data.set(look.page, at)
  modules.forEach((row, y) =>
    row.forEach((dark, x) => {
      for (let dy = 0; dy < look.scale; dy += 1)
        for (let dx = 0; dx < look.scale; dx += 1)
          png.data.set(
            dark ? look.dark : look.light,
            ((100 + y * look.scale + dy) * 1280 + 300 + x * look.scale + dx) * 4,
          )
    }),
  )
  return png
}

const black = [0, 0, 0, 255]
const white = [255, 255, 255, 255]

describe('otp read', () => {
  const wanted = {
    issuer: 'Example',
    account: 'ada@example.org',
    secret: sha1,
    type: 'totp',
    digits: 6,
    period: 30,
  }

  async function read(image: Uint8Array) {
    const file = join(temporaryFolder(), 'image')
    writeFileSync(file, image)
    const ran = await run(['otp', 'read', file, '--json'])
    expect(ran.status).toBe(0)
    return JSON.parse(ran.out).accounts
  }

  it.each([
    ['a light page', { scale: 5, page: white, dark: black, light: white }],
    ['a dark page', { scale: 4, page: [17, 17, 17, 255], dark: black, light: white }],
    ['a dense screen', { scale: 10, page: [240, 240, 240, 255], dark: [20, 20, 20, 255], light: white }],
    [
      'light modules on a dark ground',
      { scale: 5, page: [17, 17, 17, 255], dark: white, light: [17, 17, 17, 255] },
    ],
    ['a transparent ground', { scale: 5, page: [0, 0, 0, 0], dark: black, light: [0, 0, 0, 0] }],
    [
      'white modules on a transparent ground',
      { scale: 5, page: [0, 0, 0, 0], dark: white, light: [0, 0, 0, 0] },
    ],
    ['modules of one pixel', { scale: 1, page: white, dark: black, light: white }],
    ['modules of two pixels', { scale: 2, page: white, dark: black, light: white }],
  ])('finds the code in a screenshot of %s', async (_name, look) => {
    expect(await read(PNG.sync.write(screenshot(uri, look)))).toMatchObject([wanted])
  })

  it.each([30, 60, 90])('finds the code in a JPEG of quality %d', async (quality) => {
    const png = screenshot(uri, { scale: 5, page: white, dark: black, light: white })
    expect(await read(encodeJpeg(png, quality).data)).toMatchObject([wanted])
  })

  it('reads what it wrote', async () => {
    const file = join(temporaryFolder(), 'code.png')
    await run(['otp', 'qr', uri, '--png', file])
    expect(await run(['otp', 'read', file])).toMatchObject({
      status: 0,
      out: expect.stringContaining(`uri      ${uri.replace('@', '%40')}\n`),
    })
  })

  it('reads a URI, also from standard input', async () => {
    for (const ran of [
      await run(['otp', 'read', uri, '--json']),
      await run(['otp', 'read', '-', '--json'], { stdin: uri }),
    ])
      expect(JSON.parse(ran.out).accounts).toMatchObject([wanted])
  })

  it('joins the codes of a Google export, in any order', async () => {
    const accounts = Array.from({ length: 5 }, (_, index) => ({
      type: 'totp' as const,
      issuer: 'Example',
      account: `ada${index}`,
      secret: generateSecret(),
      strength: 'full' as const,
      algorithm: 'SHA1' as const,
      digits: 6,
      periodSeconds: 30,
    }))
    const uris = writeMigration(accounts, { perCode: 2 })
    const folder = temporaryFolder()
    const files = uris.map((text, index) => {
      const file = join(folder, `${index}.png`)
      const png = screenshot(text, { scale: 5, page: white, dark: black, light: white })
      writeFileSync(file, PNG.sync.write(png))
      return file
    })
    const ran = await run(['otp', 'read', ...[...files].reverse(), '--json'])
    expect(ran.err).toBe('')
    expect(JSON.parse(ran.out).accounts.map((one: { account: string }) => one.account)).toEqual(
      accounts.map(({ account }) => account),
    )
    const part = await run(['otp', 'read', files[0]!])
    expect(part).toMatchObject({ status: 0, err: 'This export has 3 QR codes; still missing: 2, 3.\n' })
    expect(part.out.match(/^account/gm)).toHaveLength(2)
  })

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['text', Buffer.from('hello world, this is no image at all')],
    ['a GIF', Buffer.from('GIF89a'.padEnd(60, 'x'))],
    [
      'half a PNG',
      PNG.sync.write(screenshot(uri, { scale: 5, page: white, dark: black, light: white })).subarray(0, 900),
    ],
    ['a PNG of a lie', lyingPng()],
    ['a JPEG without an image', Buffer.from('ffd8ffc1f151d800ff51d800ffdaffde'.padEnd(80, '0'), 'hex')],
    ['an empty page', PNG.sync.write(new PNG({ width: 300, height: 300 }))],
    [
      'another QR code',
      PNG.sync.write(screenshot('https://example.org', { scale: 5, page: white, dark: black, light: white })),
    ],
  ])('refuses %s in one line', async (_name, bytes) => {
    const file = join(temporaryFolder(), 'image')
    writeFileSync(file, bytes)
    const ran = await run(['otp', 'read', file])
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(/^nightlatch: [^\n]+\n$/)
  })

  it('refuses a file that is not there', async () => {
    expect(await run(['otp', 'read', '/there/is/none.png'])).toMatchObject({
      status: 1,
      err: expect.stringContaining('no file'),
    })
  })
})

/** It claims to be 60000 pixels wide and high. */
function lyingPng(): Buffer {
  const png = Buffer.from(PNG.sync.write(new PNG({ width: 8, height: 8 })))
  png.writeUInt32BE(60_000, 16)
  png.writeUInt32BE(60_000, 20)
  return png
}
