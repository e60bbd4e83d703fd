/** PSKC, the file in which hardware tokens are delivered (RFC 6030): plain, under a passphrase, or under a key. */
import { decodeBase64, textToUtf8 } from '../text-bytes.js'
import { bytesOfHex, concat, equal } from './bytes.js'
import { Entries, type Found, type FoundFile } from './entries.js'
import { numberOf, type RawEntry } from '../raw-entry.js'
import type { OtpHolder } from './result.js'
import { countOf, damaged, limits, refuseFile, wrongPassphrase } from './problem.js'
import type { FileTools, HashName } from './tools.js'
import { allNamed, at, childOf, textAt, type XmlElement } from './xml-tree.js'

const base64Of = (text: string | undefined): Uint8Array | null =>
  text === undefined ? null : decodeBase64(text.replaceAll(/\s/g, ''))

/** Opens encrypted values; null where the passphrase or the value is wrong. */
type Unseal = (data: XmlElement) => Uint8Array | null

const algorithmOf = (element: XmlElement | undefined): string =>
  childOf(element, 'EncryptionMethod')?.attributes['Algorithm']?.split('#').at(-1) ?? ''

function decryptValue(tools: FileTools, element: XmlElement | undefined, key: Uint8Array): Uint8Array | null {
  const bytes = base64Of(textAt(element, 'CipherData', 'CipherValue'))
  if (bytes === null) return damaged('an encrypted value is cut off')
  const cipher = algorithmOf(element)
  const bits = /(128|192|256)/.exec(cipher)?.[1]
  if (bits === undefined || key.length * 8 !== Number(bits)) return null
  if (/^aes\d+-cbc$/.test(cipher))
    return tools.decrypt('aes-cbc', { key, iv: bytes.subarray(0, 16), data: bytes.subarray(16) })
  if (/^kw-aes\d+(?:-pad)?$/.test(cipher)) return unwrap(tools, key, bytes)
  return refuseFile('not-supported', 'its values are encrypted in a way that is not read')
}

/** RFC 3394; or RFC 5649, which python-pskc takes under the same name for a secret that is no multiple of 8 bytes. */
const unwrap = (tools: FileTools, key: Uint8Array, data: Uint8Array): Uint8Array | null =>
  tools.decrypt('aes-wrap', { key, iv: new Uint8Array(8).fill(0xa6), data }) ??
  tools.decrypt('aes-wrap-pad', { key, iv: Uint8Array.of(0xa6, 0x59, 0x59, 0xa6), data })

/** Lengths of the key where the file does not say it, from the cipher of the first value. */
const keyLengthOf = (root: XmlElement): number => {
  const [first] = allNamed(root, 'EncryptedValue')
  return Number(/(128|192|256)/.exec(algorithmOf(first))?.[1] ?? '128') / 8
}

function derive(tools: FileTools, root: XmlElement, passphrase: string): Promise<Uint8Array> {
  const params = allNamed(root, 'PBKDF2-params')[0]
  const salt = base64Of(textAt(params, 'Salt', 'Specified'))
  if (params === undefined || salt === null) return damaged('its key derivation is not complete')
  const iterations = countOf(
    numberOf(textAt(params, 'IterationCount')),
    limits.pbkdf2Iterations,
    'iterations of PBKDF2',
  )
  const length = countOf(
    numberOf(textAt(params, 'KeyLength') ?? String(keyLengthOf(root))),
    64,
    'bytes of a key',
  )
  const prf = childOf(params, 'PRF')?.attributes['Algorithm'] ?? 'hmac-sha1'
  const hash: HashName = /sha-?512/i.test(prf) ? 'SHA512' : /sha-?256/i.test(prf) ? 'SHA256' : 'SHA1'
  return tools.pbkdf2(hash, { passphrase: textToUtf8(passphrase), salt, iterations, length })
}

/** A key that both sides have, as hexadecimal digits or base64. */
function sharedKey(text: string): Uint8Array {
  const isKey = (bytes: Uint8Array | null): bytes is Uint8Array => [16, 24, 32].includes(bytes?.length ?? 0)
  const found = [bytesOfHex(text.replaceAll(/[\s:]/g, '')), base64Of(text)].find(isKey)
  return (
    found ??
    refuseFile('passphrase-wrong', 'wrong passphrase: it wants a key of 32, 48 or 64 hexadecimal digits')
  )
}

async function unsealer(root: XmlElement, passphrase: string, tools: FileTools): Promise<Unseal> {
  const isDerived = at(root, 'EncryptionKey', 'DerivedKey') !== undefined
  const key = isDerived ? await derive(tools, root, passphrase) : sharedKey(passphrase)
  const method = childOf(root, 'MACMethod')
  const sealedKey = childOf(method, 'MACKey')
  const macKey = sealedKey === undefined ? key : decryptValue(tools, sealedKey, key)
  if (macKey === null) return wrongPassphrase()
  const hash: HashName = /sha-?512/i.test(method?.attributes['Algorithm'] ?? '')
    ? 'SHA512'
    : /sha-?256/i.test(method?.attributes['Algorithm'] ?? '')
      ? 'SHA256'
      : 'SHA1'
  return (data) => {
    const sealed = childOf(data, 'EncryptedValue')
    const mac = base64Of(textAt(data, 'ValueMAC'))
    const value = base64Of(textAt(sealed, 'CipherData', 'CipherValue')) ?? concat()
    if (mac !== null && !equal(mac, tools.hmac(hash, macKey, value))) return null
    return decryptValue(tools, sealed, key)
  }
}

