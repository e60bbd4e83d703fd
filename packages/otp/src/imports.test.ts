import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeBase32 } from './index.js'
import { readBackup } from './imports.js'

const secret = '4SJHB4GSD43FZBAI7C2HLRJGPQ'
const bytes = decodeBase32(secret)!

// Shape of the entries: Aegis docs/vault.md and its importer's test data.
const aegisInfo = { secret, algo: 'SHA1', digits: 6, period: 30 }
const aegisEntry = { type: 'totp', uuid: 'u', name: 'Mason', issuer: 'Deno', icon: null, info: aegisInfo }
const aegis = (...entries: unknown[]): string =>
  JSON.stringify({ version: 1, header: { slots: null, params: null }, db: { version: 3, entries } })

// Shape of the services: backups of 2FAS, schema versions 1 and 4.
const twoFas = (...services: unknown[]): string => JSON.stringify({ schemaVersion: 4, services, groups: [] })
const service = {
  name: 'Deno',
  secret,
  otp: {
    label: 'Mason',
    account: 'Mason',
    issuer: 'Deno',
    digits: 6,
    period: 30,
    algorithm: 'SHA1',
    tokenType: 'TOTP',
  },
}

const account = {
  type: 'totp',
  issuer: 'Deno',
  account: 'Mason',
  secret: bytes,
  strength: 'full',
  algorithm: 'SHA1',
  digits: 6,
  periodSeconds: 30,
}

function accountOf(text: string): unknown {
  const backup = readBackup(text)
  return backup.parsed ? (backup.accounts[0] ?? backup.refused[0]?.why) : backup.why
}

describe('an Aegis backup', () => {
  it('gives its TOTP, HOTP and Steam accounts', () => {
    const text = aegis(
      aegisEntry,
      { ...aegisEntry, info: { secret, algo: 'SHA512', digits: 8, period: 50 } },
      { ...aegisEntry, type: 'hotp', info: { secret, algo: 'SHA256', digits: 7, counter: 10300 } },
      { ...aegisEntry, type: 'steam', info: { secret, algo: 'SHA1', digits: 5, period: 30 } },
    )
    expect(readBackup(text)).toEqual({
      parsed: true,
      format: 'aegis',
      accounts: [
        account,
        { ...account, algorithm: 'SHA512', digits: 8, periodSeconds: 50 },
        { ...account, type: 'hotp', algorithm: 'SHA256', digits: 7, counter: 10300 },
        { ...account, type: 'steam', digits: 5 },
      ],
      refused: [],
      warnings: [],
    })
  })

  it.each([
    ['type-not-supported', { ...aegisEntry, type: 'yandex' }],
    ['type-not-supported', { ...aegisEntry, type: undefined }],
    ['algorithm-not-supported', { ...aegisEntry, info: { ...aegisInfo, algo: 'MD5' } }],
    ['algorithm-not-supported', { ...aegisEntry, info: { ...aegisInfo, algo: 1 } }],
    ['digits-not-allowed', { ...aegisEntry, info: { ...aegisInfo, digits: 5 } }],
    ['digits-not-allowed', { ...aegisEntry, info: { ...aegisInfo, digits: 11 } }],
    ['digits-not-allowed', { ...aegisEntry, info: { ...aegisInfo, digits: '6' } }],
    ['digits-not-allowed', { ...aegisEntry, info: { ...aegisInfo, digits: 6.5 } }],
    ['period-not-allowed', { ...aegisEntry, info: { ...aegisInfo, period: 0 } }],
    ['period-not-allowed', { ...aegisEntry, info: { ...aegisInfo, period: 0.5 } }],
    ['period-not-allowed', { ...aegisEntry, info: { ...aegisInfo, period: 86_401 } }],
    ['counter-not-allowed', { ...aegisEntry, type: 'hotp' }],
    ['counter-not-allowed', { ...aegisEntry, type: 'hotp', info: { ...aegisInfo, counter: -1 } }],
    ['counter-not-allowed', { ...aegisEntry, type: 'hotp', info: { ...aegisInfo, counter: 2 ** 53 } }],
    ['counter-not-allowed', { ...aegisEntry, type: 'hotp', info: { ...aegisInfo, counter: 'x' } }],
    ['secret-not-base32', { ...aegisEntry, info: { ...aegisInfo, secret: '0' } }],
    ['secret-not-base32', { ...aegisEntry, info: { ...aegisInfo, secret: 5 } }],
    ['name-not-allowed', { ...aegisEntry, name: 5 }],
    ['name-not-allowed', { ...aegisEntry, issuer: {} }],
    ['malformed', { ...aegisEntry, info: null }],
    ['malformed', 'entry'],
    ['malformed', null],
    ['malformed', []],
  ])('leaves an entry out: %s', (why, entry) => {
    expect(readBackup(aegis(entry, aegisEntry))).toMatchObject({
      accounts: [account],
      refused: [{ index: 0, why }],
    })
  })

  it('may have ten digits, a period of a day, and a counter as text, which is exact', () => {
    const told = (own: object, type = 'totp'): unknown =>
      accountOf(aegis({ ...aegisEntry, type, info: { ...aegisInfo, ...own } }))
    expect(told({ digits: 10, period: 86_400 })).toMatchObject({ digits: 10, periodSeconds: 86_400 })
    expect(told({ counter: '7' }, 'hotp')).toHaveProperty('counter', 7)
    expect(told({ counter: '9007199254740993' }, 'hotp')).toHaveProperty('counter', 9007199254740993n)
  })

  it('has names without marks that turn text around, and empty ones where there are none', () => {
    expect(accountOf(aegis({ ...aegisEntry, name: ' Ma\u202eson ', issuer: null }))).toMatchObject({
      issuer: '',
      account: 'Mason',
    })
  })

  it('marks short secrets', () => {
    const short = { ...aegisEntry, info: { ...aegisInfo, secret: 'JBSWY3DPEHPK3PXP' } }
    const backup = readBackup(aegis(short))
    expect(backup.parsed && backup.warnings.map((warning) => warning.code)).toEqual(['secret-short'])
    expect(accountOf(aegis(short))).toHaveProperty('strength', 'short')
  })

  it('says that it is encrypted', () => {
    const text = JSON.stringify({ version: 1, header: { slots: [], params: {} }, db: 'bm90IHBsYWlu' })
    expect(readBackup(text)).toEqual({ parsed: false, why: 'encrypted' })
  })
})

