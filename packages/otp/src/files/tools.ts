/**
 * What a reader needs of the platform. Nothing here is imported: who reads an encrypted file hands it over, so that this
 * package stays without a dependency (`nodeTools` of `@nightlatch/otp/node` makes it of Node's own parts).
 */
export interface FileTools {
  digest(name: HashName, data: Uint8Array): Uint8Array
  hmac(name: HashName, key: Uint8Array, data: Uint8Array): Uint8Array
  pbkdf2(name: HashName, given: Pbkdf2): Promise<Uint8Array>
  scrypt(given: Scrypt): Promise<Uint8Array>
  argon2?(given: Argon2): Promise<Uint8Array>
  /** Null where the key or the data is wrong: a tag or a padding that does not fit. */
  decrypt(cipher: CipherName, given: Ciphertext): Uint8Array | null
  /** AES-256 of each block of 16 bytes, over and over (KeePass). */
  repeatAes(key: Uint8Array, block: Uint8Array, rounds: number): Promise<Uint8Array>
  /** Null for what is no compressed data, `too-long` for what grows over `most` bytes. */
  inflate(kind: 'raw' | 'gzip', data: Uint8Array, most: number): Uint8Array | 'too-long' | null
  /** Stream ciphers, as `@noble/ciphers` has them. */
  readonly streams?: StreamCiphers
  /** A strict parser of XML, as `saxes` has it. */
  readonly SaxesParser?: XmlParserClass
}

export type HashName = 'SHA1' | 'SHA256' | 'SHA512'
export type CipherName =
  'aes-gcm' | 'aes-cbc' | 'aes-cbc-unpadded' | 'aes-ctr' | 'aes-wrap' | 'aes-wrap-pad' | 'chacha20'

export interface Ciphertext {
  readonly key: Uint8Array
  readonly iv: Uint8Array
  readonly data: Uint8Array
  /** Of GCM: behind the data unless it stands apart. */
  readonly tag?: Uint8Array
  readonly associated?: Uint8Array
}

export interface Pbkdf2 {
  readonly passphrase: Uint8Array
  readonly salt: Uint8Array
  readonly iterations: number
  readonly length: number
}

export interface Scrypt {
  readonly passphrase: Uint8Array
  readonly salt: Uint8Array
  readonly n: number
  readonly r: number
  readonly p: number
  readonly length: number
}

export interface Argon2 {
  readonly kind: 'argon2d' | 'argon2id'
  readonly version: number
  readonly passphrase: Uint8Array
  readonly salt: Uint8Array
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
  readonly length: number
}

type XorStream = (key: Uint8Array, nonce: Uint8Array, data: Uint8Array) => Uint8Array

export interface StreamCiphers {
  readonly salsa20: XorStream
  /** With the output, where there is one, and the number of the first block. */
  readonly chacha20: (
    ...given: [...Parameters<XorStream>, output?: Uint8Array | undefined, counter?: number]
  ) => Uint8Array
  readonly hchacha: (
    ...given: [sigma: Uint32Array, key: Uint32Array, input: Uint32Array, output: Uint32Array]
  ) => void
  readonly poly1305: (message: Uint8Array, key: Uint8Array) => Uint8Array
}

interface XmlTag {
  readonly name: string
  readonly attributes: Readonly<Record<string, unknown>>
}

interface XmlParser {
  on(event: 'opentag', handler: (tag: XmlTag) => void): void
  on(event: 'closetag', handler: () => void): void
  on(event: 'text' | 'cdata' | 'doctype', handler: (text: string) => void): void
  on(event: 'error', handler: (problem: Error) => void): void
  write(text: string): unknown
  close(): unknown
}

export type XmlParserClass = new () => XmlParser
