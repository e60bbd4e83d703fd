import type { RawEntry } from '../raw-entry.js'
import { hexOrBase32 } from './csv-formats.js'
import { Entries, type Found, type FoundFile } from './entries.js'

const linesOf = (text: string): readonly string[] => text.replace(/^\ufeff/, '').split(/\r\n|[\n\r]/)

const oathLine = /^\s*(HOTP(?:\/[TE\d/]*)?)\s+(\S+)\s+(\S+)\s+([\da-f]+)(?:\s+(\d+)(?:\s+(\d+))?)?/i

/**
 * The type of a line of users.oath: `HOTP`, `HOTP/E/8`, `HOTP/T30`, `HOTP/T60/8`.
 * @see https://www.nongnu.org/oath-toolkit/pam_oath.html
 */
function oathType(type: string): Pick<RawEntry, 'type' | 'digits' | 'period'> | null {
  const parts = /^HOTP(?:\/(?:E|T(\d*)))?(?:\/([678]))?$/i.exec(type)
  if (parts === null) return null
  const isTimed = /^HOTP\/T/i.test(type)
  const digits = Number(parts[2] ?? '6')
  return { type: isTimed ? 'totp' : 'hotp', digits, period: Number(parts[1] || '30') }
}

function oathEntry(line: string): Found {
  const [, type = '', user = '', pin = '', key = '', moving, last] = oathLine.exec(line) ?? []
  const shape = oathType(type)
  if (shape === null) return { why: 'malformed' }
  // The counter of a line that was used is that of the code beside it; of a time step it says how far the clock was off.
  const counter = moving === undefined ? '0' : String(BigInt(moving) + (last === undefined ? 0n : 1n))
  const raw = { ...shape, issuer: '', account: user, secret: hexOrBase32(key), algorithm: 'SHA1', counter }
  const hasPin = pin !== '-' && pin !== '+'
  return { raw, name: user, holder: { user, ...(hasPin ? { hasPin } : {}) } }
}

/** The file of pam_oath and of the OATH toolkit. Null where the text is none. */
export function readUsersOath(text: string): FoundFile | null {
  const lines = linesOf(text)
  const isComment = (line: string): boolean => /^\s*(?:#|$)/.test(line)
  const first = lines.find((line) => !isComment(line))
  if (first === undefined || !/^\s*HOTP(?:\/\S*)?\s+\S+\s+\S+\s+\S/i.test(first)) return null
  const entries = new Entries('users-oath')
  lines.forEach((line, index) => {
    if (!isComment(line)) entries.add({ line: index + 1 }, oathEntry(line))
  })
  return entries.result()
}

/**
 * The file of google-authenticator (PAM): the secret, options that begin with a quote, scratch codes. Null where the
 * text is none.
 * @see https://github.com/google/google-authenticator-libpam/blob/master/FILEFORMAT
 */
export function readGoogleAuthenticator(text: string): FoundFile | null {
  const lines = linesOf(text)
  const [secret = ''] = lines
  const option = (name: string): string | undefined =>
    lines
      .find((line) => line.startsWith(`" ${name}`))
      ?.slice(name.length + 2)
      .trim()
  const isOne = /^[A-Z2-7]{16,}\s*$/i.test(secret) && lines.some((line) => /^" [A-Z_]+/.test(line))
  if (!isOne) return null
  const counter = option('HOTP_COUNTER')
  const step = option('STEP_SIZE')
  const entries = new Entries('google-authenticator')
  const raw = {
    type: counter === undefined ? 'totp' : 'hotp',
    issuer: '',
    account: '',
    secret,
    algorithm: 'SHA1',
    digits: 6,
    period: step === undefined ? 30 : Number(step),
    counter: counter ?? '0',
  }
  // Of a phone whose clock is off, as the module found it out: a number of time steps.
  const skew = /^-?\d{1,6}$/.exec(option('TIME_SKEW') ?? '')?.[0]
  const driftSteps = Number(skew ?? '0')
  entries.add({ line: 1 }, driftSteps === 0 ? { raw } : { raw, holder: { driftSteps } })
  return entries.result()
}
