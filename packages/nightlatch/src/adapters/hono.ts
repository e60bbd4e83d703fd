import type { NightlatchAuth } from '../compose/library.js'
import type { SessionView } from '../http/session-view.js'
import type { GuardOptions } from './guard.js'
import { dueOf, refusedResponse } from './guard.js'

export { createNightlatch } from '../compose/library.js'

/** As much of Hono's context as is used here: the package itself is the application's. */
interface ContextLike {
  readonly req: { readonly raw: Request }
  readonly env?: unknown
  set(key: 'nightlatch', session: SessionView): void
}

type Next = () => Promise<void>

/** For `new Hono<{ Variables: NightlatchVariables }>()`: what `c.get('nightlatch')` is. */
export interface NightlatchVariables {
  nightlatch: SessionView
}

/** Where the runtimes put what they know of the connection: @hono/node-server, Deno, Bun. */
interface Runtime {
  readonly incoming?: { readonly socket?: { readonly remoteAddress?: string } }
  readonly remoteAddr?: { readonly hostname?: string }
  requestIP?(request: Request): { readonly address: string } | null
}

function addressOf({ env, req }: ContextLike): string | undefined {
  const runtime = (env ?? {}) as Runtime
  return (
    runtime.incoming?.socket?.remoteAddress ??
    runtime.remoteAddr?.hostname ??
    runtime.requestIP?.(req.raw)?.address
  )
}

/** Middleware that answers with the pages and passes everything else on. */
export function nightlatch(
  auth: NightlatchAuth,
): (context: ContextLike, next: Next) => Promise<Response | undefined> {
  return async (context, next) => {
    if (auth.owns(new URL(context.req.raw.url).pathname))
      return auth.fetch(context.req.raw, { address: addressOf(context) })
    await next()
    return undefined
  }
}

/** Guards a route: `c.get('nightlatch')` is there behind it. */
export function requireSession(
  auth: NightlatchAuth,
  options: GuardOptions = {},
): (context: ContextLike, next: Next) => Promise<Response | undefined> {
  return async (context, next) => {
    const session = await auth.session(context.req.raw)
    const due = dueOf(session, options)
    if (session === null || due !== null) return refusedResponse(auth, context.req.raw, due ?? 'session')
    context.set('nightlatch', session)
    await next()
    return undefined
  }
}
