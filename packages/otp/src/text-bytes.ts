/** UTF-8 as text, or null when it is not well-formed: the URI functions of the language check it strictly. */
export function utf8ToText(bytes: Uint8Array): string | null {
  let escaped = ''
  for (const byte of bytes) escaped += `%${byte.toString(16).padStart(2, '0')}`
  try {
    return decodeURIComponent(escaped)
  } catch {
    return null
  }
}

/** Text as UTF-8, with the replacement character for lone surrogates. */
export function textToUtf8(text: string): Uint8Array {
  const escaped = encodeURIComponent(text.replace(/\p{Cs}/gu, '\ufffd'))
  const bytes: number[] = []
  for (let at = 0; at < escaped.length; at++) {
    const plain = escaped.charAt(at) !== '%'
    bytes.push(plain ? escaped.charCodeAt(at) : parseInt(escaped.slice(at + 1, at + 3), 16))
    if (!plain) at += 2
  }
  return Uint8Array.from(bytes)
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** Base64 with padding (RFC 4648 §4). */
export function encodeBase64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const group = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    const characters = Math.min(bytes.length - at, 3) + 1
    for (let place = 0; place < 4; place++) {
      text += place < characters ? alphabet.charAt((group >>> (18 - 6 * place)) & 63) : '='
    }
  }
  return text
}

/** Bytes of base64, of the usual or the URL-safe alphabet, padded or not; null for anything else. */
export function decodeBase64(text: string): Uint8Array | null {
  const parts = /^([A-Za-z0-9+/]*)(={0,2})$/.exec(text.replaceAll('-', '+').replaceAll('_', '/'))
  const characters = parts?.[1] ?? ''
  const padding = parts?.[2]?.length ?? 0
  if (parts === null || characters.length % 4 === 1) return null
  if (padding > 0 && (characters.length + padding) % 4 !== 0) return null
  const bytes = new Uint8Array((characters.length * 3) >> 2)
  let length = 0
  let held = 0
  let bits = 0
  for (const character of characters) {
    held = (held << 6) | alphabet.indexOf(character)
    bits += 6
    if (bits >= 8) bytes[length++] = held >>> (bits -= 8)
  }
  return bytes
}
