import type { IncomingMessage } from 'node:http'
import { withoutAuthority } from '../http/bindings/node.js'

/**
 * The request target in origin form, or null for what we do not pass on. Only visible ASCII, so that whoever
 * decides by the path and whoever serves it read the same one; and a backslash, which may be read as a slash, only
 * in the query.
 */
export function originForm(url: string | undefined): string | null {
  const path = withoutAuthority(String(url))
  return /^\/[\x21\x22\x24-\x3e\x40-\x5b\x5d-\x7e]*(?:\?[\x21\x22\x24-\x7e]*)?$/.test(path) ? path : null
}

/**
 * The request as it would be without an offer to upgrade. Whoever does not take such an offer (HTTP/2 in clear,
 * for one) answers the request as if it had not been made (RFC 9110 7.8).
 */
export function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${String(method)} ${String(url)} HTTP/${httpVersion}`]
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const [name, value] = [String(rawHeaders[at]), String(rawHeaders[at + 1])]
    if (!/^(?:upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`)
  }
  return Buffer.from([...lines, '', ''].join('\r\n'), 'latin1')
}
