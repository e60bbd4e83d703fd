/** What people have in their hands: photographs, long screenshots, lists with other things in them, exports in parts. */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OtpAccount } from '@nightlatch/otp'
import { writeMigration } from '@nightlatch/otp/migration'
import { encode as encodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { encodeQR } from 'qr'
import { describe, expect, it } from 'vitest'
import { hasProgram, run, temporaryFolder, type Ran } from '../../../support/cli.js'

const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
const uriOf = (account: string): string => `otpauth://totp/Example:${account}?secret=${secret}&issuer=Example`
const uri = uriOf('ada')

interface Sticker {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly scale: number
  readonly dark?: number
  readonly light?: number
  readonly border?: 0 | 4
  readonly isMirrored?: boolean
}

/** A page of one shade with QR codes on it. */
function page(
  width: number,
  height: number,
  { shade, codes }: { shade: number; codes: readonly Sticker[] },
): PNG {
  const png = new PNG({ width, height })
  for (let at = 0; at < png.data.length; at += 4) png.data.set([shade, shade, shade, 255], at)
  for (const code of codes) stick(png, code)
  return png
}

function stick(
  png: PNG,
  { text, x, y, scale, dark = 0, light = 255, border = 4, isMirrored = false }: Sticker,
): void {
  const whole = encodeQR(text, 'raw', { border: 4, ecc: 'medium' })
  const modules = border === 4 ? whole : whole.slice(4, -4).map((row) => row.slice(4, -4))
  const size = modules.length * scale
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column < size; column += 1) {
      const place = Math.floor((isMirrored ? size - 1 - column : column) / scale)
      const shade = modules[Math.floor(row / scale)]?.[place] === true ? dark : light
      png.data.set([shade, shade, shade], ((y + row) * png.width + x + column) * 4)
    }
}

const asPng = (png: PNG): Buffer => PNG.sync.write(png, { deflateLevel: 1 })

function fileWith(content: string | Uint8Array, name = 'file'): string {
  const file = join(temporaryFolder(), name)
  writeFileSync(file, content)
  return file
}

interface Told {
  readonly accounts: readonly { readonly account: string; readonly issuer: string; readonly uri: string }[]
  readonly leftOut: readonly { readonly line?: number; readonly why: string; readonly source: string }[]
  readonly notes: readonly string[]
}

async function read(...files: readonly string[]): Promise<Told> {
  const ran = await run(['otp', 'read', ...files, '--json'])
  if (ran.status !== 0) throw new Error(ran.err)
  return JSON.parse(ran.out) as Told
}

const namesOf = ({ accounts }: Told): readonly string[] => accounts.map(({ account }) => account)
const readContent = (content: string | Uint8Array): Promise<Told> => read(fileWith(content))
const tryContent = (content: string | Uint8Array): Promise<Ran> => run(['otp', 'read', fileWith(content)])

