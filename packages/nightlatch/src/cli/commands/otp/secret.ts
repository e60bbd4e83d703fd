import { decodeBase32, parseOtpauthUri, type Algorithm, type OtpWarning } from '@nightlatch/otp'
import { Refused } from '../../framework/errors.js'
import { lookForUris, otherKind } from '@nightlatch/otp/files'
import { oneUriOf } from './text.js'
import { inWords, uriProblem } from './words.js'

/** What a code is computed from. With a counter it is HOTP, without one TOTP or Steam. */
export interface OtpSettings {
  /** The codes of Steam: letters and digits. */
  readonly isSteam?: true
  readonly secret: Uint8Array
  readonly algorithm: Algorithm
  readonly digits: number
  readonly periodSeconds: number
  readonly counter?: number | bigint
  /** What a person should know of how it was read. */
  readonly notes?: readonly string[]
}

/** As the flags have them. */
export interface Given {
  readonly algorithm?: Algorithm
  readonly digits?: number
  readonly period?: number
  readonly counter?: number | bigint
  /** The secret is hexadecimal. */
  readonly hex?: true
}

/** A secret in base32 or hexadecimal, or the otpauth URI in a text; a flag wins over what the URI says, or lacks. */
export function secretOf(text: string, given: Given): OtpSettings {
  const other = otherKind(text)
  if (other === 'motp' || other === 'yandex') throw new Refused(`no code can be made: ${inWords(other)}`)
  const isUri = given.hex !== true && lookForUris(text).uris.length > 0
  const read = isUri ? settingsOfUri(oneUriOf(text), given) : settingsOfSecret(text, given)
  const counter = given.counter ?? read.counter
  // Steam has no other codes than its own, whatever the flags say.
  if (read.isSteam === true) return read
  return {
    secret: read.secret,
    algorithm: given.algorithm ?? read.algorithm,
    digits: given.digits ?? read.digits,
    periodSeconds: given.period ?? read.periodSeconds,
    ...(counter === undefined ? {} : { counter }),
    notes: read.notes ?? [],
  }
}

function settingsOfSecret(text: string, { hex }: Given): OtpSettings {
  // A password and a name below it are base32, too, if chance has it.
  if (/\S\s*[\r\n]\s*\S/.test(text))
    throw new Refused('several lines came, and none is an otpauth URI: give the secret alone')
  const [asBase32, asHex] = [decodeBase32(text), decodeHex(text)]
  const secret = hex === true ? asHex : (asBase32 ?? asHex)
  if (secret === null) throw new Refused(hex === true ? hexProblem(text) : secretProblem(text))
  const isEither = hex !== true && asBase32 !== null && asHex !== null
  const notes = isEither ? ['The secret was read as base32; with --hex it is hexadecimal.'] : []
  return { secret, algorithm: 'SHA1', digits: 6, periodSeconds: 30, notes }
}

/** Shorter than ten bytes is no secret, and may be anything. */
const leastHexDigits = 20

function decodeHex(text: string): Uint8Array | null {
  const digits = text.replace(/^\s*0x/i, '').replace(/[\s:-]/g, '')
  const isHex = /^(?:[0-9a-f]{2})+$/i.test(digits) && digits.length >= leastHexDigits
  return isHex ? Uint8Array.from(Buffer.from(digits, 'hex')) : null
}

const hexProblem = (text: string): string =>
  text.trim() === ''
    ? emptySecret
    : `the secret is not hexadecimal: it has an even number of the digits 0 to 9 and a to f, at least ${leastHexDigits}`

const emptySecret = 'the secret is empty: nothing came, neither as an argument nor by standard input'

/** The true reason; never the text itself, because a secret with one wrong character is still nearly a secret. */
function secretProblem(text: string): string {
  const characters = text.replace(/[\s=-]/g, '')
  if (text.trim() === '') return emptySecret
  if (characters === '') return 'the secret is empty: there are only blanks, hyphens or padding'
  const foreign = [...characters].filter((one) => !/[a-z2-7]/i.test(one))
  if (foreign.length === 0) return lengthProblem(text, characters.length)
  const lookAlikes = foreign.every((one) => /[0189]/.test(one))
  return lookAlikes
    ? 'the secret is not base32: it has no digits 0, 1, 8 and 9; where they stand, the letters O, I and B are meant'
    : 'the secret is not base32: it has letters from A to Z and the digits 2 to 7 only'
}

const lengthProblem = (text: string, length: number): string =>
  text.includes('=')
    ? 'the secret is not base32: its padding (=) does not fit its length, or stands in the middle'
    : `the secret cannot be complete: base32 has never ${length} characters, so that one is missing or too many`

const parameters = ['algorithm', 'digits', 'period', 'counter'] as const

/** The URI with the flags in the place of its parameters, so that a parameter that is missing or wrong does no harm. */
function withFlags(uri: string, given: Given): string {
  const flags = parameters.filter((name) => given[name] !== undefined)
  const [path = '', query = ''] = uri.replace(/#(?!\w+;)[\s\S]*$/, '').split(/\?(.*)/s)
  if (flags.length === 0) return uri
  const nameOf = (pair: string): string =>
    pair
      .replace(/^(?:amp;)+/i, '')
      .split('=')[0]
      ?.toLowerCase() ?? ''
  const kept = query.split('&').filter((pair) => !flags.some((flag) => flag === nameOf(pair)))
  return `${path}?${[...kept, ...flags.map((flag) => `${flag}=${String(given[flag])}`)].join('&')}`
}

/** Remarks about apps and lengths are for who sets an account up; these change what was read. */
const tellAlways: readonly OtpWarning['code'][] = [
  'ampersand-was-escaped',
  'steam-or-totp',
  'parameter-repeated',
]

function settingsOfUri(text: string, given: Given): OtpSettings {
  if (/^\s*otpauth-migration:/i.test(text))
    throw new Refused('this is an export of several accounts: nightlatch otp read shows each of them')
  const uri = parseOtpauthUri(withFlags(text.trim(), given))
  if (!uri.parsed) throw new Refused(uriProblem(uri.why, { flags: true }))
  const notes = uri.warnings.filter(({ code }) => tellAlways.includes(code)).map(({ message }) => message)
  return uri.account.type === 'steam' ? { ...uri.account, isSteam: true, notes } : { ...uri.account, notes }
}
