import { Refused } from '../../framework/errors.js'

/** A URI of an authenticator app in a text, and where it stands. */
interface FoundUri {
  readonly uri: string
  /** Counted from 1. */
  readonly line: number
}

/** A line that holds none, and why; what stands in it is never repeated, because it may be a password. */
export interface OtherLine {
  readonly line: number
  readonly why: 'comment' | 'motp' | 'no-uri'
}

const scheme = /(?:otpauth(?:-migration)?|steam):\/\//i

/** Whether an argument is meant as a URI and not as the name of a file. */
export const beginsWithUri = (text: string): boolean => new RegExp(`^\\s*${scheme.source}`, 'i').test(text)

const closers: Readonly<Record<string, string>> = {
  '"': '"',
  "'": "'",
  '`': '`',
  '<': '>',
  '(': ')',
  '[': ']',
}

/**
 * The URIs of one line: a line is one URI, blanks and all, unless the next one begins in it or it is quoted. A word may
 * stand before it, as in `otpauth: otpauth://…`.
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
export function lookForUris(text: string): { uris: readonly FoundUri[]; others: readonly OtherLine[] } {
  const uris: FoundUri[] = []
  const others: OtherLine[] = []
  linesOf(text).forEach((whole, index) => {
    const trimmed = whole.trim()
    const found = urisOfLine(trimmed)
    uris.push(...found.map((uri) => ({ uri, line: index + 1 })))
    if (found.length === 0 && trimmed !== '') others.push(otherLine(trimmed, index + 1))
  })
  return { uris, others }
}

/** The one URI of a text, as a password manager prints it among other lines; the text itself where there is none. */
export function oneUriOf(text: string): string {
  const uris = [...new Set(lookForUris(text).uris.map(({ uri }) => uri))]
  const [first, ...more] = uris
  if (more.length > 0)
    throw new Refused(
      `there are ${uris.length} different otpauth URIs in it: nightlatch otp read shows each of them`,
    )
  return first ?? text
}

/** A text file in UTF-8, or as Windows writes it; null where it is none. */
export function textOf(file: Uint8Array): string | null {
  const isUtf16 = (file[0] === 0xff && file[1] === 0xfe) || (file[0] === 0xfe && file[1] === 0xff)
  const encoding = !isUtf16 ? 'utf-8' : file[0] === 0xff ? 'utf-16le' : 'utf-16be'
  try {
    return plainText(new TextDecoder(encoding, { fatal: true }).decode(file))
  } catch {
    return plainText(new TextDecoder('windows-1252').decode(file))
  }
}

/** NUL bytes at the end are what some writers leave there; in between, they are no text. */
function plainText(text: string): string | null {
  const trimmed = text.replace(/\0+$/, '')
  return trimmed.includes('\0') ? null : trimmed
}
