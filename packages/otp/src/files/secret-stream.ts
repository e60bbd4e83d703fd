/**
 * One message of libsodium's secretstream (XChaCha20-Poly1305), as Ente writes it.
 * @see https://doc.libsodium.org/secret-key_cryptography/secretstream
 */
import { concat, equal } from './bytes.js'
import { damaged, missing } from './problem.js'
import type { FileTools } from './tools.js'

const SIGMA = Uint32Array.of(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)

const words = (bytes: Uint8Array): Uint32Array =>
  Uint32Array.from({ length: bytes.length / 4 }, (_, word) =>
    [0, 1, 2, 3].reduce((sum, byte) => sum + (bytes[word * 4 + byte] ?? 0) * 2 ** (8 * byte), 0),
  )

const bytesOf = (values: Uint32Array): Uint8Array =>
  Uint8Array.from({ length: values.length * 4 }, (_, at) => ((values[at >> 2] ?? 0) >>> (8 * (at & 3))) & 255)

const lengthOf = (length: number): Uint8Array => bytesOf(Uint32Array.of(length, 0))

/** Null where the key or the message is wrong. */
export function openSecretStream(
  { streams }: FileTools,
  given: { readonly key: Uint8Array; readonly header: Uint8Array; readonly data: Uint8Array },
): Uint8Array | null {
  const { key, header, data } = given
  if (streams === undefined) return missing('streams')
  if (header.length !== 24 || data.length < 17) return damaged('it is cut off')
  const derived = new Uint32Array(8)
  streams.hchacha(SIGMA, words(key), words(header.subarray(0, 16)), derived)
  const subkey = bytesOf(derived)
  const nonce = concat(Uint8Array.of(1, 0, 0, 0), header.subarray(16))
  const xor = (text: Uint8Array, counter: number): Uint8Array =>
    streams.chacha20(subkey, nonce, text, undefined, counter)
  const macKey = xor(new Uint8Array(64), 0).subarray(0, 32)
  const message = data.subarray(1, -16)
  const first = new Uint8Array(64)
  first[0] = data[0] ?? 0
  const block = xor(first, 1)
  block[0] = data[0] ?? 0
  // The padding of libsodium counts from the wrong end; whoever reads its messages has to do the same.
  const padding = new Uint8Array((16 - 64 + message.length) & 15)
  const sum = streams.poly1305(
    concat(block, message, padding, lengthOf(0), lengthOf(64 + message.length)),
    macKey,
  )
  return equal(sum, data.subarray(-16)) ? xor(message, 2) : null
}
