import type { Application } from '../../core/applications/application.js'
import { findRequest } from '../../core/applications/grants.js'
import { policySourcesOf } from '../../core/applications/redirects.js'
import { findApplication } from '../../core/applications/registration.js'
import type { AuthorizationRequest } from '../../core/applications/tokens.js'
import { readableQuery } from '../bodies.js'
import type { Context } from '../context.js'
import type { HttpResponse } from '../request.js'
import { leadingTo, requestIn } from '../response.js'

/** An application that waits for somebody to sign in. */
export interface Waiting {
  readonly application: Application
  readonly request: AuthorizationRequest
  readonly redirectUri: string
  /** Whom the application believes to be there. */
  readonly loginHint: string | undefined
}

/** The one to which this way leads, if it leads to one. */
export async function waitingFor(
  { services }: Context,
  next: string | null | undefined,
): Promise<Waiting | null> {
  const id = requestIn(next)
  return id === null ? null : findWaiting(services.core, id)
}

export async function findWaiting(core: Context['services']['core'], id: string): Promise<Waiting | null> {
  const request = await findRequest(core, id)
  const application = request === null ? null : await findApplication(core, request.application)
  if (request === null || application === null) return null
  const query = readableQuery(request.query)
  const hint = query.get('login_hint')
  return {
    application,
    request,
    redirectUri: query.get('redirect_uri') ?? '',
    loginHint: hint !== undefined && hint.length <= 254 ? hint : undefined,
  }
}

/** The policy of a page on the way to an application names exactly the place that it leads to. */
export async function withApplication({ services }: Context, response: HttpResponse): Promise<HttpResponse> {
  const { waitsFor, ...page } = response
  const waiting = waitsFor === undefined ? null : await findWaiting(services.core, waitsFor)
  const source = waiting === null ? null : policySourcesOf(waiting.application, waiting.redirectUri)
  return source === null ? page : leadingTo(page, source)
}
