/** URIs of authenticator apps among any lines of text. */
import { Entries, type FoundFile } from './entries.js'

/** A URI of an authenticator app in a text, and where it stands. */
export interface FoundUri {
  readonly uri: string
  /** Counted from 1. */
  readonly line: number
}

/** A line that holds none, and why; what stands in it is never repeated, because it may be a password. */
export interface OtherLine {
  readonly line: number
  readonly why: 'comment' | 'motp' | 'no-uri'
}

const scheme = /(?:(?:apple-)?otpauth(?:-migration)?|steam):\/\//i

/** Whether a text begins as a URI of an authenticator app does. */
export const beginsWithUri = (text: string): boolean => new RegExp(`^\\s*${scheme.source}`, 'i').test(text)

const closers: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '<': '>',
  '>': '<',
  '(': ')',
  '[': ']',
  // A cell of a table.
  ',': ',',
  ';': ';',
  '|': '|',
}

/**
 * The URIs of one line: a line is one URI, blanks and all, unless the next one begins in it, it is quoted, or it is a cell of a
 * table. A word may stand before it, as in `otpauth: otpauth://…`.
 */
function urisOfLine(line: string): readonly string[] {
  const starts = [...line.matchAll(new RegExp(`(?<![\\w-])${scheme.source}`, 'gi'))].map(({ index }) => index)
  return starts.map((start, at) => {
    const piece = line.slice(start, starts[at + 1])
    const closer = closers[line.charAt(start - 1)]
    const end = closer === undefined ? -1 : piece.indexOf(closer)
    const uri = (end < 0 ? piece : piece.slice(0, end)).replace(/\t.*$/s, '')
    return uri.replace(/[\s,;|"'`]+$/, '')
  })
}

function otherLine(text: string, line: number): OtherLine {
  if (/^(?:#|;|\/\/|--|<!--)/.test(text)) return { line, why: 'comment' }
  return { line, why: /^motp:/i.test(text) ? 'motp' : 'no-uri' }
}

const linesOf = (text: string): readonly string[] => text.replace(/^\ufeff/, '').split(/\r\n|[\n\r]/)

/** Everything that a text says of authenticator apps, line by line; a line of blanks says nothing. */
export function lookForUris(text: string): {
  readonly uris: readonly FoundUri[]
  readonly others: readonly OtherLine[]
} {
  const uris: FoundUri[] = []
  const others: OtherLine[] = []
  linesOf(text).forEach((whole, index) => {
    const trimmed = whole.trim()
    const found = urisOfLine(trimmed)
    for (const uri of found) uris.push({ uri, line: index + 1 })
    if (found.length === 0 && trimmed !== '') others.push(otherLine(trimmed, index + 1))
  })
  return { uris, others }
}

/** A list of URIs as a file; null where there is none in it. A page's own lines are not entries that were left out. */
export function readUriList(text: string): FoundFile | null {
  const { uris, others } = lookForUris(text)
  const isPage = /^\ufeff?\s*<(?:!doctype|html)/i.test(text)
  if (uris.length === 0 && !others.some(({ why }) => why === 'motp')) return null
  const entries = new Entries(isPage ? 'html' : 'uri-list')
  const lines = [
    ...uris.map(({ uri, line }) => ({ line, found: { uri } })),
    ...(isPage ? [] : others.map(({ why, line }) => ({ line, found: { why } }))),
  ]
  for (const { line, found } of lines.toSorted((one, other) => one.line - other.line))
    entries.add({ line }, found)
  return entries.result()
}
