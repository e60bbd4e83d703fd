import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/otpauth-migration.json' with { type: 'json' }
import { UNSAFE_IN_NAMES } from './account.js'
import { encodeBase32, Totp, type Algorithm } from './index.js'
import {
  joinMigration,
  readMigration,
  writeMigration,
  type MigrationAccount,
  type MigrationPart,
} from './migration.js'
import { decodeBase64, encodeBase64, textToUtf8, utf8ToText } from './text-bytes.js'

const uriOf = (bytes: Uint8Array | number[]): string =>
  `otpauth-migration://offline?data=${encodeURIComponent(encodeBase64(Uint8Array.from(bytes)))}`
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })

function readPart(uri: string): MigrationPart {
  const part = readMigration(uri)
  if (!part.parsed) throw new Error(part.why)
  return part
}

const seed = {
  secret: Uint8Array.from(Buffer.from('12345678901234567890')),
  strength: 'full',
  algorithm: 'SHA1',
  digits: 6,
} as const
const account = (name: string): MigrationAccount => ({
  type: 'totp',
  issuer: 'Example',
  account: name,
  periodSeconds: 30,
  ...seed,
})

/** One account without a name, of a secret of one byte. */
const oneEntry = [0x0a, 3, 0x0a, 1, 1]

describe('reading a Google Authenticator export', () => {
  it.each(vectors.valid)('$id', (row) => {
    const part = readPart(row.uri)
    const told = part.accounts.map((entry, at) => ({
      type: entry.type,
      issuer: entry.issuer,
      account: entry.account,
      secret_base32: encodeBase32(entry.secret),
      secret_hex: Buffer.from(entry.secret).toString('hex'),
      algorithm: entry.algorithm,
      digits: entry.digits,
      period: entry.periodSeconds,
      totp_at: Object.fromEntries(
        Object.keys(row.expected_entries[at]!.totp_at).map((time) => [
          time,
          new Totp(entry).at(Number(time)),
        ]),
      ),
    }))
    expect(told).toEqual(row.expected_entries)
    expect(part.refused).toEqual([])
    expect(part.batch.id).toBe(row.decoded.batch_id)
    expect(part.batch.size).toBe(row.decoded.batch_size || 1)
    expect(part.batch.index).toBe(row.decoded.batch_index)
  })

  it.each(vectors.invalid)('$id', (row) => {
    const uri = row.uri.startsWith('<') ? uriOf(new Uint8Array(5000).fill(0x0b)) : row.uri
    expect(readMigration(uri).parsed).toBe(false)
  })

  it.each([
    ['a word', 'not-a-migration-uri'],
    ['otpauth-migration://online?data=CgA%3D', 'not-a-migration-uri'],
    ['otpauth-migration://offline', 'not-a-migration-uri'],
    ['see otpauth-migration://offline?data=CgMKAQE%3D', 'not-a-migration-uri'],
    ['xotpauth-migration://offline?data=CgMKAQE%3D', 'not-a-migration-uri'],
    ['otpauth-migration://offline?x=1', 'no-accounts'],
    ['otpauth-migration://offline?data=', 'no-accounts'],
    [uriOf([0x10, 1, 0x18, 1]), 'no-accounts'],
    ['otpauth-migration://offline?data=%ZZ', 'malformed'],
    ['otpauth-migration://offline?data=A', 'malformed'],
    ['otpauth-migration://offline?data=CgA%3D&data=XXXX', 'parameter-ambiguous'],
    [uriOf([0x0a, 0]), 'secret-missing'],
    [uriOf([0x08, 0]), 'malformed'],
    [uriOf([0x0a, 2, 0x08, 1]), 'malformed'],
    [uriOf([0x0a, 3, 0x0a, 1, 1, 0x12]), 'malformed'],
    [uriOf([0x0a, 5, 0x0a, 1, 1, 0x22, 0]), 'malformed'],
    [uriOf([0x0a, 6, 0x0a, 1, 1, 0x12, 1, 0xff]), 'malformed'],
    [uriOf([...oneEntry, 0x0a, 5, 0x0a, 1, 1]), 'malformed'],
    [uriOf([...oneEntry, 0x18, ...Array<number>(10).fill(0x80), 0]), 'malformed'],
    [uriOf([...oneEntry, 0x80, 0x80, 0x80, 0x80, 0x10, 1]), 'malformed'],
    [uriOf([0x0a, 14, 0x0a, 1, 1, 0x20, ...Array<number>(9).fill(0xff), 1]), 'algorithm-not-supported'],
    [uriOf([0x0a, 5, 0x0a, 1, 1, 0x20, 4]), 'algorithm-not-supported'],
    [uriOf([0x0a, 5, 0x0a, 1, 1, 0x28, 3]), 'digits-not-supported'],
    [uriOf([0x0a, 5, 0x0a, 1, 1, 0x30, 3]), 'type-not-supported'],
    [uriOf([0x0a, 3, 0x0a, 1, 1, 0x18, 1, 0x20, 1]), 'batch-not-allowed'],
    [uriOf([0x0a, 3, 0x0a, 1, 1, 0x18, 0xe9, 7]), 'batch-not-allowed'],
    [`otpauth-migration://offline?data=${'A'.repeat(65_536)}`, 'too-long'],
  ])('%s is refused: %s', (uri, why) => {
    expect(readMigration(uri)).toEqual({ parsed: false, why })
  })

  it.each([
    ['a line break', 'ad\na', 'ad a', 'control-characters-removed'],
    ['a line separator', 'ad\u2028a', 'ad a', 'control-characters-removed'],
    ['a NUL', 'ada\0', 'ada', 'control-characters-removed'],
    ['a bell in front', '\x07ada', 'ada', 'control-characters-removed'],
    ['a mark that turns text around', 'a\u202eda', 'ada', 'direction-marks-removed'],
  ])('a name with %s is made harmless, with a word about it', (_what, written, read, code) => {
    const name = [...new TextEncoder().encode(written)]
    for (const [field, key] of [
      [0x12, 'account'],
      [0x1a, 'issuer'],
    ] as const) {
      const entry = [0x0a, 1, 1, field, name.length, ...name]
      const part = readMigration(uriOf([...oneEntry, 0x0a, entry.length, ...entry]))
      if (!part.parsed) throw new Error(part.why)
      expect(part.accounts).toHaveLength(2)
      expect(part.accounts[1]).toHaveProperty(key, read)
      expect(part.warnings.map((warning) => warning.code)).toContain(code)
    }
  })

  it('an entry that cannot be used does not spoil the others, and is named', () => {
    const good = [0x0a, 3, 0x0a, 1, 1]
    const part = readPart(uriOf([0x0a, 5, 0x0a, 1, 9, 0x20, 4, ...good, 0x0a, 0]))
    expect(part.accounts).toHaveLength(1)
    expect(part.refused).toEqual([
      { index: 0, why: 'algorithm-not-supported' },
      { index: 2, why: 'secret-missing' },
    ])
  })

  it('blanks around it, and other parameters, are passed over, up to 65536 characters', () => {
    const { accounts } = readPart(uriOf(oneEntry))
    for (const uri of [
      ' \n OTPAUTH-migration://offline/?x=1&data=%20CgMKAQE%3D%20&y=2',
      `${uriOf(oneEntry)}&x=`.padEnd(65_536, 'x'),
    ])
      expect(readPart(uri).accounts).toEqual(accounts)
    expect(readMigration(`${uriOf(oneEntry)}&x=`.padEnd(65_537, 'x')).parsed).toBe(false)
  })

  it('names are without the blanks around them', () => {
    const named = (issuer: string, name: string): MigrationAccount => {
      const written = [...textToUtf8(name)]
      const entry = [0x0a, 1, 1, 0x12, written.length, ...written, 0x1a, issuer.length, ...textToUtf8(issuer)]
      return readPart(uriOf([0x0a, entry.length, ...entry])).accounts[0]!
    }
    expect(named(' Example ', ' ada ')).toMatchObject({ issuer: 'Example', account: 'ada' })
    expect(named(' Example ', 'Example: ada ')).toMatchObject({ issuer: 'Example', account: 'ada' })
    expect(named('', ' ada ')).toMatchObject({ issuer: '', account: 'ada' })
  })

  it('a secret has a buffer of its own, in which no other secret lies', () => {
    for (const { secret } of readPart(uriOf([...oneEntry, ...oneEntry])).accounts)
      expect(secret.buffer.byteLength).toBe(1)
  })

  it('numbers are read to the last bit', () => {
    const { batch } = readPart(uriOf([...oneEntry, 0x18, 0x80, 0x01, 0x20, 0x7f, 0x28, 0x80, 0x80, 1]))
    expect(batch).toEqual({ id: 16_384, index: 127, size: 128 })
    expect(readPart(uriOf([...oneEntry, 0x18, 0xe8, 7])).batch.size).toBe(1000)
  })

  it('plus signs that became blanks are read as they were', () => {
    const row = vectors.valid.find((one) => one.id === 'dim13-2')!
    expect(readPart(row.uri.replaceAll('+', ' ')).accounts).toEqual(readPart(row.uri).accounts)
    expect(readPart(row.uri.replaceAll('+', '-').replaceAll('/', '/').replace(/=+$/, ''))).toBeDefined()
  })

  it('a HOTP counter is exact up to 2^64-1', () => {
    const hotp = { ...account('a'), type: 'hotp', counter: 2n ** 64n - 1n } as const
    expect(readPart(writeMigration([hotp], { batchId: 1 })[0]!).accounts[0]).toEqual(hotp)
    const small = { ...hotp, counter: 2 ** 53 - 1 }
    expect(readPart(writeMigration([small], { batchId: 1 })[0]!).accounts[0]).toEqual(small)
    expect(readPart(uriOf([0x0a, 5, 0x0a, 1, 1, 0x30, 1])).accounts[0]).toMatchObject({
      type: 'hotp',
      counter: 0,
    })
  })

  it('short secrets and unknown fields are reported', () => {
    const codes = (uri: string): string[] => readPart(uri).warnings.map((warning) => warning.code)
    expect(codes(uriOf([0x0a, 3, 0x0a, 1, 1]))).toEqual(['secret-too-short'])
    expect(codes(uriOf([0x0a, 12, 0x0a, 10, ...new Uint8Array(10)]))).toEqual(['secret-short'])
    const fixed32 = [0x0a, 23, 0x0a, 16, ...new Uint8Array(16), 0x4d, 1, 2, 3, 4]
    const fixed64 = [0x51, 1, 2, 3, 4, 5, 6, 7, 8]
    expect(codes(uriOf(fixed32))).toEqual(['unknown-fields'])
    expect(readPart(uriOf(fixed32)).accounts[0]!.unknownFields).toEqual(Uint8Array.of(0x4d, 1, 2, 3, 4))
    expect(codes(uriOf([0x0a, 18, 0x0a, 16, ...new Uint8Array(16), ...fixed64]))).toEqual(['unknown-fields'])
    const plain = [0x0a, 18, 0x0a, 16, ...new Uint8Array(16)]
    expect(codes(uriOf([...fixed32, ...plain]))).toEqual(['unknown-fields'])
    const largestNumber = [0xf8, 0xff, 0xff, 0xff, 0x0f, 1]
    const { warnings, unknownFields } = readPart(uriOf([...plain, ...largestNumber]))
    expect(unknownFields).toEqual(Uint8Array.from(largestNumber))
    expect(warnings[0]?.message).toMatch(/^The export has .*\.$/)
  })

  it('never throws on damaged exports', () => {
    const bytes = vectors.valid.map((row) => Buffer.from(row.payload_hex, 'hex'))
    const damage = fc.tuple(
      fc.constantFrom(...bytes),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 6 }),
      fc.nat(),
    )
    fc.assert(
      fc.property(damage, ([payload, changes, cut]) => {
        const damaged = Uint8Array.from(payload)
        for (const [at, byte] of changes) damaged[at % damaged.length] = byte
        const result = readMigration(uriOf(damaged.subarray(0, (cut % damaged.length) + 1)))
        if (result.parsed) expect(result.accounts.length).toBeGreaterThan(0)
      }),
    )
  })

  it('never throws on any bytes or any text', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => typeof readMigration(uriOf(bytes)) === 'object',
      ),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        readMigration(text)
        readMigration(`otpauth-migration://offline?data=${text}`)
      }),
    )
  })
})

