/**
 * The users of a realm, one after the other: parsed at once, they would be five times the file. Only where each begins and ends is
 * found out here; what stands there, and all that stands around them, is parsed as JSON is.
 *
 * @returns null where the text is no object with a list of users in it that can be told apart so
 * @throws SyntaxError where it is no JSON
 */
export function usersIn(text: string): Iterable<unknown> | null {
  const list = findList(text, 'users')
  if (list === null) return null
  const around = JSON.parse(`${text.slice(0, list.start)}${text.slice(list.end)}`) as { users?: unknown }
  // Of two lists of one name, the last one counts.
  if (!Array.isArray(around.users) || around.users.length > 0) return null
  return elements(text, list)
}

interface Span {
  /** Behind the bracket that opens it. */
  readonly start: number
  /** The bracket that closes it. */
  readonly end: number
}

function* elements(text: string, { start, end }: Span): Generator<unknown> {
  if (text.slice(start, end).trim() === '') return
  let from = start
  for (const { at, depth, mark } of marks(text, start)) {
    if (at >= end) break
    if (mark !== comma || depth !== 0) continue
    yield JSON.parse(text.slice(from, at))
    from = at + 1
  }
  yield JSON.parse(text.slice(from, end))
}

/** The list of this name in the object that the text is. */
function findList(text: string, name: string): Span | null {
  const key = new RegExp(`"${name}"\\s*:\\s*\\[$`)
  let start: number | null = null
  for (const { at, depth, mark } of marks(text, 0)) {
    if (start === null && mark === openBracket && depth === 2)
      start = key.test(text.slice(Math.max(0, at - 64), at + 1)) ? at + 1 : null
    else if (start !== null && mark === closeBracket && depth === 1) return { start, end: at }
  }
  return null
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

interface Mark {
  readonly at: number
  readonly mark: number
  /** Behind it. */
  readonly depth: number
}

/** Brackets, braces and commas that are part of no text. */
function* marks(text: string, from: number): Generator<Mark> {
  let depth = 0
  for (let at = from; at < text.length; at += 1) {
    const mark = text.charCodeAt(at)
    if (mark === quote) {
      at = endOfText(text, at)
      if (at < 0) return
      continue
    }
    if (mark === openBracket || mark === openBrace) depth += 1
    else if (mark === closeBracket || mark === closeBrace) depth -= 1
    else if (mark !== comma || depth > 0) continue
    yield { at, mark, depth }
  }
}

/** The quotation mark that ends it. */
function endOfText(text: string, start: number): number {
  for (let end = text.indexOf('"', start + 1); end >= 0; end = text.indexOf('"', end + 1)) {
    let slashes = 0
    while (text.charCodeAt(end - 1 - slashes) === backslash) slashes += 1
    if (slashes % 2 === 0) return end
  }
  return -1
}