describe('a QR code in a picture', () => {
  const one: Sticker = { text: uri, x: 100, y: 100, scale: 5 }

  it.each([
    [
      'a photograph of 4032 × 3024',
      4032,
      3024,
      { shade: 128, codes: [{ ...one, x: 1500, y: 1200, scale: 8 }] },
    ],
    ['a long screenshot', 1170, 9000, { shade: 255, codes: [{ ...one, y: 7900 }] }],
    [
      'a screenshot of two monitors',
      5120,
      1440,
      { shade: 30, codes: [{ ...one, x: 4000, y: 500, scale: 3 }] },
    ],
    ['a picture one pixel over 4096 wide', 4097, 400, { shade: 255, codes: [{ ...one, x: 3600, scale: 4 }] }],
    ['modules of one pixel on a wide page', 4200, 300, { shade: 255, codes: [{ ...one, scale: 1 }] }],
    ['light grey on white', 800, 600, { shade: 255, codes: [{ ...one, dark: 0xcc }] }],
    ['very light grey on white', 800, 600, { shade: 255, codes: [{ ...one, dark: 0xf0 }] }],
    ['nearly black on black', 800, 600, { shade: 0, codes: [{ ...one, dark: 0, light: 0x18 }] }],
    [
      'inverted with little contrast',
      800,
      600,
      { shade: 0x22, codes: [{ ...one, dark: 0x44, light: 0x22 }] },
    ],
    ['no border on a dark page', 800, 600, { shade: 17, codes: [{ ...one, border: 0 as const }] }],
    ['mirrored', 800, 600, { shade: 255, codes: [{ ...one, isMirrored: true }] }],
  ])('%s is found', async (_name, width, height, look) => {
    expect(namesOf(await readContent(asPng(page(width, height, look))))).toEqual(['ada'])
  })

  it('in a JPEG that is larger than a telephone makes it is found', async () => {
    const { data } = page(4500, 3400, { shade: 140, codes: [{ ...one, x: 2000, y: 1500, scale: 9 }] })
    const jpeg = encodeJpeg({ width: 4500, height: 3400, data }, 70).data
    expect(namesOf(await readContent(jpeg))).toEqual(['ada'])
  })

  it('beside others that are no business of ours is found, and they are named', async () => {
    const link = { ...one, text: 'https://example.org/' }
    const picture = asPng(page(1300, 600, { shade: 255, codes: [link, { ...one, x: 700 }] }))
    const told = await readContent(picture)
    expect(namesOf(told)).toEqual(['ada'])
    expect(told.leftOut).toEqual([expect.objectContaining({ why: 'other-qr' })])
    const ran = await tryContent(picture)
    expect(ran.err).toMatch(/QR code \d was left out/)
    expect(ran.err).not.toContain('example.org')
  })

  it('is one of many, and all of them are read', async () => {
    const codes = Array.from({ length: 9 }, (_, at) => ({
      text: uriOf(`ada${at}`),
      x: 40 + (at % 3) * 300,
      y: 40 + Math.floor(at / 3) * 300,
      scale: 4,
    }))
    const told = await readContent(asPng(page(1000, 1000, { shade: 255, codes })))
    expect(namesOf(told).toSorted()).toEqual(codes.map((_, at) => `ada${at}`))
  })

  it('that is none of an authenticator app is refused as such', async () => {
    const ran = await tryContent(
      asPng(page(600, 600, { shade: 255, codes: [{ ...one, text: 'https://example.org' }] })),
    )
    expect(ran).toMatchObject({
      status: 1,
      out: '',
      err: expect.stringContaining('none of an authenticator app'),
    })
  })

  // Made by qrencode 4.1.1: one text in two codes (-S), and names in ISO 8859-1 without a word about it (-8).
  const halves = [
    'iVBORw0KGgoAAAANSUhEUgAAACkAAAApAQMAAACSrpK1AAAABlBMVEUAAAD///+l2Z/dAAAAAnRSTlP//8i138cAAAAJcEhZcwAACxIAAAsSAdLdfvwAAADaSURBVBiVY/gPBgxYqQ8il3rY/zN8v90l+v0/w5e4UF5xIBU78y6Y0mIFUt9vPE8Fyn0QDQ0Bqvz/Mfw9UN+nyAyQhl+PRI4AlXwLyruZ/p/hXw7DBaCSrzeyVk4H8r6535AHqgwQ+gRU+XW327p4oCnRi5WO/2f4/VrjRDhQ39WWryC31Ea/6AdSU/LEgdS3H3YfgNq/sId4AM38Yisg6Q40xW+HgjzIdv3jQBs+yJl+rQe5+ko6SEnI3g0g54b5+swH+cGp8DlQ7krwUqCSD4KXNuTj8DuEAgAsua+yhPEY2QAAAABJRU5ErkJggg==',
    'iVBORw0KGgoAAAANSUhEUgAAACkAAAApAQMAAACSrpK1AAAABlBMVEUAAAD///+l2Z/dAAAAAnRSTlP//8i138cAAAAJcEhZcwAACxIAAAsSAdLdfvwAAADiSURBVBiVY/gPBgxYqQ8CHT3s/xm+X3v39vt/hi/Ru/eKA6m4tFQQFQamvl8UFAXKfRANDQGq/P95936gvo+TlBTS/zP8Si8v0weqvCgoAFTyaY+LU/l/hs8nZ84wB2rQnDn7PVAu4t07oODX77v3tv9n+H1PST0cyHtaXrb8P8OP6YIC/UDDlrg47f/P8O/qzBnu/xn+vpw5yx5omMC7d0Az/z7fvec4UMk9JQV5kO3l5UC5D9KCrEAbvl9xcc8H2hA5cwJQ35f4mRPXg1z97oc6yNW717GD/Kek6o7D7xAKAEFGsNQqhlNLAAAAAElFTkSuQmCC',
  ] as const
  const latin =
    'iVBORw0KGgoAAAANSUhEUgAAAC0AAAAtAQMAAAAA1HDZAAAABlBMVEUAAAD///+l2Z/dAAAAAnRSTlP//8i138cAAAAJcEhZcwAACxIAAAsSAdLdfvwAAAEFSURBVBiVY/gPBgxYqQ+yfLYO9QzfrzbGxNczfInXnxYIpAK9Zl0EUtHPLIG875cqp9yvZ/ggGhoKVPn/xzVWkD6nzy1a/xl+/eS7nwc0bG57hVU9w29r/bXH6hn+BXqzTKhn+KH41D7jP8PPG/VzpOoZvppd28JUz/Dz1qc5rUAzn/NbKv5n+BHcGOQBNPO9jvxjoFy3x5xIoEX7H9fr/Gf40lEfkwLkvbm+PLme4ZvUf1kBILWdU/3Of4bvvf0/aoAOTLY2rfvP8E3QmYcF6IjPn6XKgS4TSo8MAtpw58j6cqCSgNcijEAqXGCfCshj/UFrgHIXVfvlQT6Kkn1Tjz1cIBQAfQKtnlNVNjwAAAAASUVORK5CYII='
  const decoded = (base64: string): Buffer => Buffer.from(base64, 'base64')

  it('that is one half of a text says so, and with the other half is read', async () => {
    const ran = await tryContent(decoded(halves[0]))
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('part 1 of 2') })
    const files = halves.map((half) => fileWith(decoded(half)))
    for (const order of [files, files.toReversed()])
      expect(namesOf(await read(...order))).toEqual(['ada@example.org'])
  })

  it('in ISO 8859-1 has its names', async () => {
    expect(await readContent(decoded(latin))).toMatchObject({
      accounts: [{ issuer: 'Müller', account: 'Jörg' }],
    })
  })

  it('in UTF-8 has its names', async () => {
    const text = `otpauth://totp/Müller:張三?secret=${secret}&issuer=Müller`
    const told = await readContent(asPng(page(600, 600, { shade: 255, codes: [{ ...one, text }] })))
    expect(told).toMatchObject({ accounts: [{ issuer: 'Müller', account: '張三' }] })
  })
})

