import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import vectors from '../vectors/sha.json' with { type: 'json' }
import { digest, wordsToBytes, type HashFunction } from './hash.js'
import { sha1 } from './sha1.js'
import { sha256 } from './sha256.js'
import { sha512 } from './sha512.js'

const hashes = { SHA1: sha1, SHA256: sha256, SHA512: sha512 } as const
const names = Object.keys(hashes) as (keyof typeof hashes)[]
const hex = (hash: HashFunction, message: Uint8Array): string =>
  Buffer.from(wordsToBytes(digest(hash, message))).toString('hex')

describe.each(names)('%s', (name) => {
  const hash = hashes[name]
  const native = (message: Uint8Array): string => createHash(name.toLowerCase()).update(message).digest('hex')

  it.each(vectors.cavp[name])('gives the digest of the validation programme for $message_hex', (row) => {
    expect(hex(hash, Buffer.from(row.message_hex, 'hex'))).toBe(row.digest_hex)
  })

  it.each(vectors.examples.rows)('gives the digest of the standard for $times times "$text"', (row) => {
    expect(hex(hash, Buffer.from(row.text.repeat(row.times)))).toBe(row[name])
  })

  it('agrees with the platform for every length up to four blocks', () => {
    for (let length = 0; length <= 512; length++) {
      const message = randomBytes(length)
      expect(hex(hash, message)).toBe(native(message))
    }
  })

  it('agrees with the platform on bytes that are all zeros or all ones', () => {
    for (const byte of [0, 0xff]) {
      for (const length of [1, 63, 64, 119, 127, 128, 300]) {
        const message = new Uint8Array(length).fill(byte)
        expect(hex(hash, message)).toBe(native(message))
      }
    }
  })

  it('may write its result over its input, and leaves the block alone', () => {
    const block = Int32Array.from({ length: hash.blockWords }, (_, at) => Math.imul(at + 1, 0x9e3779b9))
    const kept = block.slice()
    const apart = new Int32Array(hash.stateWords)
    hash.compress(hash.initial(), 0, block, apart)
    const state = hash.initial().slice()
    hash.compress(state, 0, block, state)
    expect(state).toEqual(apart)
    expect(block).toEqual(kept)
    const later = Int32Array.of(1, 2, 3, ...hash.initial())
    hash.compress(later, 3, block, later)
    expect(later.subarray(0, hash.stateWords)).toEqual(apart)
  })
})
