import { Secret } from '../core/secret.js'
import type { HttpRequest } from './request.js'

/** Forgotten with the connection: nothing else here keeps a token that opens anything. */
const lastShown = new WeakMap<object, Secret<string>>()

/**
 * The token that a request shows: the same object as long as its connection shows the same one. What is kept of a token
 * is then known already, and to find that out costs more than all the rest of a session check.
 */
export function asShown(
  { connection }: Pick<HttpRequest, 'connection'>,
  token: Secret<string> | null,
): Secret<string> | null {
  if (token === null || connection === null) return token
  const last = lastShown.get(connection)
  if (last?.reveal() === token.reveal()) return last
  const shown = new Secret(ownCopy(token.reveal()))
  lastShown.set(connection, shown)
  return shown
}

/** Cut out of a header, a text holds on to the whole of it. */
const ownCopy = (text: string): string => Buffer.from(text, 'latin1').toString('latin1')
