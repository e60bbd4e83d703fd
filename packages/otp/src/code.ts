/** More than this is no code with separators; it is left as it is. */
const LONGEST = 64

const isDecimal = (codePoint: number): boolean => /^\p{Nd}$/u.test(String.fromCodePoint(codePoint))

/**
 * The value of a decimal digit of any script. Unicode keeps the ten of a script together, zero first (the Unicode
 * Standard §4.6), so that the place in the row of digits is the value, also where several rows adjoin.
 */
function digitValue(digit: string): string {
  const codePoint = digit.codePointAt(0) ?? 0
  let start = codePoint
  while (isDecimal(start - 1)) start--
  return String((codePoint - start) % 10)
}

/**
 * What a person typed or pasted, as digits: white space of every kind goes, also what has no width at all and what
 * turns text around; decimal digits of every script become ASCII ones; hyphens, dashes and minus signs between digits
 * go. Anything else stays, so that the code fails: a sign in front, a point, a circled or superscript digit.
 * @param text any string
 */
export function normaliseCode(text: string): string {
  if (text.length > LONGEST) return text
  return text
    .replace(/[\s\p{Default_Ignorable_Code_Point}]+/gu, '')
    .replace(/[^\P{Nd}0-9]/gu, digitValue)
    .replace(/(?<=\d)[\p{Pd}\u2212](?=\d)/gu, '')
}

/** Stands for every number of more than 31 bits: no HOTP value is equal to it (RFC 4226 §5.3). */
const MORE_THAN_31_BITS = 0x8000_0000

/** The number that exactly `digits` ASCII digits spell, or -1. */
function spelled(text: string, digits: number): number {
  if (text.length !== digits) return -1
  let value = 0
  for (let at = 0; at < digits; at++) {
    const digit = text.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value < MORE_THAN_31_BITS ? value : MORE_THAN_31_BITS
}

/**
 * A typed code as a number, to be compared without a string.
 * @param text user input; anything that is not a string is malformed too
 * @returns -1 for what is not exactly `digits` digits once normalised
 */
export function parseCode(text: unknown, digits: number): number {
  if (typeof text !== 'string') return -1
  const value = spelled(text, digits)
  return value >= 0 ? value : spelled(normaliseCode(text), digits)
}

/** 1 when two integers of 31 bits are equal, else 0, in the same time for every pair. */
export function equalBit(left: number, right: number): 0 | 1 {
  const difference = left ^ right
  return (((difference | -difference) >>> 31) ^ 1) as 0 | 1
}
