/**
 * Zip archives with the file of another app in them (Raivo, WinAuth): stored or deflated, plain, or encrypted with
 * AES as WinZip does it or in the old way.
 * @see https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
 */
import { textToUtf8 } from '../text-bytes.js'
import { equal, readBytes } from './bytes.js'
import { atMost, damaged, limits, refuseFile, wrongPassphrase } from './problem.js'
import type { FileTools } from './tools.js'

export const isZip = (file: Uint8Array): boolean =>
  file[0] === 0x50 && file[1] === 0x4b && (file[2] === 3 || file[2] === 5)

interface ZipEntry {
  readonly isEncrypted: boolean
  readonly method: number
  readonly crc: number
  readonly time: number
  readonly compressed: number
  readonly size: number
  readonly extra: Uint8Array
  readonly offset: number
  readonly isFolder: boolean
}

/** The end of the directory stands behind everything but a comment of at most 64 KiB. */
function findEnd(file: Uint8Array): number {
  for (let at = file.length - 22; at >= Math.max(0, file.length - 22 - 65_535); at -= 1)
    if (file[at] === 0x50 && file[at + 1] === 0x4b && file[at + 2] === 5 && file[at + 3] === 6) return at
  return damaged('the directory of the archive is missing')
}

function readDirectory(file: Uint8Array): readonly ZipEntry[] {
  const end = readBytes(file, findEnd(file) + 10)
  const count = atMost(end.uint16(), limits.zipEntries, 'files in an archive')
  end.uint32()
  const directory = readBytes(file, Math.min(end.uint32(), file.length))
  return Array.from({ length: count }, () => {
    if (directory.uint32() !== 0x02014b50) return damaged('the directory of the archive')
    directory.uint32()
    const flags = directory.uint16()
    const method = directory.uint16()
    const time = directory.uint16()
    directory.uint16()
    const [crc, compressed, size] = [directory.uint32(), directory.uint32(), directory.uint32()]
    const [nameLength, extraLength, commentLength] = [
      directory.uint16(),
      directory.uint16(),
      directory.uint16(),
    ]
    directory.take(8)
    const offset = directory.uint32()
    const name = directory.take(nameLength)
    const extra = directory.take(extraLength)
    directory.take(commentLength)
    const isEncrypted = (flags & 1) === 1
    const check = (flags & 8) === 8 ? time >> 8 : crc >>> 24
    const isFolder = name.at(-1) === 0x2f
    return { isEncrypted, method, crc, time: check, compressed, size, extra, offset, isFolder }
  })
}

function dataOf(file: Uint8Array, entry: ZipEntry): Uint8Array {
  const local = readBytes(file, Math.min(entry.offset, file.length))
  if (local.uint32() !== 0x04034b50) return damaged('a file of the archive is missing')
  local.take(22)
  const [nameLength, extraLength] = [local.uint16(), local.uint16()]
  local.take(nameLength + extraLength)
  return local.take(entry.compressed)
}

interface Unlocked {
  readonly data: Uint8Array
  readonly method: number
}

/** The extra field 0x9901 says which AES, and how the data is packed inside. */
function aesSetting(extra: Uint8Array): { readonly strength: number; readonly method: number } {
  const reader = readBytes(extra)
  while (reader.at() + 4 <= extra.length) {
    const [id, size] = [reader.uint16(), reader.uint16()]
    const field = readBytes(reader.take(size))
    if (id !== 0x9901) continue
    field.take(4)
    return { strength: field.uint8(), method: field.uint16() }
  }
  return damaged('how a file of the archive is encrypted')
}

