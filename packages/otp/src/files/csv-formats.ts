import { decodeBase32 } from '../base32.js'
import type { RawEntry } from '../raw-entry.js'
import { readCsv, readTable, type Row, type Table } from './csv.js'
import { Entries, type Found, type FoundFile } from './entries.js'
import { numberOf } from './json-plain.js'
import type { OtpFileFormat, OtpHolder } from './result.js'

/** A login of a password manager: the field has a URI or the bare secret. */
const login =
  (columns: { readonly totp: string; readonly title: string; readonly user: string }) =>
  (row: Row): Found => {
    const [totp, title, user] = [row(columns.totp), row(columns.title), row(columns.user)]
    return totp === '' ? { none: true } : { uri: totp, name: title, names: { issuer: title, account: user } }
  }

interface CsvShape {
  readonly format: OtpFileFormat
  /** All of them are columns of the format. */
  readonly marks: readonly string[]
  readonly foundOf: (row: Row) => Found
}

const shapes: readonly CsvShape[] = [
  {
    format: 'bitwarden-csv',
    marks: ['login totp', 'name'],
    foundOf: login({ totp: 'login totp', title: 'name', user: 'login username' }),
  },
  {
    format: 'keepassxc-csv',
    marks: ['group', 'title', 'totp'],
    foundOf: login({ totp: 'totp', title: 'title', user: 'username' }),
  },
  {
    format: '1password-csv',
    marks: ['title', 'otpauth'],
    foundOf: login({ totp: 'otpauth', title: 'title', user: 'username' }),
  },
  {
    format: 'lastpass-csv',
    marks: ['url', 'totp', 'grouping'],
    foundOf: login({ totp: 'totp', title: 'name', user: 'username' }),
  },
  // Passwords of Apple, and of Chrome-like browsers that have learned it.
  {
    format: '1password-csv',
    marks: ['title', 'username', 'password', 'otpauth'],
    foundOf: login({ totp: 'otpauth', title: 'title', user: 'username' }),
  },
  { format: 'entra-csv', marks: ['upn', 'serial number', 'secret key'], foundOf: entraToken },
  { format: 'oath-csv', marks: ['serial', 'secret'], foundOf: namedToken },
  { format: 'oath-csv', marks: ['serial', 'key'], foundOf: namedToken },
]

const known = (text: string): string | undefined => (text === '' ? undefined : text)

function holderOf(row: Row, user: string): { readonly holder: OtpHolder } {
  const [serial, manufacturer] = [
    known(row('serial')) ?? known(row('serial number')),
    known(row('manufacturer')),
  ]
  return {
    holder: {
      ...(user === '' ? {} : { user }),
      ...(serial === undefined ? {} : { serial }),
      ...(manufacturer === undefined ? {} : { manufacturer }),
    },
  }
}

/** What Microsoft Entra takes for hardware tokens: base32, and SHA-1 with six digits always. */
function entraToken(row: Row): Found {
  const serial = row('serial number')
  const raw: RawEntry = {
    type: 'totp',
    issuer: row('manufacturer'),
    account: serial,
    secret: row('secret key'),
    algorithm: 'SHA1',
    digits: 6,
    period: numberOf(known(row('time interval')) ?? '30'),
    counter: 0,
  }
  return { raw, name: serial, ...holderOf(row, row('upn')) }
}

/** Hexadecimal where it can be: a token's secret has too many digits for that to be chance. */
export function hexOrBase32(text: string): Uint8Array | null {
  const digits = text.replace(/^0x/i, '').replaceAll(/[\s:-]/g, '')
  if (!/^(?:[\da-f]{2}){5,}$/i.test(digits)) return decodeBase32(text)
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

const typeNamed = (text: string): string =>
  /hotp/i.test(text) ? 'hotp' : /totp|^$/i.test(text) ? 'totp' : text

/** The columns of the command csv2pskc, and what else people call them. */
function namedToken(row: Row): Found {
  const first = (...columns: readonly string[]): string => columns.map(row).find((cell) => cell !== '') ?? ''
  const serial = row('serial')
  const raw: RawEntry = {
    type: typeNamed(first('algorithm', 'type')),
    issuer: first('issuer', 'manufacturer'),
    account: first('key userid', 'device userid') || serial,
    secret: hexOrBase32(first('secret', 'key')),
    algorithm: first('algorithm suite', 'suite', 'hash') || 'SHA1',
    digits: numberOf(first('response length', 'digits', 'otplen') || '6'),
    period: numberOf(first('time interval', 'timestep', 'time step', 'period') || '30'),
    counter: first('counter') || '0',
  }
  return {
    raw,
    name: serial,
    ...holderOf(row, first('key userid', 'device userid', 'user').replace(/^CN=/i, '')),
  }
}

/** Without a head: serial, key in hexadecimal, type, digits, time step. */
function bareTokens(text: string): FoundFile | null {
  const rows = readCsv(text).filter(({ cells }) => !/^\s*#/.test(cells[0] ?? ''))
  const isToken = ({ cells }: (typeof rows)[number]): boolean =>
    cells.length >= 3 && hexOrBase32(cells[1] ?? '') !== null && /^\s*[ht]otp\s*$/i.test(cells[2] ?? '')
  if (rows.length === 0 || !rows.every(isToken)) return null
  const entries = new Entries('oath-csv')
  for (const { line, cells } of rows) {
    const [serial = '', key = '', type = '', digits = '', period = ''] = cells.map((cell) => cell.trim())
    const raw: RawEntry = {
      type: typeNamed(type),
      issuer: '',
      account: serial,
      secret: hexOrBase32(key),
      algorithm: 'SHA1',
      digits: numberOf(known(digits) ?? '6'),
      period: numberOf(known(period) ?? '30'),
      counter: 0,
    }
    entries.add({ line }, { raw, name: serial, holder: { serial } })
  }
  return entries.result()
}

function read(table: Table, { format, foundOf }: CsvShape): FoundFile {
  const entries = new Entries(format)
  for (const { line, row } of table.rows) entries.add({ line }, foundOf(row))
  return entries.result()
}

/** The entries of a table, or null where its head is none that is known. */
export function readCsvFormats(text: string): FoundFile | null {
  const [first = ''] = text.replace(/^\ufeff/, '').split(/[\r\n]/, 1)
  if (!/[,;]/.test(first) || first.length > 4096 || /:\/\//.test(first)) return null
  const table = readTable(text)
  const shape = shapes.find(({ marks }) => marks.every((mark) => table.columns.includes(mark)))
  return shape === undefined ? bareTokens(text) : read(table, shape)
}
