/**
 * Password hashes of other systems: what they are made with, whether they are weak, and how the digest of a password is
 * made anew. Plain JavaScript, because the password threads load it (see password-worker.js). A library is loaded for
 * the kind of hash that needs it, and for nothing else.
 */
import { createHash, createHmac, pbkdf2Sync, scryptSync } from 'node:crypto'
import { md5Crypt } from './md5-crypt.js'

/**
 * @typedef {object} OldHash
 * @property {string} settings what it was made with, without the salt: the same settings cost the same
 * @property {string} salt
 * @property {string} digest
 * @property {boolean} isWeak whether it is wrapped, so that it does not lie in the database as it is
 */

/** Nothing dearer is taken over: whoever tries a password must not be able to occupy a thread for seconds. */
const most = {
  bcryptCost: 14,
  argon2Kib: 256 * 1024,
  argon2Work: 2 * 1024 * 1024,
  argon2Lanes: 16,
  pbkdf2Iterations: 2_000_000,
  scryptBytes: 256 * 1024 * 1024,
  scryptWork: 2 ** 22,
  shaCryptRounds: 200_000,
}

const plainBase64 = (/** @type {Uint8Array} */ bytes) =>
  Buffer.from(bytes).toString('base64').replace(/=+$/, '')

/** passlib writes a full stop for the plus. */
const fromAdapted = (/** @type {string} */ text) =>
  plainBase64(Buffer.from(text.replaceAll('.', '+'), 'base64'))

const bytesOf = (/** @type {string} */ base64) => Buffer.from(base64, 'base64')

const lengthOf = (/** @type {string} */ base64) => bytesOf(base64).length

/** @type {(settings: string, salt: string, rest: { digest: string, isWeak?: boolean }) => OldHash} */
const made = (settings, salt, { digest, isWeak = false }) => ({ settings, salt, digest, isWeak })

/** @typedef {{ readonly dear: string }} Dear what it asks for, and how much is taken over */

/** @typedef {(text: string) => OldHash | Dear | null | undefined} Reader undefined: another kind of hash; null: none that is whole */

/** @type {(settings: string, salt: string, rest: { digest: string, isWeak?: boolean }) => OldHash | Dear} */
function taken(settings, salt, rest) {
  const dear = dearOf(settings)
  return dear === null ? made(settings, salt, rest) : { dear }
}

/** Below this many rounds (2^10), bcrypt is guessed as fast as what is called weak. @type {Reader} */
function readBcrypt(text) {
  const found = /^\$(2[aby])\$(\d\d)\$([./A-Za-z0-9]{22})([./A-Za-z0-9]{31})$/.exec(text)
  if (found === null) return /^\$2[a-z]?\$/.test(text) ? null : undefined
  const [, version = '', cost = '', salt = '', digest = ''] = found
  if (Number(cost) < 4) return null
  return taken(`bcrypt-${version}-${cost}`, salt, { digest, isWeak: Number(cost) < 10 })
}

