/** JSON whose every value knows its line, so that a mistake in a file can be pointed at. */
export type JsonNode = { readonly line: number } & (
  | { readonly kind: 'object'; readonly members: ReadonlyMap<string, JsonNode> }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'other' }
)

type JsonRead =
  | { readonly kind: 'json'; readonly root: JsonNode }
  | { readonly kind: 'malformed'; readonly line: number; readonly reason: string }

class Malformed extends Error {}

const deepest = 20
const tokenPattern = /\s*([{}[\],:]|"(?:[^"\\\n]|\\.)*"|-?\d[\d.eE+-]*|true|false|null)/y

export function readJsonWithLines(text: string): JsonRead {
  const reader = new Reader(text.replace(/^\ufeff/, ''))
  try {
    return { kind: 'json', root: reader.document() }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error
    return { kind: 'malformed', line: reader.line(), reason: error.message }
  }
}

class Reader {
  readonly #text: string
  #at = 0
  #token = ''

  constructor(text: string) {
    this.#text = text
  }

  /** The line of the token that was read last. */
  line(): number {
    const start = this.#at - this.#token.length
    return this.#text.slice(0, Math.max(0, start)).split('\n').length
  }

  document(): JsonNode {
    this.#advance()
    const root = this.#value(0)
    if (this.#token !== '') throw new Malformed('there is something after the end')
    return root
  }

  #value(depth: number): JsonNode {
    if (depth > deepest) throw new Malformed('is nested too deeply')
    const line = this.line()
    if (this.#token === '{') return { line, kind: 'object', members: this.#object(depth) }
    if (this.#token === '[') return { line, kind: 'array', items: this.#array(depth) }
    const token = this.#token
    if (token === '' || /^[}\],:]/.test(token)) throw new Malformed('a value is missing')
    if (token.startsWith('"')) return { line, kind: 'text', text: this.#string() }
    this.#advance()
    return { line, kind: 'other' }
  }

  #object(depth: number): ReadonlyMap<string, JsonNode> {
    const members = new Map<string, JsonNode>()
    this.#list('}', () => {
      if (!this.#token.startsWith('"')) throw new Malformed('a name in double quotes is missing')
      const name = this.#string()
      if (members.has(name)) throw new Malformed(`${JSON.stringify(name)} is there twice`)
      if (this.#token !== ':') throw new Malformed('a colon is missing')
      this.#advance()
      members.set(name, this.#value(depth + 1))
    })
    return members
  }

  #array(depth: number): readonly JsonNode[] {
    const items: JsonNode[] = []
    this.#list(']', () => items.push(this.#value(depth + 1)))
    return items
  }

  #list(end: string, one: () => void): void {
    this.#advance()
    if (this.#token !== end) {
      for (;;) {
        one()
        if (this.#token !== ',') break
        this.#advance()
      }
    }
    if (this.#token !== end) throw new Malformed(`a comma or ${end} is missing`)
    this.#advance()
  }

  #string(): string {
    try {
      const text = JSON.parse(this.#token) as string
      this.#advance()
      return text
    } catch {
      throw new Malformed('the text in quotes is malformed')
    }
  }

  #advance(): void {
    this.#token = this.#next()
  }

  #next(): string {
    tokenPattern.lastIndex = this.#at
    const match = tokenPattern.exec(this.#text)
    if (match?.[1] !== undefined) {
      this.#at = tokenPattern.lastIndex
      return match[1]
    }
    const rest = /\S/.exec(this.#text.slice(this.#at))
    this.#token = ''
    this.#at = rest === null ? this.#text.trimEnd().length : this.#at + rest.index
    if (rest !== null) throw new Malformed(`${JSON.stringify(rest[0])} has no place here`)
    return ''
  }
}
