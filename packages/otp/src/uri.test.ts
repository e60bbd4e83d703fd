import fc from 'fast-check'
import * as OTPAuth from 'otpauth'
import { parse as otplibParse } from '@otplib/uri'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/otpauth-uris.json' with { type: 'json' }
import {
  accountUri,
  algorithmNamed,
  appWarnings,
  decodeBase32,
  encodeBase32,
  otpauthUri,
  parseOtpauthUri,
  uriLabel,
  type Algorithm,
  type OtpAccount,
  type ParsedUri,
  type UriParts,
} from './index.js'

const secret = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'
const parts: UriParts = { issuer: 'Example', account: 'alice', secret }
const failing = (code: string): unknown =>
  expect.objectContaining({ name: 'OtpError', code, message: expect.stringMatching(/\w \w/) as string })

/** The parsed account in the words of the vectors. */
function told(uri: string): object | string {
  const result = parseOtpauthUri(uri)
  if (!result.parsed) return result.why
  const { type, issuer, account, algorithm, digits, periodSeconds, counter } = result.account
  const shared = {
    type,
    issuer,
    account,
    secret_base32: encodeBase32(result.account.secret),
    algorithm,
    digits,
  }
  return type === 'hotp' ? { ...shared, counter } : { ...shared, period: periodSeconds }
}

const warned = (uri: string): string[] => {
  const result = parseOtpauthUri(uri)
  return result.parsed ? result.warnings.map((warning) => warning.code) : []
}

