/**
 * The hash of old Unix and of Apache, a thousand rounds of MD5. Written out here, because the library there is takes no
 * password beyond ASCII.
 */
import { createHash } from 'node:crypto'

const alphabet = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

const md5 = (/** @type {readonly Uint8Array[]} */ parts) => {
  const hash = createHash('md5')
  for (const part of parts) hash.update(part)
  return hash.digest()
}

/**
 * @param {string} text the password
 * @param {{ salt: string, magic: '$1$' | '$apr1$' }} made
 * @returns {string} the 22 characters of the digest
 */
export function md5Crypt(text, { salt: saltText, magic }) {
  const [password, salt] = [Buffer.from(text), Buffer.from(saltText)]
  const inner = md5([password, salt, password])
  const start = [password, Buffer.from(magic), salt]
  for (let left = password.length; left > 0; left -= 16) start.push(inner.subarray(0, Math.min(16, left)))
  const nothing = Buffer.alloc(1)
  for (let bits = password.length; bits > 0; bits >>= 1)
    start.push(bits & 1 ? nothing : password.subarray(0, 1))
  let digest = md5(start)
  for (let round = 0; round < 1000; round += 1) {
    const isOdd = round % 2 === 1
    const parts = [isOdd ? password : digest]
    if (round % 3 !== 0) parts.push(salt)
    if (round % 7 !== 0) parts.push(password)
    parts.push(isOdd ? digest : password)
    digest = md5(parts)
  }
  return encode(digest)
}

/** Which bytes become four characters, in the order of the original program. */
const groups = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
]

const characters = (/** @type {number} */ value, /** @type {number} */ count) =>
  Array.from({ length: count }, (_, at) => alphabet.charAt((value >> (6 * at)) & 63)).join('')

function encode(/** @type {Uint8Array} */ digest) {
  const at = (/** @type {number | undefined} */ index) => digest[index ?? 0] ?? 0
  const whole = groups.map(([a, b, c]) => characters((at(a) << 16) | (at(b) << 8) | at(c), 4)).join('')
  return whole + characters(at(11), 2)
}
