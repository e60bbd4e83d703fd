import { isUtf8 } from 'node:buffer'
import { closeSync, fstatSync, openSync, readFileSync, readSync, statSync, type Stats } from 'node:fs'
import { basename } from 'node:path'
import { Refused } from '../../framework/errors.js'

/** A file as text, the same as often as it is asked for, and never held as a whole unless somebody wants it so. */
export interface TextFile {
  readonly name: string
  /** One piece after the other, cut anywhere. */
  pieces(): Iterable<string>
  close(): void
}

export const wholeText = ({ pieces }: TextFile): string => [...pieces()].join('')

/** A realm of a hundred thousand people has a hundred. */
const largestFile = 256 * 1024 * 1024
/** Larger texts are kept by the engine until it cleans up everything. */
const pieceBytes = 64 * 1024

/** @throws Refused for what is no file */
export function mustBeFile(file: string): Stats {
  const stat = statSync(file, { throwIfNoEntry: false })
  if (stat === undefined) throw new Refused(`there is no file ${JSON.stringify(file)}`)
  if (stat.isDirectory()) throw new Refused(`${JSON.stringify(file)} is a folder: name the files in it`)
  return stat
}

function mustBeReadable(file: string): Stats {
  const stat = mustBeFile(file)
  if (stat.size > largestFile) throw tooLarge(file)
  return stat
}

export function bytesOf(file: string): Uint8Array {
  mustBeReadable(file)
  const bytes = readFileSync(file)
  if (bytes.length > largestFile) throw tooLarge(file)
  return bytes
}

const tooLarge = (file: string): Refused =>
  new Refused(`${file} is larger than ${largestFile / 1024 / 1024} MiB, which is the most that is read`)

interface Bytes {
  /** Each only until the next is asked for. */
  chunks(): Iterable<Uint8Array>
  close(): void
}

/** What comes through a pipe can be read once only. */
function inMemory(file: string): Bytes {
  const bytes = bytesOf(file)
  return { chunks: () => [bytes], close: () => undefined }
}

const isSame = (one: Stats, other: Stats): boolean => one.size === other.size && one.mtimeMs === other.mtimeMs

/** The file that it was when it was opened, whatever has its name now; somebody who writes into it stops everything. */
function onDisk(file: string): Bytes {
  const handle = openSync(file, 'r')
  const first = fstatSync(handle)
  const mustBeSame = (): void => {
    if (!isSame(first, fstatSync(handle)))
      throw new Refused(`${basename(file)} was changed while it was read; nothing was imported`)
  }
  return {
    *chunks() {
      const chunk = new Uint8Array(pieceBytes)
      for (let at = 0; at < first.size;) {
        const read = readSync(handle, chunk, 0, chunk.length, at)
        if (read === 0) break
        at += read
        yield chunk.subarray(0, read)
      }
      mustBeSame()
    },
    close: () => closeSync(handle),
  }
}

type Encoding = 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252'

/** Without the mark that Windows writes before it. What is not well-formed is an error, where the encoding has such. */
function* decoded({ chunks }: Bytes, encoding: Encoding): Generator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true })
  for (const chunk of chunks()) yield decoder.decode(chunk, { stream: true })
  yield decoder.decode()
}

function byMark(bytes: Bytes): Encoding {
  for (const [one, other] of bytes.chunks()) {
    if (one === 0xff && other === 0xfe) return 'utf-16le'
    return one === 0xfe && other === 0xff ? 'utf-16be' : 'utf-8'
  }
  return 'utf-8'
}

/** What nearly all files are is found out without making text of it. */
function isPlainUtf8({ chunks }: Bytes): boolean {
  let [begun, isEmpty] = [new Uint8Array(0), true]
  for (const chunk of chunks()) {
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk])
    const whole = bytes.length - lengthOfBegun(bytes)
    if (bytes.includes(0) || !isUtf8(bytes.subarray(0, whole))) return false
    isEmpty &&= Buffer.from(bytes.buffer, bytes.byteOffset, whole).toString().trim() === ''
    begun = bytes.slice(whole)
  }
  return begun.length === 0 && !isEmpty
}

/** How many bytes at the end begin a letter that goes on behind them. */
function lengthOfBegun(bytes: Uint8Array): number {
  for (let length = 1; length <= 3; length += 1) {
    const byte = bytes.at(-length) ?? 0
    if (byte >= 0xc0) return length < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? length : 0
    if (byte < 0x80) return 0
  }
  return 0
}

/** UTF-8, or as Windows writes it; what is neither is Windows's old one, in which every byte means something. */
function encodingOf(name: string, bytes: Bytes): Encoding {
  const marked = byMark(bytes)
  if (marked === 'utf-8' && isPlainUtf8(bytes)) return marked
  try {
    mustSaySomething(name, plain(name, decoded(bytes, marked)))
    return marked
  } catch (problem) {
    if (!(problem instanceof TypeError)) throw problem
    mustSaySomething(name, plain(name, decoded(bytes, 'windows-1252')))
    return 'windows-1252'
  }
}

/** Read to its end, where what is no text may stand. */
function mustSaySomething(name: string, pieces: Iterable<string>): void {
  let isEmpty = true
  for (const piece of pieces) isEmpty &&= piece.trim() === ''
  if (isEmpty) throw new Refused(`${name} is empty`)
}

/** NUL bytes at the end are what some writers leave there; in between, they are no text. */
function* plain(name: string, pieces: Iterable<string>): Generator<string> {
  let isOver = false
  for (const piece of pieces) {
    const end: number = isOver ? 0 : piece.indexOf('\0')
    const rest = end < 0 ? '' : piece.slice(end)
    if (/[^\0]/.test(rest))
      throw new Refused(`${name} is no text: it has NUL bytes in it; nothing was imported`)
    isOver ||= end >= 0
    if (end < 0) yield piece
    else if (end > 0) yield piece.slice(0, end)
  }
}

export function openText(file: string): TextFile {
  const isOnDisk = mustBeReadable(file).isFile()
  const name = basename(file)
  const bytes = isOnDisk ? onDisk(file) : inMemory(file)
  try {
    const encoding = encodingOf(name, bytes)
    const pieces = (): Iterable<string> => plain(name, decoded(bytes, encoding))
    return { name, pieces, close: bytes.close }
  } catch (problem) {
    bytes.close()
    throw problem
  }
}

/** One line after the other; the last one may have no end. */
export function* linesOf(pieces: Iterable<string>): Generator<string> {
  let begun = ''
  for (const piece of pieces) {
    const lines = `${begun}${piece}`.split(/\r\n|\n|\r(?!$)/)
    begun = lines.pop() ?? ''
    yield* lines
  }
  yield begun.endsWith('\r') ? begun.slice(0, -1) : begun
  if (begun.endsWith('\r')) yield ''
}
