import { digest, wordsToBytes, type HashFunction } from './hash.js'

/** RFC 2104 §2, four bytes at a time. */
const INNER_PAD = 0x3636_3636
const OUTER_PAD = 0x5c5c_5c5c

/** A second block with its end mark and the length of both blocks in bits (FIPS 180-4 §5.1). */
function secondBlock(hash: HashFunction, messageWords: number): Int32Array {
  const block = new Int32Array(hash.blockWords)
  block[messageWords] = 0x8000_0000
  block[block.length - 1] = (hash.blockWords + messageWords) * 32
  return block
}

/** HMAC (RFC 2104) of 64-bit counters, with one set of working arrays, in which nothing secret stays. */
export class CounterHmac {
  readonly #hash: HashFunction
  readonly #key: Int32Array
  readonly #counter: Int32Array
  readonly #digest: Int32Array
  readonly #mac: Int32Array

  constructor(hash: HashFunction) {
    this.#hash = hash
    this.#key = new Int32Array(hash.blockWords)
    this.#counter = secondBlock(hash, 2)
    this.#digest = secondBlock(hash, hash.stateWords)
    this.#mac = new Int32Array(hash.stateWords)
  }

  /**
   * A key of any length as the two hash states after the padded key, inner and outer one after the other: with them a
   * code takes two compressions instead of four (RFC 2104 §4). A key longer than a block is hashed first (§3).
   */
  prepare(secret: Uint8Array): Int32Array {
    if (secret.length <= this.#hash.blockWords * 4) return this.#prepareShort(secret)
    const words = digest(this.#hash, secret)
    const hashed = wordsToBytes(words)
    const states = this.#prepareShort(hashed)
    words.fill(0)
    hashed.fill(0)
    return states
  }

  #prepareShort(key: Uint8Array): Int32Array {
    const { initial, compress, stateWords } = this.#hash
    const block = this.#key
    for (let at = 0; at < key.length; at++) {
      block[at >> 2] = (block[at >> 2] ?? 0) | ((key[at] ?? 0) << (24 - 8 * (at & 3)))
    }
    const states = new Int32Array(2 * stateWords)
    for (let at = 0; at < block.length; at++) block[at] = (block[at] ?? 0) ^ OUTER_PAD
    compress(initial(), 0, block, states)
    for (let at = 0; at < stateWords; at++) states[stateWords + at] = states[at] ?? 0
    for (let at = 0; at < block.length; at++) block[at] = (block[at] ?? 0) ^ OUTER_PAD ^ INNER_PAD
    compress(initial(), 0, block, states)
    for (let at = 0; at < block.length; at++) block[at] = 0
    return states
  }

  /** The 31-bit number that RFC 4226 §5.3 takes out of the HMAC of a counter, given as two 32-bit halves. */
  truncated(states: Int32Array, high: number, low: number): number {
    const mac = this.#mac
    this.#counter[0] = high
    this.#counter[1] = low
    this.#hash.compress(states, 0, this.#counter, this.#digest)
    this.#hash.compress(states, mac.length, this.#digest, mac)
    // RFC 4226 §5.3: the low four bits of the last byte say at which byte the four bytes of the code begin.
    const offset = (mac[mac.length - 1] ?? 0) & 15
    const left = mac[offset >> 2] ?? 0
    const right = mac[(offset >> 2) + 1] ?? 0
    for (let at = 0; at < mac.length; at++) mac[at] = this.#digest[at] = 0
    // Two shifts, because a shift by 32 would be one by 0.
    const bits = 8 * (offset & 3)
    return ((left << bits) | ((right >>> 1) >>> (31 - bits))) & 0x7fff_ffff
  }
}
