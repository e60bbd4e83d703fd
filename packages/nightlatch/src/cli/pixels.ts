import { decode as decodeJpeg } from 'jpeg-js'
import { PNG } from 'pngjs'
import { decodeQRBatch } from 'qr/decode.js'
import { Refused } from './errors.js'

interface Pixels {
  readonly width: number
  readonly height: number
  /** Red, green, blue, opacity. */
  readonly data: Uint8Array
}

const mostMegapixels = 64

/** The texts of all QR codes of a PNG or JPEG: a photograph, a scan or a screenshot. */
export async function readQrCodes(image: Uint8Array): Promise<readonly string[]> {
  const pixels = decodeImage(image)
  for (const attempt of attempts(pixels)) {
    const [found = []] = await decodeQRBatch([attempt])
    const texts = found.filter((one) => typeof one === 'string')
    if (texts.length > 0) return texts
  }
  throw new Refused(
    'no QR code was found in the image: try a sharper one, or cut the code out with its white border',
  )
}

function decodeImage(image: Uint8Array): Pixels {
  const bytes = Buffer.from(image)
  const [isPng, isJpeg] = [bytes.readUInt32BE(0) === 0x89504e47, bytes.readUInt16BE(0) === 0xffd8]
  if (!isPng && !isJpeg) throw new Refused('the file is neither a PNG nor a JPEG image, nor an otpauth URI')
  try {
    if (isJpeg)
      return decodeJpeg(bytes, {
        maxResolutionInMP: mostMegapixels,
        maxMemoryUsageInMB: 1024,
        useTArray: true,
      })
    // The size stands first in a PNG: look before any memory is taken.
    if (bytes.readUInt32BE(16) * bytes.readUInt32BE(20) > mostMegapixels * 1e6)
      throw new RangeError('too large')
    return PNG.sync.read(bytes)
  } catch {
    throw new Refused(`the image is damaged, or larger than ${mostMegapixels} megapixels`)
  }
}

/** On white; and on black, for white modules on nothing. Size, tilt and inversion the decoder sees to. */
function* attempts(pixels: Pixels): Generator<Pixels> {
  yield flatten(pixels, 255)
  const isTransparent = pixels.data.some((byte, at) => at % 4 === 3 && byte < 255)
  if (isTransparent) yield flatten(pixels, 0)
}

function flatten({ width, height, data }: Pixels, background: number): Pixels {
  const flat = new Uint8Array(data.length)
  for (let at = 0; at < data.length; at += 4) {
    const opacity = (data[at + 3] ?? 255) / 255
    for (let channel = at; channel < at + 3; channel += 1)
      flat[channel] = Math.round((data[channel] ?? 0) * opacity + background * (1 - opacity))
    flat[at + 3] = 255
  }
  return { width, height, data: flat }
}
