import type { Message } from './messages.js'

/** Hands one message to a mail server; rejects when the server did not take it. */
export interface Mailer {
  send(message: Message, signal?: AbortSignal): Promise<void>
  /** The server can be reached and takes us: for `nightlatch doctor`. */
  verify(): Promise<void>
}
