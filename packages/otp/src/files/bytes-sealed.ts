/** Encrypted files that are no text: Stratum (Authenticator Pro), and andOTP, which has no mark of its own. */
import { parseJson } from '../raw-entry.js'
import { textToUtf8 } from '../text-bytes.js'
import { readBytes } from './bytes.js'
import type { FoundFile } from './entries.js'
import { readPlainJson } from './json-plain.js'
import { argon2id, type Opening, type SealedFile } from './json-sealed.js'
import { damaged, limits, wrongPassphrase } from './problem.js'
import { strictText } from './text.js'

const plainEntries = (bytes: Uint8Array): FoundFile | null =>
  readPlainJson(parseJson(strictText(bytes) ?? ''))

async function openStratum(file: Uint8Array, opening: Opening): Promise<FoundFile> {
  const reader = readBytes(file, 16)
  const [salt, iv] = [reader.take(16), reader.take(12)]
  const key = await argon2id(opening, { salt, memoryKib: 64 * 1024, passes: 3, lanes: 4 })
  const plain = opening.tools.decrypt('aes-gcm', { key, iv, data: file.subarray(reader.at()) })
  return plainEntries(plain ?? wrongPassphrase()) ?? damaged('what was decrypted is none of its entries')
}

/** Before version 1.21 of Authenticator Pro. Nothing authenticates it: what is not its text was another passphrase. */
async function openOldStratum(file: Uint8Array, { tools, passphrase }: Opening): Promise<FoundFile> {
  const reader = readBytes(file, 16)
  const [salt, iv] = [reader.take(20), reader.take(16)]
  const given = { passphrase: textToUtf8(passphrase), salt, iterations: 64_000, length: 32 }
  const key = await tools.pbkdf2('SHA1', given)
  const data = file.subarray(reader.at())
  if (data.length === 0 || data.length % 16 !== 0) return damaged('it is cut off')
  const plain = tools.decrypt('aes-cbc', { key, iv, data })
  return (plain === null ? null : plainEntries(plain)) ?? wrongPassphrase()
}

/** Nonce, data and tag, under a plain hash of the passphrase: andOTP before 0.6.3. Null where it is none. */
export function openOldAndOtp(file: Uint8Array, { tools, passphrase }: Opening): FoundFile | null {
  if (file.length < 12 + 16 + 2) return null
  const key = tools.digest('SHA256', textToUtf8(passphrase))
  const plain = tools.decrypt('aes-gcm', { key, iv: file.subarray(0, 12), data: file.subarray(12) })
  const found = plain === null ? null : plainEntries(plain)
  return found === null ? null : { ...found, format: 'andotp' }
}

/** Iterations, salt, nonce, data, tag. */
async function openAndOtp(file: Uint8Array, { tools, passphrase }: Opening): Promise<FoundFile> {
  const iterations = readBytes(file).bigEndian(4)
  const given = { passphrase: textToUtf8(passphrase), salt: file.subarray(4, 16), iterations, length: 32 }
  const key = await tools.pbkdf2('SHA1', given)
  const plain = tools.decrypt('aes-gcm', { key, iv: file.subarray(16, 28), data: file.subarray(28) })
  if (plain !== null) return plainEntries(plain) ?? damaged('what was decrypted is none of its entries')
  return openOldAndOtp(file, { tools, passphrase }) ?? wrongPassphrase()
}

const startsWith = (file: Uint8Array, text: string): boolean =>
  textToUtf8(text).every((byte, at) => file[at] === byte)

/** andOTP's iterations are of a range that chance hits once in 60. */
function isAndOtp(file: Uint8Array): boolean {
  if (file.length < 4 + 12 + 12 + 16 + 2) return false
  const iterations = readBytes(file).bigEndian(4)
  return iterations >= 1000 && iterations <= limits.pbkdf2Iterations
}

/** What a file is that is no text, or null. */
export function sealedBytes(file: Uint8Array): SealedFile | null {
  if (startsWith(file, 'AUTHENTICATORPRO'))
    return { format: 'stratum', open: (opening) => openStratum(file, opening) }
  if (startsWith(file, 'AuthenticatorPro'))
    return { format: 'stratum', open: (opening) => openOldStratum(file, opening) }
  return isAndOtp(file) ? { format: 'andotp', open: (opening) => openAndOtp(file, opening) } : null
}
