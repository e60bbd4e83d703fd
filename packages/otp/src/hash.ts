/** A hash function of FIPS 180-4 as its compression function over 32-bit words. */
export interface HashFunction {
  /** Words in a block: 16 of 32 bits, or 32 for SHA-512, whose 64-bit words lie here as high, low. */
  readonly blockWords: 16 | 32
  /** Words in a digest. */
  readonly stateWords: 5 | 8 | 16
  /** The value to begin with (FIPS 180-4 §5.3): not to be written to. */
  initial(): Int32Array
  /**
   * FIPS 180-4 §6: compresses `block` into the value that lies in `chain` from the word `from` on, and writes the new
   * value to the beginning of `out`, which may be either.
   */
  compress(chain: Int32Array, from: number, block: Int32Array, out: Int32Array): void
}

/** Byte `at` of a message with its end mark: 0x80 after the last byte, then zeros (FIPS 180-4 §5.1). */
const paddedByte = (message: Uint8Array, at: number): number =>
  at < message.length ? (message[at] ?? 0) : at === message.length ? 0x80 : 0

/** Digest of a message of less than 2^53 bits, as words (FIPS 180-4 §6). */
export function digest(hash: HashFunction, message: Uint8Array): Int32Array {
  const blockBytes = hash.blockWords * 4
  const lengthBytes = blockBytes / 8
  const end = Math.ceil((message.length + 1 + lengthBytes) / blockBytes) * blockBytes
  const state = hash.initial().slice()
  const block = new Int32Array(hash.blockWords)
  for (let at = 0; at < end;) {
    for (let word = 0; word < block.length; word++, at += 4) {
      const high = (paddedByte(message, at) << 8) | paddedByte(message, at + 1)
      block[word] = (high << 16) | (paddedByte(message, at + 2) << 8) | paddedByte(message, at + 3)
    }
    if (at === end) {
      block[block.length - 2] = (message.length * 8) / 0x1_0000_0000
      block[block.length - 1] = message.length * 8
    }
    hash.compress(state, 0, block, state)
  }
  block.fill(0)
  return state
}

/** Words as bytes, most significant first. */
export function wordsToBytes(words: Int32Array): Uint8Array {
  const bytes = new Uint8Array(words.length * 4)
  words.forEach((word, at) => {
    bytes.set([word >>> 24, word >>> 16, word >>> 8, word], at * 4)
  })
  return bytes
}
