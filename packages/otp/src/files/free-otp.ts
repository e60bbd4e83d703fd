/** FreeOTP: the preferences of version 1 in XML, and the backup of version 2, a map that Java wrote. */
import { objectOf, parseJson, type Json } from '../raw-entry.js'
import { textToUtf8, utf8ToText } from '../text-bytes.js'
import { readBytes, type ByteReader } from './bytes.js'
import { entriesOf, type Found, type FoundFile } from './entries.js'
import { freeOtpToken, signedBytes } from './json-plain.js'
import { atMost, countOf, damaged, limits, refuseFile, wrongPassphrase } from './problem.js'
import type { FileTools } from './tools.js'
import { allNamed, type XmlElement } from './xml-tree.js'

export const isJavaMap = (file: Uint8Array): boolean => file[0] === 0xac && file[1] === 0xed

const malformed: Found = { why: 'malformed' }

export function readPreferences(root: XmlElement): FoundFile {
  const tokens = allNamed(root, 'string').filter(({ attributes }) => attributes['name'] !== 'tokenOrder')
  const found = entriesOf('freeotp', tokens, ({ text }) => {
    const token = objectOf(parseJson(text))
    return token === null ? malformed : { raw: freeOtpToken(token) }
  })
  // Every app of Android has preferences of this shape.
  const isOther = found.entries.length === 0 && found.leftOut.every(({ why }) => why === 'malformed')
  return isOther ? refuseFile('unknown-format', 'these are the preferences of another app') : found
}

function javaString(reader: ByteReader): string {
  if (reader.uint8() !== 0x74) return damaged('it is not the map that FreeOTP writes')
  return utf8ToText(reader.take(reader.bigEndian(2))) ?? damaged('a text in it')
}

/** A HashMap of texts, as Java serialises it: nothing else is understood, and nothing is ever made of a class. */
function readMap(file: Uint8Array): ReadonlyMap<string, string> {
  const reader = readBytes(file, 6)
  if (utf8ToText(reader.take(reader.bigEndian(2))) !== 'java.util.HashMap')
    return damaged('it is not the map that FreeOTP writes')
  reader.take(9)
  const fields = atMost(reader.bigEndian(2), 16, 'fields')
  for (let field = 0; field < fields; field += 1) {
    reader.take(1)
    reader.take(reader.bigEndian(2))
  }
  // The end of the class, no class above it; the values of the fields; the capacity.
  reader.take(2 + fields * 4 + 2 + 4)
  const size = atMost(reader.bigEndian(4), limits.entries, 'entries')
  const map = new Map<string, string>()
  for (let entry = 0; entry < size; entry += 1) map.set(javaString(reader), javaString(reader))
  return map
}

interface Sealed {
  readonly data: Uint8Array
  readonly iv: Uint8Array
  readonly associated: Uint8Array
}

function sealedOf(value: unknown): Sealed | null {
  const json = objectOf(value) ?? {}
  const { mCipher, mToken } = json
  const [data, parameters] = [signedBytes(json['mCipherText']), signedBytes(json['mParameters'])]
  const iv = parameters === null ? null : nonceOf(parameters)
  if (data === null || iv === null || typeof mToken !== 'string' || mCipher !== 'AES/GCM/NoPadding')
    return null
  return { data, iv, associated: textToUtf8(mToken) }
}

/** DER: a sequence of the nonce as an octet string and the length of the tag, or the octet string alone. */
function nonceOf(parameters: Uint8Array): Uint8Array | null {
  const start = parameters[0] === 0x30 ? 2 : 0
  const length = parameters[start + 1] ?? 0
  const isNonce = parameters[start] === 4 && length >= 12 && length <= 16
  return isNonce ? parameters.subarray(start + 2, start + 2 + length) : null
}

async function masterKey(json: Json, passphrase: string, tools: FileTools): Promise<Uint8Array> {
  const hash = { PBKDF2withHmacSHA1: 'SHA1', PBKDF2withHmacSHA512: 'SHA512' }[String(json['mAlgorithm'])]
  const salt = signedBytes(json['mSalt'])
  const sealed = sealedOf(json['mEncryptedKey'])
  if (hash === undefined || salt === null || sealed === null) return damaged('its master key')
  const iterations = countOf(json['mIterations'], limits.pbkdf2Iterations, 'iterations of PBKDF2')
  const given = { passphrase: textToUtf8(passphrase), salt, iterations, length: 32 }
  const key = await tools.pbkdf2(hash as 'SHA1' | 'SHA512', given)
  const master = tools.decrypt('aes-gcm', { key, ...sealed })
  if (master === null) return wrongPassphrase()
  return master.length === 32 ? master : damaged('its master key')
}

export async function readJavaMap(
  file: Uint8Array,
  passphrase: string | null,
  tools: FileTools,
): Promise<FoundFile> {
  const map = readMap(file)
  const master = objectOf(parseJson(map.get('masterKey') ?? ''))
  if (master === null) return damaged('its master key is missing')
  if (passphrase === null)
    return refuseFile('passphrase-needed', 'it is encrypted, and there is no passphrase')
  const key = await masterKey(master, passphrase, tools)
  const ids = [...map.keys()].filter((id) => id !== 'masterKey' && !id.endsWith('-token'))
  return entriesOf('freeotp', ids, (id) => {
    const token = objectOf(parseJson(map.get(`${id}-token`) ?? ''))
    const told = objectOf(parseJson(map.get(id) ?? ''))?.['key']
    const sealed = typeof told === 'string' ? sealedOf(parseJson(told)) : null
    const secret = sealed === null ? null : tools.decrypt('aes-gcm', { key, ...sealed })
    return token === null || secret === null ? malformed : { raw: freeOtpToken(token, { secret }) }
  })
}
