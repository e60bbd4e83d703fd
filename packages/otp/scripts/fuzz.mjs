/**
 * The long run: a million random messages through each hash function, against the platform's; random keys and counters
 * against its HMAC; and damaged input for every parser, for a bounded time. Needs a build.
 * Usage: npm run fuzz -w packages/otp [-- MESSAGES [SECONDS_PER_PARSER]]
 */
import { createHash, createHmac, randomBytes, randomInt } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { digest, wordsToBytes } from '../dist/hash.js'
import { readBackup } from '../dist/imports.js'
import { decodeBase32, hotp, normaliseCode, parseOtpauthUri, Totp, uriLabel } from '../dist/index.js'
import { readMigration } from '../dist/migration.js'
import { sha1 } from '../dist/sha1.js'
import { sha256 } from '../dist/sha256.js'
import { sha512 } from '../dist/sha512.js'

const messages = Number(process.argv[2] ?? 1_000_000)
const seconds = Number(process.argv[3] ?? 10)

function fail(what) {
  console.error(what)
  process.exit(1)
}

/** One pool of random bytes, cut at random places: the random source would be slower than the hashes. */
const pool = randomBytes(1 << 20)
function message() {
  if (Math.random() < 0.001) randomBytes(4096).copy(pool, randomInt(pool.length - 4096))
  const length = Math.floor(Math.random() * (Math.random() < 0.01 ? 2000 : 150))
  const start = Math.floor(Math.random() * (pool.length - length))
  return pool.subarray(start, start + length)
}

for (const [name, hash] of Object.entries({ sha1, sha256, sha512 })) {
  for (let round = 0; round < messages; round++) {
    const given = message()
    const ours = Buffer.from(wordsToBytes(digest(hash, given))).toString('hex')
    if (ours !== createHash(name).update(given).digest('hex'))
      fail(`${name} differs for ${given.toString('hex')}`)
  }
  console.log(`${name}: ${messages} random messages, all digests equal`)
}

for (let round = 0; round < messages / 10; round++) {
  const secret = randomBytes(randomInt(1, 200))
  const counter = randomBytes(8)
  const algorithm = ['SHA1', 'SHA256', 'SHA512'][round % 3]
  const mac = createHmac(algorithm.toLowerCase(), secret).update(counter).digest()
  const wanted = String(mac.readUInt32BE(mac[mac.length - 1] & 15) & 0x7fffffff).padStart(10, '0')
  const ours = hotp(secret, counter.readBigUInt64BE(), { algorithm, digits: 10 })
  if (ours !== wanted) fail(`${algorithm} code differs for ${secret.toString('hex')}`)
}
console.log(`codes: ${Math.floor(messages / 10)} random keys and counters, all equal`)

const vectors = (name) =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8'))
const backup = JSON.stringify({
  db: {
    entries: [
      { type: 'totp', name: 'a', info: { secret: 'JBSWY3DPEHPK3PXP', algo: 'SHA1', digits: 6, period: 30 } },
    ],
  },
})
const migrations = vectors('otpauth-migration').valid
const seeds = {
  uri: vectors('otpauth-uris').parse.map((row) => row.uri),
  migration: migrations.map((row) => row.uri),
  payload: migrations.map((row) => Buffer.from(row.payload_hex, 'hex').toString('latin1')),
  base32: ['MZXW6YTBOI======', 'mzxw 6ytb-oi', 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'],
  backup: [backup, '{"services":[{"secret":"JBSWY3DPEHPK3PXP","otp":{"issuer":"a","account":"b"}}]}'],
  code: ['081804', ' 081 804 ', '０８１８０４', '081-804'],
}
const totp = new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ' })
const parsers = {
  uri: (text) => parseOtpauthUri(text),
  migration: (text) => readMigration(text),
  payload: (text) =>
    readMigration(
      `otpauth-migration://offline?data=${encodeURIComponent(Buffer.from(text, 'latin1').toString('base64'))}`,
    ),
  base32: (text) => decodeBase32(text),
  backup: (text) => readBackup(text),
  code: (text) => [normaliseCode(text), uriLabel(text), totp.verify(text, { atSeconds: 1111111109 })],
}

const splinters = [
  '%',
  '%00',
  '%ff',
  ':',
  '&',
  '=',
  '?',
  '#',
  '"',
  '{',
  '}',
  '[',
  '0',
  '-1',
  '1e9',
  '\u0000',
  '\ud800',
  '\u202e',
  'ſ',
  '😀',
]
function damaged(text) {
  let result = text
  for (let times = randomInt(1, 6); times > 0; times--) {
    const at = randomInt(result.length + 1)
    const to = Math.min(result.length, at + randomInt(4))
    const piece = [
      () => '',
      () => splinters[randomInt(splinters.length)],
      () => String.fromCharCode(randomInt(256)),
    ]
    result =
      result.slice(0, at) +
      piece[randomInt(3)]() +
      result.slice(Math.random() < 0.1 ? randomInt(result.length + 1) : to)
  }
  return result
}

for (const [name, parse] of Object.entries(parsers)) {
  const end = performance.now() + seconds * 1000
  let rounds = 0
  let slowest = 0
  for (; performance.now() < end; rounds++) {
    const text = damaged(seeds[name][rounds % seeds[name].length])
    const start = performance.now()
    try {
      parse(text)
    } catch (error) {
      fail(`${name} throws ${error} for ${JSON.stringify(text)}`)
    }
    slowest = Math.max(slowest, performance.now() - start)
  }
  console.log(`${name}: ${rounds} damaged inputs, nothing thrown, slowest ${slowest.toFixed(1)} ms`)
}