describe('reading otpauth URIs', () => {
  it.each(vectors.parse)('$id', (row) => {
    if (row.expect === 'reject') expect(told(row.uri)).toBeTypeOf('string')
    else if (row.parsed !== undefined) expect(told(row.uri)).toEqual(row.parsed)
    else expect(() => told(row.uri)).not.toThrow()
  })

  it.each([
    ['', 'not-an-otpauth-uri'],
    ['otpauth:totp/a?secret=JBSWY3DPEHPK3PXP', 'not-an-otpauth-uri'],
    ['xotpauth://totp/a?secret=JBSWY3DPEHPK3PXP', 'not-an-otpauth-uri'],
    ['otpauth://yaotp/a?secret=JBSWY3DPEHPK3PXP', 'type-not-supported'],
    ['otpauth://user@totp/a?secret=JBSWY3DPEHPK3PXP', 'type-not-supported'],
    ['otpauth://totp/a', 'secret-missing'],
    ['otpauth://totp/a?secret=', 'secret-missing'],
    ['otpauth://totp/a?secret=%20', 'secret-not-base32'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PX1', 'secret-not-base32'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&secret=GEZDGNBV', 'parameter-ambiguous'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&Issuer=A&issuer=B', 'parameter-ambiguous'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=', 'algorithm-not-supported'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=SHA224', 'algorithm-not-supported'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=SHA256x', 'algorithm-not-supported'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&algorithm=xSHA1', 'algorithm-not-supported'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=5', 'digits-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=11', 'digits-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&digits=%D9%A6', 'digits-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&period=86401', 'period-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&period=', 'period-not-allowed'],
    ['otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP', 'counter-missing'],
    ['otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=-1', 'counter-not-allowed'],
    ['otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=5x', 'counter-not-allowed'],
    ['otpauth://hotp/a?secret=JBSWY3DPEHPK3PXP&counter=18446744073709551616', 'counter-not-allowed'],
    ['otpauth://totp/a%ZZ?secret=JBSWY3DPEHPK3PXP', 'escape-malformed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer=%FF', 'escape-malformed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&%ZZ=1', 'escape-malformed'],
    ['otpauth://totp/a%00?secret=JBSWY3DPEHPK3PXP', 'name-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&issuer=a%0Ab', 'name-not-allowed'],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&encoder=other', 'encoder-not-supported'],
    [`otpauth://totp/a?secret=JBSWY3DPEHPK3PXP&x=${'a'.repeat(4096)}`, 'too-long'],
  ])('%s is refused: %s', (uri, why) => {
    expect(parseOtpauthUri(uri)).toEqual({ parsed: false, why })
  })

  it.each([
    ['otpauth://totp/A:a?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=A', []],
    ['otpauth://totp/a?secret=JBSWY3DPEHPK3PXP', ['secret-short']],
    ['otpauth://totp/a?secret=MZXW6YTB', ['secret-too-short']],
    [`otpauth://totp/a?secret=${secret}&digits=8`, ['digits-ignored-by-apps']],
    [`otpauth://totp/a?secret=${secret}&algorithm=sha-512`, ['algorithm-ignored-by-apps']],
    [`otpauth://totp/a?secret=${secret}&period=60`, ['period-ignored-by-apps']],
    [`otpauth://totp/A:a?secret=${secret}&issuer=B`, ['issuer-differs-from-label']],
    [`otpauth://totp/a?secret=${secret}&issuer=A+B`, ['plus-read-as-blank']],
    [`otpauth://totp/A+B:a?secret=${secret}&issuer=A+B`, []],
    [`otpauth://totp/a?secret=${secret}&issuer=A&issuer=A`, ['parameter-repeated']],
    [`otpauth://totp/a?secret=${secret}&color=red`, ['parameter-unknown']],
    [`otpauth://totp/a%E2%80%AEb?secret=${secret}`, ['direction-marks-removed']],
    [`otpauth://totp/a?&secret=${secret}&&`, []],
    [`otpauth://totp/A:a?secret=${secret}&issuer=`, []],
    [`otpauth://totp/A:a?secret=${secret}&issuer=%20A%20`, []],
  ])('%s warns of %j, in a sentence each', (uri, codes) => {
    expect(warned(uri)).toEqual(codes)
    const { warnings } = parseOtpauthUri(uri) as ParsedUri & { parsed: true }
    for (const { message } of warnings) expect(message).toMatch(/^[A-Z].* .*\.$/)
  })

  it('marks that turn text around are gone from the names', () => {
    expect(told(`otpauth://totp/A:al%E2%80%AEice?secret=${secret}&issuer=%E2%80%8FA`)).toMatchObject({
      issuer: 'A',
      account: 'alice',
    })
  })

  it('a label is divided at its first colon, with or without a name before it', () => {
    const names = (label: string): unknown => told(`otpauth://totp/${label}?secret=${secret}`)
    expect(names('A%20:%20a%20')).toMatchObject({ issuer: 'A', account: 'a' })
    expect(names(':a')).toMatchObject({ issuer: '', account: 'a' })
    expect(names('A:b:c')).toMatchObject({ issuer: 'A', account: 'b:c' })
    expect(told(`otpauth://totp/A:a?secret=${secret}&issuer=`)).toMatchObject({ issuer: 'A', account: 'a' })
    expect(told(`otpauth://totp/a?secret=${secret}&issuer=%20A%20`)).toMatchObject({ issuer: 'A' })
  })

  it('a plus that the label has too stays a plus', () => {
    expect(told(`otpauth://totp/A+B:a?secret=${secret}&issuer=A+B`)).toHaveProperty('issuer', 'A+B')
    expect(told(`otpauth://totp/A%2BB:a?secret=${secret}&issuer=A%2BB`)).toHaveProperty('issuer', 'A+B')
  })

  it.each([
    ['sha1', 'SHA1'],
    ['SHA-1', 'SHA1'],
    ['HmacSHA256', 'SHA256'],
    ['sha512', 'SHA512'],
  ])('reads the algorithm %s as %s', (written, algorithm) => {
    expect(told(`otpauth://totp/a?secret=${secret}&algorithm=${written}`)).toHaveProperty(
      'algorithm',
      algorithm,
    )
  })

  it('a counter from 2^53 on is a bigint, and exact', () => {
    const at = (counter: string): unknown => told(`otpauth://hotp/a?secret=${secret}&counter=${counter}`)
    expect(at('9007199254740991')).toHaveProperty('counter', 9007199254740991)
    expect(at('9007199254740993')).toHaveProperty('counter', 9007199254740993n)
    expect(at('18446744073709551615')).toHaveProperty('counter', 18446744073709551615n)
  })

  it('reads blanks around, blanks in the secret, an upper-case scheme, a label that is missing', () => {
    const spelling = `  OTPAUTH://totp/A:a?secret=jbsw%20y3dp+ehpk-3pxp&issuer=A \n`
    expect(told(spelling)).toMatchObject({ secret_base32: 'JBSWY3DPEHPK3PXP', issuer: 'A' })
    expect(told(`otpauth://totp?secret=${secret}`)).toMatchObject({ issuer: '', account: '' })
    expect(told(`otpauth://totp/?&&secret=${secret}&`)).toMatchObject({ issuer: '', account: '' })
    expect(told(`otpauth://totp/a?secret=${secret}&issuer=`)).toMatchObject({ issuer: '', account: 'a' })
  })

  it('knows a Steam account by its encoder', () => {
    const uri = `otpauth://totp/Steam:a?secret=${secret}&issuer=Steam&digits=5&encoder=steam`
    const result = parseOtpauthUri(uri)
    expect(result).toMatchObject({ parsed: true, account: { type: 'steam', digits: 5, periodSeconds: 30 } })
    expect(warned(uri)).toEqual([])
    expect(told(`otpauth://hotp/a?secret=${secret}&counter=1&encoder=steam`)).toMatchObject({
      type: 'hotp',
      digits: 6,
    })
  })

  it('reads up to 4096 characters', () => {
    const uri = `otpauth://totp/a?secret=${secret}&image=`
    expect(told(uri.padEnd(4096, 'x'))).toMatchObject({ account: 'a' })
    expect(told(uri.padEnd(4097, 'x'))).toBe('too-long')
  })

  it('knows a Steam account by its type, as Aegis writes it', () => {
    const uri = `otpauth://steam/Steam:a?secret=${secret}&issuer=Steam`
    expect(parseOtpauthUri(uri)).toMatchObject({
      parsed: true,
      account: { type: 'steam', issuer: 'Steam', algorithm: 'SHA1', digits: 5, periodSeconds: 30 },
      warnings: [],
    })
  })

  it.each([[undefined], [null], [5], [['otpauth://totp/a']], [{ length: 9 }]])(
    'calls %j, which is no text, no otpauth URI',
    (value) => {
      const why = 'not-an-otpauth-uri'
      expect(parseOtpauthUri(value as unknown as string)).toEqual({ parsed: false, why })
    },
  )

  it('hands on the picture as it was written', () => {
    expect(
      parseOtpauthUri(`otpauth://totp/a?secret=${secret}&image=https%3A%2F%2Fa.test%2Fb`),
    ).toHaveProperty('image', 'https://a.test/b')
    expect(parseOtpauthUri(`otpauth://totp/a?secret=${secret}&image=https://a.test/%3Fb=c`)).toHaveProperty(
      'image',
      'https://a.test/?b=c',
    )
    expect(parseOtpauthUri(`otpauth://totp/a?secret=${secret}`)).not.toHaveProperty('image')
  })

  it('gives every secret the mark of its length', () => {
    const strength = (bytes: number): unknown => {
      const result = parseOtpauthUri(`otpauth://totp/a?secret=${encodeBase32(new Uint8Array(bytes))}`)
      return result.parsed && result.account.strength
    }
    expect([5, 10, 15, 16, 20].map(strength)).toEqual(['too-short', 'short', 'short', 'full', 'full'])
  })

  it('never throws, and never lends its result a property', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 20 }),
      fc.constantFrom(
        'otpauth://',
        'totp',
        'hotp',
        '/',
        '?',
        '&',
        '=',
        '%',
        '%2',
        '%3A',
        ':',
        '+',
        '#',
        'secret=',
        secret,
      ),
      fc.constantFrom(
        'issuer=',
        'digits=',
        'period=',
        'counter=',
        '__proto__=',
        'constructor=',
        'algorithm=',
        'SHA1',
        '6',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        for (const uri of [
          pieces.join(''),
          `otpauth://totp/${pieces.join('')}`,
          `otpauth://totp/?secret=${secret}&${pieces.join('')}`,
        ]) {
          const result = parseOtpauthUri(uri)
          expect(Object.getPrototypeOf(result)).toBe(Object.prototype)
          if (result.parsed) expect(result.account.secret.length).toBeGreaterThan(0)
        }
      }),
    )
    expect({}).not.toHaveProperty('digits')
  })
})

