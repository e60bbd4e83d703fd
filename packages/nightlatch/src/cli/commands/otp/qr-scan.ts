import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { prepareZXingModule, readBarcodes, type ReadResult } from 'zxing-wasm/reader'
import { Refused } from '../../framework/errors.js'
import { pictureSize, type PictureKind } from './picture-kind.js'
import {
  greyOn,
  isTransparent,
  pixelsOf,
  pixelsOfGrey,
  stretched,
  withPageAs,
  type Grey,
  type Pixels,
} from './pixels.js'
import { pixelsOfSvg } from './qr-svg.js'

/** What one QR code says. */
export interface ScannedCode {
  readonly text: string
  /** Where the code is one of several that make one text together (structured append). */
  readonly part?: { readonly id: string; readonly index: number; readonly size: number }
}

/** More is no photograph of a telephone and no screenshot. */
const mostMegapixels = 128
/** Up to here the pixels are looked at in more ways than one. */
const mostForAttempts = 32

const require = createRequire(import.meta.url)
let prepared: Promise<unknown> | undefined

/** The reader's own default is to fetch its program from the network. */
const prepare = (): Promise<unknown> =>
  (prepared ??= prepareZXingModule({
    overrides: {
      wasmBinary: asArrayBuffer(readFileSync(require.resolve('zxing-wasm/reader/zxing_reader.wasm'))),
    },
    fireImmediately: true,
  }))

const asArrayBuffer = (bytes: Uint8Array): ArrayBuffer => Uint8Array.from(bytes).buffer

/**
 * The QR codes of a picture: a photograph, a scan or a screenshot. It is looked at in one way after the other until one
 * finds a code that is wanted; what else was found then comes along.
 * @throws Refused for what cannot be read; a picture without a code is an empty list
 */
export async function scanPicture(
  file: Uint8Array,
  { kind }: PictureKind,
  isWanted: (code: ScannedCode) => boolean,
): Promise<readonly ScannedCode[]> {
  if (kind === 'other') return []
  await prepare()
  const found = new Map<string, ScannedCode>()
  for (const view of views(file, kind)) {
    for (const code of await codesOf(view)) found.set(JSON.stringify(code), code)
    if ([...found.values()].some(isWanted)) break
  }
  return [...found.values()]
}

type Readable = Exclude<PictureKind['kind'], 'other'>

function* views(file: Uint8Array, kind: Readable): Generator<Pixels | Uint8Array> {
  if (kind === 'svg') return yield pixelsOfSvg(Buffer.from(file).toString('utf8')) ?? refuseSvg()
  const megapixels = checkSize(file, kind)
  // PNG alone can be transparent, and then its hidden colours would be taken for what is seen.
  if (kind !== 'png' || megapixels > mostForAttempts) yield file
  if ((kind === 'png' || kind === 'jpeg') && megapixels <= mostForAttempts)
    yield* attempts(pixelsOf(file, kind) ?? refuseDamaged())
}

function refuseSvg(): never {
  throw new Refused('this SVG was not written by Nightlatch: convert it to PNG')
}

function refuseDamaged(): never {
  throw new Refused('the picture is damaged: a part of it is missing or not as its format wants it')
}

function checkSize(file: Uint8Array, kind: Exclude<Readable, 'svg'>): number {
  const { width, height } = pictureSize(file, kind) ?? refuseDamaged()
  const megapixels = (width * height) / 1e6
  if (megapixels <= mostMegapixels) return megapixels
  throw new Refused(
    `the picture has ${width} × ${height} pixels, more than ${mostMegapixels} megapixels: cut the code out`,
  )
}

function* attempts(pixels: Pixels): Generator<Pixels> {
  // On white; and on black, for white modules on nothing. Size, tilt and inversion the reader sees to.
  for (const ground of isTransparent(pixels) ? [255, 0] : [255]) {
    const grey = greyOn(pixels, ground)
    const others: readonly (() => Grey | null)[] = [
      () => grey,
      () => stretched(grey),
      () => withPageAs(grey, 255),
      () => withPageAs(grey, 0),
    ]
    for (const other of others) {
      const view = other()
      if (view !== null) yield pixelsOfGrey(view)
    }
  }
}

async function codesOf(view: Pixels | Uint8Array): Promise<readonly ScannedCode[]> {
  const image = view instanceof Uint8Array ? view : { ...view, data: view.data, colorSpace: 'srgb' as const }
  const results = await readBarcodes(image as Parameters<typeof readBarcodes>[0], {
    formats: ['QRCode'],
    tryHarder: true,
    maxNumberOfSymbols: 255,
    returnErrors: true,
  })
  if (results.some(({ isValid, error }) => !isValid && /load image/.test(error))) refuseDamaged()
  return results.filter(({ isValid }) => isValid).map(codeOf)
}

function codeOf(result: ReadResult): ScannedCode {
  const { sequenceSize: size, sequenceIndex: index, sequenceId: id } = result
  const text = textOf(result)
  return size > 1 ? { text, part: { id, index, size } } : { text }
}

/** Without a word about the encoding it is ISO 8859-1 by the standard, and UTF-8 by habit. */
function textOf({ bytes, hasECI, text }: ReadResult): string {
  if (hasECI) return text
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}
