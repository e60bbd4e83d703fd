import { objectOf, parseJson } from '../raw-entry.js'

/** Ente keeps what was thrown away beside the others, and says so in a parameter of its own. */
function isInTrash(uri: string): boolean {
  const written = /[?&]codeDisplay=([^&#\s]*)/.exec(uri)?.[1]
  if (written === undefined) return false
  try {
    return objectOf(parseJson(decodeURIComponent(written)))?.['trashed'] === true
  } catch {
    return false
  }
}

/** URIs that make codes of another kind, or that were thrown away, named for what they are; null for all others. */
export function otherKind(uri: string): 'in-trash' | 'motp' | 'yandex' | null {
  if (/^\s*motp:/i.test(uri)) return 'motp'
  if (/^\s*otpauth:\/\/yaotp\b/i.test(uri)) return 'yandex'
  return isInTrash(uri) ? 'in-trash' : null
}