describe('a colon in a name', () => {
  const names = (rest: string): unknown => {
    const result = parseOtpauthUri(`otpauth://totp/${rest}`)
    return result.parsed ? [result.account.issuer, result.account.account] : result.why
  }

  it.each([
    [`127.0.0.1:8000:%20ada?secret=${secret}&issuer=127.0.0.1:8000`, ['127.0.0.1:8000', 'ada']],
    [`127.0.0.1%3A8000%3Aada?secret=${secret}&issuer=127.0.0.1%3A8000`, ['127.0.0.1:8000', 'ada']],
    [`127.0.0.1:8000:ada?secret=${secret}`, ['127.0.0.1:8000', 'ada']],
    [`localhost:3000:ada?secret=${secret}`, ['localhost:3000', 'ada']],
    [`%5B::1%5D:8080:ada?secret=${secret}&issuer=%5B::1%5D:8080`, ['[::1]:8080', 'ada']],
    [`%5B::1%5D:8080:ada?secret=${secret}`, ['[::1]:8080', 'ada']],
    [`nas.example:5001:ada:work?secret=${secret}`, ['nas.example:5001', 'ada:work']],
    [`Corp:%20East:ada?secret=${secret}&issuer=Corp:%20East`, ['Corp: East', 'ada']],
    [`ada@host:22?secret=${secret}&issuer=Example`, ['Example', 'ada@host:22']],
    [`Example:ada@host:22?secret=${secret}&issuer=Example`, ['Example', 'ada@host:22']],
    [`ada@host:22?secret=${secret}`, ['', 'ada@host:22']],
    [`host:22?secret=${secret}&issuer=Example`, ['Example', 'host:22']],
    [`https%3A%2F%2Fexample.org?secret=${secret}&issuer=Example`, ['Example', 'https://example.org']],
    [`GitHub:ada?secret=${secret}&issuer=github`, ['github', 'ada']],
    [`Example:%20%20ada?secret=${secret}&issuer=Example`, ['Example', 'ada']],
    [`Example:?secret=${secret}&issuer=Example`, ['Example', '']],
    [`Examples:ada?secret=${secret}&issuer=Example`, ['Example', 'ada']],
  ])('%s', (rest, wanted) => {
    expect(names(rest)).toEqual(wanted)
  })
})

