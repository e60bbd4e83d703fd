import type { NightlatchAuth } from '../library.js'
import type { SessionView } from '../http/session-view.js'
import { refusedResponse } from './guard.js'

export { createNightlatch } from '../library.js'

/** As much of Hono's context as is used here: the package itself is the application's. */
interface ContextLike {
  readonly req: { readonly raw: Request }
  set(key: 'nightlatch', session: SessionView): void
}

type Next = () => Promise<void>

/** For `new Hono<{ Variables: NightlatchVariables }>()`: what `c.get('nightlatch')` is. */
export interface NightlatchVariables {
  nightlatch: SessionView
}

/** Middleware that answers with the pages and passes everything else on. */
export function nightlatch(
  auth: NightlatchAuth,
): (context: ContextLike, next: Next) => Promise<Response | undefined> {
  return async (context, next) => {
    if (auth.owns(new URL(context.req.raw.url).pathname)) return auth.fetch(context.req.raw)
    await next()
    return undefined
  }
}

/** Guards a route: `c.get('nightlatch')` is there behind it. */
export function requireSession(
  auth: NightlatchAuth,
): (context: ContextLike, next: Next) => Promise<Response | undefined> {
  return async (context, next) => {
    const session = await auth.session(context.req.raw)
    if (session === null) return refusedResponse(auth, context.req.raw)
    context.set('nightlatch', session)
    await next()
    return undefined
  }
}
