import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { equalBit, parseCode } from './code.js'
import { normaliseCode, Totp } from './index.js'

const code = '081804'
const atSeconds = 1111111109
const otp = new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
const fullWidth = (text: string): string =>
  text.replace(/\d/g, (digit) => String.fromCharCode(0xff10 + Number(digit)))
const other = (zero: number): string =>
  Array.from(code, (digit) => String.fromCodePoint(zero + Number(digit))).join('')

describe('a right code is found however it is typed', () => {
  it.each([
    ['plain', code],
    ['blanks around', ' 081804 '],
    ['a blank in the middle', '081 804'],
    ['line end', '081804\r\n'],
    ['tab', '\t081804'],
    ['no-break space', '081\u00a0804'],
    ['narrow no-break space', '081\u202f804'],
    ['thin space', '081\u2009804'],
    ['ideographic space', '081\u3000804'],
    ['zero-width space', '081\u200b804'],
    ['word joiner', '081\u2060804'],
    ['byte order mark', '\ufeff081804'],
    ['hyphen', '081-804'],
    ['hyphens', '08-18-04'],
    ['no-break hyphen', '081\u2011804'],
    ['en dash with blanks', '081 \u2013 804'],
    ['minus sign', '081\u2212804'],
    ['full width', fullWidth(code)],
    ['full width with a full-width hyphen', fullWidth('081') + '\uff0d' + fullWidth('804')],
    ['every digit apart', '0 8 1 8 0 4'],
    ['64 characters with its blanks', '081804'.padEnd(64)],
  ])('%s', (_name, typed) => {
    expect(normaliseCode(typed)).toBe(code)
    expect(otp.verify(typed, { atSeconds })).toEqual({ matched: true, step: 37037036, offset: 0 })
  })
})

describe('what is no code is malformed, and throws nothing', () => {
  it.each([
    ['empty', ''],
    ['blanks', '   '],
    ['dropped zero', '81804'],
    ['a digit more on the left', '0081804'],
    ['a digit more on the right', '0818040'],
    ['plus', '+081804'],
    ['minus', '-081804'],
    ['hyphen at the end', '081804-'],
    ['two hyphens', '081--804'],
    ['decimal', '081804.0'],
    ['point in the middle', '081.804'],
    ['underscore', '081_804'],
    ['underscores', '______'],
    // A sloppy reader takes '*' for -6, and 08181* for 081804.
    ['a character below the digits', '08181*'],
    ['a character above the digits', '08179>'],
    ['hex', '0x13f8c'],
    ['exponent', '818e04'],
    ['letters', 'O818O4'],
    ['NUL', '\u0000'],
    ['NUL within', '081\u0000804'],
    ['Arabic-Indic digits', other(0x0660)],
    ['Persian digits', other(0x06f0)],
    ['Devanagari digits', other(0x0966)],
    ['mathematical digits', other(0x1d7ce)],
    ['superscript', '\u2070\u2078\u00b9\u2078\u2070\u2074'],
    ['circled', '\u2460\u2461\u2462\u2463\u2464\u2465'],
    ['lone surrogate', '\ud83508180'],
    ['pattern', '.*'],
    ['SQL', "' OR '1'='1"],
    ['right-to-left mark', '\u200f081804'],
    ['a megabyte', '1'.repeat(1 << 20)],
    ['a megabyte of blanks', ' '.repeat(1 << 20)],
    ['65 characters with its blanks', '081804'.padEnd(65)],
    ['a code under blanks without end', '081804' + ' '.repeat(100)],
  ])('%s', (_name, typed) => {
    expect(otp.verify(typed, { atSeconds })).toEqual({ matched: false, why: 'malformed' })
  })

  it.each([[undefined], [null], [81804], [true], [['081804']], [{ length: 6 }], [{ toString: () => code }]])(
    'the value %j, which is no string',
    (typed) => {
      expect(otp.verify(typed as unknown as string, { atSeconds })).toEqual({
        matched: false,
        why: 'malformed',
      })
    },
  )

  it('any string at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (typed) => {
        const verdict = otp.verify(typed, { atSeconds })
        if (!/\d/.test(normaliseCode(typed))) expect(verdict).toEqual({ matched: false, why: 'malformed' })
      }),
    )
  })
})

describe('as a number', () => {
  it('a code of six digits is itself, leading zeros and all', () => {
    expect(parseCode('000007', 6)).toBe(7)
    expect(parseCode('999999', 6)).toBe(999999)
  })

  it('ten digits that no 31-bit number can spell are well-formed, and equal to nothing', () => {
    expect(parseCode('2147483647', 10)).toBe(2147483647)
    for (const typed of ['2147483648', '4294967296', '4294967297', '9999999999']) {
      const wanted = parseCode(typed, 10)
      expect(wanted).toBeGreaterThan(0)
      for (const value of [0, 1, 1410065407, 2147483647]) expect(equalBit(value, wanted)).toBe(0)
    }
  })

  it('only equal numbers are equal', () => {
    const number = fc.integer({ min: 0, max: 0x7fff_ffff })
    fc.assert(
      fc.property(number, number, (left, right) => equalBit(left, right) === (left === right ? 1 : 0)),
    )
    fc.assert(fc.property(number, (value) => equalBit(value, value) === 1))
    for (let bit = 0; bit < 31; bit++) expect(equalBit(0, 1 << bit)).toBe(0)
  })
})
