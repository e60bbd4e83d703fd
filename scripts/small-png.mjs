/** Screenshots as small files: at most 64 colours, one byte a pixel. */
import { PNG } from 'pngjs'
import { encodePng } from '../packages/nightlatch/dist/shared/png.js'

const most = 64

/** The same picture as an indexed PNG. The commonest colours stay as they are, the others become their nearest. */
export function smallPng(screenshot) {
  const { data, width, height } = PNG.sync.read(screenshot)
  const pixels = new Uint32Array(width * height)
  const counts = new Map()
  for (let at = 0; at < pixels.length; at += 1) {
    const colour = (data[4 * at] << 16) | (data[4 * at + 1] << 8) | data[4 * at + 2]
    pixels[at] = colour
    counts.set(colour, (counts.get(colour) ?? 0) + 1)
  }
  const palette = [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, most)
    .map(([colour]) => colour)
  const index = indexOf(palette)
  const rows = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) rows[y * (width + 1) + 1 + x] = index(pixels[y * width + x])
  return encode({ width, height, palette, rows })
}

function indexOf(palette) {
  const known = new Map(palette.map((colour, at) => [colour, at]))
  return (colour) => {
    const at = known.get(colour) ?? nearest(palette, colour)
    known.set(colour, at)
    return at
  }
}

const distance = (one, other) =>
  ((one >> 16) - (other >> 16)) ** 2 +
  (((one >> 8) & 255) - ((other >> 8) & 255)) ** 2 +
  ((one & 255) - (other & 255)) ** 2

const nearest = (palette, colour) =>
  palette.reduce((best, one, at) => (distance(one, colour) < distance(palette[best], colour) ? at : best), 0)

function encode({ width, height, palette, rows }) {
  const colours = palette.flatMap((colour) => [colour >> 16, (colour >> 8) & 255, colour & 255])
  return encodePng({ width, height, bits: 8, palette: Uint8Array.from(colours), rows })
}