describe('writing a Google Authenticator export', () => {
  it.each(['scito-1', 'scito-2', 'scito-3', 'made-sha1-6', 'made-html-name', 'made-unknown-payload-fields'])(
    'gives the same bytes as the app for %s',
    (id) => {
      const row = vectors.valid.find((one) => one.id === id)!
      const { accounts, batch, unknownFields } = readPart(row.uri)
      const [written] = writeMigration(accounts, {
        batchId: batch.id,
        ...(unknownFields && { unknownFields }),
      })
      expect(written).toBe(uriOf(Buffer.from(row.payload_hex, 'hex')))
    },
  )

  it('what is read can be written and read again, unknown fields and all', () => {
    for (const row of vectors.valid) {
      const { accounts } = readPart(row.uri)
      expect(readPart(writeMigration(accounts)[0]!).accounts).toEqual(accounts)
    }
    const unknown = { ...account('a'), uniqueId: 'one', unknownFields: Uint8Array.of(0x4d, 1, 2, 3, 4) }
    expect(readPart(writeMigration([unknown])[0]!).accounts).toEqual([unknown])
  })

  it('cuts into codes of ten, under one random number', () => {
    const accounts = Array.from({ length: 21 }, (_, at) => account(`a${at}`))
    const parts = writeMigration(accounts).map(readPart)
    expect(parts.map((part) => part.accounts.length)).toEqual([10, 10, 1])
    expect(parts.map((part) => part.batch.index)).toEqual([0, 1, 2])
    expect(new Set(parts.map((part) => part.batch.id)).size).toBe(1)
    expect(readPart(writeMigration(accounts)[0]!).batch.id).not.toBe(parts[0]!.batch.id)
    expect(writeMigration(accounts, { perCode: 7 })).toHaveLength(3)
    expect(writeMigration(accounts, { perCode: 100 })).toHaveLength(1)
    expect(writeMigration([])).toEqual([])
  })

  it('writes no number longer than it must be', () => {
    const end = [0x10, 1, 0x18, 1, 0x20, 0]
    for (const [batchId, last] of [
      [127, [0x28, 0x7f]],
      [128, [0x28, 0x80, 0x01]],
    ] as const) {
      const [uri = ''] = writeMigration([account('a')], { batchId })
      expect(
        decodeBase64(decodeURIComponent(uri.split('data=')[1]!))?.slice(-end.length - last.length),
      ).toEqual(Uint8Array.from([...end, ...last]))
    }
  })

  it('asks no period of a counter', () => {
    const hotp = { ...account('a'), type: 'hotp', counter: 1, periodSeconds: 60 } as const
    expect(readPart(writeMigration([hotp])[0]!).accounts).toEqual([{ ...hotp, periodSeconds: 30 }])
  })

  it.each([
    [{ type: 'steam' }],
    [{ digits: 7 }],
    [{ digits: 10 }],
    [{ periodSeconds: 60 }],
    [{ algorithm: 'MD5' as Algorithm }],
    [{ secret: new Uint8Array(0) }],
  ] as [Partial<MigrationAccount>][])('refuses what the format cannot say: %j', (change) => {
    expect(() => writeMigration([{ ...account('a'), ...change }])).toThrow(failing('ACCOUNT_NOT_EXPORTABLE'))
  })

  it.each([{ account: 'a\u0007' }, { issuer: 'a\u2028b' }, { account: '\u202egpj' }])(
    'refuses a name that it would not read: %j',
    (change) => {
      expect(() => writeMigration([{ ...account('a'), ...change }])).toThrow(failing('LABEL_NOT_ALLOWED'))
    },
  )

  it.each([0, 101, 1.5, NaN])('refuses %d accounts in a code', (perCode) => {
    expect(() => writeMigration([account('a')], { perCode })).toThrow(failing('WINDOW_OUT_OF_RANGE'))
  })

  it('comes back as it went in', () => {
    const name = fc
      .string({ unit: 'grapheme', maxLength: 20 })
      .map((text) => text.replace(new RegExp(`:|${UNSAFE_IN_NAMES.source}`, 'gu'), '').trim())
    const entry = fc.record({
      type: fc.constantFrom('totp' as const, 'hotp' as const),
      issuer: name,
      account: name,
      secret: fc.uint8Array({ minLength: 16, maxLength: 64 }),
      algorithm: fc.constantFrom<Algorithm>('SHA1', 'SHA256', 'SHA512'),
      digits: fc.constantFrom(6, 8),
      counter: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    })
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 25 }), (entries) => {
        const accounts = entries.map(({ counter, ...rest }) => ({
          ...rest,
          periodSeconds: 30,
          strength: 'full' as const,
          ...(rest.type === 'hotp' ? { counter } : {}),
        }))
        const joined = joinMigration(writeMigration(accounts).map(readPart))
        expect(joined).toEqual({ complete: true, accounts })
      }),
    )
  })
})