/** @type {Reader} */
function readBcryptSha256(text) {
  if (!text.startsWith('$bcrypt-sha256$')) return undefined
  const newer = /^\$bcrypt-sha256\$v=2,t=(2[ab]),r=(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/.exec(
    text,
  )
  const older = /^\$bcrypt-sha256\$(2[ab]),(\d+)\$([./A-Za-z0-9]{22})\$([./A-Za-z0-9]{31})$/.exec(text)
  const [, version = '', cost = '', salt = '', digest = ''] = newer ?? older ?? []
  if (digest === '' || Number(cost) < 4) return null
  const padded = cost.padStart(2, '0')
  return taken(`bcrypt-sha256-${newer === null ? 1 : 2}-${version}-${padded}`, salt, {
    digest,
    isWeak: Number(cost) < 10,
  })
}

/** The order of the parameters differs from writer to writer. @type {Reader} */
function readArgon2(text) {
  const found =
    /^\$argon2(id|i|d)(?:\$v=(16|19))?\$([mtp]=\d+(?:,[mtp]=\d+){2})\$([\w+/]{11,})\$([\w+/]{16,171})$/.exec(
      text,
    )
  if (found === null) return text.startsWith('$argon2') ? null : undefined
  const [, kind, version = '16', parameters = '', salt = '', digest = ''] = found
  const given = Object.fromEntries(parameters.split(',').map((pair) => pair.split('=')))
  const [m, t, p] = [Number(given['m']), Number(given['t']), Number(given['p'])]
  const settings = `argon2${kind},v=${version},m=${m},t=${t},p=${p},l=${lengthOf(digest)}`
  const sound = p >= 1 && m >= 8 * p && t >= 1
  return sound ? taken(settings, salt, { digest, isWeak: m < 4096 }) : null
}

/** @type {Reader} */
function readPbkdf2(text) {
  const found = /^\$pbkdf2(?:-(sha1|sha224|sha256|sha384|sha512))?\$(\d{1,15})\$([\w+/.]*)\$([\w+/.]+)$/.exec(
    text,
  )
  if (found === null) return text.startsWith('$pbkdf2') ? null : undefined
  const [, hash = 'sha1', iterations = '', salt = '', text64 = ''] = found
  const digest = fromAdapted(text64)
  const [count, length] = [Number(iterations), lengthOf(digest)]
  if (count < 1 || length < 16) return null
  const isWeak = hash === 'sha1' || count < 10_000
  return taken(`pbkdf2-${hash},i=${count},l=${length}`, fromAdapted(salt), { digest, isWeak })
}

/** `scrypt-nfkc` is our word for Better Auth's, which hashes the password in that form of Unicode. @type {Reader} */
function readScrypt(text) {
  const found =
    /^\$(scrypt(?:-nfkc)?)\$ln=(\d{1,2}),r=(\d{1,3}),p=(\d{1,3})\$([\w+/.]+)\$([\w+/.]{22,342})$/.exec(text)
  if (found === null) return /^\$scrypt(?:-nfkc)?\$/.test(text) ? null : undefined
  const [, kind = '', ln = '', block = '', lanes = '', salt64 = '', digest64 = ''] = found
  const [n, r, p] = [2 ** Number(ln), Number(block), Number(lanes)]
  const [salt, digest] = [fromAdapted(salt64), fromAdapted(digest64)]
  const settings = `${kind},n=${n},r=${r},p=${p},l=${lengthOf(digest)}`
  const sound = n > 1 && r > 0 && p > 0
  return sound ? taken(settings, salt, { digest, isWeak: n * r < 2 ** 15 }) : null
}

/** @type {Reader} */
function readShaCrypt(text) {
  const found = /^\$([56])\$(?:rounds=(\d{1,15})\$)?([^$:\s]{0,16})\$([./A-Za-z0-9]+)$/.exec(text)
  if (found === null) return /^\$[56]\$/.test(text) ? null : undefined
  const [, kind, rounds = '5000', salt = '', digest = ''] = found
  const isRight = digest.length === (kind === '5' ? 43 : 86)
  // The function itself raises fewer rounds to a thousand.
  const count = Math.max(1000, Number(rounds))
  if (!isRight) return null
  return taken(`sha${kind === '5' ? 256 : 512}-crypt-${count}`, salt, { digest, isWeak: true })
}

/** @type {Reader} */
function readMd5Crypt(text) {
  const found = /^\$(apr1|1)\$([^$:\s]{0,8})\$([./A-Za-z0-9]{22})$/.exec(text)
  if (found === null) return /^\$(?:apr1|1)\$/.test(text) ? null : undefined
  const [, kind, salt = '', digest = ''] = found
  return made(kind === '1' ? 'md5-crypt' : 'apr1', salt, { digest, isWeak: true })
}

/** @type {Reader} */
function readSha1(text) {
  const found = /^\{(S?SHA)\}([\w+/]+=*)$/i.exec(text)
  if (found === null) return undefined
  const bytes = bytesOf(found[2] ?? '')
  const isSalted = found[1]?.toUpperCase() === 'SSHA'
  if (isSalted ? bytes.length <= 20 || bytes.length > 60 : bytes.length !== 20) return null
  const digest = plainBase64(bytes.subarray(0, 20))
  return made('sha1', plainBase64(bytes.subarray(20)), { digest, isWeak: true })
}

/** Of the password's first eight characters; thirteen characters that say nothing of what they are. @type {Reader} */
function readDes(text) {
  const found = /^([./A-Za-z0-9]{2})([./A-Za-z0-9]{11})$/.exec(text)
  return found === null
    ? undefined
    : made('des-crypt', found[1] ?? '', { digest: found[2] ?? '', isWeak: true })
}

const readers = [
  readBcrypt,
  readBcryptSha256,
  readArgon2,
  readPbkdf2,
  readScrypt,
  readShaCrypt,
  readMd5Crypt,
  readSha1,
  readDes,
]

/**
 * @param {string} text a hash as another system writes it
 * @returns {OldHash | null} null: of a kind that is not known here, malformed, or dearer than what is taken over
 */
export function readOldHash(text) {
  const read = readAny(text)
  return read === null || 'dear' in read ? null : read
}

/**
 * Why a hash of a kind that is known is not taken over.
 * @param {string} text
 * @returns {string | null} what it asks for, and how much is taken over; null where that is not the reason
 */
export function dearHash(text) {
  const read = readAny(text)
  return read !== null && 'dear' in read ? read.dear : null
}

/** Several questions are asked of one hash after the other, and each of a hundred thousand. @type {{ text: string, read: OldHash | Dear | null }} */
let last = { text: '', read: null }

/** @param {string} text */
function readAny(text) {
  if (last.text !== text) last = { text, read: readAnew(text) }
  return last.read
}

/** @param {string} text */
function readAnew(text) {
  if (text.length > 1024) return null
  for (const reader of readers) {
    const read = reader(text)
    if (read !== undefined) return read
  }
  return null
}

/** @type {(settings: string) => Record<string, string>} */
const parametersOf = (settings) =>
  Object.fromEntries(
    settings
      .split(',')
      .slice(1)
      .map((pair) => /** @type {[string, string]} */ (pair.split('='))),
  )

/**
 * How an old hash lies in the database: `$old$<settings>$<salt>$<digest>`, or `$old$wrapped+<settings>$<salt>$<argon2id of the
 * digest>`.
 * @param {string} text
 * @returns {{ isWrapped: boolean, settings: string, salt: string, rest: string } | null}
 */
export function readKept(text) {
  const found = /^\$old\$(wrapped\+)?([a-z0-9,=-]+)\$([^$]*)\$(.+)$/s.exec(text)
  if (found === null || text.length > 2048) return null
  const [, wrapped, settings = '', salt = '', rest = ''] = found
  return dearOf(settings) === null ? { isWrapped: wrapped !== undefined, settings, salt, rest } : null
}

/** One system makes all of its hashes with the same. @type {{ settings: string, dear: string | null }} */
let lastWeighed = { settings: '', dear: null }

/**
 * A row that was damaged or planted must not cost more than what is taken over, either.
 * @param {string} settings
 * @returns {string | null} what is asked for, and how much is taken over; null where it can be borne
 */
function dearOf(settings) {
  if (lastWeighed.settings !== settings) lastWeighed = { settings, dear: weigh(settings) }
  return lastWeighed.dear
}

/** @param {string} settings */
function weigh(settings) {
  const given = parametersOf(settings)
  const of = (/** @type {string} */ name) => Number(given[name] ?? '0')
  const cost = Number(/-(\d+)$/.exec(settings)?.[1] ?? '0')
  const isBcrypt = settings.startsWith('bcrypt')
  /** @type {readonly (readonly [number, number, string])[]} */
  const bounds = [
    [of('m'), most.argon2Kib, 'KiB of memory for argon2'],
    [of('m') * of('t'), most.argon2Work, 'KiB of memory over all passes of argon2'],
    [of('m') > 0 ? of('p') : 0, most.argon2Lanes, 'lanes of argon2'],
    [of('i'), most.pbkdf2Iterations, 'iterations of PBKDF2'],
    [128 * of('n') * of('r'), most.scryptBytes, 'bytes of memory for scrypt'],
    [of('n') * of('r') * of('p'), most.scryptWork, 'steps of scrypt (N·r·p)'],
    [of('l'), 512, 'bytes of a digest'],
    isBcrypt
      ? [cost, most.bcryptCost, 'as its cost of bcrypt']
      : [cost, most.shaCryptRounds, 'rounds of SHA-crypt'],
  ]
  const [value, limit, what] = bounds.find(([asked, largest]) => asked > largest) ?? []
  const written = (/** @type {number | undefined} */ number) => (number ?? 0).toLocaleString('en-US')
  return what === undefined ? null : `${written(value)} ${what}; at most ${written(limit)}`
}

/** @typedef {{ settings: string, salt: string, password: string }} Given */

/** Over 72 bytes count as bcrypt counts them: not at all. @param {Given} given */
async function bcrypt({ settings, salt, password }) {
  const { default: library } = await import('bcryptjs')
  const [, version = '2b', cost = ''] = /-(2[aby])-(\d\d)$/.exec(settings) ?? []
  return library.hashSync(password, `$${version}$${cost}$${salt}`).slice(29)
}

/** @param {Given} given */
function bcryptSha256({ settings, salt, password }) {
  const hash = settings.startsWith('bcrypt-sha256-2') ? createHmac('sha256', salt) : createHash('sha256')
  return bcrypt({ settings, salt, password: hash.update(password).digest('base64') })
}

/** @param {Given} given */
async function argon2({ settings, salt, password }) {
  const { hashRawSync } = await import('@node-rs/argon2')
  const { v, m, t, p, l } = parametersOf(settings)
  const algorithm = settings.startsWith('argon2id') ? 2 : settings.startsWith('argon2i') ? 1 : 0
  return plainBase64(
    hashRawSync(password, {
      algorithm,
      version: v === '19' ? 1 : 0,
      salt: bytesOf(salt),
      memoryCost: Number(m),
      timeCost: Number(t),
      parallelism: Number(p),
      outputLen: Number(l),
    }),
  )
}

/** @param {Given} given */
function pbkdf2({ settings, salt, password }) {
  const { i, l } = parametersOf(settings)
  const hash = /^pbkdf2-(\w+),/.exec(settings)?.[1] ?? ''
  return plainBase64(pbkdf2Sync(password, bytesOf(salt), Number(i), Number(l), hash))
}

/** @param {Given} given */
function scrypt({ settings, salt, password }) {
  const { n, r, p, l } = parametersOf(settings)
  const options = { N: Number(n), r: Number(r), p: Number(p), maxmem: 2 * most.scryptBytes }
  const written = settings.startsWith('scrypt-nfkc') ? password.normalize('NFKC') : password
  return plainBase64(scryptSync(written, bytesOf(salt), Number(l), options))
}

/** @param {Given} given */
async function shaCrypt({ settings, salt, password }) {
  const { encrypt } = await import('unixcrypt')
  const [, bits, rounds] = /^sha(\d+)-crypt-(\d+)$/.exec(settings) ?? []
  return (
    encrypt(password, `$${bits === '256' ? 5 : 6}$rounds=${rounds}$${salt}`)
      .split('$')
      .at(-1) ?? ''
  )
}

/** @param {Given} given */
async function desCrypt({ salt, password }) {
  // @ts-expect-error It has no types.
  const { default: library } = await import('unix-crypt-td-js')
  return String(library([...Buffer.from(password)], [...Buffer.from(salt)])).slice(2)
}

/** @type {readonly (readonly [RegExp, (given: Given) => string | Promise<string>])[]} */
const makers = [
  [/^bcrypt-sha256-/, bcryptSha256],
  [/^bcrypt-/, bcrypt],
  [/^argon2/, argon2],
  [/^pbkdf2-/, pbkdf2],
  [/^scrypt(?:-nfkc)?,/, scrypt],
  [/-crypt-\d+$/, shaCrypt],
  [/^apr1$/, ({ salt, password }) => md5Crypt(password, { salt, magic: '$apr1$' })],
  [/^md5-crypt$/, ({ salt, password }) => md5Crypt(password, { salt, magic: '$1$' })],
  [
    /^sha1$/,
    ({ salt, password }) => plainBase64(createHash('sha1').update(password).update(bytesOf(salt)).digest()),
  ],
  [/^des-crypt$/, desCrypt],
]

/**
 * The digest of a password under the settings and the salt of an old hash.
 * @param {Given} given
 * @returns {Promise<string>}
 */
export async function digestOf(given) {
  const maker = makers.find(([pattern]) => pattern.test(given.settings))
  if (maker === undefined) throw new TypeError('This hash is of no kind that is known here.')
  return maker[1](given)
}
