import { afterEach, describe, expect, it, vi } from 'vitest'
import { generateSecret, hotp, OtpError, prepareKey, PreparedKey, secretStrength } from './index.js'

/** The code of an error that also says what is wrong. */
const codeOfError = (work: () => unknown): string => {
  try {
    work()
  } catch (error) {
    if (error instanceof OtpError && /\w \w/.test(error.message)) return error.code
  }
  return 'no OtpError with a message'
}

describe('a new secret', () => {
  afterEach(() => {
    vi.unstubAllGlobals()
  })

  it('has 20 bytes, different each time', () => {
    const secrets = Array.from({ length: 50 }, () => Buffer.from(generateSecret()).toString('hex'))
    expect(new Set(secrets).size).toBe(50)
    expect(secrets.every((secret) => secret.length === 40)).toBe(true)
  })

  it.each([20, 32, 64, 1024])('may have %i bytes', (bytes) => {
    expect(generateSecret({ bytes })).toHaveLength(bytes)
  })

  it.each([0, 10, 16, 19, 1025, 20.5, NaN, -20])('may not have %d bytes', (bytes) => {
    expect(codeOfError(() => generateSecret({ bytes }))).toBe('SECRET_TOO_SHORT')
  })

  it('comes from the given source', () => {
    expect(generateSecret({ random: (bytes) => new Uint8Array(bytes).fill(7) })).toEqual(
      new Uint8Array(20).fill(7),
    )
  })

  it('is refused from a source that gives fewer bytes', () => {
    expect(codeOfError(() => generateSecret({ random: () => new Uint8Array(19) }))).toBe('RANDOM_UNAVAILABLE')
  })

  it.each([undefined, {}])('says clearly when the platform has no random source (crypto is %j)', (crypto) => {
    vi.stubGlobal('crypto', crypto)
    expect(() => generateSecret()).toThrow(/pass \{ random \}/)
    expect(codeOfError(() => generateSecret())).toBe('RANDOM_UNAVAILABLE')
  })
})

it.each([
  [8, 'too-short'],
  [79, 'too-short'],
  [80, 'short'],
  [127, 'short'],
  [128, 'full'],
  [160, 'full'],
])('a secret of %i bits is %s', (bits, strength) => {
  expect(secretStrength(bits)).toBe(strength)
})

describe('a prepared key', () => {
  it('makes the same codes as the secret it was made of', () => {
    const secret = generateSecret()
    expect(hotp(new PreparedKey(secret), 5)).toBe(hotp(secret, 5))
    expect(hotp(new PreparedKey(secret, 'SHA512'), 5)).toBe(hotp(secret, 5, { algorithm: 'SHA512' }))
  })

  it('does not change when the secret is wiped afterwards', () => {
    const secret = generateSecret()
    const code = hotp(secret, 5)
    const key = new PreparedKey(secret)
    secret.fill(0)
    expect(hotp(key, 5)).toBe(code)
  })

  it('shows nothing of the secret when it is printed', () => {
    const key = prepareKey('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
    expect(JSON.stringify(key)).toBe('{"algorithm":"SHA1","bits":160}')
    expect(Object.keys(key)).toEqual(['algorithm', 'bits'])
  })

  it.each([
    'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    'gezd gnbv gy3t qojq gezd gnbv gy3t qojq',
    'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGE======',
  ])('leaves none of the bytes that it decoded of %s', (text) => {
    const seen: Uint8Array[] = []
    class Watched extends Uint8Array {
      constructor(length: number) {
        super(length)
        seen.push(this)
      }
    }
    vi.stubGlobal('Uint8Array', Watched)
    prepareKey(text)
    vi.unstubAllGlobals()
    expect(seen.length).toBeGreaterThan(0)
    expect(seen.flatMap((bytes) => Array.from(bytes)).filter((byte) => byte !== 0)).toEqual([])
  })

  it('is returned as it is when it is prepared again', () => {
    const key = prepareKey(generateSecret())
    expect(prepareKey(key)).toBe(key)
    expect(prepareKey(key, 'SHA1')).toBe(key)
  })

  it.each([
    ['SECRET_EMPTY', () => new PreparedKey(new Uint8Array(0))],
    // Without a length it would be the key of no bytes, whose codes anybody can make.
    ['SECRET_EMPTY', () => new PreparedKey(new ArrayBuffer(20) as unknown as Uint8Array)],
    ['SECRET_EMPTY', () => prepareKey({} as unknown as Uint8Array)],
    ['SECRET_NOT_BASE32', () => prepareKey('not base32!')],
    ['SECRET_NOT_BASE32', () => prepareKey('')],
    ['ALGORITHM_MISMATCH', () => prepareKey(prepareKey('GEZDGNBV'), 'SHA256')],
    ['ALGORITHM_MISMATCH', () => hotp(prepareKey('GEZDGNBV', 'SHA512'), 1, { algorithm: 'SHA1' })],
    ['ALGORITHM_UNKNOWN', () => prepareKey('GEZDGNBV', 'MD5' as 'SHA1')],
    ['ALGORITHM_UNKNOWN', () => prepareKey('GEZDGNBV', 'sha1' as 'SHA1')],
  ])('is refused with %s', (code, work) => {
    expect(codeOfError(work)).toBe(code)
  })

  it('refuses without repeating the secret', () => {
    expect(() => prepareKey('GEZDGNBV0')).toThrow(expect.not.stringContaining('GEZDGNBV') as string)
  })
})