describe('joining the codes of an export', () => {
  const accounts = Array.from({ length: 3 }, (_, at) => account(`a${at}`))
  const parts = writeMigration(accounts, { perCode: 1, batchId: -5 }).map(readPart)
  const [one, two, three] = parts as [MigrationPart, MigrationPart, MigrationPart]

  it('takes them in any order, twice or not', () => {
    for (const given of [parts, [three, one, two], [two, two, three, one, three]]) {
      expect(joinMigration(given)).toEqual({ complete: true, accounts })
    }
  })

  it('says which ones are missing', () => {
    expect(joinMigration([two])).toEqual({ complete: false, why: 'parts-missing', missing: [0, 2] })
    expect(joinMigration([])).toEqual({ complete: false, why: 'no-parts' })
  })

  it('does not mix two exports', () => {
    const foreign = readPart(writeMigration(accounts, { perCode: 1, batchId: 6 })[1]!)
    const other = readPart(writeMigration(accounts, { perCode: 2, batchId: -5 })[1]!)
    expect(joinMigration([one, foreign])).toEqual({ complete: false, why: 'different-exports' })
    expect(joinMigration([one, other])).toEqual({ complete: false, why: 'different-exports' })
  })

  it('does not take two exports without batch fields for one code read twice', () => {
    const [first, second] = ['dim13-1', 'dim13-2'].map((id) =>
      readPart(vectors.valid.find((row) => row.id === id)!.uri),
    ) as [MigrationPart, MigrationPart]
    expect(joinMigration([first, second])).toEqual({ complete: false, why: 'different-exports' })
    expect(joinMigration([first, first])).toEqual({ complete: true, accounts: first.accounts })
  })

  it('joins the published pair', () => {
    const pair = ['made-batch-2of2', 'made-batch-1of2'].map((id) =>
      readPart(vectors.valid.find((row) => row.id === id)!.uri),
    )
    const joined = joinMigration(pair)
    expect(joined.complete && joined.accounts.map((entry) => entry.account)).toEqual(['a1', 'a2'])
  })
})

