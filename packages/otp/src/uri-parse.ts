import {
  afterIssuer,
  algorithmNamed,
  cleanName,
  counterNamed,
  divideLabel,
  isSteamName,
  steamWarnings,
  strengthWarnings,
  wholeNumber,
  type Names,
  type OtpAccount,
} from './account.js'
import { appWarnings, type OtpWarning } from './app-support.js'
import { decodeBase32 } from './base32.js'
import type { Algorithm } from './prepared-key.js'
import { secretStrength } from './secret.js'

/** Why a text is not an otpauth URI that can be used. The codes are stable. */
export type UriProblem =
  | 'algorithm-not-supported'
  | 'counter-missing'
  | 'counter-not-allowed'
  | 'digits-not-allowed'
  | 'encoder-not-supported'
  | 'escape-malformed'
  | 'name-not-allowed'
  | 'not-an-otpauth-uri'
  | 'parameter-ambiguous'
  | 'period-not-allowed'
  | 'secret-missing'
  | 'secret-not-base32'
  | 'too-long'
  | 'type-not-supported'

/** What a URI says, or why it is refused. */
export type ParsedUri =
  | {
      readonly parsed: true
      /** Of type `steam` where the URI can only be Steam's: by type, `encoder=steam`, `steam`, or the issuer. */
      readonly account: OtpAccount
      /** The picture's address, as it was written: show it only if you trust the URI. */
      readonly image?: string
      readonly warnings: readonly OtpWarning[]
    }
  | { readonly parsed: false; readonly why: UriProblem }

const LONGEST_URI = 4096
/** Tags, notes and the order of Ente's own app: nothing that changes a code. */
const ENTE = 'codedisplay'
const KNOWN = [
  ...['secret', 'issuer', 'algorithm', 'digits', 'period', 'counter', 'image', 'encoder', 'steam'],
  ENTE,
]

/** Carries a reason out of the nested steps of one parse; it never leaves this file. */
class Refusal extends Error {
  readonly why: UriProblem
  constructor(why: UriProblem) {
    super(why)
    this.why = why
  }
}

function refuse(why: UriProblem): never {
  throw new Refusal(why)
}

/** Decodes exactly once; what is not UTF-8 behind the escapes is refused. */
function unescape(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return refuse('escape-malformed')
  }
}

/** Parameters by lower-case name, still escaped; a repetition must say the same. */
function readQuery(query: string, warnings: OtpWarning[]): Map<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const [name = '', ...rest] = pair.split('=')
    const key = unescape(name).toLowerCase()
    const value = rest.join('=')
    if (!KNOWN.includes(key)) {
      warnings.push({ code: 'parameter-unknown', message: 'A parameter that no app knows was ignored.' })
    } else if (!parameters.has(key)) parameters.set(key, value)
    else if (parameters.get(key) !== value) refuse('parameter-ambiguous')
    else warnings.push({ code: 'parameter-repeated', message: `The parameter ${key} was repeated.` })
  }
  return parameters
}

/** A name as an app may show it: no control characters, no marks that turn the text around. */
function readName(name: string, warnings: OtpWarning[]): string {
  const clean = cleanName(name) ?? refuse('name-not-allowed')
  if (clean !== name) {
    warnings.push({ code: 'direction-marks-removed', message: 'Marks that turn text around were removed.' })
  }
  return clean.trim()
}

/** Names of services begin with a capital; those of accounts and machines mostly do not. */
const looksLikeIssuer = (name: string): boolean => /^\p{Lu}/u.test(name)

/**
 * Form encoding writes a blank as '+', RFC 3986 means a plus by it: a plus is believed when the label has it too. The
 * label's own issuer goes, whatever colons it has.
 */
function readNames(label: string, written: string | undefined, warnings: OtpWarning[]): Names {
  const divided = divideLabel(label)
  if (written === undefined || written === '') return divided
  const asPlus = readName(unescape(written), warnings)
  const asBlank = readName(unescape(written.replaceAll('+', '%20')), [])
  const issuer = afterIssuer(label, asPlus) === null ? asBlank : asPlus
  if (issuer !== asPlus) {
    warnings.push({ code: 'plus-read-as-blank', message: 'A plus in the issuer was read as a blank.' })
  }
  const account = afterIssuer(label, issuer)
  if (account !== null) return { issuer, account }
  if (!looksLikeIssuer(divided.issuer)) return { issuer, account: label.trim().replace(/^:\s*/, '') }
  const message = 'The label names another issuer than the parameter, which counts.'
  warnings.push({ code: 'issuer-differs-from-label', message })
  return { issuer, account: divided.account }
}

function readSecret(written: string | undefined): Uint8Array {
  if (written === undefined || written === '') return refuse('secret-missing')
  return decodeBase32(unescape(written.replaceAll('+', '%20'))) ?? refuse('secret-not-base32')
}

/** Written by KeePassXC (`encoder=steam`) and Pass::OTP (`steam`). */
function isMarkedSteam(parameters: Map<string, string>): boolean {
  const encoder = parameters.get('encoder')
  if (encoder !== undefined && encoder.toLowerCase() !== 'steam') refuse('encoder-not-supported')
  return encoder !== undefined || parameters.has('steam')
}