describe('an account of Steam', () => {
  const typeOf = (uri: string): unknown => {
    const result = parseOtpauthUri(uri)
    return result.parsed ? result.account.type : result.why
  }

  it.each([
    ['as Steam writes it', `otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam`],
    ['without the parameter', `otpauth://totp/Steam:ada?secret=${secret}`],
    ['without the label', `otpauth://totp/ada?secret=${secret}&issuer=Steam`],
    ['in small letters', `otpauth://totp/steam:ada?secret=${secret}&issuer=steam`],
    ['with the name of its codes', `otpauth://totp/Steam%20Guard:ada?secret=${secret}`],
    ['with a bare mark', `otpauth://totp/x:ada?secret=${secret}&steam`],
    ['with a mark that has a value', `otpauth://totp/x:ada?secret=${secret}&steam=1`],
    ['by its encoder', `otpauth://totp/x:ada?secret=${secret}&encoder=Steam`],
    ['by its five characters', `otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam&digits=5`],
    ['by its type', `otpauth://steam/Steam:ada?secret=${secret}`],
    ['with nothing but the secret', `steam://${secret}`],
    ['with a padded secret', 'steam://MZXW6YQ='],
  ])('%s', (_how, uri) => {
    expect(typeOf(uri)).toBe('steam')
    expect(parseOtpauthUri(uri)).toMatchObject({
      account: { digits: 5, algorithm: 'SHA1', periodSeconds: 30 },
    })
  })

  it.each([
    [`otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam&digits=6`],
    [`otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam&digits=6&algorithm=SHA1&period=30`],
    [`otpauth://totp/Steam?secret=${secret}`],
  ])('or another one: %s is read as TOTP, with a word about it', (uri) => {
    expect(typeOf(uri)).toBe('totp')
    expect(warned(uri)).toContain('steam-or-totp')
  })

  it.each([
    [`otpauth://totp/Steamer:ada?secret=${secret}`, 'totp'],
    [`otpauth://hotp/Steam:ada?secret=${secret}&counter=1`, 'hotp'],
    [`otpauth://totp/x:ada?secret=${secret}&digits=5`, 'digits-not-allowed'],
    ['steam://', 'secret-missing'],
    ['steam://rungameid/440', 'secret-not-base32'],
  ])('and what is none: %s', (uri, wanted) => {
    expect(typeOf(uri)).toBe(wanted)
    expect(warned(uri)).not.toContain('steam-or-totp')
  })
})