/** Bottom up, in 24 bits, as everything that writes BMP writes it. */
function asBmp({ width, height, data }: PNG): Buffer {
  const row = Math.ceil((width * 3) / 4) * 4
  const bmp = Buffer.alloc(54 + row * height)
  bmp.write('BM')
  bmp.writeUInt32LE(bmp.length, 2)
  bmp.writeUInt32LE(54, 10)
  bmp.writeUInt32LE(40, 14)
  bmp.writeInt32LE(width, 18)
  bmp.writeInt32LE(height, 22)
  bmp.writeUInt16LE(1, 26)
  bmp.writeUInt16LE(24, 28)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1)
      bmp.fill(
        data[(y * width + x) * 4] ?? 0,
        54 + (height - 1 - y) * row + x * 3,
        57 + (height - 1 - y) * row + x * 3,
      )
  return bmp
}

describe('formats of pictures', () => {
  const small = page(400, 400, { shade: 255, codes: [{ text: uri, x: 20, y: 20, scale: 5 }] })

  it('GIF and BMP are read', async () => {
    expect(namesOf(await readContent(encodeQR(uri, 'gif', { scale: 4, border: 4 })))).toEqual(['ada'])
    expect(namesOf(await readContent(asBmp(small)))).toEqual(['ada'])
  })

  it('the SVG of otp qr is read, and another one is refused as such', async () => {
    const file = join(temporaryFolder(), 'code.svg')
    await run(['otp', 'qr', uri, '--svg', file])
    expect(namesOf(await read(file))).toEqual(['ada'])
    const rows = encodeQR(uri, 'raw', { border: 4 })
    const path = rows.flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : ''))).join('')
    const page = `<?xml version="1.0" encoding="UTF-8"?>\n<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${rows.length} ${rows.length}"><rect/><path fill="#000" d="${path}" /></svg>`
    expect(namesOf(await readContent(page))).toEqual(['ada'])
    expect(await tryContent('<svg viewBox="0 0 9 9"><circle r="3"/></svg>')).toMatchObject({
      status: 1,
      err: expect.stringContaining('convert it to PNG'),
    })
  })

  it.each([
    ['WebP', 'RIFF\x20\0\0\0WEBPVP8L'],
    ['TIFF', 'II*\0\x08\0\0\0'],
    ['TIFF', 'MM\0*\0\0\0\x08'],
    ['HEIC', '\0\0\0\x18ftypheic\0\0\0\0'],
    ['AVIF', '\0\0\0\x1cftypavif\0\0\0\0'],
    ['JPEG XL', '\xff\x0a\0\0'],
    ['PDF', '%PDF-1.7\n'],
    ['icon', '\0\0\x01\0\x01\0'],
  ])('%s is named, with what to do', async (name, start) => {
    const ran = await tryContent(Buffer.from(start.padEnd(80, '\0'), 'latin1'))
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(new RegExp(`^nightlatch: file is an? ${name} .*convert it to PNG\\n$`))
  })

  it('a picture larger than memory should be is refused by its size, and damage by its name', async () => {
    const png = Buffer.from(asPng(small))
    png.writeUInt32BE(60_000, 16)
    png.writeUInt32BE(60_000, 20)
    expect((await tryContent(png)).err).toContain('60000 × 60000 pixels')
    for (const damaged of [asPng(small).subarray(0, 200), Buffer.from('GIF89a\x10\0\x10\0'.padEnd(60, '\0'))])
      expect((await tryContent(damaged)).err).toContain('damaged')
  })

  it.skipIf(!hasProgram('zbarimg'))('finds what zbarimg finds', async () => {
    for (const scale of [1, 2, 3, 7])
      for (const dark of [0, 0x60, 0xb0]) {
        const file = fileWith(
          asPng(page(700, 700, { shade: 255, codes: [{ text: uri, x: 60, y: 60, scale, dark }] })),
        )
        const theirs = spawnSync('zbarimg', ['-q', '--raw', file]).stdout.toString().trim()
        if (theirs === uri) expect(namesOf(await read(file))).toEqual(['ada'])
      }
  })
})

