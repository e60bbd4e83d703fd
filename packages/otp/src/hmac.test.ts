import { createHmac, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { HashFunction } from './hash.js'
import { CounterHmac } from './hmac.js'
import { sha1 } from './sha1.js'
import { sha256 } from './sha256.js'
import { sha512 } from './sha512.js'

/** RFC 4226 §5.3 on an HMAC in hex. */
function truncated(mac: string): number {
  const bytes = Buffer.from(mac, 'hex')
  return bytes.readUInt32BE(bytes[bytes.length - 1]! & 15) & 0x7fff_ffff
}

describe('HMAC of eight bytes', () => {
  // RFC 2202 §3 and RFC 4231 §4.2, test case 1: twenty bytes 0x0b, and "Hi There".
  it.each([
    ['SHA-1', sha1, 'b617318655057264e28bc0b6fb378c8ef146be00'],
    ['SHA-256', sha256, 'b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7'],
    [
      'SHA-512',
      sha512,
      '87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cde' +
        'daa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854',
    ],
  ])('with %s is the one of the RFC', (_name, hash, mac) => {
    const hmac = new CounterHmac(hash)
    const states = hmac.prepare(new Uint8Array(20).fill(0x0b))
    expect(hmac.truncated(states, 0x48692054, 0x68657265)).toBe(truncated(mac))
  })

  it.each([
    ['SHA1', sha1],
    ['SHA256', sha256],
    ['SHA512', sha512],
  ])('with %s agrees with the platform for keys of every length, also longer than a block', (name, hash) => {
    const hmac = new CounterHmac(hash)
    const counter = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0)
    for (let length = 1; length <= 260; length++) {
      const key = randomBytes(length)
      const mac = createHmac(name, key).update(counter).digest('hex')
      expect(hmac.truncated(hmac.prepare(key), 0x12345678, 0x9abcdef0)).toBe(truncated(mac))
    }
  })

  it.each([
    ['of a short key', 20],
    ['of a key longer than a block', 200],
  ])('leaves nothing %s in its working arrays', (_name, length) => {
    const seen = new Set<Int32Array>()
    const watched: HashFunction = {
      ...sha1,
      compress: (...given) => {
        seen.add(given[2]).add(given[3])
        sha1.compress(...given)
      },
    }
    const hmac = new CounterHmac(watched)
    const states = hmac.prepare(new Uint8Array(length).fill(0x5a))
    hmac.truncated(states, 0, 0)
    seen.delete(states)
    // What stays are the end marks and lengths of the second blocks.
    const left = Array.from(seen, (array) => Array.from(array).filter((word) => word !== 0))
    expect(left.filter((words) => words.length > 0)).toEqual([
      [0x8000_0000 | 0, 576],
      [0x8000_0000 | 0, 672],
    ])
    // And the states still serve.
    const code = hmac.truncated(states, 0, 7)
    expect(code).toBe(new CounterHmac(sha1).truncated(states, 0, 7))
    expect(hmac.truncated(states, 0, 7)).toBe(code)
  })
})