/** `CN=ada,O=Example` is a distinguished name, of which people know the first part. */
const personOf = (userId: string): string => /^CN=([^,]+)/i.exec(userId)?.[1] ?? userId

const typeOf = (algorithm: string): string | undefined => /(?:^|[:/])([ht]otp)$/i.exec(algorithm)?.[1]

const plainNumber = (data: XmlElement | undefined, name: string, otherwise: string): unknown =>
  numberOf(textAt(data, name, 'PlainValue') ?? otherwise)

function secretOf(data: XmlElement | undefined, unseal: Unseal | null): Uint8Array | null {
  const secret = childOf(data, 'Secret')
  if (secret === undefined) return null
  const plain = textAt(secret, 'PlainValue')
  return plain !== undefined ? base64Of(plain) : (unseal?.(secret) ?? null)
}

/** The first that is there and says something. */
const firstOf = (...texts: readonly (string | undefined)[]): string =>
  texts.find((text) => text !== undefined && text !== '') ?? ''

/** Text of codes, the only one that people can type here. */
const isDecimal = (response: XmlElement | undefined): boolean =>
  /^(?:decimal)?$/i.test(response?.attributes['Encoding'] ?? '')

function rawOf(pack: XmlElement, key: XmlElement, secret: Uint8Array | null): RawEntry {
  const data = childOf(key, 'Data')
  const device = childOf(pack, 'DeviceInfo')
  const response = at(key, 'AlgorithmParameters', 'ResponseFormat')
  const userId = personOf(textAt(key, 'UserId') ?? '')
  return {
    type: isDecimal(response) ? typeOf(key.attributes['Algorithm'] ?? '') : 'another encoding',
    issuer: firstOf(textAt(key, 'Issuer'), textAt(device, 'Manufacturer')),
    account: firstOf(textAt(key, 'FriendlyName'), userId, textAt(device, 'SerialNo')),
    secret,
    algorithm: firstOf(textAt(key, 'AlgorithmParameters', 'Suite'), 'SHA1'),
    digits: numberOf(response?.attributes['Length'] ?? '6'),
    period: plainNumber(data, 'TimeInterval', '30'),
    counter: textAt(data, 'Counter', 'PlainValue') ?? '0',
  }
}

/** Below zero: most clocks of tokens are slow. */
function driftOf(data: XmlElement | undefined): number {
  const text = textAt(data, 'TimeDrift', 'PlainValue') ?? ''
  return /^\s*[+-]?\d{1,9}\s*$/.test(text) ? Number(text) : 0
}

function holderOf(device: XmlElement | undefined, key: XmlElement): OtpHolder {
  const user = personOf(firstOf(textAt(key, 'UserId'), textAt(device, 'UserId')))
  const drift = driftOf(childOf(key, 'Data'))
  const known = { user, serial: textAt(device, 'SerialNo'), manufacturer: textAt(device, 'Manufacturer') }
  const said = Object.entries(known).filter(([, text]) => text !== undefined && text !== '')
  return {
    ...Object.fromEntries(said),
    ...(drift === 0 ? {} : { driftSteps: drift }),
  }
}

function entryOf(pack: XmlElement, unseal: Unseal | null): Found {
  const key = childOf(pack, 'Key')
  if (key === undefined) return { why: 'malformed' }
  const holder = holderOf(childOf(pack, 'DeviceInfo'), key)
  const name = holder.serial ?? ''
  const secret = secretOf(childOf(key, 'Data'), unseal)
  const isSealed = at(key, 'Data', 'Secret', 'EncryptedValue') !== undefined
  return secret === null && isSealed
    ? { why: 'encrypted', name }
    : { raw: rawOf(pack, key, secret), name, holder }
}

export async function readPskc(
  root: XmlElement,
  passphrase: string | null,
  tools: FileTools,
): Promise<FoundFile> {
  const isSealed = allNamed(root, 'EncryptedValue').length > 0
  if (isSealed && passphrase === null)
    return refuseFile('passphrase-needed', 'it is encrypted, and there is no passphrase')
  const unseal = isSealed && passphrase !== null ? await unsealer(root, passphrase, tools) : null
  const entries = new Entries('pskc')
  const packs = allNamed(root, 'KeyPackage')
  packs.forEach((pack, index) => entries.add({ entry: index + 1 }, entryOf(pack, unseal)))
  const found = entries.result()
  if (
    unseal !== null &&
    found.leftOut.length === packs.length &&
    found.leftOut.every(({ why }) => why === 'encrypted')
  )
    return wrongPassphrase()
  return found
}
