import { spawnSync } from 'node:child_process'
import jsqr from 'jsqr'
import { PNG } from 'pngjs'

/** A reader of a picture of a QR code: its text, or null. Neither is the library that draws our codes. */
export type QrReader = (png: Buffer) => string | null

/** Strict: no second look at the inverted picture, so a missing quiet zone on a dark page is noticed. */
export const readWithJsqr: QrReader = (png) => {
  const { data, width, height } = PNG.sync.read(png)
  const pixels = new Uint8ClampedArray(data.buffer, data.byteOffset, data.length)
  return jsqr.default(pixels, width, height, { inversionAttempts: 'dontInvert' })?.data ?? null
}

export const hasZbar = spawnSync('zbarimg', ['--version']).status === 0
export const zbarHint = 'zbarimg is not installed here: `apt-get install zbar-tools` for the second reader'

export const readWithZbar: QrReader = (png) => {
  const read = spawnSync('zbarimg', ['--quiet', '--raw', '-Sdisable', '-Sqrcode.enable', 'PNG:-'], {
    input: png,
  })
  const text = read.stdout.toString().replace(/\n$/, '')
  return text === '' ? null : text
}
