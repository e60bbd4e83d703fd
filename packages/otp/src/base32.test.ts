import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/rfc4648.json' with { type: 'json' }
import { decodeBase32, encodeBase32 } from './base32.js'

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0))
const hex = (bytes: Uint8Array | null): string | null => bytes && Buffer.from(bytes).toString('hex')

describe('base32', () => {
  it.each(vectors.encode)('writes "$ascii" as $base32, without the padding', ({ ascii: text, base32 }) => {
    expect(encodeBase32(ascii(text))).toBe(base32.replace(/=+$/, ''))
  })

  it.each(vectors.encode.slice(1))('reads $base32 with and without padding', ({ ascii: text, base32 }) => {
    expect(decodeBase32(base32)).toEqual(ascii(text))
    expect(decodeBase32(base32.replace(/=+$/, ''))).toEqual(ascii(text))
  })

  it.each(vectors.decodeSecretField)('$expect $input', ({ input, expect: wanted, hex: bytes }) => {
    const decoded = hex(decodeBase32(input))
    if (wanted === 'reject') expect(decoded).toBeNull()
    else expect(decoded).toBe(bytes)
  })

  it.each([
    ['tab, line feed, vertical tab, form feed, return', 'MZ\tXW\n6Y\vTB\fOI\r'],
    ['hyphens', '-MZXW-6YTB-OI-'],
    ['no-break spaces', 'MZXW\u00a06YTB\u00a0OI'],
  ])('skips %s', (_name, text) => {
    expect(hex(decodeBase32(text))).toBe('666f6f626172')
  })

  it.each(['\u0000', '@', '[', '`', '{', '/', '8', '1', '\u00a1', '\u2013', '\u3000', '\u{1f600}'])(
    'refuses %j beside the alphabet',
    (foreign) => {
      expect(decodeBase32(`MZXW6YT${foreign}`)).toBeNull()
    },
  )

  it.each([
    ['MZXW6YTB', 0],
    ['MZXW6YTBOI', 6],
    ['MZXW6YTBMZXQ', 4],
    ['MZXW6YTBMZXW6', 3],
    ['MZXW6YTBMZXW6YQ', 1],
  ])('takes for %s a padding of %i and no other', (text, right) => {
    for (let padding = 1; padding <= 17; padding++) {
      expect(decodeBase32(text + '='.repeat(padding)) !== null).toBe(padding === right)
    }
  })

  it('reads back whatever it wrote, in any case and grouping', () => {
    const grouped = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 70 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 9 }),
    )
    fc.assert(
      fc.property(grouped, ([bytes, lower, width]) => {
        const text = encodeBase32(bytes)
        const typed = (lower ? text.toLowerCase() : text).replace(new RegExp(`.{${width}}`, 'g'), '$& ')
        expect(decodeBase32(typed)).toEqual(bytes)
      }),
    )
  })

  it('never throws, and gives bytes only for what is base32', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
        const bytes = decodeBase32(text)
        if (bytes !== null) expect(text).toMatch(/^[A-Za-z2-7=\s-]+$/)
      }),
    )
  })
})
