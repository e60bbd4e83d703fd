/** What a file is by its first bytes, and how large a picture it claims to be, before any memory is taken for it. */
export type PictureKind =
  | { readonly kind: 'png' | 'jpeg' | 'gif' | 'bmp' | 'svg' }
  /** A picture or document that nothing here can read; its name in words. */
  | { readonly kind: 'other'; readonly name: string }

const other = (name: string): PictureKind => ({ kind: 'other', name })

/** The first bytes, as Latin-1: at the beginning, and from the fifth on where a box begins there. */
const signatures: readonly (readonly [at: number, begins: readonly string[], is: PictureKind])[] = [
  [0, ['\x89PNG\r\n\x1a\n'], { kind: 'png' }],
  [0, ['\xff\xd8\xff'], { kind: 'jpeg' }],
  [0, ['GIF87a', 'GIF89a'], { kind: 'gif' }],
  [0, ['BM'], { kind: 'bmp' }],
  [8, ['WEBP'], other('a WebP picture')],
  [0, ['II*\0', 'II+\0', 'MM\0*', 'MM\0+'], other('a TIFF picture')],
  [4, ['ftypavif', 'ftypavis'], other('an AVIF picture')],
  [4, ['ftyphei', 'ftyphev', 'ftypmif1', 'ftypmsf1'], other('a HEIC picture')],
  [0, ['\xff\x0a', '\0\0\0\x0cJXL '], other('a JPEG XL picture')],
  [0, ['\0\0\x01\0'], other('an icon file')],
  [0, ['8BPS'], other('a Photoshop picture')],
  [0, ['%PDF'], other('a PDF document')],
]

/** What may stand before the element: a byte order mark, a declaration, comments, a document type. */
const svgStart =
  /^(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE svg[^>]*>\s*)?<svg[\s>]/s

/** A text may begin with BM as well: the length of the header tells them apart. */
const isBmpHeader = (file: Uint8Array): boolean =>
  file.length > 26 && file[15] === 0 && file[16] === 0 && file[17] === 0

/** Null for what is no picture. */
export function pictureKind(file: Uint8Array): PictureKind | null {
  const start = Buffer.from(file.subarray(0, 1024)).toString('latin1')
  if (svgStart.test(start)) return { kind: 'svg' }
  const [, , is = null] =
    signatures.find(([at, begins]) => begins.some((one) => start.startsWith(one, at))) ?? []
  return is?.kind === 'bmp' && !isBmpHeader(file) ? null : is
}

interface Size {
  readonly width: number
  readonly height: number
}

/** Null where the file ends before it says so. */
export function pictureSize(file: Uint8Array, kind: 'png' | 'jpeg' | 'gif' | 'bmp'): Size | null {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  if (kind === 'jpeg') return jpegSize(bytes)
  if (bytes.length < 26) return null
  if (kind === 'png') return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) }
  if (kind === 'gif') return { width: bytes.readUInt16LE(6), height: bytes.readUInt16LE(8) }
  // A negative height: the rows begin at the top.
  return { width: Math.abs(bytes.readInt32LE(18)), height: Math.abs(bytes.readInt32LE(22)) }
}

/** The size stands in the frame header: SOF0 to SOF15, without DHT, JPG and DAC (ITU T.81 §B.1.1.3). */
const isFrameHeader = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc

function jpegSize(bytes: Buffer): Size | null {
  let at = 2
  while (at + 9 <= bytes.length) {
    const marker = bytes[at + 1] ?? 0
    if (bytes[at] !== 0xff) return null
    if (marker === 0xff) at += 1
    else if (isFrameHeader(marker))
      return { width: bytes.readUInt16BE(at + 7), height: bytes.readUInt16BE(at + 5) }
    else at += 2 + bytes.readUInt16BE(at + 2)
  }
  return null
}