describe('a list of URIs', () => {
  it('is read to its end, however long', async () => {
    const lines = Array.from({ length: 6000 }, (_, at) => uriOf(`ada${at}`))
    const told = await readContent(lines.join('\n'))
    expect(told.accounts).toHaveLength(6000)
    expect(told.accounts.at(-1)).toMatchObject({ account: 'ada5999', secret })
    const piped = await run(['otp', 'read', '-', '--json'], { stdin: lines.join('\n') })
    expect((JSON.parse(piped.out) as Told).accounts).toHaveLength(6000)
  })

  const mixed = [
    '# my codes',
    '',
    uri,
    'motp://example?secret=0123456789abcdef',
    `otpauth://yaotp/x?secret=${secret}`,
    `otpauth://totp/five?secret=${secret}&digits=5`,
    'hunter2',
    `otpauth://totp/cut?secret=${secret.slice(0, 9)}`,
    uriOf('grace'),
  ].join('\r\n')

  it('gives the good ones and names every other line, without repeating it', async () => {
    const ran = await tryContent(mixed)
    expect(ran.status).toBe(0)
    expect(ran.out.match(/^account .*$/gm)).toEqual(['account  ada', 'account  grace'])
    for (const line of [1, 4, 5, 6, 7, 8]) expect(ran.err).toContain(`line ${line} was left out: `)
    expect(ran.err).not.toMatch(/hunter2|QR|0123456789abcdef/)
  })

  it('names them in JSON, too', async () => {
    const told = await readContent(mixed)
    expect(namesOf(told)).toEqual(['ada', 'grace'])
    expect(told.leftOut.map(({ line, why }) => [line, why])).toEqual([
      [1, 'comment'],
      [4, 'motp'],
      [5, 'yandex'],
      [6, 'digits-not-allowed'],
      [7, 'no-uri'],
      [8, 'secret-not-base32'],
    ])
    expect(told.leftOut[0]).toMatchObject({ source: 'file' })
  })

  it('with nothing to use says why, and speaks of no QR code', async () => {
    const ran = await tryContent('# a comment\nhunter2\nmotp://x\nmore\nand more\n')
    expect(ran).toMatchObject({ status: 1, out: '' })
    expect(ran.err).toMatch(/^nightlatch: there is no account in it: line 1 [^\n]*; and 2 more\n$/)
    expect(ran.err).not.toMatch(/QR|hunter2/)
  })

  it.each([
    [
      'blanks in label and issuer',
      `otpauth://totp/Big Corp:ada l?secret=${secret}&issuer=Big Corp`,
      'Big Corp',
      'ada l',
    ],
    ['a key before it', `otpauth: ${uri}`, 'Example', 'ada'],
    ['a bullet before it', `- ${uri}`, 'Example', 'ada'],
    ['quotes and a comma', `  "${uri}",`, 'Example', 'ada'],
    ['a cell of a table', `Example,"${uri}",,1`, 'Example', 'ada'],
    ['angle brackets', `<${uri}>`, 'Example', 'ada'],
    ['a tab and a note', `${uri}\tmy note`, 'Example', 'ada'],
    ['a page\u2019s ampersands', uri.replaceAll('&', '&amp;'), 'Example', 'ada'],
    ['a byte order mark', `\ufeff${uri}`, 'Example', 'ada'],
    ['NUL bytes at the end', `${uri}\n\0\0\0`, 'Example', 'ada'],
  ])('with %s is read', async (_what, text, issuer, account) => {
    expect((await readContent(text)).accounts).toMatchObject([{ issuer, account, secret }])
  })

  it('in UTF-16, as a shell of Windows writes it, is read', async () => {
    const text = `\ufeff${uriOf('ada')}\r\n${uriOf('grace')}\r\n`
    expect(namesOf(await readContent(Buffer.from(text, 'utf16le')))).toEqual(['ada', 'grace'])
    expect(namesOf(await readContent(Buffer.from(text, 'utf16le').swap16()))).toEqual(['ada', 'grace'])
  })

  it('with two in one line gives both', async () => {
    expect(namesOf(await readContent(`${uriOf('ada')} ${uriOf('grace')}`))).toEqual(['ada', 'grace'])
  })

  it('with an account twice has it once, and says so', async () => {
    const told = await readContent(`${uri}\n${uriOf('grace')}\n${uri}\n`)
    expect(namesOf(told)).toEqual(['ada', 'grace'])
    expect(told.leftOut).toMatchObject([
      { line: 3, why: 'repeated', message: expect.stringContaining('line 1') },
    ])
  })

  it('names the file where there are several', async () => {
    const ran = await run(['otp', 'read', fileWith('rubbish', 'a.txt'), fileWith(uri, 'b.txt')])
    expect(ran).toMatchObject({ status: 0, err: expect.stringContaining('a.txt: line 1 was left out') })
  })

  it('an empty file, a folder and bytes that are nothing are refused as what they are', async () => {
    expect((await tryContent('')).err).toContain('file is empty')
    expect((await tryContent(' \n')).err).toContain('file is empty')
    expect((await run(['otp', 'read', temporaryFolder()])).err).toContain('is a folder')
    expect((await tryContent(Buffer.from([1, 0, 2, 0, 3]))).err).toContain('neither a picture')
  })
})

