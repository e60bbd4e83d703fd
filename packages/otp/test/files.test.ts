/** Every file that the documentation says can be read, read; and what damage, bombs and lies come to. */
import { readdirSync, readFileSync } from 'node:fs'
import { deflateRawSync, gzipSync } from 'node:zlib'
import { chacha20, hchacha } from '@noble/ciphers/chacha.js'
import { poly1305 } from '@noble/ciphers/_poly1305.js'
import { salsa20 } from '@noble/ciphers/salsa.js'
import { hashRaw } from '@node-rs/argon2'
import fc from 'fast-check'
import { SaxesParser } from 'saxes'
import { describe, expect, it } from 'vitest'
import { encodeBase32 } from '../src/index.js'
import { readOtpFile, type FileTools, type OtpFile } from '../src/files.js'
import { nodeTools } from '../src/node.js'

const folder = new URL('files/', import.meta.url)
const fileOf = (name: string): Buffer => readFileSync(new URL(name, folder))

const tools = nodeTools({
  argon2: ({ kind, version, passphrase, salt, memoryKib, passes, lanes, length }) =>
    hashRaw(passphrase, {
      algorithm: kind === 'argon2d' ? 0 : 2,
      version: version === 0x10 ? 0 : 1,
      salt,
      memoryCost: memoryKib,
      timeCost: passes,
      parallelism: lanes,
      outputLen: length,
    }),
  streams: { chacha20, hchacha, salsa20, poly1305 },
  SaxesParser: SaxesParser as unknown as NonNullable<FileTools['SaxesParser']>,
})

const passphrases: Readonly<Record<string, string>> = {
  'keepass/people-kdbx4.kdbx': 'Tür-Öffner 2026',
  'pskc/preshared.pskcxml': '12345678901234567890123456789012',
  'pskc/preshared-kw-aes128.pskcxml': '12345678901234567890123456789012',
}
const passphraseOf = (name: string): string => passphrases[name] ?? 'vault pass 2026'

const read = (name: string, passphrase: string | undefined = passphraseOf(name)): Promise<OtpFile> =>
  readOtpFile(fileOf(name), { tools, passphrase })

const secrets: Readonly<Record<string, string>> = {
  GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ: 'ada',
  GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA: 'grace',
  NBSWY3DPO5XXE3DE: 'linus',
  KRUGKIDROVUWG2ZAMJZG653OEBTG66DA: 'margaret',
  KRUGKIDROVUWG2ZAMJZG653OEBTG66DB: 'margaret',
}

/** The accounts in short: whose secret it is, and how codes are made of it. */
function inShort(file: OtpFile): readonly string[] | string {
  if (!file.parsed) return file.why
  return file.entries.map(({ account: { secret, type, algorithm, digits, periodSeconds, counter } }) => {
    const text = encodeBase32(secret)
    return `${secrets[text] ?? text} ${type} ${algorithm} ${digits} ${type === 'hotp' ? `#${counter}` : periodSeconds}`
  })
}

const rows = readFileSync(new URL('../../../docs/reference/formats.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [format, file] = [cells[1], cells[4]].map((cell) => /^`([^`]+)`$/.exec(cell ?? '')?.[1])
    return format === undefined || file === undefined ? [] : [{ format, file }]
  })

describe('the table of formats', () => {
  it('has at least 25 rows, and each another file', () => {
    expect(rows.length).toBeGreaterThanOrEqual(25)
    expect(new Set(rows.map(({ file }) => file)).size).toBe(rows.length)
  })

  it.each(rows)('$file is read as $format', async ({ format, file }) => {
    const told = await read(file)
    expect(told).toMatchObject({ parsed: true, format })
    const accounts = inShort(told)
    expect(accounts.length).toBeGreaterThan(0)
    const unknown = file.startsWith('linux/')
      ? []
      : [...accounts].filter((one) => !/^(ada|grace|linus|margaret) /.test(one))
    expect(unknown).toEqual([])
  })
})