describe('a URI out of the source of a page', () => {
  it.each(['&amp;', '&AMP;', '&#38;', '&#038;', '&#x26;', '&#X26;', '&amp;amp;'])(
    'has its parameters, whatever stands for the ampersand: %s',
    (ampersand) => {
      const uri = ['otpauth://totp/A:a?secret=' + secret, 'digits=8', 'period=60', 'issuer=A'].join(ampersand)
      expect(told(uri)).toMatchObject({ digits: 8, period: 60, issuer: 'A' })
      expect(warned(uri)).toContain('ampersand-was-escaped')
    },
  )

  it('has its blanks', () => {
    expect(told(`otpauth://totp/A%20B:a?secret=${secret}&amp;issuer=A&#43;B`)).toHaveProperty('issuer', 'A B')
  })
})

describe('names of algorithms', () => {
  it.each([
    ['Algorithm.sha1', 'SHA1'],
    ['Algorithm.sha256', 'SHA256'],
    ['HMAC-SHA-256', 'SHA256'],
    ['HMAC-SHA-1', 'SHA1'],
    ['HmacSHA512', 'SHA512'],
    ['hmac_sha512', 'SHA512'],
    ['SHA_256', 'SHA256'],
    ['sha-1', 'SHA1'],
    ['SHA 512', 'SHA512'],
    ['MD5', null],
    ['HMAC', null],
    ['SHA3-256', null],
    ['SHA224', null],
    ['SHA512/256', null],
    ['', null],
  ])('%s is %s, alone and in a URI', (name, algorithm) => {
    expect(algorithmNamed(name)).toBe(algorithm)
    const uri = `otpauth://totp/a?secret=${secret}&algorithm=${encodeURIComponent(name)}`
    if (algorithm === null) expect(told(uri)).toBe('algorithm-not-supported')
    else expect(told(uri)).toHaveProperty('algorithm', algorithm)
  })
})

describe('the URI of an account that was read', () => {
  const accountOf = (uri: string): OtpAccount => {
    const result = parseOtpauthUri(uri)
    if (!result.parsed) throw new Error(result.why)
    return result.account
  }

  it.each([
    `otpauth://totp/ada?secret=${secret}`,
    `otpauth://totp/?secret=${secret}&issuer=Example`,
    `otpauth://totp/?secret=${secret}`,
    `otpauth://totp/:a:b?secret=${secret}`,
    `otpauth://totp/ada@host:22?secret=${secret}`,
    `otpauth://totp/127.0.0.1:8000:ada?secret=${secret}&issuer=127.0.0.1:8000`,
    `otpauth://totp/A%2BB:a%2Bb?secret=${secret}&issuer=A%2BB`,
    `otpauth://totp/A%2BB%20C:a?secret=${secret}&issuer=A%2BB%20C`,
    `otpauth://totp/A:A:a?secret=${secret}&issuer=A`,
    `otpauth://totp/Big%20Corp:${'a'.repeat(200)}?secret=${secret}&issuer=Big%20Corp`,
    `otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam`,
    `otpauth://totp/Steam:ada?secret=${secret}&issuer=Steam&digits=6`,
    `otpauth://totp/Steam?secret=${secret}`,
    `otpauth://totp/x:ada?secret=${secret}&encoder=steam`,
    `steam://${secret}`,
    `otpauth://hotp/A:a?secret=${secret}&issuer=A&counter=18446744073709551615`,
    `otpauth://hotp/A:a?secret=${secret}&issuer=A&counter=0&digits=8&algorithm=SHA256`,
    `otpauth://totp/A:a?secret=${secret}&issuer=A&digits=10&algorithm=SHA512&period=60`,
    'otpauth://totp/A:a?secret=MY',
  ])('%s comes back as the same account', (uri) => {
    const account = accountOf(uri)
    expect(accountOf(accountUri(account))).toEqual(account)
  })

  it('comes back whatever the names are', () => {
    const name = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 12 }),
      fc
        .array(fc.constantFrom('A', ':', ' ', '+', '@', '%', 'a', '8', '.', 'localhost', '&', '?', '#'), {
          maxLength: 8,
        })
        .map((pieces) => pieces.join('')),
    )
    fc.assert(
      fc.property(name, name, (issuer, account) => {
        fc.pre(issuer === issuer.trim() && account === account.trim())
        // Control characters and marks are taken out or refused at reading.
        fc.pre(
          !/[\p{Cc}\p{Cs}\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(issuer + account),
        )
        const whole = { ...accountOf(`otpauth://totp/a?secret=${secret}`), issuer, account }
        fc.pre(!/^steam ?(?:guard)?$/i.test(issuer))
        expect(accountOf(accountUri(whole))).toEqual(whole)
      }),
      { numRuns: 500 },
    )
  })

  it('a new account that is called Steam says that it is none', () => {
    const uri = otpauthUri({ issuer: 'Steam', account: 'ada', secret })
    expect(told(uri)).toMatchObject({ type: 'totp', digits: 6 })
  })
})

