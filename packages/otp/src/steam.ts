import type { PreparedKey } from './prepared-key.js'
import { prepareKey } from './secret.js'
import { Totp } from './totp.js'

export const ALPHABET = '23456789BCDFGHJKMNPQRTVWXY'

/**
 * The code Steam shows at a Unix time: a TOTP of SHA-1 and 30 seconds, written as five letters and digits.
 * @param secret bytes, base32, or a key prepared for SHA1
 * @throws OtpError SECRET_NOT_BASE32, SECRET_EMPTY, ALGORITHM_MISMATCH, TIME_OUT_OF_RANGE
 */
export function steamCode(secret: Uint8Array | string | PreparedKey, unixSeconds: number): string {
  const key = prepareKey(secret, 'SHA1')
  // Ten digits are the whole 31-bit number of RFC 4226 §5.3.
  let left = Number(new Totp({ secret: key, digits: 10 }).at(unixSeconds))
  let code = ''
  while (code.length < 5) {
    code += ALPHABET.charAt(left % ALPHABET.length)
    left = Math.floor(left / ALPHABET.length)
  }
  return code
}
