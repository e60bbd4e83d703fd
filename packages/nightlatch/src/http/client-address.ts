import { isIP } from 'node:net'
import type { Ask } from './ask.js'

/**
 * The address of the client: the peer's, or, when the peer is a trusted proxy, the last address in
 * X-Forwarded-For that is not a trusted proxy itself. What is not an address ends the search.
 */
export function clientAddress(ask: Ask, isTrusted: (address: string) => boolean): string {
  if (!isTrusted(ask.peer)) return ask.peer
  const hops = (ask.header('x-forwarded-for') ?? '').split(',').slice(-20).reverse()
  let address = ask.peer
  for (const hop of hops) {
    const text = hop.trim().replace(/^\[(.*)\](?::\d+)?$/, '$1')
    if (isIP(text) === 0) break
    address = text
    if (!isTrusted(text)) break
  }
  return address
}
