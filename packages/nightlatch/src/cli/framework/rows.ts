import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** More than this waits on the disk. */
const mostInMemory = 1024 * 1024

/**
 * What is to be printed once it is known that all went well: little of it in memory, a lot in a file that is gone afterwards.
 * As often as it is read, it is the same.
 */
export class Rows<Row> implements Iterable<Row> {
  #waiting: string[] = []
  #length = 0
  #file: { readonly folder: string; readonly handle: number } | null = null
  count = 0

  add(row: Row): void {
    const line = JSON.stringify(row)
    this.count += 1
    this.#waiting.push(line)
    this.#length += line.length
    if (this.#length > mostInMemory) this.#toDisk()
  }

  *[Symbol.iterator](): Generator<Row> {
    for (const line of this.#onDisk()) yield JSON.parse(line) as Row
    for (const line of this.#waiting) yield JSON.parse(line) as Row
  }

  remove(): void {
    if (this.#file === null) return
    closeSync(this.#file.handle)
    rmSync(this.#file.folder, { recursive: true, force: true })
    this.#file = null
  }

  #toDisk(): void {
    this.#file ??= newFile()
    writeSync(this.#file.handle, `${this.#waiting.join('\n')}\n`)
    this.#waiting = []
    this.#length = 0
  }

  *#onDisk(): Generator<string> {
    if (this.#file === null) return
    const chunk = Buffer.alloc(256 * 1024)
    let begun = Buffer.alloc(0)
    for (let at = 0; ;) {
      const read = readSync(this.#file.handle, chunk, 0, chunk.length, at)
      if (read === 0) return
      at += read
      const bytes = Buffer.concat([begun, chunk.subarray(0, read)])
      const end = bytes.lastIndexOf(0x0a) + 1
      begun = bytes.subarray(end)
      if (end > 0) yield* bytes.toString('utf8', 0, end - 1).split('\n')
    }
  }
}

function newFile() {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-rows-'))
  return { folder, handle: openSync(join(folder, 'rows'), 'wx+', 0o600) }
}
