import { decodeBase32 } from './base32.js'
import { isBytes } from './bytes.js'
import { OtpError, secretMissing } from './errors.js'
import { PreparedKey, type Algorithm } from './prepared-key.js'

/** RFC 4226 §4 R6: 160 bits are recommended for a new secret. */
const NEW_SECRET_BYTES = 20

interface WebCryptoLike {
  getRandomValues?(array: Uint8Array): Uint8Array
}

/** Random bytes of the platform's generator. */
export function generateRandom(bytes: number): Uint8Array {
  const source = (globalThis as { crypto?: WebCryptoLike }).crypto
  if (typeof source?.getRandomValues === 'function') return source.getRandomValues(new Uint8Array(bytes))
  throw new OtpError(
    'RANDOM_UNAVAILABLE',
    'This platform has no crypto.getRandomValues: pass { random } with a cryptographic generator.',
  )
}

/**
 * A new secret.
 * @param options `bytes`: 20 to 1024, default 20 (160 bits, RFC 4226 §4 R6; RFC 6238 §5.1 suggests 32 for SHA256 and
 * 64 for SHA512). `random`: a source of cryptographic random bytes; default `crypto.getRandomValues`.
 * @throws OtpError SECRET_TOO_SHORT for fewer than 20 bytes (or too many), RANDOM_UNAVAILABLE for a source that is
 * missing or does not give the bytes asked for
 */
export function generateSecret(
  options: { bytes?: number; random?: (bytes: number) => Uint8Array } = {},
): Uint8Array {
  const { bytes = NEW_SECRET_BYTES, random = generateRandom } = options ?? {}
  if (!Number.isInteger(bytes) || bytes < NEW_SECRET_BYTES || bytes > 1024) {
    throw new OtpError('SECRET_TOO_SHORT', 'A new secret has 20 to 1024 bytes (RFC 4226 §4 R6).')
  }
  const secret = random(bytes)
  if (secret.length === bytes) return secret
  throw new OtpError('RANDOM_UNAVAILABLE', 'The random source did not give the bytes asked for.')
}

/** How long a secret is: `full` from 128 bits (RFC 4226 §4 R6), `short` from 80 (old imports), else `too-short`. */
export type SecretStrength = 'full' | 'short' | 'too-short'

/** @param bits length of the secret in bits: `bytes.length * 8` or `preparedKey.bits` */
export const secretStrength = (bits: number): SecretStrength =>
  bits >= 128 ? 'full' : bits >= 80 ? 'short' : 'too-short'

/** A secret in any of its forms: bytes, base32, or a key prepared from them. */
export type SecretSource = Uint8Array | string | PreparedKey

/** @throws OtpError SECRET_NOT_BASE32, SECRET_EMPTY */
export function secretBytes(secret: Uint8Array | string): Uint8Array {
  if (typeof secret !== 'string' && !isBytes(secret)) throw secretMissing()
  const bytes = typeof secret === 'string' ? decodeBase32(secret) : secret
  if (bytes !== null) return bytes
  throw new OtpError('SECRET_NOT_BASE32', 'The secret is not base32 (RFC 4648 §6).')
}

/**
 * A prepared key from a secret in any form; bytes decoded on the way are wiped.
 * @param algorithm default SHA1, or the one of the prepared key
 * @throws OtpError SECRET_NOT_BASE32, SECRET_EMPTY, ALGORITHM_UNKNOWN, and ALGORITHM_MISMATCH for a prepared key of
 * another algorithm than the one asked for
 */
export function prepareKey(secret: SecretSource, algorithm?: Algorithm): PreparedKey {
  if (secret instanceof PreparedKey) {
    if (algorithm === undefined || algorithm === secret.algorithm) return secret
    throw new OtpError('ALGORITHM_MISMATCH', 'The key was prepared for another algorithm.')
  }
  if (typeof secret !== 'string') return new PreparedKey(secret, algorithm)
  const bytes = secretBytes(secret)
  const key = new PreparedKey(bytes, algorithm)
  // A loop, because `fill` costs more than wiping so few bytes.
  for (let at = 0; at < bytes.length; at++) bytes[at] = 0
  return key
}
