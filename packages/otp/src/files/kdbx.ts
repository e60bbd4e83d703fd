/**
 * KeePass databases, KDBX 3.1 and 4: the passphrase alone (no key file).
 * @see https://keepass.info/help/kb/kdbx.html
 */
import { decodeBase64, textToUtf8, utf8ToText } from '../text-bytes.js'
import { concat, equal, hexOf, readBytes, type ByteReader } from './bytes.js'
import type { FoundFile } from './entries.js'
import { readKeePassXml, type Reveal } from './keepass-xml.js'
import { atMost, damaged, limits, missing, refuseFile, wrongPassphrase } from './problem.js'
import { strictText } from './text.js'
import type { FileTools } from './tools.js'
import { readXml, textAt } from './xml-tree.js'

const AES = '31c1f2e6bf714350be5805216afc5aff'
const CHACHA20 = 'd6038a2b8b6f4cb5a524339a31dbb59a'
const TWOFISH = 'ad68f29f576f4bb9a36ad47af965346c'
const AES_KDF = ['c9d9f39a628a4460bf740d08c18a4fea', '7c02bb8279a74ac0927d114a00648238']
const ARGON2D = 'ef636ddf8c29444b91f7a9a403e30a0c'
const ARGON2ID = '9e298b1956db4773b23dfc3ec6f0a1e6'

export const isKdbx = (file: Uint8Array): boolean => hexOf(file.subarray(0, 8)) === '03d9a29a67fb4bb5'

interface Opening {
  readonly passphrase: Uint8Array
  readonly tools: FileTools
}

type Fields = ReadonlyMap<number, Uint8Array>

const field = (fields: Fields, id: number): Uint8Array =>
  fields.get(id) ?? damaged('its header is not complete')

function readHeader(reader: ByteReader, sizeBytes: 2 | 4): Fields {
  const fields = new Map<number, Uint8Array>()
  for (;;) {
    const id = reader.uint8()
    const data = reader.take(sizeBytes === 2 ? reader.uint16() : reader.uint32())
    if (id === 0) return fields
    fields.set(id, data)
  }
}

/** The settings of the key derivation: typed values by name. */
function readVariants(bytes: Uint8Array): ReadonlyMap<string, Uint8Array> {
  const reader = readBytes(bytes)
  reader.uint16()
  const values = new Map<string, Uint8Array>()
  for (let type = reader.uint8(); type !== 0; type = reader.uint8()) {
    const name = utf8ToText(reader.take(reader.uint32())) ?? ''
    values.set(name, reader.take(reader.uint32()))
  }
  return values
}

type Variants = ReturnType<typeof readVariants>

function variant(values: Variants, name: string): Uint8Array {
  return values.get(name) ?? damaged('its key derivation is not complete')
}

const numberIn = (values: Variants, name: string): bigint => readBytes(variant(values, name)).unsigned()

async function aesKdf({ tools }: Opening, key: Uint8Array, given: { seed: Uint8Array; rounds: bigint }) {
  const rounds = atMost(given.rounds, limits.aesRounds, 'rounds of AES')
  if (given.seed.length !== 32) return damaged('its key derivation is not complete')
  const halves = await Promise.all(
    [key.subarray(0, 16), key.subarray(16)].map((half) => tools.repeatAes(given.seed, half, rounds)),
  )
  return tools.digest('SHA256', concat(...halves))
}

async function argon2({ tools }: Opening, key: Uint8Array, values: Variants): Promise<Uint8Array> {
  const memoryKib = atMost(numberIn(values, 'M') / 1024n, limits.argon2Kib, 'KiB of memory for argon2')
  const passes = atMost(numberIn(values, 'I'), limits.argon2Work, 'passes of argon2')
  atMost(memoryKib * passes, limits.argon2Work, 'KiB of work for argon2')
  const lanes = atMost(numberIn(values, 'P'), limits.argon2Lanes, 'lanes of argon2')
  if (memoryKib < 8 * lanes || passes < 1 || lanes < 1) return damaged('its key derivation cannot be')
  if (tools.argon2 === undefined) return missing('argon2')
  const kind = hexOf(variant(values, '$UUID')) === ARGON2D ? 'argon2d' : 'argon2id'
  const version = Number(numberIn(values, 'V'))
  const given = { kind, version, memoryKib, passes, lanes, length: 32 } as const
  return tools.argon2({ ...given, passphrase: key, salt: variant(values, 'S') })
}