const people = [
  'ada totp SHA1 6 30',
  'grace totp SHA256 8 60',
  'linus totp SHA512 6 30',
  'margaret hotp SHA1 6 #7',
]

describe('what a file says of an account', () => {
  it.each([
    'otp/uris.txt',
    'ente/ente-auth-codes-plain.txt',
    'ente/ente-auth-codes-encrypted.txt',
    ...readdirSync(new URL('otpclient-5.1.6/', folder)).map((name) => `otpclient-5.1.6/${name}`),
    ...[
      'aegis_export_plain.json',
      'andotp_exports.json',
      'andotp_exports.json.aes',
      'freeotpplus-exports.txt',
    ].map((name) => `otpclient-3.1.4-debian/${name}`),
  ])('is whole in %s', async (name) => {
    expect(inShort(await read(name))).toEqual(people)
  })

  it.each([
    ['freeotpplus/freeotp-backup.json', [...people.slice(0, 3), 'margaret hotp SHA1 6 #8']],
    ['made/freeotp-tokens.xml', [people[0], people[1], people[3]]],
    ['made/freeotp-2-backup.xml', [people[0], people[1], people[3]]],
    ['bitwarden/plain.json', [...people.slice(0, 3), 'ada steam SHA1 5 30']],
    ['bitwarden/password-protected.json', [...people.slice(0, 3), 'ada steam SHA1 5 30']],
    ['made/proton.json', [...people.slice(0, 3), 'margaret steam SHA1 5 30']],
    ['made/proton-encrypted.json', [...people.slice(0, 3), 'margaret steam SHA1 5 30']],
    ['made/raivo-otp-export.zip', [people[0], people[1], people[3]]],
    ['made/1password.csv', people.slice(0, 2)],
    ['made/lastpass-authenticator.json', people.slice(0, 2)],
    ['made/stratum.html', people.slice(0, 3)],
    ['keepass/people.kdbx', [...people.slice(0, 2), 'linus totp SHA1 6 30', 'margaret totp SHA256 8 30']],
    [
      'keepass/people-t1000.kdbx',
      [...people.slice(0, 2), 'linus totp SHA1 6 30', 'margaret totp SHA256 8 30'],
    ],
    ['keepass/people-kdbx4.kdbx', ['ada totp SHA1 6 30', 'margaret totp SHA1 8 30']],
    ['pskc/plain-lax.pskcxml', [people[0], people[1], people[3]]],
    ['pskc/signed.pskcxml', [people[0], people[1], people[3]]],
    ['pskc/password.pskcxml', [people[0], people[1], people[3]]],
    ['pskc/preshared.pskcxml', [people[0], people[1], people[3]]],
    ['pskc/preshared-kw-aes128.pskcxml', [people[0]]],
    ['pskc/tokens-strict.csv', [people[0], people[1], people[3]]],
    ['made/oath-tokens.csv', ['ada totp SHA1 6 30', 'margaret hotp SHA1 8 #0']],
    ['made/entra.csv', ['ada totp SHA1 6 30', 'margaret totp SHA1 6 60']],
  ])('is what it should be in %s', async (name, wanted) => {
    expect(inShort(await read(name))).toEqual(wanted)
  })

  it('of users.oath is the counter behind the one used last, and a PIN is told', async () => {
    const told = await read('linux/users.oath')
    const entries = told.parsed ? told.entries : []
    expect(
      entries.map(({ account, holder }) => [holder?.user, account.digits, account.counter, holder?.hasPin]),
    ).toEqual([
      ['ada', 6, undefined, undefined],
      ['grace', 8, undefined, undefined],
      ['margaret', 6, 11, true],
      ['linus', 6, 1, undefined],
    ])
    expect(inShort(await read('linux/users.oath.fresh'))).toContain('margaret hotp SHA1 6 #7')
  })

  it('of a hardware token has its serial number, its person and its drift', async () => {
    const told = await read('pskc/plain.pskcxml')
    expect(told.parsed && told.entries[2]?.holder).toEqual({
      user: 'margaret',
      serial: 'NL-0003',
      manufacturer: 'Invented GmbH',
    })
  })

  it.each([
    ['4', 4],
    ['-12', -12],
    ['+3', 3],
    ['soon', undefined],
  ])('has the drift of its clock, fast or slow: %s', async (written, driftSteps) => {
    const drifted = fileOf('pskc/plain.pskcxml')
      .toString()
      .replace(
        '</pskc:TimeInterval>',
        `$&<pskc:TimeDrift><pskc:PlainValue>${written}</pskc:PlainValue></pskc:TimeDrift>`,
      )
    const token = await readOtpFile(drifted, { tools })
    expect(token.parsed && token.entries[0]?.holder?.driftSteps).toBe(driftSteps)
    const phone = await readOtpFile(`GEZDGNBVGY3TQOJQ\n" TIME_SKEW ${written}\n" TOTP_AUTH\n`)
    const found = written.startsWith('+') ? undefined : driftSteps
    expect(phone.parsed && phone.entries[0]?.holder?.driftSteps).toBe(found)
  })

  it('of another kind of code is named with its kind, and with the place', async () => {
    const text =
      'motp://VPN:ada?secret=0123456789abcdef\notpauth://yaotp/ya?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY\napple-otpauth://totp/Wiki:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Wiki\nsteam://GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ\n'
    const told = await readOtpFile(text)
    expect(inShort(told)).toEqual(['ada totp SHA1 6 30', 'ada steam SHA1 5 30'])
    expect(told.parsed && told.leftOut).toEqual([
      { place: { line: 1 }, name: '', why: 'motp' },
      { place: { line: 2 }, name: '', why: 'yandex' },
    ])
    const stratum = await read('made/stratum-legacy.authpro')
    expect(stratum.parsed && stratum.leftOut).toEqual([{ place: { entry: 3 }, name: 'Old VPN', why: 'motp' }])
  })

  it('that cannot be used is listed with its name, and spoils nothing', async () => {
    const file = JSON.stringify([
      { type: 'TOTP', issuer: 'Bad', label: 'one', secret: '!!!', digits: 6, algorithm: 'SHA1', period: 30 },
      {
        type: 'TOTP',
        issuer: 'Odd',
        label: 'two',
        secret: 'GEZDGNBVGY3TQOJQ',
        digits: 6,
        algorithm: 'MD5',
        period: 30,
      },
      {
        type: 'TOTP',
        issuer: 'Good',
        label: 'three',
        secret: 'NBSWY3DPO5XXE3DE',
        digits: 6,
        algorithm: 'SHA512',
        period: 30,
      },
    ])
    const told = await readOtpFile(file)
    expect(inShort(told)).toEqual(['linus totp SHA512 6 30'])
    expect(told.parsed && told.leftOut).toEqual([
      { place: { entry: 1 }, name: 'Bad: one', why: 'secret-not-base32' },
      { place: { entry: 2 }, name: 'Odd: two', why: 'algorithm-not-supported' },
    ])
  })
})

