import { algorithmNamed } from '../account.js'
import { decodeBase32 } from '../base32.js'
import { numberOf, type RawEntry } from '../raw-entry.js'
import { readCsv, readTable, type Row, type Table } from './csv.js'
import { Entries, type Found, type FoundFile } from './entries.js'
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

/** The columns of the command csv2pskc, and what else people call them. */
const tokenColumns = {
  serial: ['serial', 'serial number', 'serialnumber', 'serial no', 'token serial'],
  secret: ['secret', 'key', 'secret key', 'seed'],
  kind: ['algorithm', 'type', 'otp type', 'token type'],
  hash: ['algorithm suite', 'suite', 'hash', 'hash algorithm', 'hashalgorithm', 'hashlib'],
  digits: ['response length', 'digits', 'otplen', 'otp length', 'length'],
  period: ['time interval', 'timeinterval', 'interval', 'timestep', 'time step', 'period'],
  user: ['key userid', 'device userid', 'user', 'username', 'user name', 'userid', 'user id', 'owner', 'upn'],
} as const

const shapes: readonly CsvShape[] = [
  {
    format: 'bitwarden-csv',
    marks: ['login totp', 'name'],
    foundOf: login({ totp: 'login totp', title: 'name', user: 'login username' }),
  },
  {
    format: 'keepassxc-csv',
    marks: ['group', 'title', 'totp'],
    foundOf: (row) =>
      /(?:^|\/)Recycle Bin(?:\/|$)/.test(row('group')) && row('totp') !== ''
        ? { why: 'in-trash', name: row('title') }
        : login({ totp: 'totp', title: 'title', user: 'username' })(row),
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
  ...tokenColumns.serial.flatMap((serial) =>
    tokenColumns.secret.map((secret) => ({
      format: 'oath-csv' as const,
      marks: [serial, secret],
      foundOf: namedToken,
    })),
  ),
]

const known = (text: string): string | undefined => (text === '' ? undefined : text)
const count = (text: string): unknown => numberOf(known(text))

function holderOf(
  row: Row,
  { serial, user }: { readonly serial: string; readonly user: string },
): { readonly holder: OtpHolder } {
  const manufacturer = row('manufacturer')
  return {
    holder: {
      ...(user === '' ? {} : { user }),
      ...(serial === '' ? {} : { serial }),
      ...(manufacturer === '' ? {} : { manufacturer }),
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
    period: count(row('time interval')),
    counter: 0,
  }
  return { raw, name: serial, ...holderOf(row, { serial, user: row('upn') }) }
}

/** Hexadecimal where it can be: a token's secret has too many digits for that to be chance. */
export function hexOrBase32(text: string): Uint8Array | null {
  const digits = text.replace(/^0x/i, '').replaceAll(/[\s:-]/g, '')
  if (!/^(?:[\da-f]{2}){5,}$/i.test(digits)) return decodeBase32(text)
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}

/** The column that csv2pskc calls an algorithm says how a token moves; others write the hash function there. */
function kindOf(cells: readonly string[], hash: string): { readonly type: string; readonly hash: string } {
  const named = cells.find((cell) => /[ht]otp/i.test(cell))
  const suite = hash || (cells.find((cell) => algorithmNamed(cell) !== null) ?? '')
  const other = cells.find((cell) => cell !== suite) ?? 'totp'
  return { type: named === undefined ? other : /hotp/i.test(named) ? 'hotp' : 'totp', hash: suite }
}

function namedToken(row: Row): Found {
  const cellsOf = (columns: readonly string[]): readonly string[] =>
    columns.map(row).filter((cell) => cell !== '')
  const first = (columns: readonly string[]): string => cellsOf(columns)[0] ?? ''
  const serial = first(tokenColumns.serial)
  const user = first(tokenColumns.user)
  const { type, hash } = kindOf(cellsOf(tokenColumns.kind), first(tokenColumns.hash))
  const raw: RawEntry = {
    type,
    issuer: first(['issuer', 'manufacturer']),
    account: user || serial,
    secret: hexOrBase32(first(tokenColumns.secret)),
    algorithm: known(hash),
    digits: count(first(tokenColumns.digits)),
    period: count(first(tokenColumns.period)),
    counter: row('counter') || '0',
  }
  return { raw, name: serial, ...holderOf(row, { serial, user: user.replace(/^CN=/i, '') }) }
}

/** Its third column, where there is one: without it a token counts. */
const isKind = (cell: string): boolean => /^(?:[ht]otp)?$/i.test(cell)

/** A key of digits in hexadecimal only: what else may stand second in a table is endless. */
const isToken = ([serial = '', key = '', kind = '']: readonly string[]): boolean =>
  serial !== '' && isKind(kind) && (kind === '' ? isHexKey(key) : hexOrBase32(key) !== null)

const isHexKey = (key: string): boolean => /^(?:[\da-f]{2}){16,}$/i.test(key)

/** The fifth column of what counts is its counter, of what goes with the clock its time step; then the hash function. */
function bareToken([
  serial = '',
  key = '',
  kind = '',
  digits = '',
  moving = '',
  hash = '',
]: readonly string[]): Found {
  const isTimed = /^totp$/i.test(kind)
  const raw: RawEntry = {
    type: isKind(kind) ? (isTimed ? 'totp' : 'hotp') : kind,
    issuer: '',
    account: serial,
    secret: hexOrBase32(key),
    algorithm: known(hash),
    digits: count(digits),
    period: isTimed ? count(moving) : 30,
    counter: isTimed ? 0 : moving || '0',
  }
  return { raw, name: serial, holder: { serial } }
}

/**
 * Without a head: serial, key in hexadecimal, type, digits, time step or counter, hash function. Version 2 of privacyIDEA's has the
 * user, with a resolver and a realm, before them.
 */
function bareTokens(text: string): FoundFile | null {
  const hasUsers = /^\s*#\s*version:\s*2\b/.test(text)
  const rows = readCsv(text).filter(({ cells }) => !/^\s*#/.test(cells[0] ?? ''))
  const trimmed = rows.map(({ line, cells }) => ({ line, cells: cells.map((cell) => cell.trim()) }))
  const columnsOf = (cells: readonly string[]): readonly string[] => cells.slice(hasUsers ? 3 : 0)
  if (trimmed[0] === undefined || !isToken(columnsOf(trimmed[0].cells))) return null
  const entries = new Entries('oath-csv')
  for (const { line, cells } of trimmed) {
    const found = bareToken(columnsOf(cells))
    const user = hasUsers ? (cells[0] ?? '') : ''
    entries.add({ line }, user === '' ? found : { ...found, holder: { ...found.holder, user } })
  }
  return entries.result()
}

function read(table: Table, { format, foundOf }: CsvShape): FoundFile {
  const entries = new Entries(format)
  for (const { line, row } of table.rows) entries.add({ line }, foundOf(row))
  return entries.result()
}

/** Remarks above the head, as programs write them; the lines stay where they were. */
const withoutRemarks = (text: string): string =>
  text.replace(/^\ufeff?(?:[^\S\r\n]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))+/, (head) =>
    head.replaceAll(/[^\r\n]/g, ''),
  )

/** The entries of a table, or null where its head is none that is known. */
export function readCsvFormats(text: string): FoundFile | null {
  const first = /^(?!\s*#).*\S.*$/m.exec(text.replace(/^\ufeff/, ''))?.[0] ?? ''
  if (!/[,;]/.test(first) || first.length > 4096 || /:\/\//.test(first)) return null
  const table = readTable(withoutRemarks(text))
  const shape = shapes.find(({ marks }) => marks.every((mark) => table.columns.includes(mark)))
  return shape === undefined ? bareTokens(text) : read(table, shape)
}
