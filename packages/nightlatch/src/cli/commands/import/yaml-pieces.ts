import { linesOf } from './text-file.js'

/** Some of the members of a list or a map of a file, as a file of its own: what stands above them, and they. */
export interface YamlPiece {
  readonly text: string
  /** Of its first line, counted from 1, in the file that it is cut from. */
  readonly line: number
}

/** Read at once, they are quicker by half; a hundred thousand at once would take the memory of a hundred files. */
const atOnce = 64

const isSaying = (line: string): boolean => /^\s*[^\s#]/.test(line)
const indentOf = (line: string): number => line.search(/[^ ]/)
const isMark = (line: string): boolean => /^(?:---|\.\.\.)(?:\s|$)/.test(line)
const isBareStart = (line: string): boolean => /^---\s*(?:#.*)?$/.test(line)
const isMember = (line: string): boolean => /^-(?:\s|$)/.test(line)

/**
 * Cuts a file of YAML where its lists and maps of the first level have their members: below a line `name:`, every line that is as far
 * in as the first begins one. Whoever parses the pieces parses the file, if all of them can be parsed.
 */
export function* piecesOfYaml(pieces: Iterable<string>): Generator<YamlPiece> {
  const cutter = new Cutter()
  for (const line of linesOf(pieces)) {
    const done = cutter.add(line)
    if (done !== null) yield done
  }
  yield cutter.rest()
}

class Cutter {
  #number = 0
  #lines: string[] = []
  /** The first of them, in the file. */
  #from = 1
  #head: string | null = null
  #indent: number | null = null
  #members = 0
  #hasSaid = false
  /** Several documents, or what belongs to none: not to be cut. */
  #isWhole = false

  /** @returns those before it, where they are enough */
  add(line: string): YamlPiece | null {
    this.#number += 1
    if (isMark(line)) return this.#keep(this.#isStart(line) ? '' : line)
    if (this.#isWhole || !isSaying(line)) return this.#keep(line)
    this.#hasSaid = true
    return indentOf(line) === 0 && !isMember(line) ? this.#begin(line) : this.#go(line)
  }

  #isStart(line: string): boolean {
    const isStart = !this.#hasSaid && isBareStart(line)
    this.#isWhole ||= !isStart
    return isStart
  }

  #go(line: string): YamlPiece | null {
    this.#indent ??= indentOf(line)
    const isFull = indentOf(line) === this.#indent && (this.#members += 1) > atOnce
    const done = isFull && this.#head !== null ? this.#cut(this.#head) : null
    this.#keep(line)
    return done
  }

  rest(): YamlPiece {
    return { text: this.#lines.join('\n'), line: this.#from }
  }

  #keep(line: string): null {
    this.#lines.push(line)
    return null
  }

  #begin(line: string): YamlPiece | null {
    const before = this.#lines.some(isSaying) ? this.rest() : null
    if (before !== null) {
      this.#lines = []
      this.#from = this.#number
    }
    this.#head = /^[\w-]+:\s*(?:#.*)?$/.test(line) ? line : null
    this.#indent = null
    this.#members = 0
    this.#keep(line)
    return before
  }

  #cut(head: string): YamlPiece {
    const done = this.rest()
    this.#lines = [head]
    this.#from = this.#number - 1
    this.#members = 1
    return done
  }
}
