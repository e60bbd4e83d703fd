import type { IncomingMessage } from 'node:http'

/** A body that does not arrive in time takes its connection with it. */
export function endUnlessRead(request: IncomingMessage, withinMs: number): void {
  const timer = setTimeout(() => {
    request.socket.destroy()
  }, withinMs)
  const stop = (): void => {
    clearTimeout(timer)
  }
  request.once('end', stop)
  request.once('close', stop)
}
