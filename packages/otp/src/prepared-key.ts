import { isBytes } from './bytes.js'
import { algorithmUnknown, secretMissing } from './errors.js'
import { CounterHmac } from './hmac.js'
import { sha1 } from './sha1.js'
import { sha256 } from './sha256.js'
import { sha512 } from './sha512.js'

/** The hash functions of RFC 6238 §1.2. Most authenticator apps know SHA1 only. */
export type Algorithm = 'SHA1' | 'SHA256' | 'SHA512'

const hmacSha1 = /* @__PURE__ */ new CounterHmac(sha1)
const hmacSha256 = /* @__PURE__ */ new CounterHmac(sha256)
const hmacSha512 = /* @__PURE__ */ new CounterHmac(sha512)

function hmacOf(algorithm: Algorithm): CounterHmac {
  if (algorithm === 'SHA1') return hmacSha1
  if (algorithm === 'SHA256') return hmacSha256
  if (algorithm === 'SHA512') return hmacSha512
  throw algorithmUnknown()
}

/**
 * A secret made ready for many codes. Of the secret itself nothing is kept but two hash states, from which it cannot
 * be read back. It prints as its algorithm and length.
 */
export class PreparedKey {
  readonly algorithm: Algorithm
  /** Length of the secret in bits. */
  readonly bits: number
  readonly #hmac: CounterHmac
  readonly #states: Int32Array

  /**
   * @param secret at least one byte; it is not kept
   * @throws OtpError SECRET_EMPTY, ALGORITHM_UNKNOWN
   */
  constructor(secret: Uint8Array, algorithm: Algorithm = 'SHA1') {
    // What has no length would pass for a key of no bytes, whose codes anybody can make.
    if (!isBytes(secret) || secret.length === 0) throw secretMissing()
    this.algorithm = algorithm
    this.bits = secret.length * 8
    this.#hmac = hmacOf(algorithm)
    this.#states = this.#hmac.prepare(secret)
  }

  /** The 31-bit number of a counter, given as two 32-bit halves (RFC 4226 §5.3). */
  truncated(high: number, low: number): number {
    return this.#hmac.truncated(this.#states, high, low)
  }
}