function derive4(opening: Opening, key: Uint8Array, fields: Fields): Promise<Uint8Array> {
  const values = readVariants(field(fields, 11))
  const uuid = hexOf(variant(values, '$UUID'))
  if (AES_KDF.includes(uuid))
    return aesKdf(opening, key, { seed: variant(values, 'S'), rounds: numberIn(values, 'R') })
  if (uuid === ARGON2D || uuid === ARGON2ID) return argon2(opening, key, values)
  return refuseFile('not-supported', 'its key derivation is none that is known here')
}

/** Before a second is spent on the passphrase. */
function checkCipher(fields: Fields): void {
  if (hexOf(field(fields, 2)) === TWOFISH)
    refuseFile(
      'not-supported',
      'its cipher is Twofish, which is not read: choose AES or ChaCha20 in its settings',
    )
}

function decryptPayload({ tools }: Opening, fields: Fields, given: { key: Uint8Array; data: Uint8Array }) {
  const cipher = hexOf(field(fields, 2))
  const iv = field(fields, 7)
  if (cipher === AES && iv.length === 16) return tools.decrypt('aes-cbc', { ...given, iv })
  if (cipher === CHACHA20 && iv.length === 12) return tools.decrypt('chacha20', { ...given, iv })
  return refuseFile('not-supported', 'its cipher is none that is known here')
}

function unpack(tools: FileTools, fields: Fields, data: Uint8Array): Uint8Array {
  const isPacked = readBytes(field(fields, 3)).unsigned() === 1n
  const plain = isPacked ? tools.inflate('gzip', data, limits.inflatedBytes) : data
  if (plain === 'too-long')
    return refuseFile('beyond-limit', `it is larger than ${limits.inflatedBytes} bytes when unpacked`)
  return plain ?? damaged('it cannot be unpacked')
}

/** The cipher of protected values, which runs through the whole text. */
function revealer(tools: FileTools, stream: { kind: number; key: Uint8Array }): Reveal {
  const { streams } = tools
  if (streams === undefined) return missing('streams')
  const most = 1024 * 1024
  const zeros = new Uint8Array(most)
  const keys = keystream(tools, streams, stream)(zeros)
  let used = 0
  return (value) => {
    if (value.attributes['Protected']?.toLowerCase() !== 'true') return value.text
    const bytes = decodeBase64(value.text.trim()) ?? damaged('a protected value is no base64')
    used += bytes.length
    if (used > most) return refuseFile('beyond-limit', `its protected values have over ${most} bytes`)
    return utf8ToText(bytes.map((byte, index) => byte ^ (keys[used - bytes.length + index] ?? 0))) ?? ''
  }
}

const SALSA_NONCE = Uint8Array.of(0xe8, 0x30, 0x09, 0x4b, 0x97, 0x20, 0x5d, 0x2a)

function keystream(
  tools: FileTools,
  streams: NonNullable<FileTools['streams']>,
  { kind, key }: { kind: number; key: Uint8Array },
): (zeros: Uint8Array) => Uint8Array {
  if (kind === 2) return (zeros) => streams.salsa20(tools.digest('SHA256', key), SALSA_NONCE, zeros)
  if (kind !== 3)
    return refuseFile('not-supported', 'its values are protected in a way that is not known here')
  const hash = tools.digest('SHA512', key)
  return (zeros) => streams.chacha20(hash.subarray(0, 32), hash.subarray(32, 44), zeros)
}

function entriesIn(tools: FileTools, xml: Uint8Array, stream: { kind: number; key: Uint8Array }): FoundFile {
  const text = strictText(xml) ?? damaged('its text is no UTF-8')
  const root = readXml(text, tools.SaxesParser)
  if (root.name !== 'KeePassFile') return damaged('there is no KeePass database in it')
  return readKeePassXml(root, revealer(tools, stream), 'kdbx')
}