/** Steam itself names neither its kind nor its five characters; who says six digits may mean either. */
function isSteam(parameters: Map<string, string>, { issuer }: Names): boolean {
  const digits = parameters.get('digits')
  return isMarkedSteam(parameters) || (isSteamName(issuer) && (digits === undefined || digits === '5'))
}

function readCodeShape(parameters: Map<string, string>): { algorithm: Algorithm; digits: number } {
  const algorithm = algorithmNamed(unescape(parameters.get('algorithm') ?? 'SHA1'))
  const digits = wholeNumber(unescape(parameters.get('digits') ?? '6'), 6, 10)
  return {
    algorithm: algorithm ?? refuse('algorithm-not-supported'),
    digits: digits ?? refuse('digits-not-allowed'),
  }
}

function readMoving(
  type: OtpAccount['type'],
  parameters: Map<string, string>,
): Pick<OtpAccount, 'periodSeconds' | 'counter'> {
  if (type !== 'hotp') {
    const period = wholeNumber(unescape(parameters.get('period') ?? '30'), 1, 86_400)
    return { periodSeconds: period ?? refuse('period-not-allowed') }
  }
  const counter = counterNamed(unescape(parameters.get('counter') ?? refuse('counter-missing')))
  return { periodSeconds: 30, counter: counter ?? refuse('counter-not-allowed') }
}

/** Aegis and others write Steam accounts with a type of their own. */
function readType(host: string): OtpAccount['type'] {
  const type = host.toLowerCase()
  return type === 'totp' || type === 'hotp' || type === 'steam' ? type : refuse('type-not-supported')
}

/** A page's source has `&amp;` where the address has an ampersand, and `&#43;` where it has a plus. */
function unescapeHtml(uri: string, warnings: OtpWarning[]): string {
  const plain = uri
    .replace(/&(?:(?:amp|#0*38|#x0*26);)+/gi, '&')
    .replace(/&#(?:0*43|x0*2b);/gi, '+')
    .replace(/&#(?:0*61|x0*3d);/gi, '=')
  if (plain !== uri) {
    warnings.push({
      code: 'ampersand-was-escaped',
      message: 'An ampersand written for a page was read as one.',
    })
  }
  return plain
}

/** `steam://SECRET`, as Bitwarden writes it. */
function readBareSteam(text: string): ParsedUri | null {
  const written = /^\s*steam:\/\/([^?#]*)/i.exec(text)?.[1]
  if (written === undefined) return null
  const secret = readSecret(written.trim())
  const strength = secretStrength(secret.length * 8)
  const names = { issuer: 'Steam', account: '' }
  const account: OtpAccount = { type: 'steam', ...names, secret, strength, ...STEAM, periodSeconds: 30 }
  return { parsed: true, account, warnings: strengthWarnings(strength) }
}

const STEAM = { algorithm: 'SHA1', digits: 5 } as const

function imageOf(parameters: Map<string, string>): { image?: string } {
  const image = parameters.get('image')
  return image === undefined ? {} : { image: unescape(image) }
}

function read(text: string): ParsedUri {
  if (text.length > LONGEST_URI) refuse('too-long')
  const warnings: OtpWarning[] = []
  const uri = unescapeHtml(text, warnings)
  const parts = /^\s*(?:apple-)?otpauth:\/\/([^/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?/i.exec(uri)
  if (parts === null) return readBareSteam(uri) ?? refuse('not-an-otpauth-uri')
  const type = readType(parts[1] ?? '')
  const parameters = readQuery((parts[3] ?? '').trim(), warnings)
  const label = readName(unescape(parts[2] ?? ''), warnings)
  const secret = readSecret(parameters.get('secret'))
  const moving = readMoving(type, parameters)
  const names = readNames(label, parameters.get('issuer'), warnings)
  const steam = type === 'steam' || (type === 'totp' && isSteam(parameters, names))
  const account: OtpAccount = {
    type: steam ? 'steam' : type,
    ...names,
    secret,
    strength: secretStrength(secret.length * 8),
    ...(steam ? STEAM : readCodeShape(parameters)),
    ...moving,
  }
  warnings.push(...strengthWarnings(account.strength), ...steamWarnings(account))
  if (!steam) warnings.push(...appWarnings(account))
  return { parsed: true, account, ...imageOf(parameters), warnings }
}

/**
 * Reads an otpauth URI (Key URI format), leniently where writers differ and strictly where a guess would harm. Never
 * throws, whatever the text.
 * @returns the account, with warnings, or a reason
 * @see https://github.com/google/google-authenticator/wiki/Key-Uri-Format
 */
export function parseOtpauthUri(uri: string): ParsedUri {
  if (typeof uri !== 'string') return { parsed: false, why: 'not-an-otpauth-uri' }
  try {
    return read(uri)
  } catch (problem) {
    if (problem instanceof Refusal) return { parsed: false, why: problem.why }
    throw problem
  }
}
