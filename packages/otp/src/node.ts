/** The tools of `readOtpFile`, made of Node's own parts (also of Deno and Bun). */
import type {
  Argon2,
  CipherName,
  Ciphertext,
  FileTools,
  HashName,
  Pbkdf2,
  Scrypt,
  StreamCiphers,
  XmlParserClass,
} from './files/tools.js'

/** What Node has no part for: hand over what you have, and the formats that need it can be read. */
export interface OtherTools {
  /** For Ente, Proton, Stratum and KDBX 4; Node has it from 24.7 on. */
  readonly argon2?: FileTools['argon2']
  /** `{ salsa20, chacha20, hchacha, poly1305 }` of `@noble/ciphers`, for KDBX and Ente. */
  readonly streams?: StreamCiphers
  /** `SaxesParser` of `saxes`, for PSKC, KDBX and every other XML. */
  readonly SaxesParser?: XmlParserClass
}

interface Hash {
  update(data: Uint8Array): Hash
  digest(): Uint8Array
}

interface Cipher {
  setAAD(data: Uint8Array): void
  setAuthTag(tag: Uint8Array): void
  setAutoPadding(isPadded: boolean): void
  update(data: Uint8Array): Uint8Array
  final(): Uint8Array
}

type Done = (problem: Error | null, key: Uint8Array) => void

/** The part of `node:crypto` that is used, so that no types of Node are needed to compile this package. */
interface NodeCrypto {
  createHash(name: string): Hash
  createHmac(name: string, key: Uint8Array): Hash
  pbkdf2(...given: [Uint8Array, Uint8Array, number, number, string, Done]): void
  scrypt(...given: [Uint8Array, Uint8Array, number, object, Done]): void
  createCipheriv(name: string, key: Uint8Array, iv: Uint8Array | null): Cipher
  createDecipheriv(name: string, key: Uint8Array, iv: Uint8Array | null, options?: object): Cipher
  argon2?(kind: string, options: object, done: Done): void
}

interface NodeZlib {
  inflateRawSync(data: Uint8Array, options: object): Uint8Array
  gunzipSync(data: Uint8Array, options: object): Uint8Array
}

interface NodeProcess {
  getBuiltinModule?(name: string): unknown
}

/** Asked for when it is needed: an import would break every bundle for browsers that has this file in it. */
function builtIn<Module>(name: string): Module {
  const { process } = globalThis as { process?: NodeProcess }
  const found = process?.getBuiltinModule?.(name)
  if (found === undefined || found === null) throw new TypeError(`This platform has no ${name}.`)
  return found as Module
}

const promised = (begin: (done: Done) => void): Promise<Uint8Array> =>
  new Promise((resolve, reject) =>
    begin((problem, key) => (problem === null ? resolve(key) : reject(problem))),
  )

const plain = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0)
  return whole
}

const TAG_BYTES = 16

/** OpenSSL's name of a cipher, and the form in which it wants the nonce. */
function opensslName(cipher: CipherName, { key, iv }: Ciphertext): { name: string; nonce: Uint8Array } {
  const bits = key.length * 8
  switch (cipher) {
    case 'aes-gcm':
      return { name: `aes-${bits}-gcm`, nonce: iv }
    case 'aes-cbc':
    case 'aes-cbc-unpadded':
      return { name: `aes-${bits}-cbc`, nonce: iv }
    case 'aes-wrap':
      return { name: `id-aes${bits}-wrap`, nonce: iv }
    case 'aes-wrap-pad':
      return { name: `id-aes${bits}-wrap-pad`, nonce: iv }
    case 'chacha20':
      // The counter of 32 bits goes before the nonce.
      return { name: 'chacha20', nonce: joined(new Uint8Array(4), iv) }
    case 'aes-ctr':
      return { name: `aes-${bits}-ecb`, nonce: iv }
  }
}

/** The counter of zip's AES grows at its other end than that of OpenSSL: each block of it is encrypted by hand. */
function littleEndianCtr(crypto: NodeCrypto, { key, data }: Ciphertext): Uint8Array {
  const cipher = crypto.createCipheriv(`aes-${key.length * 8}-ecb`, key, null)
  cipher.setAutoPadding(false)
  const counters = new Uint8Array(Math.ceil(data.length / 16) * 16)
  for (let block = 0; block * 16 < counters.length; block += 1) {
    let count = block + 1
    for (let at = 0; count > 0; at += 1, count = Math.floor(count / 256))
      counters[block * 16 + at] = count & 255
  }
  const stream = cipher.update(counters)
  return data.map((byte, at) => byte ^ (stream[at] ?? 0))
}

