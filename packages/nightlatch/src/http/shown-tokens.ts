import type { Secret } from '../core/secret.js'
import type { HttpRequest } from './request.js'

type Parse = (text: string | undefined) => Secret<string> | null

interface Shown {
  readonly text: string
  readonly token: Secret<string>
}

/** Forgotten with the connection: nothing else here keeps a token that opens anything. */
const lastShown = new WeakMap<object, Shown>()

/**
 * The token that a request shows: the same object as long as its connection shows the same one. What is kept of a token
 * is then known already, and to find that out costs more than all the rest of a session check.
 */
export function asShown(
  { connection }: Pick<HttpRequest, 'connection'>,
  text: string | undefined,
  parse: Parse,
): Secret<string> | null {
  if (text === undefined || connection === null) return parse(text)
  const last = lastShown.get(connection)
  if (last?.text === text) return last.token
  // Cut out of a header, a text holds on to the whole of it.
  const own = Buffer.from(text).toString()
  const token = parse(own)
  if (token !== null) lastShown.set(connection, { text: own, token })
  return token
}
