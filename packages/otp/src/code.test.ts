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
    ['Arabic-Indic digits', other(0x0660)],
    ['Persian digits', other(0x06f0)],
    ['Devanagari digits', other(0x0966)],
    ['Bengali digits', other(0x09e6)],
    ['Thai digits', other(0x0e50)],
    ['Khmer digits', other(0x17e0)],
    ['N\u2019Ko digits', other(0x07c0)],
    ['bold digits', other(0x1d7ce)],
    ['double-struck digits, in the middle of a long row', other(0x1d7d8)],
    ['Adlam digits', other(0x1e950)],
    ['Arabic digits with a hyphen', other(0x0660).replace(/^.../, '$&-')],
    ['digits of two scripts', other(0x0660).slice(0, 3) + '804'],
    ['right-to-left mark', '\u200f081804'],
    ['left-to-right mark at the end', '081804\u200e'],
    ['embedded direction', '\u202b081804\u202c'],
    ['isolated direction', '\u2067081804\u2069'],
    ['Arabic letter mark', '\u061c081804'],
    ['zero-width joiners', '081\u200c\u200d804'],
    ['soft hyphen', '081\u00ad804'],
    ['variation selectors', Array.from('081804', (digit) => `${digit}\ufe0f`).join('')],
    ['Mongolian vowel separator', '081\u180e804'],
    ['combining grapheme joiner', '081\u034f804'],
  ])('%s', (_name, typed) => {
    expect(normaliseCode(typed)).toBe(code)
    expect(otp.verify(typed, { atSeconds, afterStep: null })).toEqual({
      matched: true,
      step: 37037036,
      offset: 0,
    })
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
    ['superscript', '\u2070\u2078\u00b9\u2078\u2070\u2074'],
    ['subscript', '\u2080\u2088\u2081\u2088\u2080\u2084'],
    ['Roman numerals', '\u2160'.repeat(6)],
    ['Chinese numerals', '\u3007\u516b\u4e00\u516b\u3007\u56db'],
    ['minus sign in front', '\u2212081804'],
    ['marks without width only', '\u200b\u200e\u2060'],
    ['circled', '\u2460\u2461\u2462\u2463\u2464\u2465'],
    ['lone surrogate', '\ud83508180'],
    ['pattern', '.*'],
    ['SQL', "' OR '1'='1"],
    ['a megabyte', '1'.repeat(1 << 20)],
    ['a megabyte of blanks', ' '.repeat(1 << 20)],
    ['65 characters with its blanks', '081804'.padEnd(65)],
    ['a code under blanks without end', '081804' + ' '.repeat(100)],
  ])('%s', (_name, typed) => {
    expect(otp.verify(typed, { atSeconds, afterStep: null })).toEqual({ matched: false, why: 'malformed' })
  })

  it.each([[undefined], [null], [81804], [true], [['081804']], [{ length: 6 }], [{ toString: () => code }]])(
    'the value %j, which is no string',
    (typed) => {
      expect(otp.verify(typed as unknown as string, { atSeconds, afterStep: null })).toEqual({
        matched: false,
        why: 'malformed',
      })
    },
  )

  it('every row of decimal digits of Unicode has ten, from zero on', () => {
    const digits: number[] = []
    for (let at = 0; at <= 0x10ffff; at++) if (/^\p{Nd}$/u.test(String.fromCodePoint(at))) digits.push(at)
    const read = digits.map((at) => normaliseCode(String.fromCodePoint(at))).join('')
    expect(read).toBe('0123456789'.repeat(digits.length / 10))
    expect(digits.length).toBeGreaterThan(600)
  })

  it('any string at all', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 80 }), (typed) => {
        const verdict = otp.verify(typed, { atSeconds, afterStep: null })
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
