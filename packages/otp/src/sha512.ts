import type { HashFunction } from './hash.js'
import { sha2Constants } from './sha2-constants.js'

let constants: { start: Int32Array; rounds: Int32Array } | undefined
const prepared = (): { start: Int32Array; rounds: Int32Array } => (constants ??= sha2Constants())

/** The message schedule of the block at work (FIPS 180-4 §6.4.2) as high, low; zero between calls. */
const w = /* @__PURE__ */ new Int32Array(160)

/** High word of a 64-bit value rotated right; the low word is the same with the halves exchanged. */
const rotate = (high: number, low: number, by: number): number =>
  by < 32 ? (high >>> by) | (low << (32 - by)) : (low >>> (by - 32)) | (high << (64 - by))

/** What overflows from the sum of low words, each taken as unsigned. */
const carry = (sum: number): number => (sum / 0x1_0000_0000) | 0

function schedule(block: Int32Array): void {
  w.set(block)
  for (let t = 32; t < 160; t += 2) {
    const fh = w[t - 30] ?? 0
    const fl = w[t - 29] ?? 0
    const nh = w[t - 4] ?? 0
    const nl = w[t - 3] ?? 0
    const s0l = rotate(fl, fh, 1) ^ rotate(fl, fh, 8) ^ ((fl >>> 7) | (fh << 25))
    const s1l = rotate(nl, nh, 19) ^ rotate(nl, nh, 61) ^ ((nl >>> 6) | (nh << 26))
    const low = (s0l >>> 0) + (s1l >>> 0) + ((w[t - 13] ?? 0) >>> 0) + ((w[t - 31] ?? 0) >>> 0)
    const s0h = rotate(fh, fl, 1) ^ rotate(fh, fl, 8) ^ (fh >>> 7)
    const s1h = rotate(nh, nl, 19) ^ rotate(nh, nl, 61) ^ (nh >>> 6)
    w[t] = s0h + s1h + (w[t - 14] ?? 0) + (w[t - 32] ?? 0) + carry(low)
    w[t + 1] = low
  }
}

/**
 * FIPS 180-4 §6.4.2. Each of the eight working variables is a pair of local ones, its high and its low half: in an array
 * they make a round five times as slow.
 */
// prettier-ignore
function compress(chain: Int32Array, from: number, block: Int32Array, out: Int32Array): void {
  const k = prepared().rounds
  schedule(block)
  let ah = chain[from] ?? 0, al = chain[from + 1] ?? 0, bh = chain[from + 2] ?? 0, bl = chain[from + 3] ?? 0
  let ch = chain[from + 4] ?? 0, cl = chain[from + 5] ?? 0, dh = chain[from + 6] ?? 0, dl = chain[from + 7] ?? 0
  let eh = chain[from + 8] ?? 0, el = chain[from + 9] ?? 0, fh = chain[from + 10] ?? 0, fl = chain[from + 11] ?? 0
  let gh = chain[from + 12] ?? 0, gl = chain[from + 13] ?? 0, hh = chain[from + 14] ?? 0, hl = chain[from + 15] ?? 0
  for (let t = 0; t < 160; t += 2) {
    const sum1l = rotate(el, eh, 14) ^ rotate(el, eh, 18) ^ rotate(el, eh, 41)
    const sum1h = rotate(eh, el, 14) ^ rotate(eh, el, 18) ^ rotate(eh, el, 41)
    const choicel = (el & fl) ^ (~el & gl)
    const low1 = (hl >>> 0) + (sum1l >>> 0) + (choicel >>> 0) + ((k[t + 1] ?? 0) >>> 0) + ((w[t + 1] ?? 0) >>> 0)
    const t1h = (hh + sum1h + ((eh & fh) ^ (~eh & gh)) + (k[t] ?? 0) + (w[t] ?? 0) + carry(low1)) | 0
    const t1l = low1 >>> 0
    const sum0l = rotate(al, ah, 28) ^ rotate(al, ah, 34) ^ rotate(al, ah, 39)
    const sum0h = rotate(ah, al, 28) ^ rotate(ah, al, 34) ^ rotate(ah, al, 39)
    const low2 = t1l + (sum0l >>> 0) + (((al & bl) ^ (al & cl) ^ (bl & cl)) >>> 0)
    const t2h = sum0h + ((ah & bh) ^ (ah & ch) ^ (bh & ch))
    const low3 = (dl >>> 0) + t1l
    hh = gh; hl = gl; gh = fh; gl = fl; fh = eh; fl = el
    eh = (dh + t1h + carry(low3)) | 0; el = low3 | 0
    dh = ch; dl = cl; ch = bh; cl = bl; bh = ah; bl = al
    ah = (t1h + t2h + carry(low2)) | 0; al = low2 | 0
  }
  w.fill(0)
  const worked = [ah, al, bh, bl, ch, cl, dh, dl, eh, el, fh, fl, gh, gl, hh, hl]
  for (let at = 0; at < 16; at += 2) {
    const low = ((chain[from + at + 1] ?? 0) >>> 0) + ((worked[at + 1] ?? 0) >>> 0)
    out[at] = (chain[from + at] ?? 0) + (worked[at] ?? 0) + carry(low)
    out[at + 1] = low
  }
}

/** SHA-512 (FIPS 180-4 §6.4) in 32-bit halves: JavaScript has no other fast 64-bit integer. */
export const sha512: HashFunction = {
  blockWords: 32,
  stateWords: 16,
  initial: () => prepared().start,
  compress,
}