describe('an export of Google Authenticator', () => {
  const account = (name: string): OtpAccount => ({
    type: 'totp',
    issuer: 'Example',
    account: name,
    secret: Buffer.from('12345678901234567890'),
    strength: 'full',
    algorithm: 'SHA1',
    digits: 6,
    periodSeconds: 30,
  })
  const exportOf = (names: readonly string[], batchId: number): string[] =>
    writeMigration(names.map(account), { perCode: 1, batchId })
  const [a1 = '', a2 = ''] = exportOf(['ada', 'alan'], 1)
  const [b1 = ''] = exportOf(['barbara'], 2)

  it('beside another one is joined with its own parts only, and what is missing of each is said', async () => {
    const ran = await run(['otp', 'read', fileWith(a1, 'a1.txt'), fileWith(b1, 'b1.txt'), '--json'])
    const told = JSON.parse(ran.out) as Told
    expect(namesOf(told)).toEqual(['ada', 'barbara'])
    expect(told.notes).toContain('Export 1 has 2 QR codes; still missing: 2.')
    expect(ran.err).toContain('still missing: 2')
    expect(namesOf(await read(fileWith(b1), fileWith(a2), fileWith(a1)))).toEqual(['barbara', 'ada', 'alan'])
  })

  it('whose part is read twice lists it once', async () => {
    expect(namesOf(await read(fileWith(a1), fileWith(a1)))).toEqual(['ada'])
    expect(namesOf(await read(fileWith(`${a1}\n${a2}\n${a1}`)))).toEqual(['ada', 'alan'])
  })

  it('with a part that is damaged names it', async () => {
    const told = await read(fileWith(`${a1}\n${a2.slice(0, -20)}\n`))
    expect(namesOf(told)).toEqual(['ada'])
    expect(told.leftOut).toMatchObject([{ line: 2, why: 'malformed' }])
  })
})

