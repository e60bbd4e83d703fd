/** What is known of a path when nobody can tell which server will read it. */
interface PathReadings {
  /** Decoded, with dots resolved and with dots as they are, each as at least one known server reads it. */
  readonly readings: readonly string[]
  /** False where a part of it can be read in ways that nobody can list: then nothing makes it public. */
  readonly isSure: boolean
}

/**
 * The ways in which servers read one and the same path. Some decode twice; some cut `;` off, before they decode or
 * after it; some merge slashes, take a backslash for one, or resolve dots in between. We cannot know which of them,
 * and which proxies, stand behind us. So this is no list of readings: every step that a known server takes is
 * applied in every order until nothing new comes out, and a rule is asked for each outcome.
 *
 * @param raw the path as it was sent, with or without query
 * @returns null for a path that no honest browser sends: a fragment, for one, which some servers cut off and others,
 * such as those written in Go, take for a part of the path
 */
export function pathReadings(raw: string): PathReadings | null {
  const path = cutAt(raw, /\?/)
  if (plainPath.test(path)) return { readings: [path], isSure: true }
  if (!path.startsWith('/') || path.includes('#') || hasBrokenEscape(path) || !isSoonDecoded(path))
    return null
  const texts = everyOutcome(path)
  return texts === null || texts.some(hasControlCharacter) ? null : readingsOf(texts)
}

/** Bytes that are no UTF-8 are none: applications of before have names in ISO 8859-1. */
const hasBrokenEscape = (path: string): boolean => /%(?![\da-f]{2})/i.test(path)

/** Nothing to decode, to merge, to cut or to resolve: every server reads it the same way. */
const plainPath = /^\/(?:[\w~-](?:[\w.~-]*[\w~-])?\/)*(?:[\w~-](?:[\w.~-]*[\w~-])?)?$/

// eslint-disable-next-line no-control-regex -- what comes after a control character is read by some and not by others
const hasControlCharacter = (text: string): boolean => /[\u0000-\u001f\u007f]/.test(text)

function readingsOf(texts: readonly string[]): PathReadings {
  const isSure = texts.every((text) => decoded(text).isSure)
  const read = new Set(texts.flatMap((text) => [decoded(text).text, decodedWithin(text)]))
  // Routers of Express, Flask and most others resolve no dots at all: `/admin/../public` is below /admin to them.
  return { readings: [...new Set([...read, ...[...read].map(resolved)])], isSure }
}

/** More than any honest path comes to, and little enough to be looked at for every request. */
const mostOutcomes = 192
const mostCharacters = 100_000

/** Every text that some order of the steps makes of the path; null when there is no end to them. */
function everyOutcome(path: string): readonly string[] | null {
  const found = new Set([path])
  let characters = 0
  for (const text of found) {
    characters += text.length
    if (found.size > mostOutcomes || characters > mostCharacters) return null
    for (const step of steps) found.add(step(text))
  }
  return [...found]
}

type Step = (text: string) => string

/** What known servers, and proxies on the way to them, do to a path. Each leaves alone what it does not concern. */
const steps: readonly Step[] = [
  (text) => decoded(text).text,
  decodedWithin,
  resolved,
  // Merged slashes: nginx, Apache, PHP.
  (text) => text.replace(/\/{2,}/g, '/'),
  // Windows, and URL parsers of browsers.
  (text) => text.replaceAll('\\', '/'),
  // Path parameters: Tomcat and Jetty cut them off each segment, others cut all that follows.
  (text) => text.replace(/;[^/]*/g, ''),
  (text) => text.replace(/;[^/\\]*/g, ''),
  (text) => cutAt(text, /;/),
  // Decoded by one server and taken apart again by the next one.
  (text) => cutAt(text, /[?#]/),
  // `//host/path`, which URL parsers take for an address without a scheme; browsers' and node's want no more than two.
  (text) => text.replace(/^\/{2,}[^/]*(?=\/)/, ''),
  // Windows forgets dots and blanks at the end of a name.
  (text) => (/[. ](?:\/|$)/.test(text) ? text.replace(/[^/]+/g, withoutTail) : text),
  // IIS.
  (text) => text.replace(/%u([\da-f]{4})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))),
  // ASP.NET keeps a session in a segment of its own: `/(S(…))/`.
  (text) => text.replace(/\((?:[A-Z]\([^()/]*\))+\)\/?/gi, ''),
  // ISO 8859-1, where it can be no UTF-8.
  (text) =>
    strictlyDecoded(text) === null
      ? text.replace(/%([89a-f][\da-f])/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
      : text,
  // Compatibility forms, such as a full-width slash.
  (text) => (isAscii(text) ? text : text.normalize('NFKC')),
]

function cutAt(text: string, mark: RegExp): string {
  const at = text.search(mark)
  return at < 0 ? text : text.slice(0, at)
}

function withoutTail(segment: string): string {
  const withoutBlanks = segment.trimEnd()
  return withoutBlanks === '.' || withoutBlanks === '..'
    ? withoutBlanks
    : segment.replace(/(?<![. ])[. ]+$/, '')
}

// eslint-disable-next-line no-control-regex -- the range is meant
const isAscii = (text: string): boolean => /^[\u0000-\u007f]*$/.test(text)

function strictlyDecoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const mostLevels = 4

/** What still changes after four rounds of decoding hides something. */
function isSoonDecoded(path: string): boolean {
  let text = path
  for (let level = 0; level < mostLevels; level += 1) text = decoded(text).text
  return decoded(text).text === text
}

interface Decoded {
  readonly text: string
  readonly isSure: boolean
}

/** One level of decoding, as lenient servers do it: an escape that is none stays as it is. */
function decoded(text: string): Decoded {
  if (!text.includes('%')) return { text, isSure: true }
  let isSure = true
  const read = text.replace(/(?:%[\da-f]{2})+/gi, (escapes) => {
    const strict = strictlyDecoded(escapes)
    if (strict !== null) return strict
    isSure = false
    return lenientlyDecoded(escapes)
  })
  return { text: read, isSure }
}

/** Segment by segment: an encoded slash is no slash. */
function decodedWithin(text: string): string {
  return decoded(text.replace(/%(2f|5c)/gi, '%25$1')).text
}

/** Bytes that are no UTF-8: what too long a form stands for, else a replacement character. */
function lenientlyDecoded(escapes: string): string {
  const overlong =
    /%c[01]%[89ab][\da-f]|%e0%[89][\da-f]%[89ab][\da-f]|%f0%8[\da-f]%[89ab][\da-f]%[89ab][\da-f]/gi
  const plain = escapes.replace(overlong, (form) => {
    const [first = 0, ...others] = form
      .slice(1)
      .split('%')
      .map((hex) => parseInt(hex, 16))
    const start = first & (0x7f >> (others.length + 1))
    return String.fromCodePoint(others.reduce((point, byte) => (point << 6) | (byte & 0x3f), start))
  })
  return plain.replace(/%([\da-f]{2})/gi, (_, hex: string) =>
    /^[0-7]/.test(hex) ? String.fromCharCode(parseInt(hex, 16)) : '\ufffd',
  )
}

/** Resolves `.` and `..`; what would lead above the root stays at the root. An empty segment counts. */
function resolved(text: string): string {
  const kept: string[] = []
  const segments = text.split('/').slice(1)
  segments.forEach((one, at) => {
    if (one === '..') kept.pop()
    if (one !== '..' && one !== '.') kept.push(one)
    else if (at === segments.length - 1) kept.push('')
  })
  return `/${kept.join('/')}`
}