describe('writing otpauth URIs', () => {
  it.each(vectors.build)('$id', (row) => {
    const work = (): string =>
      otpauthUri({ issuer: row.issuer, account: row.account, secret: row.secret_base32 })
    if (row.expect.startsWith('refuse')) expect(work).toThrow(failing('LABEL_NOT_ALLOWED'))
    else {
      const uri = work()
      if (row.reference_uri !== undefined) {
        expect(uri).toBe(row.reference_uri.replace('&algorithm=SHA1&digits=6&period=30', ''))
      }
      const wanted = { issuer: row.issuer, account: row.account, secret_base32: row.secret_base32 }
      expect(told(uri)).toMatchObject(wanted)
      const foreign = OTPAuth.URI.parse(uri)
      expect([foreign.issuer, foreign.label, foreign.secret.base32]).toEqual(Object.values(wanted))
      expect(otplibParse(uri).label).toBe(`${row.issuer}:${row.account}`)
    }
  })

  it('leaves defaults out and writes what differs', () => {
    const plain = `otpauth://totp/Example:alice?secret=${secret}&issuer=Example`
    expect(otpauthUri(parts)).toBe(plain)
    expect(otpauthUri({ ...parts, type: 'totp', algorithm: 'SHA1', digits: 6, periodSeconds: 30 })).toBe(
      plain,
    )
    const more = {
      algorithm: 'SHA512',
      digits: 8,
      periodSeconds: 60,
      image: 'https://example.test/a b'.replace(' ', ''),
    } as const
    expect(otpauthUri({ ...parts, ...more })).toBe(
      `${plain}&algorithm=SHA512&digits=8&period=60&image=https%3A%2F%2Fexample.test%2Fab`,
    )
  })

  it('gives HOTP its counter, and no period', () => {
    const hotp = `otpauth://hotp/Example:alice?secret=${secret}&issuer=Example&counter=`
    expect(otpauthUri({ ...parts, type: 'hotp' })).toBe(`${hotp}0`)
    expect(otpauthUri({ ...parts, type: 'hotp', counter: 2n ** 64n - 1n, periodSeconds: 60 })).toBe(
      `${hotp}18446744073709551615`,
    )
  })

  it('takes bytes, and base32 as people write it', () => {
    expect(otpauthUri({ ...parts, secret: decodeBase32(secret)! })).toBe(otpauthUri(parts))
    expect(otpauthUri({ ...parts, secret: 'jbsw y3dp ehpk 3pxp jbsw y3dp ehpk 3pxp' })).toBe(
      otpauthUri(parts),
    )
  })

  it.each([
    ['LABEL_NOT_ALLOWED', { issuer: '' }],
    ['LABEL_NOT_ALLOWED', { issuer: '  ' }],
    ['LABEL_NOT_ALLOWED', { issuer: 'a:b' }],
    ['LABEL_NOT_ALLOWED', { account: 'a\u0000' }],
    ['LABEL_NOT_ALLOWED', { account: '\ud800' }],
    ['LABEL_NOT_ALLOWED', { account: 'a\u202eb' }],
    ['LABEL_NOT_ALLOWED', { account: 'a'.repeat(401) }],
    ['LABEL_NOT_ALLOWED', { image: 'http://example.test/a' }],
    ['LABEL_NOT_ALLOWED', { image: 'javascript:https://example.test/a' }],
    ['LABEL_NOT_ALLOWED', { image: 'https://example.test/a b' }],
    ['LABEL_NOT_ALLOWED', { image: 'https://example.test/\u202e' }],
    ['SECRET_NOT_BASE32', { secret: 'JBSWY3D0' }],
    ['SECRET_EMPTY', { secret: new Uint8Array(0) }],
    ['DIGITS_OUT_OF_RANGE', { digits: 5 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: 0 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: 86_401 }],
    ['PERIOD_OUT_OF_RANGE', { periodSeconds: 1.5 }],
    ['ALGORITHM_UNKNOWN', { algorithm: 'MD5' as Algorithm }],
    ['COUNTER_OUT_OF_RANGE', { type: 'hotp', counter: -1 }],
    ['LABEL_NOT_ALLOWED', { type: 'HOTP' as 'hotp' }],
    ['LABEL_NOT_ALLOWED', { type: 'totp/Other:a?secret=AAAAAAAA&x=' as 'totp' }],
  ] as [string, Partial<UriParts>][])('refuses with %s: %j', (code, change) => {
    expect(() => otpauthUri({ ...parts, ...change })).toThrow(failing(code))
  })

  it('says which name it refuses', () => {
    expect(() => otpauthUri({ ...parts, issuer: '' })).toThrow('The issuer has')
    expect(() => otpauthUri({ ...parts, account: 'a:b' })).toThrow('The account has')
  })

  it('accepts names of 400 characters and periods of a second up to a day', () => {
    expect(told(otpauthUri({ ...parts, periodSeconds: 1 }))).toMatchObject({ period: 1 })
    expect(told(otpauthUri({ ...parts, account: 'a'.repeat(400), periodSeconds: 86_400 }))).toMatchObject({
      account: 'a'.repeat(400),
      period: 86_400,
    })
  })

  it('comes back as it went in, whatever the names', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .map(uriLabel)
      .filter((text) => text !== '')
    const shape = fc.record({
      algorithm: fc.constantFrom<Algorithm>('SHA1', 'SHA256', 'SHA512'),
      digits: fc.integer({ min: 6, max: 10 }),
      periodSeconds: fc.integer({ min: 1, max: 86_400 }),
    })
    fc.assert(
      fc.property(
        fc.tuple(name, name),
        fc.uint8Array({ minLength: 1, maxLength: 64 }),
        shape,
        ([issuer, account], bytes, rest) => {
          const result = parseOtpauthUri(otpauthUri({ issuer, account, secret: bytes, ...rest }))
          expect(result).toMatchObject({
            parsed: true,
            account: { type: 'totp', issuer, account, secret: bytes, ...rest },
          })
        },
      ),
    )
  })
})