describe('the URI that is shown', () => {
  it.each([
    `otpauth://totp/ada?secret=${secret}`,
    `otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam`,
    `otpauth://totp/x:${'a'.repeat(200)}?secret=${secret}&issuer=x`,
    `otpauth://totp/127.0.0.1:8000:ada?secret=${secret}&issuer=127.0.0.1:8000`,
    `otpauth://hotp/x:ada@host:22?secret=${secret}&issuer=x&counter=7`,
  ])('is the same account: %.60s', async (text) => {
    const [before] = (await read(fileWith(text))).accounts
    expect((await read(fileWith(before?.uri ?? ''))).accounts).toEqual([before])
  })
})

describe('a backup', () => {
  const service = { name: 'Example', secret, otp: { account: 'ada', tokenType: 'TOTP', digits: null } }

  it('without a password is read, and an entry that is left out is named', async () => {
    const broken = { ...service, secret: 'not base32!' }
    const told = await readContent(
      `\ufeff${JSON.stringify({ schemaVersion: 4, services: [service, broken] })}`,
    )
    expect(namesOf(told)).toEqual(['ada'])
    expect(told.leftOut).toMatchObject([{ entry: 2, why: 'secret-not-base32' }])
  })

  it('with a password is named', async () => {
    const ran = await tryContent(
      JSON.stringify({ schemaVersion: 4, services: [], servicesEncrypted: 'x:y:z' }),
    )
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('encrypted') })
  })
})
