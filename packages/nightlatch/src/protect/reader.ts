import { maxHeaderSize } from 'node:http'
import { ChunkedBody } from './chunked-body.js'
import type { Facts, Head, ReadHead } from './head.js'
import { factsOf, headIn } from './head.js'

/** What is heard of an answer, in this order. */
export interface Hearer {
  /** 102, 103 and their kin, before the answer. */
  informed(head: Head): void
  /** False when nothing more of it is wanted. */
  began(head: Head, facts: Facts): boolean
  data(chunk: Buffer): void
  ended(rawTrailers: readonly string[]): void
  /** In place of the two above: a short body that has come with its head, one byte a character. */
  endedWith(body: string): void
}

/** Why an answer cannot be read: larger than a head may be, not whole, or nothing that RFC 9112 knows. */
export type Unreadable = 'too-large' | 'cut' | 'odd'

type Awaited = 'head' | 'length' | 'chunks' | 'rest' | 'nothing'

/** A body that is passed on as text, in one piece with its head. */
const shortBody = 4096
const blankLine = '\r\n\r\n'

/**
 * Reads the answers on one connection, one after the other, in the one way that RFC 9112 has for them. What could be
 * read in two ways is not read at all.
 */
export class AnswerReader {
  #awaited: Awaited = 'nothing'
  #hearer: Hearer = nobody
  #isBodyless = false
  /** What has come of a head that is not whole. */
  #held = ''
  #left = 0
  #chunks = new ChunkedBody()
  #keeps = false

  /** The answer is whole. */
  get isOver(): boolean {
    return this.#awaited === 'nothing'
  }

  /** Nothing has come of the answer that is awaited. */
  get isUnheard(): boolean {
    return this.#awaited === 'head'
  }

  /** Another request may follow on this connection. */
  get keeps(): boolean {
    return this.isOver && this.#keeps
  }

  expect(hearer: Hearer, method: string): void {
    this.#hearer = hearer
    this.#isBodyless = method === 'HEAD'
    this.#awaited = 'head'
    this.#held = ''
    this.#keeps = false
  }

  /** @returns what is wrong with it */
  read(chunk: Buffer): Unreadable | null {
    let at = 0
    while (this.#awaited === 'head') {
      const next = this.#readHead(chunk, at)
      if (typeof next === 'string') return next
      if (next === null) return null
      at = next
    }
    return at < chunk.length ? this.#readBody(at === 0 ? chunk : chunk.subarray(at)) : null
  }

  /** The application has closed the connection. @returns what is wrong with that */
  closed(): Unreadable | null {
    if (this.#awaited === 'nothing') return null
    if (this.#awaited !== 'rest') return 'cut'
    this.#end([])
    return null
  }

  #readBody(bytes: Buffer): Unreadable | null {
    switch (this.#awaited) {
      case 'rest':
        this.#hearer.data(bytes)
        return null
      case 'length':
        return this.#readLength(bytes)
      case 'chunks':
        return this.#readChunks(bytes)
      default:
        // What comes after an answer is nobody's.
        this.#keeps = false
        return null
    }
  }

  #readLength(bytes: Buffer): null {
    const body = bytes.length > this.#left ? bytes.subarray(0, this.#left) : bytes
    this.#left -= body.length
    if (bytes.length > body.length) this.#keeps = false
    this.#hearer.data(body)
    if (this.#left === 0) this.#end([])
    return null
  }

  #readChunks(bytes: Buffer): Unreadable | null {
    const used = this.#chunks.read(bytes, this.#hearer)
    if (used === null) return 'odd'
    if (used < bytes.length) this.#keeps = false
    if (this.#chunks.trailers !== null) this.#end(this.#chunks.trailers)
    return null
  }

  #end(rawTrailers: readonly string[]): void {
    this.#awaited = 'nothing'
    this.#hearer.ended(rawTrailers)
  }

  /** @returns where in the chunk it ends; null when there is more to come */
  #readHead(chunk: Buffer, from: number): number | Unreadable | null {
    const before = this.#held.length
    const to = Math.min(chunk.length, from + maxHeaderSize - before)
    const text = this.#held + textOf(chunk, from, to)
    const end = text.indexOf(blankLine)
    if (end < 0) {
      this.#held = text
      return text.length < maxHeaderSize ? null : 'too-large'
    }
    this.#held = ''
    const head = headIn(text.slice(0, end))
    if (head === null) return 'odd'
    const body = end + blankLine.length
    let used = 0
    if (head.status < 200 && head.status !== 101) this.#hearer.informed(head)
    else {
      const taken = this.#begin(head, text.slice(body, body + shortBody))
      if (taken === null) return 'odd'
      used = taken
    }
    return from + body - before + used
  }

  /** @returns how much of the body has been heard with the head; null when it is unclear where it ends */
  #begin(head: ReadHead, here: string): number | null {
    const facts = factsOf(head.raw)
    const framed = bodyOf(head, facts)
    if (framed === null) return null
    const body = this.#isBodyless || hasNoBody(head) ? 0 : framed
    this.#keeps = body !== 'rest' && !head.isOld && !closes.test(facts.connection ?? '')
    if (typeof body === 'number') this.#left = body
    else this.#chunks = new ChunkedBody()
    this.#awaited = typeof body === 'number' ? 'length' : body
    if (this.#hearer.began(head, facts)) return typeof body === 'number' ? this.#readShort(body, here) : 0
    this.#awaited = 'nothing'
    this.#keeps = false
    return 0
  }

  /** A body that is none, or short and here as a whole. */
  #readShort(length: number, here: string): number {
    if (length > here.length) return 0
    this.#awaited = 'nothing'
    if (length === 0) this.#hearer.ended([])
    else this.#hearer.endedWith(here.slice(0, length))
    return length
  }
}

const closes = /(?:^|[,\s])close(?:$|[,\s])/i

const hasNoBody = ({ status }: Head): boolean => status === 204 || status === 304

/** @returns how many bytes, or how they end; null where two things are said about it (RFC 9112 6.3) */
function bodyOf({ isOld }: ReadHead, { length, lengths, coding }: Facts): number | 'chunks' | 'rest' | null {
  if (coding !== null) return length === null && !isOld && /^chunked$/i.test(coding) ? 'chunks' : null
  if (length === null) return 'rest'
  return lengths === 1 && /^\d{1,15}$/.test(length) ? Number(length) : null
}

const textOf = (bytes: Buffer, from: number, to: number): string => (bytes as Sliced).latin1Slice(from, to)

/** What `toString('latin1')` comes to, without the way there. */
interface Sliced extends Buffer {
  latin1Slice(from: number, to: number): string
}

const nobody: Hearer = {
  informed: () => undefined,
  began: () => false,
  data: () => undefined,
  ended: () => undefined,
  endedWith: () => undefined,
}