async function open3(opening: Opening, file: Uint8Array, reader: ByteReader): Promise<FoundFile> {
  const { tools, passphrase } = opening
  const fields = readHeader(reader, 2)
  checkCipher(fields)
  const composite = tools.digest('SHA256', tools.digest('SHA256', passphrase))
  const rounds = readBytes(field(fields, 6)).unsigned()
  const derived = await aesKdf(opening, composite, { seed: field(fields, 5), rounds })
  const key = tools.digest('SHA256', concat(field(fields, 4), derived))
  const data = file.subarray(reader.at())
  const start = tools.decrypt('aes-cbc-unpadded', { key, iv: field(fields, 7), data: data.subarray(0, 32) })
  if (start === null || !equal(start, field(fields, 9))) return wrongPassphrase()
  const plain = decryptPayload(opening, fields, { key, data }) ?? damaged('its end is missing or was changed')
  const xml = unpack(tools, fields, hashedBlocks(tools, plain.subarray(32)))
  const kind = Number(readBytes(field(fields, 10)).unsigned())
  const header = tools.digest('SHA256', file.subarray(0, reader.at()))
  const found = entriesIn(tools, xml, { kind, key: field(fields, 8) })
  const told = textAt(readXml(strictText(xml) ?? '', tools.SaxesParser), 'Meta', 'HeaderHash')
  const hash = told === undefined || told === '' ? header : decodeBase64(told)
  return hash !== null && equal(hash, header) ? found : damaged('its header was changed')
}

function hashedBlocks(tools: FileTools, bytes: Uint8Array): Uint8Array {
  const reader = readBytes(bytes)
  const blocks: Uint8Array[] = []
  for (;;) {
    reader.uint32()
    const hash = reader.take(32)
    const block = reader.take(reader.uint32())
    if (block.length === 0) return concat(...blocks)
    if (!equal(tools.digest('SHA256', block), hash)) return damaged('a block was changed')
    blocks.push(block)
  }
}

async function open4(opening: Opening, file: Uint8Array, reader: ByteReader): Promise<FoundFile> {
  const { tools, passphrase } = opening
  const fields = readHeader(reader, 4)
  checkCipher(fields)
  const header = file.subarray(0, reader.at())
  if (!equal(tools.digest('SHA256', header), reader.take(32))) return damaged('its header was changed')
  const composite = tools.digest('SHA256', tools.digest('SHA256', passphrase))
  const derived = await derive4(opening, composite, fields)
  const seed = field(fields, 4)
  const macKey = tools.digest('SHA512', concat(seed, derived, Uint8Array.of(1)))
  const blockKey = (index: bigint): Uint8Array => tools.digest('SHA512', concat(littleEndian(index), macKey))
  const mac = tools.hmac('SHA256', blockKey(2n ** 64n - 1n), header)
  if (!equal(mac, reader.take(32))) return wrongPassphrase()
  const data = authenticBlocks(tools, reader, blockKey)
  const key = tools.digest('SHA256', concat(seed, derived))
  const plain = decryptPayload(opening, fields, { key, data }) ?? damaged('it cannot be decrypted')
  const unpacked = unpack(tools, fields, plain)
  const inner = readBytes(unpacked)
  const innerFields = readHeader(inner, 4)
  const kind = Number(readBytes(field(innerFields, 1)).unsigned())
  return entriesIn(tools, unpacked.subarray(inner.at()), { kind, key: field(innerFields, 2) })
}

function authenticBlocks(
  tools: FileTools,
  reader: ByteReader,
  keyOf: (index: bigint) => Uint8Array,
): Uint8Array {
  const blocks: Uint8Array[] = []
  for (let index = 0n; ; index += 1n) {
    const mac = reader.take(32)
    const size = reader.take(4)
    const block = reader.take(readBytes(size).uint32())
    const right = tools.hmac('SHA256', keyOf(index), concat(littleEndian(index), size, block))
    if (!equal(right, mac)) return damaged('a block was changed')
    if (block.length === 0) return concat(...blocks)
    blocks.push(block)
  }
}

const littleEndian = (value: bigint): Uint8Array =>
  Uint8Array.from({ length: 8 }, (_, at) => Number((value >> BigInt(8 * at)) & 255n))

export async function readKdbx(file: Uint8Array, passphrase: string, tools: FileTools): Promise<FoundFile> {
  const reader = readBytes(file)
  reader.take(8)
  const minor = reader.uint16()
  const major = reader.uint16()
  if (tools.streams === undefined) return missing('streams')
  if (tools.SaxesParser === undefined) return missing('SaxesParser')
  const opening = { passphrase: textToUtf8(passphrase), tools }
  if (major === 3) return open3(opening, file, reader)
  if (major === 4) return open4(opening, file, reader)
  return refuseFile('not-supported', `it is a KDBX ${major}.${minor}; 3.1 and 4 are read`)
}
