/** Bytes of plain ASCII text (recovery codes): core/ knows no encoder of the platform's. */
export const asciiBytes = (ascii: string): Uint8Array => Uint8Array.from(ascii, (char) => char.charCodeAt(0))

export const asciiText = (bytes: Uint8Array): string => String.fromCharCode(...bytes)

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/** So many bytes as base64url (RFC 4648 §5), without padding. */
export function base64url(bytes: Uint8Array): string {
  let text = ''
  let bits = 0
  let held = 0
  for (const byte of bytes) {
    held = (held << 8) | byte
    for (bits += 8; bits >= 6; bits -= 6) text += alphabet[(held >> (bits - 6)) & 63]
    held &= 0xff
  }
  return bits === 0 ? text : text + alphabet[(held << (6 - bits)) & 63]
}
