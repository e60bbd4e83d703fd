import { lookForUris } from '@nightlatch/otp/files'
import { Refused } from '../../framework/errors.js'

/** The one URI of a text, as a password manager prints it among other lines; the text itself where there is none. */
export function oneUriOf(text: string): string {
  const uris = [...new Set(lookForUris(text).uris.map(({ uri }) => uri))]
  const [first, ...more] = uris
  if (more.length > 0)
    throw new Refused(
      `there are ${uris.length} different otpauth URIs in it: nightlatch otp read shows each of them`,
    )
  return first ?? text
}

/** A text file in UTF-8, or as Windows writes it; null where it is none. */
export function textOf(file: Uint8Array): string | null {
  const isUtf16 = (file[0] === 0xff && file[1] === 0xfe) || (file[0] === 0xfe && file[1] === 0xff)
  const encoding = !isUtf16 ? 'utf-8' : file[0] === 0xff ? 'utf-16le' : 'utf-16be'
  try {
    return plainText(new TextDecoder(encoding, { fatal: true }).decode(file))
  } catch {
    return plainText(new TextDecoder('windows-1252').decode(file))
  }
}

/** NUL bytes at the end are what some writers leave there; in between, they are no text. */
function plainText(text: string): string | null {
  const trimmed = text.replace(/\0+$/, '')
  return trimmed.includes('\0') ? null : trimmed
}
