import { encodeBase32 } from '../base32.js'
import { aegisEntry, numberOf, objectOf, twoFasEntry, type Json, type RawEntry } from '../raw-entry.js'
import { decodeBase64 } from '../text-bytes.js'
import { entriesOf, type Found, type FoundFile } from './entries.js'
import type { OtpFileFormat } from './result.js'

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

const malformed: Found = { why: 'malformed' }

/** A reader of entries that are objects. */
const each =
  (foundOf: (entry: Json) => Found | null) =>
  (entry: unknown): Found => {
    const json = objectOf(entry)
    return json === null ? malformed : (foundOf(json) ?? malformed)
  }

const rawOnly = (rawOf: (entry: Json) => RawEntry | null): ((entry: unknown) => Found) =>
  each((entry) => {
    const raw = rawOf(entry)
    return raw && { raw }
  })

/** Bytes as Java writes them, with a sign. */
export function signedBytes(value: unknown): Uint8Array | null {
  if (!Array.isArray(value) || value.length > 4096) return null
  const isByte = (one: unknown): one is number =>
    typeof one === 'number' && Number.isInteger(one) && one >= -128 && one <= 255
  return value.every(isByte) ? Uint8Array.from(value) : null
}

/** The period of an entry that counts may be missing or null. */
function andOtpEntry(entry: Json): Found {
  const { type, issuer, label, secret, algorithm, digits, period, counter } = entry
  if (typeof type === 'string' && type.toUpperCase() === 'MOTP') return { why: 'motp', name: textOf(label) }
  // Before it had a field of its own, the issuer stood in the label: `Issuer - account`.
  const [, before, behind] = issuer === undefined ? (/^(.+?) - (.+)$/s.exec(textOf(label)) ?? []) : []
  const names = before === undefined ? { issuer, account: label } : { issuer: before, account: behind }
  return {
    raw: { type, ...names, secret, algorithm, digits, period, counter },
  }
}

/** What its owner called it since. */
const ownNames = (
  { issuerAlt, labelAlt }: Json,
  { issuer, account }: Pick<RawEntry, 'issuer' | 'account'>,
) => ({
  issuer: textOf(issuerAlt) || issuer,
  account: textOf(labelAlt) || account,
})

/** FreeOTP 1 and FreeOTP+ keep the counter that was used last, FreeOTP 2 the next one. */
export function freeOtpToken(entry: Json, newer?: { readonly secret: Uint8Array }): RawEntry {
  const { type, algo, digits = null, period, counter = 0, issuerExt, issuerInt, label } = entry
  const issuer = textOf(issuerExt) || textOf(issuerInt)
  // The app itself decides by this name.
  const isSteam = issuer === 'Steam' && (digits === null || digits === 5)
  return {
    type: isSteam ? 'steam' : type,
    ...ownNames(entry, { issuer, account: label }),
    secret: newer?.secret ?? signedBytes(entry['secret']),
    algorithm: algo,
    digits,
    period,
    counter: newer === undefined && typeof counter === 'number' ? counter + 1 : counter,
  }
}

const stratumTypes: readonly (string | undefined)[] = [undefined, 'hotp', 'totp', 'motp', 'steam', 'yandex']
const stratumAlgorithms = ['SHA1', 'SHA256', 'SHA512']

function stratumEntry(entry: Json): Found {
  const { Type, Issuer, Username, Secret, Algorithm, Digits, Period, Counter } = entry
  const type = stratumTypes[Number(Type)]
  if (type === 'motp' || type === 'yandex') return { why: type, name: textOf(Issuer) }
  const algorithm = stratumAlgorithms[Number(Algorithm ?? 0)] ?? 'another'
  const names = { issuer: Issuer, account: Username }
  return {
    raw: { type, ...names, secret: Secret, algorithm, digits: Digits, period: Period, counter: Counter },
  }
}

function raivoEntry(entry: Json): RawEntry {
  const { kind, issuer, account, secret, algorithm, digits, timer, counter } = entry
  const [wanted, period, next] = [digits, timer, counter].map(numberOf)
  return { type: kind, issuer, account, secret, algorithm, digits: wanted, period, counter: next }
}

/** A login of a password manager; what stands in its field may be a URI or the bare secret. */
function bitwardenItem(item: Json): Found {
  const login = objectOf(item['login'])
  const totp = login?.['totp']
  const name = textOf(item['name'])
  if (totp === undefined || totp === null || totp === '') return { none: true }
  if (typeof totp !== 'string') return { why: 'malformed', name }
  return { uri: totp, name, names: { issuer: name, account: textOf(login?.['username']) } }
}

