import { utf8ToText } from '../text-bytes.js'

interface Decoder {
  decode(bytes: Uint8Array): string
}
type DecoderClass = new (encoding: string, options?: { fatal?: boolean; ignoreBOM?: boolean }) => Decoder

/** The platform's own decoder, where it has one. */
const decoderClass = (): DecoderClass | undefined =>
  (globalThis as { TextDecoder?: DecoderClass }).TextDecoder

/** Well-formed UTF-8 as text, or null. */
export function strictText(bytes: Uint8Array): string | null {
  const Decoder = decoderClass()
  if (Decoder === undefined) return utf8ToText(bytes)
  try {
    return new Decoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
}

/** NUL bytes at the end are what some writers leave there; in between, they are no text. */
function plainText(text: string): string | null {
  const trimmed = text.replace(/^\ufeff/, '').replace(/\0+$/, '')
  return trimmed.includes('\0') ? null : trimmed
}

/** A text file in UTF-8, or as Windows writes it; null where it is none. */
export function textOf(file: Uint8Array): string | null {
  const Decoder = decoderClass()
  const utf16 =
    file[0] === 0xff && file[1] === 0xfe
      ? 'utf-16le'
      : file[0] === 0xfe && file[1] === 0xff
        ? 'utf-16be'
        : null
  if (utf16 !== null && Decoder !== undefined) return plainText(new Decoder(utf16).decode(file))
  const text = strictText(file)
  if (text !== null) return plainText(text)
  return Decoder === undefined ? null : plainText(new Decoder('windows-1252').decode(file))
}
