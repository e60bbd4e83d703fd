import { damaged } from './problem.js'

export interface ByteReader {
  uint8(): number
  uint16(): number
  uint32(): number
  /** Java's numbers begin with the largest byte. */
  bigEndian(bytes: number): number
  /** What is left, as one little-endian number of at most 64 bits. */
  unsigned(): bigint
  take(length: number): Uint8Array
  at(): number
}

/** Little-endian numbers one after another; what ends too soon is damaged. */
export function readBytes(bytes: Uint8Array, start = 0): ByteReader {
  let at = start
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) return damaged('it ends too soon')
    at += length
    return bytes.subarray(at - length, at)
  }
  const number = (part: Uint8Array): number => part.reduceRight((sum, byte) => sum * 256 + byte, 0)
  return {
    take,
    uint8: () => number(take(1)),
    uint16: () => number(take(2)),
    uint32: () => number(take(4)),
    bigEndian: (length) => take(length).reduce((sum, byte) => sum * 256 + byte, 0),
    unsigned: () =>
      bytes.subarray(at, at + 8).reduceRight<bigint>((sum, byte) => (sum << 8n) | BigInt(byte), 0n),
    at: () => at,
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** What is compared here was computed from the file itself: nothing is learned from the time it takes. */
export const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, index) => byte === other[index])

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export function bytesOfHex(text: unknown): Uint8Array | null {
  if (typeof text !== 'string' || !/^(?:[\da-f]{2})*$/i.test(text)) return null
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16))
}
