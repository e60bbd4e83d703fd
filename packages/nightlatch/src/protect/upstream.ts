import { hasBody } from './headers.js'
import { keptConnections } from './kept.js'
import { ownConnections } from './own.js'
import type { Passage, Upstream } from './passage.js'
import { targetOf } from './target.js'

interface UpstreamOptions {
  /** `http://127.0.0.1:5000`: scheme, host and port; or `unix:/run/app.sock`. */
  readonly target: URL
  /** Redirects to the target's own address lead to this origin. */
  readonly publicOrigin: string
  readonly connectMs: number
  /** How long the application may be silent before it answers; afterwards it may take its time. */
  readonly answerMs: number
}

/**
 * The application behind us. A kept connection may have been closed by the other side just now: what is safe to send
 * twice goes on one, and is sent again; everything else goes on one that the application has promised to keep, or on a
 * connection of its own.
 */
export function createUpstream(options: UpstreamOptions): Upstream {
  const { connectMs, answerMs, publicOrigin } = options
  const target = targetOf(options.target)
  const shared = { target, connectMs, answerMs, at: { targetOrigin: target.origin, publicOrigin } }
  const own = ownConnections(shared)
  const kept = keptConnections(shared, { pass: own.passAlone })
  const pass: Upstream['pass'] = (response, passage) => {
    if (marksItsConnection(passage)) return own.passAlone(response, passage)
    return (isRepeatable(passage) ? kept : own).pass(response, passage)
  }
  return {
    pass,
    upgrade: own.upgrade,
    close: () => {
      kept.close()
      own.close()
    },
  }
}

const isRepeatable = ({ request }: Passage): boolean => isSafe(request.method) && !hasBody(request)

const isSafe = (method: string | undefined): boolean =>
  method === 'GET' || method === 'HEAD' || method === 'OPTIONS'

/** NTLM and Negotiate sign a connection in, not a request: nobody else's may follow on it. */
const marksItsConnection = ({ request }: Passage): boolean =>
  /^(?:ntlm|negotiate)\b/i.test(request.headers.authorization ?? '')