describe('text and bytes', () => {
  it('agree with the platform', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        expect(encodeBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'))
        expect(decodeBase64(encodeBase64(bytes))).toEqual(bytes)
        expect(decodeBase64(Buffer.from(bytes).toString('base64url'))).toEqual(bytes)
      }),
    )
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(textToUtf8(text)).toEqual(Uint8Array.from(Buffer.from(text.toWellFormed())))
        expect(utf8ToText(textToUtf8(text))).toBe(text.toWellFormed())
      }),
    )
  })

  it.each(['A', 'AAAAA', 'AA=', 'AAA==', 'A===', '====', 'AA=A', 'AAAA=', 'AA A', 'AA\nAA', '!!!!', 'AA==='])(
    '%j is no base64',
    (text) => {
      expect(decodeBase64(text)).toBeNull()
    },
  )

  it('half a character is written as the replacement character', () => {
    expect(textToUtf8('a\ud800b')).toEqual(Uint8Array.of(0x61, 0xef, 0xbf, 0xbd, 0x62))
  })

  it.each([[[0xff]], [[0xc0, 0x80]], [[0xed, 0xa0, 0x80]], [[0xe2, 0x82]], [[0xf5, 0x80, 0x80, 0x80]]])(
    '%j is no UTF-8',
    (bytes) => {
      expect(utf8ToText(Uint8Array.from(bytes))).toBeNull()
    },
  )
})