async function unlockAes(
  tools: FileTools,
  entry: ZipEntry,
  { data, passphrase }: { readonly data: Uint8Array; readonly passphrase: Uint8Array },
): Promise<Unlocked> {
  const { strength, method } = aesSetting(entry.extra)
  const keyBytes = [0, 16, 24, 32][strength] ?? damaged('how a file of the archive is encrypted')
  const reader = readBytes(data)
  const salt = reader.take(keyBytes / 2)
  const check = reader.take(2)
  const keys = await tools.pbkdf2('SHA1', { passphrase, salt, iterations: 1000, length: 2 * keyBytes + 2 })
  if (!equal(keys.subarray(2 * keyBytes), check)) return wrongPassphrase()
  const sealed = reader.take(Math.max(0, data.length - reader.at() - 10))
  const mac = tools.hmac('SHA1', keys.subarray(keyBytes, 2 * keyBytes), sealed)
  if (!equal(mac.subarray(0, 10), reader.take(10))) return damaged('a file of the archive was changed')
  const plain = tools.decrypt('aes-ctr', {
    key: keys.subarray(0, keyBytes),
    iv: Uint8Array.of(1),
    data: sealed,
  })
  return { data: plain ?? damaged('a file of the archive'), method }
}

const crcTable = /* @__PURE__ */ Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1
  return value
})

const crcStep = (crc: number, byte: number): number =>
  ((crcTable[(crc ^ byte) & 255] ?? 0) ^ (crc >>> 8)) >>> 0

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) crc = crcStep(crc, byte)
  return (crc ^ 0xffffffff) >>> 0
}

/** The old encryption of zip (section 6 of the note): weak, and still what WinAuth writes. */
function unlockOld(data: Uint8Array, passphrase: Uint8Array, check: number): Uint8Array {
  let [one, two, three] = [0x12345678, 0x23456789, 0x34567890]
  const feed = (byte: number): void => {
    one = crcStep(one, byte)
    two = (Math.imul((two + (one & 255)) >>> 0, 134775813) + 1) >>> 0
    three = crcStep(three, two >>> 24)
  }
  for (const byte of passphrase) feed(byte)
  const plain = data.map((byte) => {
    const temp = (three | 2) & 0xffff
    const clear = byte ^ ((Math.imul(temp, temp ^ 1) >>> 8) & 255)
    feed(clear)
    return clear
  })
  return plain[11] === check ? plain.subarray(12) : wrongPassphrase()
}

async function unlock(
  tools: FileTools,
  entry: ZipEntry,
  { data, passphrase }: { readonly data: Uint8Array; readonly passphrase: string | null },
): Promise<Unlocked> {
  if (!entry.isEncrypted) return { data, method: entry.method }
  if (passphrase === null)
    return refuseFile('passphrase-needed', 'it is encrypted, and there is no passphrase')
  const bytes = textToUtf8(passphrase)
  if (entry.method === 99) return unlockAes(tools, entry, { data, passphrase: bytes })
  if (data.length < 12) return damaged('it ends too soon')
  return { data: unlockOld(data, bytes, entry.time & 255), method: entry.method }
}

function unpack(tools: FileTools, { data, method }: Unlocked, most: number): Uint8Array {
  if (method === 0) return data.length <= most ? data : tooLong()
  if (method !== 8)
    return refuseFile('not-supported', 'a file of the archive is packed in a way that is not read')
  const plain = tools.inflate('raw', data, most)
  if (plain === 'too-long') return tooLong()
  return plain ?? damaged('a file of the archive cannot be unpacked')
}

const tooLong = (): never =>
  refuseFile('beyond-limit', `it is larger than ${limits.inflatedBytes} bytes when unpacked`)

/** The files of an archive, whatever their names; together at most what the limit says. */
export async function readZip(
  file: Uint8Array,
  passphrase: string | null,
  tools: FileTools,
): Promise<readonly Uint8Array[]> {
  const files: Uint8Array[] = []
  let left: number = limits.inflatedBytes
  for (const entry of readDirectory(file)) {
    if (entry.isFolder) continue
    const unlocked = await unlock(tools, entry, { data: dataOf(file, entry), passphrase })
    const plain = unpack(tools, unlocked, left)
    // With WinZip's AES the sum may be left out: the data was authenticated already.
    if (entry.method !== 99 && crc32(plain) !== entry.crc)
      return entry.isEncrypted ? wrongPassphrase() : damaged('a file of the archive was changed')
    left -= plain.length
    files.push(plain)
  }
  return files
}