describe('a 2FAS backup', () => {
  it('gives its accounts', () => {
    const { otp } = service
    const text = twoFas(
      service,
      { ...service, otp: { ...otp, tokenType: 'HOTP', counter: 7, digits: 8, algorithm: 'SHA256' } },
      { ...service, otp: { ...otp, tokenType: 'STEAM', digits: 5 } },
    )
    expect(readBackup(text)).toEqual({
      parsed: true,
      format: '2fas',
      accounts: [
        account,
        { ...account, type: 'hotp', counter: 7, digits: 8, algorithm: 'SHA256' },
        { ...account, type: 'steam', digits: 5 },
      ],
      refused: [],
      warnings: [],
    })
  })

  it('of the first versions leaves the defaults out', () => {
    expect(
      accountOf(twoFas({ ...service, otp: { account: 'Mason', issuer: 'Deno', label: 'Deno:Mason' } })),
    ).toEqual(account)
    expect(accountOf(twoFas({ ...service, otp: { label: 'Mason' } }))).toEqual(account)
    expect(accountOf(twoFas({ ...service, otp: { label: 'Mason', tokenType: 'HOTP' } }))).toMatchObject({
      counter: 0,
    })
  })

  it('has the issuer of the code before the name of the service, and no name where there is none', () => {
    expect(accountOf(twoFas({ ...service, name: 'My work' }))).toMatchObject({ issuer: 'Deno' })
    expect(accountOf(twoFas({ secret, otp: {} }))).toMatchObject({ issuer: '', account: '' })
  })

  it('leaves out what has no otp part', () => {
    expect(accountOf(twoFas({ name: 'Deno', secret }))).toBe('malformed')
  })

  it('says that it is encrypted', () => {
    const text = JSON.stringify({ schemaVersion: 4, services: [], servicesEncrypted: 'a:b:c' })
    expect(readBackup(text)).toEqual({ parsed: false, why: 'encrypted' })
    expect(readBackup(JSON.stringify({ services: [], servicesEncrypted: '' }))).toHaveProperty('parsed', true)
  })
})

describe('anything else', () => {
  it.each([
    '',
    'text',
    'null',
    '[]',
    '1',
    '{}',
    '{"db":{}}',
    '{"db":{"entries":{}}}',
    '{"services":{}}',
    '{"db":"x"}',
  ])('%s is no backup', (text) => {
    expect(readBackup(text)).toEqual({ parsed: false, why: 'not-a-backup' })
  })

  it('over 16 MiB is too long to look at', () => {
    const longest = aegis(aegisEntry).padEnd(16 * 1024 * 1024, ' ')
    expect(accountOf(longest)).toEqual(account)
    expect(readBackup(`${longest} `)).toEqual({ parsed: false, why: 'too-long' })
  })

  it('never makes it throw, nor lends anything a property', () => {
    expect(readBackup('{"__proto__":{"services":[]}}')).toHaveProperty('parsed', false)
    fc.assert(
      fc.property(fc.json(), fc.json(), (one, two) => {
        readBackup(one)
        readBackup(`{"services":[${one},{"otp":${two}}]}`)
        readBackup(`{"db":{"entries":[${one},{"type":"totp","info":${two},"name":${one}}]}}`)
      }),
    )
  })
})

describe('what writers differ in', () => {
  const otpWith = (fields: object): string => twoFas({ ...service, otp: { ...service.otp, ...fields } })

  it.each([['algorithm'], ['digits'], ['period'], ['tokenType'], ['counter']])(
    'null for the %s in a backup of 2FAS is its default',
    (field) => {
      expect(accountOf(otpWith({ [field]: null }))).toEqual(account)
    },
  )

  it('null for everything is the default of everything', () => {
    const nothing = {
      algorithm: null,
      digits: null,
      period: null,
      tokenType: null,
      counter: null,
      issuer: null,
    }
    expect(accountOf(otpWith(nothing))).toEqual(account)
  })

  it('an empty issuer takes the name of the service', () => {
    expect(accountOf(otpWith({ issuer: '' }))).toEqual(account)
    expect(accountOf(otpWith({ account: '' }))).toEqual(account)
  })

  it('a byte order mark before and NUL bytes behind are no fault', () => {
    expect(accountOf(`\ufeff${twoFas(service)}`)).toEqual(account)
    expect(accountOf(`${aegis(aegisEntry)}\0\0\0`)).toEqual(account)
  })

  it('a name with a control character is made harmless, with a word about it', () => {
    const backup = readBackup(aegis({ ...aegisEntry, name: 'Ma\r\nson', issuer: 'De\u202eno' }))
    expect(backup).toMatchObject({ accounts: [{ issuer: 'Deno', account: 'Ma son' }] })
    const codes = backup.parsed ? backup.warnings.map((warning) => warning.code) : []
    expect(codes.sort()).toEqual(['control-characters-removed', 'direction-marks-removed'])
  })
})
