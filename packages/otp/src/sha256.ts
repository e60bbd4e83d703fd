import type { HashFunction } from './hash.js'
import { highWords, sha2Constants } from './sha2-constants.js'

let constants: { start: Int32Array; rounds: Int32Array } | undefined

function prepared(): { start: Int32Array; rounds: Int32Array } {
  if (constants === undefined) {
    const { start, rounds } = sha2Constants()
    constants = { start: highWords(start), rounds: highWords(rounds).subarray(0, 64) }
  }
  return constants
}

/** The message schedule of the block at work (FIPS 180-4 §6.2.2), zero between calls. */
const w = /* @__PURE__ */ new Int32Array(64)

const rotate = (x: number, by: number): number => (x >>> by) | (x << (32 - by))

function schedule(block: Int32Array): void {
  w.set(block)
  for (let t = 16; t < 64; t++) {
    const near = w[t - 2] ?? 0
    const far = w[t - 15] ?? 0
    const sigma0 = rotate(far, 7) ^ rotate(far, 18) ^ (far >>> 3)
    const sigma1 = rotate(near, 17) ^ rotate(near, 19) ^ (near >>> 10)
    w[t] = sigma1 + (w[t - 7] ?? 0) + sigma0 + (w[t - 16] ?? 0)
  }
}

// prettier-ignore
function compress(chain: Int32Array, from: number, block: Int32Array, out: Int32Array): void {
  const k = prepared().rounds
  schedule(block)
  let a = chain[from] ?? 0, b = chain[from + 1] ?? 0, c = chain[from + 2] ?? 0, d = chain[from + 3] ?? 0
  let e = chain[from + 4] ?? 0, f = chain[from + 5] ?? 0, g = chain[from + 6] ?? 0, h = chain[from + 7] ?? 0
  for (let t = 0; t < 64; t++) {
    const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
    const choice = (e & f) ^ (~e & g)
    const t1 = (h + sum1 + choice + (k[t] ?? 0) + (w[t] ?? 0)) | 0
    const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)
    const majority = (a & b) ^ (a & c) ^ (b & c)
    h = g; g = f; f = e; e = (d + t1) | 0
    d = c; c = b; b = a; a = (t1 + sum0 + majority) | 0
  }
  w.fill(0)
  const worked = [a, b, c, d, e, f, g, h]
  for (let at = 0; at < 8; at++) out[at] = (chain[from + at] ?? 0) + (worked[at] ?? 0)
}

/** SHA-256 (FIPS 180-4 §6.2). */
export const sha256: HashFunction = {
  blockWords: 16,
  stateWords: 8,
  initial: () => prepared().start,
  compress,
}