/** The data and its tag, which stands behind it unless it was given apart. Null where there is not even a tag. */
function withTag(
  cipher: CipherName,
  { data, tag }: Ciphertext,
): { data: Uint8Array; tag?: Uint8Array } | null {
  if (cipher !== 'aes-gcm') return { data }
  if (tag !== undefined) return { data, tag }
  return data.length < TAG_BYTES
    ? null
    : { data: data.subarray(0, -TAG_BYTES), tag: data.subarray(-TAG_BYTES) }
}

function decrypt(crypto: NodeCrypto, cipher: CipherName, given: Ciphertext): Uint8Array | null {
  if (cipher === 'aes-ctr') return littleEndianCtr(crypto, given)
  const sealed = withTag(cipher, given)
  if (sealed === null) return null
  const { data, tag } = sealed
  try {
    const { name, nonce } = opensslName(cipher, given)
    const options = tag === undefined ? {} : { authTagLength: TAG_BYTES }
    const opener = crypto.createDecipheriv(name, given.key, nonce, options)
    if (cipher === 'aes-cbc-unpadded') opener.setAutoPadding(false)
    if (tag !== undefined) opener.setAuthTag(tag)
    if (given.associated !== undefined) opener.setAAD(given.associated)
    return joined(opener.update(data), opener.final())
  } catch {
    return null
  }
}

const BLOCKS_AT_ONCE = 65_536

/** AES of a block over and over is AES in CBC mode of nothing but zeros. */
function repeatAes(
  crypto: NodeCrypto,
  given: { key: Uint8Array; block: Uint8Array; rounds: number },
): Uint8Array {
  const cipher = crypto.createCipheriv('aes-256-cbc', given.key, given.block)
  const zeros = new Uint8Array(BLOCKS_AT_ONCE * 16)
  let block = given.block
  for (let left = given.rounds; left > 0; left -= BLOCKS_AT_ONCE) {
    const out = cipher.update(left >= BLOCKS_AT_ONCE ? zeros : zeros.subarray(0, left * 16))
    block = out.slice(-16)
  }
  return block
}

function inflate(zlib: NodeZlib, kind: 'raw' | 'gzip', given: { data: Uint8Array; most: number }) {
  const options = { maxOutputLength: Math.max(1, given.most) }
  try {
    return plain(
      kind === 'raw' ? zlib.inflateRawSync(given.data, options) : zlib.gunzipSync(given.data, options),
    )
  } catch (problem) {
    return problem instanceof RangeError ? ('too-long' as const) : null
  }
}

function argon2Of(crypto: NodeCrypto): FileTools['argon2'] {
  const { argon2 } = crypto
  if (argon2 === undefined) return undefined
  return ({ kind, version, passphrase, salt, memoryKib, passes, lanes, length }: Argon2) => {
    if (version !== 0x13) return Promise.reject(new RangeError('Node has argon2 of version 0x13 only.'))
    const options = {
      message: passphrase,
      nonce: salt,
      memory: memoryKib,
      passes,
      parallelism: lanes,
      tagLength: length,
    }
    return promised((done) => argon2.call(crypto, kind, options, done))
  }
}

/**
 * @param other what Node itself does not have
 * @throws TypeError where there is no `node:crypto`
 */
export function nodeTools(other: OtherTools = {}): FileTools {
  const crypto = builtIn<NodeCrypto>('node:crypto')
  const zlib = builtIn<NodeZlib>('node:zlib')
  const argon2 = other.argon2 ?? argon2Of(crypto)
  const small = (name: HashName): string => name.toLowerCase()
  return {
    digest: (name, data) => plain(crypto.createHash(small(name)).update(data).digest()),
    hmac: (name, key, data) => plain(crypto.createHmac(small(name), key).update(data).digest()),
    pbkdf2: (name, { passphrase, salt, iterations, length }: Pbkdf2) =>
      promised((done) => crypto.pbkdf2(passphrase, salt, iterations, length, small(name), done)),
    scrypt: ({ passphrase, salt, n, r, p, length }: Scrypt) => {
      const options = { N: n, r, p, maxmem: 128 * r * (n + p + 2) + 1024 * 1024 }
      return promised((done) => crypto.scrypt(passphrase, salt, length, options, done))
    },
    ...(argon2 === undefined ? {} : { argon2 }),
    decrypt: (cipher, given) => decrypt(crypto, cipher, given),
    repeatAes: (key, block, rounds) => Promise.resolve(repeatAes(crypto, { key, block, rounds })),
    inflate: (kind, data, most) => inflate(zlib, kind, { data, most }),
    ...(other.streams === undefined ? {} : { streams: other.streams }),
    ...(other.SaxesParser === undefined ? {} : { SaxesParser: other.SaxesParser }),
  }
}