function protonEntry(entry: Json): Found | null {
  const content = objectOf(entry['content'])
  if (content === null || typeof content['uri'] !== 'string') return null
  const name = textOf(content['name'])
  // Steam's have only the secret behind the scheme.
  return { uri: content['uri'], name, names: { account: name } }
}

const lastPassAccount = (entry: Json): RawEntry => ({
  type: 'totp',
  issuer: entry['issuerName'] || entry['originalIssuerName'],
  account: entry['userName'] || entry['originalUserName'],
  secret: entry['secret'],
  algorithm: entry['algorithm'],
  digits: entry['digits'],
  period: entry['timeStep'],
  counter: 0,
})

/** Steam's own file: the secret is base64 there. */
function steamAccount(entry: Json): Found {
  const secret = typeof entry['shared_secret'] === 'string' ? decodeBase64(entry['shared_secret']) : null
  const account = entry['account_name']
  const rest = { algorithm: 'SHA1', digits: 5, period: 30, counter: 0 }
  const bytes = secret === null || secret.length === 0 ? null : encodeBase32(secret)
  return { raw: { type: 'steam', issuer: 'Steam', account, secret: bytes, ...rest } }
}

interface PlainShape {
  readonly format: OtpFileFormat
  /** The list of entries, or null where it is another format. */
  list(file: Json): readonly unknown[] | null
  readonly foundOf: (entry: unknown) => Found
}

const listAt =
  (key: string, mark?: (file: Json) => boolean) =>
  (file: Json): readonly unknown[] | null => {
    const list = file[key]
    return Array.isArray(list) && (mark?.(file) ?? true) ? list : null
  }

const shapes: readonly PlainShape[] = [
  { format: 'stratum', list: listAt('Authenticators'), foundOf: each(stratumEntry) },
  { format: '2fas', list: listAt('services'), foundOf: rawOnly(twoFasEntry) },
  {
    format: 'freeotp-plus',
    list: listAt('tokens'),
    foundOf: rawOnly((entry) => freeOtpToken(entry)),
  },
  { format: 'bitwarden', list: listAt('items'), foundOf: each(bitwardenItem) },
  { format: 'proton', list: listAt('entries'), foundOf: each(protonEntry) },
  {
    format: 'aegis',
    list: ({ db }) => listAt('entries')(objectOf(db) ?? {}),
    foundOf: each((entry) => {
      const type = textOf(entry['type']).toLowerCase()
      if (type === 'motp' || type === 'yandex') return { why: type, name: textOf(entry['issuer']) }
      const raw = aegisEntry(entry)
      return raw && { raw }
    }),
  },
  { format: 'lastpass', list: listAt('accounts'), foundOf: rawOnly(lastPassAccount) },
  {
    format: 'steam',
    list: (file) => ('shared_secret' in file ? [file] : steamList(file)),
    foundOf: each(steamAccount),
  },
]

/** The app keeps its accounts by their number. */
function steamList({ accounts }: Json): readonly unknown[] | null {
  const list = Object.values(objectOf(accounts) ?? {})
  return list.length > 0 && list.every((one) => 'shared_secret' in (objectOf(one) ?? {})) ? list : null
}

/** Lists without anything around them: told apart by the names of their members. */
function bareList(list: readonly unknown[]): FoundFile | null {
  // andOTP, whose vault has nothing in it; several others write the same.
  if (list.length === 0) return entriesOf('andotp', [], () => malformed)
  const first = objectOf(list.find((one) => objectOf(one) !== null))
  if (first === null) return null
  if ('kind' in first && 'timer' in first) return entriesOf('raivo', list, rawOnly(raivoEntry))
  if ('otp' in first) return entriesOf('2fas', list, rawOnly(twoFasEntry))
  return 'type' in first && 'secret' in first ? entriesOf('andotp', list, each(andOtpEntry)) : null
}

/** The entries of a file of JSON that is not encrypted, or null where no format is like it. */
export function readPlainJson(file: unknown): FoundFile | null {
  if (Array.isArray(file)) return bareList(file)
  const json = objectOf(file)
  if (json === null) return null
  for (const { format, list, foundOf } of shapes) {
    const entries = list(json)
    if (entries !== null) return entriesOf(format, entries, foundOf)
  }
  return null
}