const sealed = [
  'otpclient-5.1.6/aegis_exports.json.aes',
  'otpclient-5.1.6/twofas_encrypted_v4.2fas',
  'otpclient-5.1.6/authpro_encrypted.bin',
  'otpclient-3.1.4-debian/andotp_exports.json.aes',
  'bitwarden/password-protected.json',
  'made/bitwarden-argon2.json',
  'made/proton-encrypted.json',
  'made/freeotp-2-backup.xml',
  'made/raivo-otp-export.zip',
  'made/winauth.zip',
  'made/stratum-legacy.authpro',
  'ente/ente-auth-codes-encrypted.txt',
  'keepass/people.kdbx',
  'keepass/people-kdbx4.kdbx',
  'pskc/password.pskcxml',
  'pskc/preshared.pskcxml',
]

describe('an encrypted file', () => {
  it.each(sealed)('%s asks for its passphrase', async (name) => {
    expect(await readOtpFile(fileOf(name), { tools })).toMatchObject({
      parsed: false,
      why: 'passphrase-needed',
    })
  })

  it.each(sealed)('%s tells a wrong passphrase as such', async (name) => {
    expect(await read(name, 'wrong')).toMatchObject({
      parsed: false,
      why: 'passphrase-wrong',
      message: expect.stringContaining('wrong passphrase'),
    })
  })

  /** Formats that authenticate more than one thing under the passphrase, and where damage is done to the other. */
  it.each([
    ['otpclient-5.1.6/aegis_exports.json.aes', (text: string) => text.replace(/("db":"....)./, '$1A')],
    [
      'bitwarden/password-protected.json',
      (text: string) => text.replace(/("data": "2\.[^|]+\|....)./, '$1A'),
    ],
  ])('%s that was changed is told from a wrong passphrase', async (name, change) => {
    const changed = change(fileOf(name).toString())
    expect(changed).not.toBe(fileOf(name).toString())
    const told = await readOtpFile(changed, { tools, passphrase: passphraseOf(name) })
    expect(told).toMatchObject({ parsed: false, why: 'damaged' })
  })

  it.each(['keepass/people.kdbx', 'keepass/people-kdbx4.kdbx', 'made/raivo-otp-export.zip'])(
    '%s with its end changed or missing is damaged',
    async (name) => {
      const at = name.endsWith('zip') ? 120 : 1
      const changed = Buffer.from(fileOf(name))
      const place = name.endsWith('zip') ? at : changed.length - 60
      changed[place] = (changed[place] ?? 0) ^ 1
      const passphrase = passphraseOf(name)
      expect(await readOtpFile(changed, { tools, passphrase })).toMatchObject({ why: 'damaged' })
      const cut = fileOf(name).subarray(0, -40)
      expect(await readOtpFile(cut, { tools, passphrase })).toMatchObject({ parsed: false, why: 'damaged' })
    },
  )

  it('that only its account can open says so', async () => {
    const file = JSON.stringify({ encrypted: true, passwordProtected: false, data: '2.x|y|z' })
    expect(await readOtpFile(file, { tools, passphrase: 'x' })).toMatchObject({
      why: 'not-supported',
      format: 'bitwarden',
    })
  })

  it('without the tool for it says which', async () => {
    const bare = nodeTools()
    const without = { ...bare, argon2: undefined } as unknown as FileTools
    const told = await readOtpFile(fileOf('made/proton-encrypted.json'), { tools: without, passphrase: 'x' })
    expect(told).toMatchObject({ why: 'tool-missing', tool: 'argon2' })
    const kdbx = await readOtpFile(fileOf('keepass/people.kdbx'), { tools: bare, passphrase: 'x' })
    expect(kdbx).toMatchObject({ why: 'tool-missing', tool: 'streams' })
    expect(await readOtpFile(fileOf('pskc/plain.pskcxml'), { tools: bare })).toMatchObject({
      tool: 'SaxesParser',
    })
  })
})

describe('what is odd in a file, and right all the same', () => {
  const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
  const hex = '3132333435363738393031323334353637383930'
  const signed = [...Buffer.from('12345678901234567890')]
  const aegis = (info: object): string =>
    JSON.stringify({
      db: { entries: [{ type: 'totp', name: 'ada', issuer: 'Wiki', info: { secret, ...info } }] },
    })
  const freeOtp = (token: object): string =>
    JSON.stringify({ tokens: [{ type: 'TOTP', secret: signed, label: 'ada', ...token }] })
  const shortOf = async (text: string | Uint8Array): Promise<unknown> =>
    inShort(await readOtpFile(text, { tools }))

  it.each([
    [
      'Aegis with null for what is the default',
      aegis({ algo: null, digits: null, period: null }),
      ['ada totp SHA1 6 30'],
    ],
    ['Steam as FreeOTP+ keeps it', freeOtp({ issuerExt: 'Steam', digits: 5 }), ['ada steam SHA1 5 30']],
    ['a vault of andOTP with nothing in it', '[]', []],
    ['tokens with their hash function', `N-1,${hex},totp,8,60,sha256`, ['ada totp SHA256 8 60']],
    ['a token that counts, with its counter', `N-1,${hex},HOTP,6,17`, ['ada hotp SHA1 6 #17']],
    ['a token of no kind, which counts', `N-1,${hex}`, ['ada hotp SHA1 6 #0']],
  ])('%s', async (_name, text, wanted) => {
    expect(await shortOf(text)).toEqual(wanted)
  })

  it.each([
    ['another hash function', `N-1,${hex},totp,6,30,md5`, 'algorithm-not-supported'],
    [
      'an algorithm that Stratum has not',
      '{"Authenticators":[{"Type":2,"Secret":"GEZDGNBVGY3TQOJQ","Algorithm":7}]}',
      'algorithm-not-supported',
    ],
    ['what is neither', `N-0,${hex},totp\nN-1,${hex},ocra,OCRA-1:HOTP-SHA1-6:QN08`, 'type-not-supported'],
    [
      'what lies in the trash of Ente',
      `otpauth://totp/a?secret=${secret}&codeDisplay=%7B%22trashed%22%3Atrue%7D`,
      'in-trash',
    ],
    [
      'what lies in the bin of KeePassXC',
      `"Group","Title","TOTP"\n"Root/Recycle Bin","Old","otpauth://totp/a?secret=${secret}"\n`,
      'in-trash',
    ],
  ])('%s is left out by its name, and never taken for something else', async (_name, text, why) => {
    const told = await readOtpFile(text, { tools })
    expect(told).toMatchObject({ parsed: true, leftOut: [{ why }] })
  })

  it('a name that its owner changed in FreeOTP is the one that is known', async () => {
    const told = await readOtpFile(freeOtp({ issuerExt: 'Wiki', issuerAlt: 'Lexicon', labelAlt: 'me' }), {
      tools,
    })
    expect(told.parsed && told.entries[0]?.account).toMatchObject({ issuer: 'Lexicon', account: 'me' })
  })

  it('an order of Ente for its own app is no parameter that nobody knows', async () => {
    const told = await readOtpFile(
      `otpauth://totp/a?secret=${secret}&codeDisplay=%7B%22trashed%22%3Afalse%7D`,
    )
    expect(told).toMatchObject({ entries: [{}], warnings: [] })
  })

  it.each([
    ['serial,secret,algorithm,digits,period', `N-1,${hex},SHA256,8,60`, 'ada totp SHA256 8 60'],
    ['Serial Number;Secret Key;Time Interval', `N-1;${secret};60`, 'ada totp SHA1 6 60'],
    ['token_serial,seed,otp type,hash algorithm', `N-1,${hex},totp,sha-512`, 'ada totp SHA512 6 30'],
    ['type,user name,serial no,key,length', `HOTP,ada,N-1,${hex},8`, 'ada hotp SHA1 8 #0'],
    ['# of the maker\r\n\r\nserial;secret;owner', `N-1;${hex};ada`, 'ada totp SHA1 6 30'],
  ])('columns of tokens by the names that makers give them: %j', async (head, row, account) => {
    const told = await readOtpFile(`${head}\r\n${row}\r\n`)
    expect(inShort(told)).toEqual([account])
    expect(told).toMatchObject({ entries: [{ holder: { serial: 'N-1' } }] })
  })

  it('the users of privacyIDEA stand before their tokens', async () => {
    const told = await readOtpFile(
      `# version: 2\nada,local,realm1,N-1,${hex},totp,6,30\n,,,N-2,${hex},hotp\n`,
    )
    expect(told.parsed && told.entries.map(({ holder }) => holder)).toEqual([
      { serial: 'N-1', user: 'ada' },
      { serial: 'N-2' },
    ])
  })

  it.each([',', ';', '|', '\t'])(
    'a URI in a cell of any table, here between %j, ends with its cell',
    async (mark) => {
      const uri = `otpauth://totp/Wiki:ada?secret=${secret}&issuer=Wiki`
      const rows = [
        ['Item', 'User', 'Code', 'Kept'],
        ['Wiki', 'ada', uri, 'no, never'.replace(mark, '')],
        ['x', 'y', `"${uri}"`, '1'],
      ]
      const told = await readOtpFile(Buffer.from(rows.map((row) => row.join(mark)).join('\n')))
      expect(told).toMatchObject({ parsed: true, format: 'uri-list', leftOut: [{ place: { line: 1 } }] })
      const account = { issuer: 'Wiki', account: 'ada' }
      expect(told).toMatchObject({ entries: [{ account }, { account }] })
    },
  )

  it('an archive has all of its files, of whatever kinds they are, and what is none does no harm', async () => {
    const list = Buffer.from(`otpauth://totp/Wiki:ada?secret=${secret}\n`)
    const files = [list, Buffer.from('hello'), Buffer.from(aegis({ digits: 8 })), fileOf('made/winauth.zip')]
    const told = await readOtpFile(archiveOf(files), { tools })
    expect(told).toMatchObject({ parsed: true, format: 'zip' })
    expect(inShort(told)).toEqual(['ada totp SHA1 6 30', 'ada totp SHA1 8 30'])
    expect(await readOtpFile(archiveOf([list, list]), { tools })).toMatchObject({
      format: 'uri-list',
      entries: [{}, {}],
    })
  })
})

describe('a file that asks for too much', () => {
  const aegis = (slot: object): string =>
    fileOf('otpclient-5.1.6/aegis_exports.json.aes')
      .toString()
      .replace('"n":32768,"r":8,"p":1', JSON.stringify(slot).slice(1, -1))
  const bitwarden = (from: string, to: string): string =>
    fileOf('made/bitwarden-argon2.json').toString().replace(from, to)

  it.each([
    ['scrypt of 16 GiB', aegis({ n: 2 ** 24, r: 8, p: 1 }), '268,435,456'],
    ['scrypt of N = 2^40', aegis({ n: 2 ** 40, r: 8, p: 1 }), '16,777,216'],
    ['scrypt of a million lanes', aegis({ n: 1024, r: 8, p: 1_000_000 }), 'at most 64'],
    [
      '10^12 iterations',
      fileOf('bitwarden/password-protected.json').toString().replace('600000', '1000000000000'),
      '10,000,000',
    ],
    ['argon2 of a terabyte', bitwarden('"kdfMemory": 64', '"kdfMemory": 1048576'), 'at most 1,024'],
    ['argon2 of a million passes', bitwarden('"kdfIterations": 3', '"kdfIterations": 1000000'), '16,777,216'],
    [
      'PSKC with 10^9 iterations',
      fileOf('pskc/password.pskcxml').toString().replace('>100000<', '>999999999<'),
      '10,000,000',
    ],
  ])('%s: the limit is named', async (_name, file, limit) => {
    const told = await readOtpFile(file, { tools, passphrase: 'vault pass 2026' })
    expect(told).toMatchObject({
      parsed: false,
      why: 'beyond-limit',
      message: expect.stringContaining(limit),
    })
  })

  it('KDBX with 2^63 rounds is refused at once', async () => {
    const changed = Buffer.from(fileOf('keepass/people.kdbx'))
    // The field of the rounds: its id 6, its size 8.
    const at = changed.indexOf(Buffer.from([6, 8, 0])) + 3
    changed.writeBigUInt64LE(2n ** 63n, at)
    expect(await readOtpFile(changed, { tools, passphrase: 'x' })).toMatchObject({
      why: 'beyond-limit',
      message: expect.stringContaining('200,000,000'),
    })
  })

  it('XML with a document type declaration is refused, whatever it declares', async () => {
    for (const doctype of [
      '<!DOCTYPE pskc>',
      '<!DOCTYPE a [<!ENTITY b "c">]>',
      '<!DOCTYPE a SYSTEM "file:///etc/hostname">',
    ]) {
      const xml = fileOf('pskc/plain.pskcxml').toString().replace('?>', `?>${doctype}`)
      expect(await readOtpFile(xml, { tools })).toMatchObject({
        why: 'not-supported',
        message: expect.stringContaining('DTD'),
      })
    }
  })

  it('XML that nests deeper than anybody writes is refused', async () => {
    const xml = `<?xml version="1.0"?><KeyContainer>${'<a>'.repeat(1000)}${'</a>'.repeat(1000)}</KeyContainer>`
    expect(await readOtpFile(xml, { tools })).toMatchObject({
      why: 'beyond-limit',
      message: expect.stringContaining('64'),
    })
  })

  it.each([
    '<KeyContainer><a></b></KeyContainer>',
    '<KeyContainer>&unknown;</KeyContainer>',
    '<KeyContainer',
    '<map><a b=c/></map>',
  ])('XML that is not well-formed is damaged: %s', async (xml) => {
    expect(await readOtpFile(`<?xml version="1.0"?>${xml}`, { tools })).toMatchObject({ why: 'damaged' })
  })

  it('a zip that would fill the memory is refused with the limit', async () => {
    const zeros = deflateRawSync(Buffer.alloc(80 * 1024 * 1024))
    const bomb = storedZip([{ body: zeros, method: 8, size: 80 * 1024 * 1024 }])
    const told = await readOtpFile(bomb, { tools })
    expect(told).toMatchObject({ why: 'beyond-limit', message: expect.stringContaining('67108864') })
    expect(gzipSync(zeros).length).toBeLessThan(100_000)
  })

  it('a million entries are refused', async () => {
    const entry = '{"type":"TOTP","secret":"A","label":""}'
    const file = `[${Array(200_001).fill(entry).join(',')}]`
    expect(await readOtpFile(file)).toMatchObject({
      why: 'beyond-limit',
      message: expect.stringContaining('200,000'),
    })
  })
})

/** A file of an archive, with the sum that it claims to have. */
interface Packed {
  readonly body: Uint8Array
  readonly method?: number
  readonly size?: number
}

function storedZip(files: readonly Packed[]): Buffer {
  const name = Buffer.from('a')
  const locals: Buffer[] = []
  const centrals: Buffer[] = []
  for (const { body, method = 0, size = body.length } of files) {
    const head = Buffer.alloc(26)
    head.writeUInt16LE(20, 0)
    head.writeUInt16LE(method, 4)
    head.writeUInt32LE(method === 0 ? crc32(body) : 0, 10)
    head.writeUInt32LE(body.length, 14)
    head.writeUInt32LE(size, 18)
    head.writeUInt16LE(1, 22)
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(Buffer.concat(locals).length, 10)
    locals.push(Buffer.concat([Buffer.from('PK\x03\x04'), head, name, body]))
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 0]), head, rest, name]))
  }
  const [local, central] = [Buffer.concat(locals), Buffer.concat(centrals)]
  const end = Buffer.alloc(18)
  end.writeUInt16LE(files.length, 4)
  end.writeUInt16LE(files.length, 6)
  end.writeUInt32LE(central.length, 8)
  end.writeUInt32LE(local.length, 12)
  return Buffer.concat([local, central, Buffer.from('PK\x05\x06'), end])
}

