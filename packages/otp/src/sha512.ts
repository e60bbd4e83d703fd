import type { HashFunction } from './hash.js'
import { sha2Constants } from './sha2-constants.js'

let constants: { start: Int32Array; rounds: Int32Array } | undefined
const prepared = (): { start: Int32Array; rounds: Int32Array } => (constants ??= sha2Constants())

/** The message schedule (FIPS 180-4 §6.4.2) and the eight working variables as high, low; zero between calls. */
const w = /* @__PURE__ */ new Int32Array(160)
const v = /* @__PURE__ */ new Int32Array(16)

/** High word of a 64-bit value rotated right; the low word is the same with the halves exchanged. */
const rotate = (high: number, low: number, by: number): number =>
  by < 32 ? (high >>> by) | (low << (32 - by)) : (low >>> (by - 32)) | (high << (64 - by))

/** What overflows from the sum of low words, each taken as unsigned. */
const carry = (sum: number): number => (sum / 0x1_0000_0000) | 0

function schedule(block: Int32Array): void {
  w.set(block)
  for (let t = 32; t < 160; t += 2) {
    const [fh = 0, fl = 0] = [w[t - 30], w[t - 29]]
    const [nh = 0, nl = 0] = [w[t - 4], w[t - 3]]
    const s0l = rotate(fl, fh, 1) ^ rotate(fl, fh, 8) ^ ((fl >>> 7) | (fh << 25))
    const s1l = rotate(nl, nh, 19) ^ rotate(nl, nh, 61) ^ ((nl >>> 6) | (nh << 26))
    const low = (s0l >>> 0) + (s1l >>> 0) + ((w[t - 13] ?? 0) >>> 0) + ((w[t - 31] ?? 0) >>> 0)
    const s0h = rotate(fh, fl, 1) ^ rotate(fh, fl, 8) ^ (fh >>> 7)
    const s1h = rotate(nh, nl, 19) ^ rotate(nh, nl, 61) ^ (nh >>> 6)
    w[t] = s0h + s1h + (w[t - 14] ?? 0) + (w[t - 32] ?? 0) + carry(low)
    w[t + 1] = low
  }
}

function round(kh: number, kl: number, t: number): void {
  const [ah = 0, al = 0, bh = 0, bl = 0, ch = 0, cl = 0, dh = 0, dl = 0] = v
  const [eh = 0, el = 0, fh = 0, fl = 0, gh = 0, gl = 0, hh = 0, hl = 0] = v.subarray(8)
  const sum1l = rotate(el, eh, 14) ^ rotate(el, eh, 18) ^ rotate(el, eh, 41)
  const choicel = (el & fl) ^ (~el & gl)
  const low1 = (hl >>> 0) + (sum1l >>> 0) + (choicel >>> 0) + (kl >>> 0) + ((w[t + 1] ?? 0) >>> 0)
  const sum1h = rotate(eh, el, 14) ^ rotate(eh, el, 18) ^ rotate(eh, el, 41)
  const t1h = hh + sum1h + ((eh & fh) ^ (~eh & gh)) + kh + (w[t] ?? 0) + carry(low1)
  const sum0l = rotate(al, ah, 28) ^ rotate(al, ah, 34) ^ rotate(al, ah, 39)
  const majorityl = (al & bl) ^ (al & cl) ^ (bl & cl)
  const low2 = (low1 >>> 0) + (sum0l >>> 0) + (majorityl >>> 0)
  const sum0h = rotate(ah, al, 28) ^ rotate(ah, al, 34) ^ rotate(ah, al, 39)
  v.copyWithin(2, 0, 14)
  v[0] = t1h + sum0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch)) + carry(low2)
  v[1] = low2
  const low3 = (dl >>> 0) + (low1 >>> 0)
  v[8] = dh + t1h + carry(low3)
  v[9] = low3
}

function compress(chain: Int32Array, from: number, block: Int32Array, out: Int32Array): void {
  const k = prepared().rounds
  schedule(block)
  v.set(chain.subarray(from, from + 16))
  for (let t = 0; t < 160; t += 2) round(k[t] ?? 0, k[t + 1] ?? 0, t)
  for (let at = 0; at < 16; at += 2) {
    const low = ((chain[from + at + 1] ?? 0) >>> 0) + ((v[at + 1] ?? 0) >>> 0)
    out[at] = (chain[from + at] ?? 0) + (v[at] ?? 0) + carry(low)
    out[at + 1] = low
  }
  w.fill(0)
  v.fill(0)
}

/** SHA-512 (FIPS 180-4 §6.4) in 32-bit halves: JavaScript has no other fast 64-bit integer. */
export const sha512: HashFunction = {
  blockWords: 32,
  stateWords: 16,
  initial: () => prepared().start,
  compress,
}
