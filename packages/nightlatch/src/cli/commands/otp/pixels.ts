import { decode as decodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'

/** A picture as the reader of QR codes takes it. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue, opacity. */
  readonly data: Uint8ClampedArray
}

/** The pixels of a PNG or JPEG, or null when it is damaged. */
export function pixelsOf(file: Uint8Array, kind: 'png' | 'jpeg'): Pixels | null {
  try {
    const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
    const { width, height, data } =
      kind === 'png'
        ? PNG.sync.read(bytes)
        : decodeJpeg(bytes, { maxResolutionInMP: 200, maxMemoryUsageInMB: 2048, useTArray: true })
    return { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.byteLength) }
  } catch {
    return null
  }
}

export const isTransparent = ({ data }: Pixels): boolean => {
  for (let at = 3; at < data.length; at += 4) if (data[at] !== 255) return true
  return false
}

/** Every pixel as one shade of grey, 0 to 255. */
export interface Grey {
  readonly width: number
  readonly height: number
  readonly shades: Uint8ClampedArray
}

/** As it looks on a ground of one shade (ITU-R BT.601 for the weight of the colours). */
export function greyOn({ width, height, data }: Pixels, ground: number): Grey {
  const shades = new Uint8ClampedArray(width * height)
  for (let pixel = 0, at = 0; pixel < shades.length; pixel += 1, at += 4) {
    const shade = (data[at] ?? 0) * 0.299 + (data[at + 1] ?? 0) * 0.587 + (data[at + 2] ?? 0) * 0.114
    const opacity = (data[at + 3] ?? 255) / 255
    shades[pixel] = shade * opacity + ground * (1 - opacity)
  }
  return { width, height, shades }
}

export function pixelsOfGrey({ width, height, shades }: Grey): Pixels {
  const data = new Uint8ClampedArray(shades.length * 4).fill(255)
  for (let pixel = 0, at = 0; pixel < shades.length; pixel += 1, at += 4)
    data[at] = data[at + 1] = data[at + 2] = shades[pixel] ?? 0
  return { width, height, data }
}

/** With another shade for each. */
function mapped(grey: Grey, to: (shade: number) => number): Grey {
  const table = Uint8ClampedArray.from({ length: 256 }, (_, shade) => to(shade))
  return { ...grey, shades: grey.shades.map((shade) => table[shade] ?? 0) }
}

function countShades({ shades }: Grey): Uint32Array {
  const counts = new Uint32Array(256)
  for (const shade of shades) counts[shade] = (counts[shade] ?? 0) + 1
  return counts
}

/** The darkest shade becomes black, the lightest white; null where they nearly are. */
export function stretched(grey: Grey): Grey | null {
  const counts = countShades(grey)
  const [darkest, lightest] = [
    counts.findIndex((count) => count > 0),
    counts.findLastIndex((count) => count > 0),
  ]
  const range = lightest - darkest
  return range === 0 || range > 200 ? null : mapped(grey, (shade) => ((shade - darkest) * 255) / range)
}

/**
 * The shade of the page, which is the commonest, becomes white or black: a code that stands on a page of nearly its own
 * dark colour without a border gets one.
 */
export function withPageAs(grey: Grey, shade: 0 | 255): Grey {
  const counts = countShades(grey)
  const page = counts.indexOf(Math.max(...counts))
  return mapped(grey, (one) => (Math.abs(one - page) <= 3 ? shade : one))
}
