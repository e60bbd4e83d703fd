/** Files of JSON with something encrypted in them: Aegis, 2FAS, Bitwarden, Ente, Proton. */
import { objectOf, parseJson, type Json } from '../raw-entry.js'
import { decodeBase64, textToUtf8 } from '../text-bytes.js'
import { bytesOfHex, concat, equal } from './bytes.js'
import type { FoundFile } from './entries.js'
import { readPlainJson } from './json-plain.js'
import { atMost, countOf, damaged, limits, missing, refuseFile, wrongPassphrase } from './problem.js'
import type { OtpFileFormat } from './result.js'
import { openSecretStream } from './secret-stream.js'
import { strictText } from './text.js'
import type { Argon2, FileTools } from './tools.js'
import { readUriList } from './uri-list.js'

export interface Opening {
  readonly passphrase: string
  readonly tools: FileTools
}

export interface SealedFile {
  readonly format: OtpFileFormat
  open(opening: Opening): Promise<FoundFile>
}

const bytesAt = (json: Json | null, key: string, decode: (text: string) => Uint8Array | null): Uint8Array => {
  const text = json?.[key]
  return (typeof text === 'string' ? decode(text) : null) ?? damaged(`its ${key} is missing or cut off`)
}

const plainJson = (bytes: Uint8Array, wrap: (json: unknown) => unknown = (json) => json): FoundFile => {
  const text = strictText(bytes)
  const json = text === null ? undefined : parseJson(text)
  return readPlainJson(wrap(json)) ?? damaged('what was decrypted is none of its entries')
}

export async function argon2id(
  { tools, passphrase }: Opening,
  given: Omit<Argon2, 'kind' | 'version' | 'passphrase' | 'length'>,
): Promise<Uint8Array> {
  if (tools.argon2 === undefined) return missing('argon2')
  const memoryKib = atMost(given.memoryKib, limits.argon2Kib, 'KiB of memory for argon2')
  atMost(memoryKib * given.passes, limits.argon2Work, 'KiB of work for argon2')
  atMost(given.lanes, limits.argon2Lanes, 'lanes of argon2')
  if (memoryKib < 8 * given.lanes || given.salt.length < 8) return damaged('its key derivation cannot be')
  const fixed = { kind: 'argon2id', version: 0x13, length: 32 } as const
  return tools.argon2({ ...given, ...fixed, passphrase: textToUtf8(passphrase) })
}

/** @see https://github.com/beemdevelopment/Aegis/blob/master/docs/vault.md */
async function openAegis(file: Json, opening: Opening): Promise<FoundFile> {
  const { tools } = opening
  const header = objectOf(file['header'])
  const slots = header?.['slots']
  const passwords = (Array.isArray(slots) ? slots : []).map(objectOf).filter((slot) => slot?.['type'] === 1)
  if (passwords.length === 0) return damaged('it has no place for a passphrase')
  if (passwords.length > 16) return refuseFile('beyond-limit', 'it has over 16 passphrases')
  const params = objectOf(header?.['params'])
  const sealed = {
    iv: bytesAt(params, 'nonce', bytesOfHex),
    tag: bytesAt(params, 'tag', bytesOfHex),
    data: bytesAt(file, 'db', decodeBase64),
  }
  for (const slot of passwords) {
    const key = await aegisKey(slot, opening)
    if (key === null) continue
    const plain =
      tools.decrypt('aes-gcm', { key, ...sealed }) ?? damaged('its entries were changed or cut off')
    return plainJson(plain, (db) => ({ db }))
  }
  return wrongPassphrase()
}

async function aegisKey(slot: Json | null, { tools, passphrase }: Opening): Promise<Uint8Array | null> {
  const n = countOf(slot?.['n'], limits.scryptWork, 'steps of scrypt (N)')
  const r = countOf(slot?.['r'], 64, 'blocks of scrypt (r)')
  const p = countOf(slot?.['p'], 64, 'lanes of scrypt (p)')
  atMost(128 * n * r, limits.scryptBytes, 'bytes of memory for scrypt')
  atMost(n * r * p, limits.scryptWork, 'steps of scrypt (N·r·p)')
  if (n < 2 || (n & (n - 1)) !== 0) return damaged('the steps of scrypt are no power of two')
  const params = objectOf(slot?.['key_params'])
  const [iv, tag] = [bytesAt(params, 'nonce', bytesOfHex), bytesAt(params, 'tag', bytesOfHex)]
  const salt = bytesAt(slot, 'salt', bytesOfHex)
  const key = await tools.scrypt({ passphrase: textToUtf8(passphrase), salt, n, r, p, length: 32 })
  return tools.decrypt('aes-gcm', { key, iv, tag, data: bytesAt(slot, 'key', bytesOfHex) })
}

/** `data:salt:iv`, each base64; a tag behind the data. `reference` says whether the passphrase is right. */
async function openTwoFas(file: Json, { tools, passphrase }: Opening): Promise<FoundFile> {
  const open = async (text: unknown): Promise<Uint8Array | null> => {
    const parts = typeof text === 'string' ? text.split(':').map(decodeBase64) : []
    const [data, salt, iv] = parts
    if (!data || !salt || !iv || parts.length !== 3 || iv.length < 8)
      return damaged('its entries are cut off')
    const given = { passphrase: textToUtf8(passphrase), salt, iterations: 10_000, length: 32 }
    return tools.decrypt('aes-gcm', { key: await tools.pbkdf2('SHA256', given), iv, data })
  }
  const plain = await open(file['servicesEncrypted'])
  if (plain !== null) return plainJson(plain, (services) => ({ services }))
  const { reference } = file
  const isRight = typeof reference === 'string' && reference !== '' && (await open(reference)) !== null
  return isRight ? damaged('its entries were changed') : wrongPassphrase()
}

