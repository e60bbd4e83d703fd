import { connectionNames, hopByHop } from './headers.js'

/** The head of an answer, or of an informational one, as the application sent it. */
export interface Head {
  readonly status: number
  readonly reason: string
  /** Names and values in turn, in their order and spelling. */
  readonly raw: readonly string[]
}

type Kind = 'passes' | 'hop' | 'connection' | 'coding' | 'length' | 'trailer' | 'cookie' | 'location'

const special: Readonly<Record<string, Kind>> = {
  connection: 'connection',
  'transfer-encoding': 'coding',
  'content-length': 'length',
  trailer: 'trailer',
  'set-cookie': 'cookie',
  location: 'location',
}

/** An application says the same names again and again; one that makes them up must not fill the memory. */
const kinds = new Map<string, Kind>()
const mostKinds = 500

function kindOf(name: string): Kind {
  const known = kinds.get(name)
  if (known !== undefined) return known
  const lower = name.toLowerCase()
  const kind = special[lower] ?? (hopByHop.has(lower) ? 'hop' : 'passes')
  // A copy: the name may be a piece of a whole head, which would be kept with it.
  if (kinds.size < mostKinds && name.length < 100) kinds.set(Buffer.from(name).toString(), kind)
  return kind
}

/** What a head says of the body and of the connection. */
export interface Facts {
  readonly length: string | null
  /** How often it is said. */
  readonly lengths: number
  readonly coding: string | null
  readonly connection: string | undefined
  /** The names that are of the connection only. */
  readonly declared: ReadonlySet<string>
  /** Of each name in turn. */
  readonly kinds: readonly Kind[]
}

export function factsOf(raw: readonly string[]): Facts {
  let length: string | null = null
  let lengths = 0
  let coding: string | null = null
  let connection: string | undefined
  const ofEach: Kind[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const kind = kindOf(raw[at] ?? '')
    ofEach.push(kind)
    if (kind === 'passes') continue
    const value = raw[at + 1] ?? ''
    if (kind === 'length') {
      length = value
      lengths += 1
    } else if (kind === 'coding') coding = coding === null ? value : `${coding}, ${value}`
    else if (kind === 'connection') connection = connection === undefined ? value : `${connection}, ${value}`
  }
  return { length, lengths, coding, connection, declared: connectionNames(connection), kinds: ofEach }
}

export interface ReadHead extends Head {
  /** HTTP/1.0. */
  readonly isOld: boolean
}

const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: (.*))?$/
/** Lines, and nothing in them that could be read as another line's end. */
const lines = /^(?:[\t\x20-\x7e\x80-\xff]*\r\n)*[\t\x20-\x7e\x80-\xff]*$/

/** @returns null for what is no head, and for one whose lines are folded */
export function headIn(text: string): ReadHead | null {
  const end = text.length
  const first = text.indexOf('\r\n')
  const [, minor, status, reason = ''] = statusLine.exec(first < 0 ? text : text.slice(0, first)) ?? []
  if (status === undefined || !lines.test(text)) return null
  const raw: string[] = []
  for (let at = first < 0 ? end : first + 2; at < end;) {
    const stop = text.indexOf('\r\n', at)
    const to = stop < 0 ? end : stop
    const field = fieldIn(text.slice(at, to))
    if (field === null) return null
    raw.push(field[0], field[1])
    at = to + 2
  }
  return { status: Number(status), reason, raw, isOld: minor === '0' }
}

/** A header or trailer field of its line; null for what is none (RFC 9110 5), or goes on with the line before. */
export function fieldIn(line: string): [name: string, value: string] | null {
  const name = line.slice(0, Math.max(0, line.indexOf(':')))
  return token.test(name) ? [name, trimmed(line, name.length + 1)] : null
}

const token = /^[!#$%&'*+.^_`|~\w-]+$/

const isBlank = (code: number): boolean => code === 32 || code === 9

/** Not all that `trim` takes for blank is: a text in UTF-8 may end with such a byte. */
function trimmed(text: string, start: number): string {
  let from = start
  let to = text.length
  while (from < to && isBlank(text.charCodeAt(from))) from += 1
  while (to > from && isBlank(text.charCodeAt(to - 1))) to -= 1
  return text.slice(from, to)
}
