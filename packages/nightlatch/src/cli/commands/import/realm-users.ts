/**
 * The users of a realm, one after the other and never all of them: parsed at once, they would be five times the file. Only where each
 * begins and ends is found out here; what stands there, and all that stands around them, is parsed as JSON is.
 *
 * @param pieces the text, cut anywhere, the same in each pass
 * @returns null where the text has no list of users that can be told apart so
 * @throws SyntaxError where it is no JSON
 */
export function usersIn(pieces: () => Iterable<string>): Iterable<unknown> | null {
  const around: string[] = []
  for (const { isUser, text } of partsOf(pieces())) if (!isUser) around.push(text)
  const [list, ...others] = realmsIn(JSON.parse(around.join('')))
  // Of two lists of one name, the last one counts.
  return list?.users.length === 0 && others.length === 0
    ? { [Symbol.iterator]: () => parsed(pieces()) }
    : null
}

interface Realm {
  readonly name: string
  readonly users: readonly unknown[]
}

/** The realms that have users: of one, or of all of a server. */
export function realmsIn(json: unknown): readonly Realm[] {
  const realms: readonly unknown[] = Array.isArray(json) ? (json as unknown[]) : [json]
  return realms.flatMap((realm) => {
    const { users, realm: name } = Object(realm) as { readonly users?: unknown; readonly realm?: unknown }
    return Array.isArray(users) ? [{ name: String(name), users: users as unknown[] }] : []
  })
}

function* parsed(pieces: Iterable<string>): Generator<unknown> {
  for (const { isUser, text } of partsOf(pieces)) if (isUser) yield JSON.parse(text)
}

interface Part {
  readonly isUser: boolean
  readonly text: string
}

/** So much is kept of what stands before the list, to know it by its name. */
const keptBehind = 128
/** Nobody has so much to say of one user. */
const longestUser = 16 * 1024 * 1024

function* partsOf(pieces: Iterable<string>): Generator<Part> {
  const scanner = new Scanner()
  for (const piece of pieces) {
    scanner.push(piece)
    for (let mark = scanner.next(); mark !== null; mark = scanner.next()) {
      const part = scanner.see(mark)
      if (part !== null) yield part
    }
    const around = scanner.looked()
    if (around !== null) yield around
  }
  yield scanner.rest()
}

const [quote, backslash, comma] = [0x22, 0x5c, 0x2c]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]
const isOpening = (mark: number): boolean => mark === openBracket || mark === openBrace
const isClosing = (mark: number): boolean => mark === closeBracket || mark === closeBrace

/** Cuts the first list of users in the object that the text is, or in one of the objects of the list that it is. */
class Scanner {
  #text = ''
  /** Up to where it was given away, and up to where it was looked at. */
  #start = 0
  #at = -1
  #isInText = false
  #depth = 0
  /** How deep the list of users lies. */
  #place = 0
  #state: 'before' | 'in' | 'behind' = 'before'
  #hasUsers = false

  push(piece: string): void {
    this.#text = this.#text.slice(this.#start) + piece
    this.#at -= this.#start
    this.#start = 0
  }

  /** The next bracket, brace or comma that is part of no text; null where there is none yet. */
  next(): number | null {
    if (this.#state === 'behind') return null
    const text = this.#text
    let [at, isInText, found] = [this.#at + 1, this.#isInText, -1]
    for (; at < text.length; at += 1) {
      const mark = text.charCodeAt(at)
      if (isInText) {
        if (mark === backslash) at += 1
        else isInText = mark !== quote
      } else if (mark === quote) isInText = true
      else if (mark === comma || isOpening(mark) || isClosing(mark)) {
        found = mark
        break
      }
    }
    this.#isInText = isInText
    this.#at = found < 0 ? at - 1 : at
    return found < 0 ? null : found
  }

  see(mark: number): Part | null {
    if (isOpening(mark)) return this.#open(mark)
    if (isClosing(mark)) return this.#close()
    return this.#state === 'in' && this.#depth === this.#place
      ? this.#give(true, { to: this.#at, skipped: 1 })
      : null
  }

  /** What no list can begin in any more. */
  looked(): Part | null {
    if (this.#state === 'in') {
      if (this.#text.length - this.#start > longestUser) throw new SyntaxError('a user that never ends')
      return null
    }
    const to = this.#text.length - (this.#state === 'before' ? keptBehind : 0)
    return to > this.#start ? this.#give(false, { to }) : null
  }

  rest(): Part {
    return this.#give(false, { to: this.#text.length })
  }

  #open(mark: number): Part | null {
    if (this.#place === 0) this.#place = mark === openBracket ? 3 : 2
    this.#depth += 1
    if (this.#state !== 'before' || mark !== openBracket || this.#depth !== this.#place) return null
    const before = this.#text.slice(Math.max(0, this.#at - keptBehind / 2), this.#at)
    if (!/"users"\s*:\s*$/.test(before)) return null
    this.#state = 'in'
    return this.#give(false, { to: this.#at + 1 })
  }

  #close(): Part | null {
    this.#depth -= 1
    if (this.#state !== 'in' || this.#depth !== this.#place - 1) return null
    this.#state = 'behind'
    const isNobody = !this.#hasUsers && this.#text.slice(this.#start, this.#at).trim() === ''
    return isNobody ? null : this.#give(true, { to: this.#at })
  }

  #give(isUser: boolean, { to, skipped = 0 }: { readonly to: number; readonly skipped?: number }): Part {
    const text = this.#text.slice(this.#start, to)
    this.#start = to + skipped
    this.#hasUsers ||= isUser
    return { isUser, text }
  }
}