/** HKDF-Expand of RFC 5869, one block of it. */
const expand = (tools: FileTools, key: Uint8Array, info: string): Uint8Array =>
  tools.hmac('SHA256', key, concat(textToUtf8(info), Uint8Array.of(1)))

async function bitwardenKey(file: Json, opening: Opening): Promise<Uint8Array> {
  const { tools, passphrase } = opening
  const { salt, kdfType, kdfIterations, kdfMemory, kdfParallelism } = file
  if (typeof salt !== 'string') return damaged('its salt is missing')
  const bytes = textToUtf8(salt)
  const iterations = countOf(kdfIterations, limits.pbkdf2Iterations, 'iterations')
  if (kdfType === 0)
    return tools.pbkdf2('SHA256', { passphrase: textToUtf8(passphrase), salt: bytes, iterations, length: 32 })
  if (kdfType !== 1) return refuseFile('not-supported', 'its key derivation is none that is known here')
  const memoryKib = 1024 * countOf(kdfMemory, limits.argon2Kib / 1024, 'MiB of memory for argon2')
  const lanes = countOf(kdfParallelism, limits.argon2Lanes, 'lanes of argon2')
  return argon2id(opening, { salt: tools.digest('SHA256', bytes), memoryKib, passes: iterations, lanes })
}

/** `2.iv|data|mac`: AES-256-CBC and HMAC-SHA-256. Null where the sum is wrong. */
function openEncString(tools: FileTools, text: unknown, key: Uint8Array): Uint8Array | null {
  const parts = typeof text === 'string' ? /^2\.([^|]+)\|([^|]*)\|([^|]+)$/.exec(text) : null
  const [iv, data, mac] = (parts ?? []).slice(1).map(decodeBase64)
  if (!iv || !data || !mac || iv.length !== 16) return damaged('its data is cut off')
  if (!equal(tools.hmac('SHA256', expand(tools, key, 'mac'), concat(iv, data)), mac)) return null
  return tools.decrypt('aes-cbc', { key: expand(tools, key, 'enc'), iv, data })
}

async function openBitwarden(file: Json, opening: Opening): Promise<FoundFile> {
  if (file['passwordProtected'] !== true)
    return refuseFile(
      'not-supported',
      'it is encrypted for one Bitwarden account: export it with a password of its own',
    )
  const key = await bitwardenKey(file, opening)
  if (openEncString(opening.tools, file['encKeyValidation_DO_NOT_EDIT'], key) === null)
    return wrongPassphrase()
  return plainJson(openEncString(opening.tools, file['data'], key) ?? damaged('its data was changed'))
}

async function openEnte(file: Json, opening: Opening): Promise<FoundFile> {
  if (opening.tools.streams === undefined) return missing('streams')
  const params = objectOf(file['kdfParams'])
  const memoryBytes = countOf(params?.['memLimit'], limits.argon2Kib * 1024, 'bytes of memory for argon2')
  const passes = countOf(params?.['opsLimit'], limits.argon2Work, 'passes of argon2')
  const salt = bytesAt(params, 'salt', decodeBase64)
  const [data, header] = [
    bytesAt(file, 'encryptedData', decodeBase64),
    bytesAt(file, 'encryptionNonce', decodeBase64),
  ]
  const key = await argon2id(opening, { salt, memoryKib: Math.floor(memoryBytes / 1024), passes, lanes: 1 })
  const plain = openSecretStream(opening.tools, { key, header, data }) ?? wrongPassphrase()
  return readUriList(strictText(plain) ?? '') ?? damaged('what was decrypted is none of its entries')
}

async function openProton(file: Json, opening: Opening): Promise<FoundFile> {
  const content = bytesAt(file, 'content', decodeBase64)
  const salt = bytesAt(file, 'salt', decodeBase64)
  if (content.length < 28) return damaged('its content is cut off')
  const key = await argon2id(opening, { salt, memoryKib: 19 * 1024, passes: 2, lanes: 1 })
  const associated = textToUtf8('proton.authenticator.export.v1')
  const given = { key, iv: content.subarray(0, 12), data: content.subarray(12), associated }
  return plainJson(opening.tools.decrypt('aes-gcm', given) ?? wrongPassphrase())
}

/** What a file of JSON is when it is encrypted, or null. */
export function sealedJson(value: unknown): SealedFile | null {
  const file = objectOf(value)
  if (file === null) return null
  const { servicesEncrypted, db, header, encrypted, kdfParams, encryptedData, salt, content } = file
  if (typeof servicesEncrypted === 'string' && servicesEncrypted !== '')
    return { format: '2fas', open: (opening) => openTwoFas(file, opening) }
  if (typeof db === 'string' && objectOf(header) !== null)
    return { format: 'aegis', open: (opening) => openAegis(file, opening) }
  if (encrypted === true) return { format: 'bitwarden', open: (opening) => openBitwarden(file, opening) }
  if (objectOf(kdfParams) !== null && typeof encryptedData === 'string')
    return { format: 'ente', open: (opening) => openEnte(file, opening) }
  if (typeof salt === 'string' && typeof content === 'string')
    return { format: 'proton', open: (opening) => openProton(file, opening) }
  return null
}
