import { isBytes } from './bytes.js'
import { OtpError } from './errors.js'

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/**
 * Base32 of bytes, upper case, without padding (RFC 4648 §6; the Key URI format leaves padding out).
 * @param bytes any number of bytes
 */
export function encodeBase32(bytes: Uint8Array): string {
  if (!isBytes(bytes)) throw new OtpError('SECRET_EMPTY', 'Base32 is made of bytes (a Uint8Array).')
  let text = ''
  let held = 0
  let bits = 0
  for (const byte of bytes) {
    held = ((held << 8) | byte) & 0xfff
    for (bits += 8; bits >= 5; bits -= 5) text += alphabet.charAt((held >>> (bits - 5)) & 31)
  }
  return bits > 0 ? text + alphabet.charAt((held << (5 - bits)) & 31) : text
}

const SKIP = -1
const PADDING = -2
const FOREIGN = -3
/** Tab to carriage return, blank, hyphen, no-break space. */
const SEPARATORS = '\t\n\v\f\r -\u00a0'

/** Only ASCII letters fold: 'ſ'.toUpperCase() is 'S', so case is never changed before the alphabet is checked. */
function valuesByCodeUnit(): Int8Array {
  const values = new Int8Array(0xa1).fill(FOREIGN)
  for (const separator of SEPARATORS) values[separator.charCodeAt(0)] = SKIP
  for (let value = 0; value < 32; value++) {
    values[alphabet.charCodeAt(value)] = value
    values[alphabet.toLowerCase().charCodeAt(value)] = value
  }
  values['='.charCodeAt(0)] = PADDING
  return values
}

const values = /* @__PURE__ */ valuesByCodeUnit()

const POSSIBLE_ENDS = [true, false, true, false, true, true, false, true]

/** RFC 4648 §6: a last group has 2, 4, 5 or 7 characters, and padding, where there is any, fills it to eight. */
const possibleEnd = (characters: number, padding: number): boolean =>
  POSSIBLE_ENDS[characters % 8] === true &&
  (padding === 0 || (padding < 8 && (characters + padding) % 8 === 0))

/**
 * Decodes the groups of eight characters at the start that have nothing between them, which is most of any secret.
 * @returns how many groups
 */
function decodeWholeGroups(text: string, bytes: Uint8Array): number {
  const groups = text.length >> 3
  for (let group = 0; group < groups; group++) {
    const start = group * 8
    const a = values[text.charCodeAt(start)] ?? FOREIGN
    const b = values[text.charCodeAt(start + 1)] ?? FOREIGN
    const c = values[text.charCodeAt(start + 2)] ?? FOREIGN
    const d = values[text.charCodeAt(start + 3)] ?? FOREIGN
    const e = values[text.charCodeAt(start + 4)] ?? FOREIGN
    const f = values[text.charCodeAt(start + 5)] ?? FOREIGN
    const g = values[text.charCodeAt(start + 6)] ?? FOREIGN
    const h = values[text.charCodeAt(start + 7)] ?? FOREIGN
    if ((a | b | c | d | e | f | g | h) < 0) return group
    const at = group * 5
    bytes[at] = (a << 3) | (b >> 2)
    bytes[at + 1] = (b << 6) | (c << 1) | (d >> 4)
    bytes[at + 2] = (d << 4) | (e >> 1)
    bytes[at + 3] = (e << 7) | (f << 2) | (g >> 3)
    bytes[at + 4] = (g << 5) | h
  }
  return groups
}

/**
 * Bytes of base32 as people copy it: any case, with or without padding, in groups divided by white space or
 * hyphens (RFC 4648 §6, §3.3). Unused bits at the end may be set (§3.5 leaves that open).
 * @returns null for anything else, and for no characters at all: an empty secret is nobody's secret
 */
export function decodeBase32(text: string): Uint8Array | null {
  if (typeof text !== 'string') return null
  const bytes = new Uint8Array((text.length * 5) >> 3)
  const groups = decodeWholeGroups(text, bytes)
  let length = groups * 5
  let held = 0
  let bits = 0
  let skipped = 0
  let padding = 0
  for (let at = groups * 8; at < text.length; at++) {
    const value = values[text.charCodeAt(at)] ?? FOREIGN
    if (value >= 0 && padding === 0) {
      held = (held << 5) | value
      bits += 5
      if (bits >= 8) bytes[length++] = held >>> (bits -= 8)
    } else if (value === SKIP) skipped++
    else if (value === PADDING) padding++
    else return null
  }
  const characters = text.length - skipped - padding
  if (characters === 0 || !possibleEnd(characters, padding)) return null
  if (length === bytes.length) return bytes
  const secret = bytes.slice(0, length)
  // Whoever wipes the result would not reach this one.
  bytes.fill(0)
  return secret
}
