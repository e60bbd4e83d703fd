import { randomInt } from 'node:crypto'
import { fingerprintOf } from '../../../core/accounts/import-owners.js'

/** An entry begins within the first of its block, however long it is. */
const blockBytes = 2 ** 20

/** Before the name: where the next one of the same name is, the hash of the name, the two lengths, and whether it was asked for. */
const headBytes = 17
const [nextAt, hashAt, nameLengthAt, textLengthAt, askedAt] = [0, 4, 8, 12, 16]

/** A place: 1 for the first byte of the first block. 0 is none. */
type Place = number

/**
 * Texts by name, of which one name has one or a few: in blocks of memory, because a hundred thousand objects would be four times as
 * much, and be looked at again and again by whoever looks for those that nobody needs.
 */
export class HeldTexts {
  readonly #seed = randomInt(2 ** 31)
  readonly #blocks: { readonly bytes: Buffer; used: number }[] = []
  /** The first entry of each name, where its hash says. */
  #firsts = new Uint32Array(2 ** 10)
  #names = 0

  add(name: string, text: string): void {
    const hash = this.#hashOf(name)
    const entry = this.#write(name, text, hash)
    const at = this.#placeOf(name, hash)
    let last = this.#firsts[at] ?? 0
    if (last === 0) {
      this.#firsts[at] = entry
      this.#names += 1
      if (this.#names * 3 > this.#firsts.length * 2) this.#grow()
      return
    }
    for (let next = this.#get(last, nextAt); next !== 0; next = this.#get(last, nextAt)) last = next
    this.#set(last, nextAt, entry)
  }

  /** In the order in which they were added. The name was asked for then. */
  of(name: string): readonly string[] {
    const texts: string[] = []
    const first = this.#firsts[this.#placeOf(name, this.#hashOf(name))] ?? 0
    if (first !== 0) this.#setAsked(first, true)
    for (let entry = first; entry !== 0; entry = this.#get(entry, nextAt)) texts.push(this.#textOf(entry))
    return texts
  }

  /** The names that nobody has asked for since, in the order in which they were added. */
  *unasked(): Generator<string> {
    for (const entry of this.#entries())
      if (this.#isFirst(entry) && !this.#isAsked(entry)) yield this.#nameOf(entry)
  }

  forgetAsked(): void {
    for (const entry of this.#entries()) this.#setAsked(entry, false)
  }

  #hashOf(name: string): number {
    return fingerprintOf(name, this.#seed) >>> 0
  }

  #isFirst(entry: Place): boolean {
    return this.#firsts[this.#placeOf(this.#nameOf(entry), this.#get(entry, hashAt))] === entry
  }

  /** Where the first entry of the name stands, or would. */
  #placeOf(name: string, hash: number): number {
    const mask = this.#firsts.length - 1
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.#firsts[at] ?? 0
      if (entry === 0 || (this.#get(entry, hashAt) === hash && this.#nameOf(entry) === name)) return at
    }
  }

  #grow(): void {
    const larger = new Uint32Array(this.#firsts.length * 2)
    for (const entry of this.#firsts) {
      if (entry === 0) continue
      let at = this.#get(entry, hashAt) & (larger.length - 1)
      while (larger[at] !== 0) at = (at + 1) & (larger.length - 1)
      larger[at] = entry
    }
    this.#firsts = larger
  }

  #write(name: string, text: string, hash: number): Place {
    const [nameLength, textLength] = [Buffer.byteLength(name), Buffer.byteLength(text)]
    const length = headBytes + nameLength + textLength
    let last = this.#blocks.at(-1)
    if (last === undefined || last.used + length > blockBytes) {
      last = { bytes: Buffer.alloc(Math.max(blockBytes, length)), used: 0 }
      this.#blocks.push(last)
    }
    const entry = (this.#blocks.length - 1) * blockBytes + last.used + 1
    last.used += length
    this.#set(entry, hashAt, hash)
    this.#set(entry, nameLengthAt, nameLength)
    this.#set(entry, textLengthAt, textLength)
    const { block, at } = this.#find(entry)
    block.write(name, at + headBytes)
    block.write(text, at + headBytes + nameLength)
    return entry
  }

  *#entries(): Generator<Place> {
    for (const [index, { bytes, used }] of this.#blocks.entries())
      for (let at = 0; at < used;) {
        yield index * blockBytes + at + 1
        at += headBytes + bytes.readUInt32LE(at + nameLengthAt) + bytes.readUInt32LE(at + textLengthAt)
      }
  }

  #find(entry: Place): { readonly block: Buffer; readonly at: number } {
    const block = this.#blocks[Math.floor((entry - 1) / blockBytes)]
    if (block === undefined) throw new RangeError('no entry begins there')
    return { block: block.bytes, at: (entry - 1) % blockBytes }
  }

  #get(entry: Place, field: number): number {
    const { block, at } = this.#find(entry)
    return block.readUInt32LE(at + field)
  }

  #set(entry: Place, field: number, value: number): void {
    const { block, at } = this.#find(entry)
    block.writeUInt32LE(value, at + field)
  }

  #isAsked(entry: Place): boolean {
    const { block, at } = this.#find(entry)
    return block[at + askedAt] === 1
  }

  #setAsked(entry: Place, isAsked: boolean): void {
    const { block, at } = this.#find(entry)
    block[at + askedAt] = Number(isAsked)
  }

  #nameOf(entry: Place): string {
    const { block, at } = this.#find(entry)
    const from = at + headBytes
    return block.toString('utf8', from, from + this.#get(entry, nameLengthAt))
  }

  #textOf(entry: Place): string {
    const { block, at } = this.#find(entry)
    const from = at + headBytes + this.#get(entry, nameLengthAt)
    return block.toString('utf8', from, from + this.#get(entry, textLengthAt))
  }
}
