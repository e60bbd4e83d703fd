import { hashSessionToken } from '../../core/tokens.js'
import type { SignedIn } from '../../core/sessions/session.js'
import type { AuthorizationRequest } from '../../core/applications/tokens.js'
import type { ProtocolRequest } from '../../oidc/index.js'
import type { Context } from '../context.js'
import { browserOf } from '../context.js'

/** All that the protocol looks at. Cookies are ours, and are looked at by us. */
const headerNames = [
  'accept',
  'authorization',
  'content-type',
  'origin',
  'access-control-request-method',
  'access-control-request-headers',
  'user-agent',
] as const

interface Asked {
  readonly method?: string
  readonly path?: string
  readonly query?: string
  readonly body?: Uint8Array
  readonly signedIn?: SignedIn | null
  readonly resumed?: AuthorizationRequest | null
}

const none = new Uint8Array()

export function protocolRequest(context: Context, asked: Asked = {}): ProtocolRequest {
  const { request } = context
  const headers: Record<string, string> = {}
  for (const name of headerNames) {
    const value = request.header(name)
    if (value !== undefined) headers[name] = value
  }
  const method = asked.method ?? request.method
  return {
    method: method === 'HEAD' ? 'GET' : method,
    path: asked.path ?? request.path,
    query: asked.query ?? request.query,
    headers,
    body: asked.body ?? none,
    client: browserOf(context).client,
    signedIn: asked.signedIn ?? null,
    mark: markOf(context),
    resumed: asked.resumed ?? null,
  }
}

/** Another text after every proof; it leads back to no session. */
function markOf({ services, request }: Context): string {
  const token = services.cookies.token(request, 'session')
  const { platform } = services.core
  return token === null ? '' : platform.sha256(`mark:${hashSessionToken(platform, token)}`).slice(0, 32)
}