const archiveOf = (bodies: readonly Uint8Array[]): Buffer => storedZip(bodies.map((body) => ({ body })))

/** Node has one from 20.15 and 22.2 on only. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}

const everyFile = [
  'bitwarden',
  'ente',
  'freeotpplus',
  'keepass',
  'linux',
  'made',
  'otp',
  'otpclient-3.1.4-debian',
  'otpclient-5.1.6',
  'pskc',
].flatMap((name) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))

/** Costs nothing, so that a fuzzer comes far: what is derived is not the point of it. */
const quick: FileTools = {
  ...tools,
  pbkdf2: async (_name, { length }) => new Uint8Array(length),
  scrypt: async ({ length }) => new Uint8Array(length),
  argon2: async ({ length }) => new Uint8Array(length),
  repeatAes: async (_key, block) => block,
}

/** SOAK_ROUNDS makes it longer, SOAK_SEED repeats a run. */
const rounds = Number(process.env['SOAK_ROUNDS'] ?? '1')
const seed = process.env['SOAK_SEED']
const often = (numRuns: number): { readonly numRuns: number; readonly seed?: number } => ({
  numRuns: numRuns * rounds,
  ...(seed === undefined ? {} : { seed: Number(seed) }),
})

describe('whatever is in a file', () => {
  const problems =
    /^(beyond-limit|damaged|not-supported|passphrase-needed|passphrase-wrong|tool-missing|unknown-format)$/

  it(
    'cut off or changed anywhere, it ends in an answer, not in an exception',
    { timeout: 120_000 * rounds },
    async () => {
      const files = everyFile.map((name) => fileOf(name))
      const damage = fc.tuple(
        fc.constantFrom(...files),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 8 }),
        fc.option(fc.nat()),
      )
      await fc.assert(
        fc.asyncProperty(damage, async ([file, changes, cut]) => {
          const bytes = Uint8Array.from(file)
          for (const [at, byte] of changes) bytes[at % bytes.length] = byte
          const told = await readOtpFile(cut === null ? bytes : bytes.subarray(0, cut % bytes.length), {
            tools: quick,
            passphrase: 'vault pass 2026',
          })
          if (!told.parsed) expect(told.why).toMatch(problems)
        }),
        { ...often(6000), interruptAfterTimeLimit: 20_000 * rounds },
      )
    },
  )

  it('of any bytes and any text it ends in an answer', { timeout: 60_000 * rounds }, async () => {
    const marks = [
      '',
      '{"db":"',
      '[{"type":',
      'PK\x03\x04',
      'AUTHENTICATORPRO',
      '<?xml version="1.0"?><KeyContainer>',
      'HOTP ',
      'serial,secret\n',
    ]
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...marks),
        fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json()),
        async (mark, rest) => {
          const told = await readOtpFile(mark + rest, { tools: quick, passphrase: 'x' })
          if (!told.parsed) expect(told.why).toMatch(problems)
        },
      ),
      often(1500),
    )
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), async (bytes) => {
        for (const start of [
          '',
          '03d9a29a67fb4bb501000300',
          '03d9a29a67fb4bb500000400',
          'aced00057372',
          '504b0506',
        ]) {
          const told = await readOtpFile(Buffer.concat([Buffer.from(start, 'hex'), bytes]), {
            tools: quick,
            passphrase: 'x',
          })
          if (!told.parsed) expect(told.why).toMatch(problems)
        }
      }),
      often(500),
    )
  })

  it('a secret is repeated in no message', async () => {
    for (const name of everyFile) {
      const told = await readOtpFile(fileOf(name), { tools: quick, passphrase: 'wrong' })
      expect(JSON.stringify(told.parsed ? told.leftOut : told)).not.toMatch(/GEZDGNBV|NBSWY3DP|KRUGKIDR/)
    }
  })
})
