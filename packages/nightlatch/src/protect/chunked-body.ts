import { fieldIn } from './head.js'

/** A size in hexadecimal digits, and extensions, which nobody has to know (RFC 9112 7.1.1). */
const sizeLine = /^([\da-f]{1,12})(?:;[^\r\n]*)?$/i
const longestLine = 4096
const mostTrailerBytes = 16_384

/** A body in chunks, as it comes. */
export class ChunkedBody {
  /** What has come of a line that is not whole. */
  #line = ''
  /** Of the chunk, with the line end after it; below 0 between chunks. */
  #left = -1
  #isTrailing = false
  #trailerBytes = 0
  readonly #rawTrailers: string[] = []
  #isOver = false

  /** Null before its end. */
  get trailers(): readonly string[] | null {
    return this.#isOver ? this.#rawTrailers : null
  }

  /** @returns how many bytes belong to it; null where it is none */
  read(bytes: Buffer, to: { data(piece: Buffer): void }): number | null {
    let at = 0
    while (at < bytes.length && !this.#isOver) {
      if (this.#left > 2) {
        const piece = bytes.subarray(at, at + this.#left - 2)
        this.#left -= piece.length
        at += piece.length
        to.data(piece)
        continue
      }
      const end = bytes.indexOf(10, at)
      const stop = end < 0 ? bytes.length : end + 1
      this.#line += bytes.toString('latin1', at, stop)
      at = stop
      if (this.#line.length > longestLine) return null
      if (end < 0) continue
      if (!this.#line.endsWith('\r\n')) return null
      const line = this.#line.slice(0, -2)
      this.#line = ''
      if (!this.#readLine(line)) return null
    }
    return at
  }

  #readLine(line: string): boolean {
    if (this.#isTrailing) return this.#readTrailer(line)
    if (this.#left === 2) {
      this.#left = -1
      return line === ''
    }
    const size = sizeLine.exec(line)?.[1]
    if (size === undefined) return false
    const length = parseInt(size, 16)
    if (length === 0) this.#isTrailing = true
    else this.#left = length + 2
    return true
  }

  #readTrailer(line: string): boolean {
    if (line === '') {
      this.#isOver = true
      return true
    }
    const field = fieldIn(line)
    this.#trailerBytes += line.length
    if (field === null || this.#trailerBytes > mostTrailerBytes) return false
    this.#rawTrailers.push(...field)
    return true
  }
}