describe('a label made of any text', () => {
  it.each([
    ['Example: prod', 'Example prod'],
    ['Other Bank:alice', 'Other Bank alice'],
    ['al\r\nice', 'al ice'],
    ['al\u202eecila', 'al ecila'],
    ['  Ada  Lovelace ', 'Ada Lovelace'],
    [':\u0000', ''],
    ['\u{1f511}'.repeat(70), '\u{1f511}'.repeat(64)],
    ['a'.repeat(63) + ' b', 'a'.repeat(63)],
    [' ' + 'a'.repeat(65), 'a'.repeat(64)],
  ])('%j becomes %j', (text, label) => {
    expect(uriLabel(text)).toBe(label)
  })

  it('is always allowed in a URI, or empty', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const account = uriLabel(text)
        if (account !== '') expect(told(otpauthUri({ ...parts, account }))).toHaveProperty('account', account)
      }),
    )
  })
})

it('the defaults surprise no app', () => {
  expect(appWarnings({})).toEqual([])
  expect(appWarnings({ algorithm: 'SHA1', digits: 6, periodSeconds: 30 })).toEqual([])
})

it('a warning names the apps that ignore something', () => {
  const [algorithm, digits, period] = appWarnings({ algorithm: 'SHA256', digits: 8, periodSeconds: 60 })
  expect(algorithm).toEqual({
    code: 'algorithm-ignored-by-apps',
    message:
      'Google Authenticator, Microsoft Authenticator, Authy may ignore the algorithm SHA256 and show wrong codes.',
    apps: ['Google Authenticator', 'Microsoft Authenticator', 'Authy'],
  })
  expect(digits?.apps).toEqual(['Google Authenticator', 'Microsoft Authenticator'])
  expect(digits?.message).toContain('(8)')
  expect(period?.apps).toEqual(['Google Authenticator'])
  expect(period?.message).toContain('60 seconds')
})
