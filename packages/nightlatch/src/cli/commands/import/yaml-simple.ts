export type YamlValue = string | null | readonly YamlValue[] | { readonly [key: string]: YamlValue }

interface YamlRead {
  readonly value: YamlValue
  /** Of each member of the maps on the first level, counted from 1. */
  readonly lines: ReadonlyMap<string, number>
}

interface Line {
  readonly number: number
  readonly indent: number
  readonly text: string
}

const quoted = /^(?:'([^']*)'|"([^"\\]*)")$/
const plain = /^[\p{L}\d_$/.+](?:[\p{L}\d_$/.+=@,;()~-]|:(?=\S)| (?=[^\s#]))*$/u
const entry = /^([\p{L}\d_$/.+][\p{L}\d_$/.+@-]*|'[^']*'|"[^"\\]*"):(?: +(\S.*))?$/u
const strange = /[\p{Cc}\p{Cs}\ufeff\ufffe\uffff\u2028\u2029]/u

/** Carries a reader out of what it leaves to others; it never leaves this file. */
class NotSimple extends Error {}

function leave(): never {
  throw new NotSimple()
}

/**
 * What programs write and people copy: maps and lists in lines, texts on one line, bare or in quotes without escapes. It says what a
 * whole reader of YAML says of it (the failsafe schema), a hundred times as quickly. @returns null for everything else
 */
export function readSimpleYaml(text: string): YamlRead | null {
  try {
    return new Reader(text).read()
  } catch (problem) {
    if (problem instanceof NotSimple) return null
    throw problem
  }
}

class Reader {
  readonly #lines: Line[]
  readonly #found = new Map<string, number>()
  #at = 0

  constructor(text: string) {
    if (strange.test(text.replaceAll('\n', ''))) leave()
    this.#lines = text.split('\n').flatMap((whole, index) => {
      const line = { number: index + 1, indent: whole.search(/[^ ]/), text: whole.trim() }
      return line.text === '' || line.text.startsWith('#') ? [] : [line]
    })
  }

  read(): YamlRead {
    const value = this.#lines.length === 0 ? null : this.#map(0, 0)
    if (this.#at < this.#lines.length) leave()
    return { value, lines: this.#found }
  }

  #block(indent: number, depth: number): YamlValue {
    return this.#lines[this.#at]?.text.startsWith('-') === true
      ? this.#list(indent, depth)
      : this.#map(indent, depth)
  }

  #map(indent: number, depth: number): YamlValue {
    const found: [string, YamlValue][] = []
    const keys = new Set<string>()
    for (let line = this.#lineAt(indent); line !== null; line = this.#lineAt(indent)) {
      const [, written, rest] = entry.exec(line.text) ?? leave()
      const key = textOf(written ?? '')
      if (keys.has(key) || key === '<<') leave()
      keys.add(key)
      if (depth === 1) this.#found.set(key, line.number)
      this.#at += 1
      found.push([key, rest === undefined ? this.#below(indent, depth) : valueOf(rest)])
    }
    return found.length === 0 ? leave() : Object.fromEntries(found)
  }

  #list(indent: number, depth: number): YamlValue {
    const found: YamlValue[] = []
    for (let line = this.#lineAt(indent, true); line !== null; line = this.#lineAt(indent, true)) {
      const [, blanks = '', rest = ''] = /^-( +)(\S.*)$/.exec(line.text) ?? leave()
      if (!entry.test(rest)) {
        found.push(valueOf(rest))
        this.#at += 1
        continue
      }
      const inner = indent + 1 + blanks.length
      this.#lines[this.#at] = { ...line, indent: inner, text: rest }
      found.push(this.#map(inner, depth + 1))
    }
    return found
  }

  /** What stands deeper than its key; a list may stand as far in as it. */
  #below(indent: number, depth: number): YamlValue {
    const next = this.#lines[this.#at]
    if (next === undefined) return leave()
    const isBelow = next.indent > indent || (next.indent === indent && next.text.startsWith('-'))
    return isBelow ? this.#block(next.indent, depth + 1) : leave()
  }

  /** The next line, if it stands there; one that stands deeper goes on with what was said. */
  #lineAt(indent: number, isMember = false): Line | null {
    const line = this.#lines[this.#at]
    if (line === undefined || line.indent < indent) return null
    if (line.indent > indent) return leave()
    return line.text.startsWith('-') === isMember ? line : null
  }
}

function valueOf(text: string): YamlValue {
  if (text === '[]') return []
  return text === '{}' ? {} : textOf(text)
}

function textOf(text: string): string {
  const [, single, double] = quoted.exec(text) ?? []
  return single ?? double ?? (plain.test(text) ? text : leave())
}
