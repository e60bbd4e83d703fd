import { findDueSession } from '../../core/sessions/session-lifetime.js'
import type { SignedIn } from '../../core/sessions/session.js'
import type { Context } from '../context.js'
import type { HttpResponse } from '../request.js'
import { seeOther } from '../response.js'
import { queryFor } from '../return-url.js'

/** Somebody who has signed in and has to choose a new password before anything else. */
export const dueOf = ({ services, request }: Context): Promise<SignedIn | null> =>
  findDueSession(services.core, services.cookies.token(request, 'session'))

export function toDuePassword({ services }: Context, next: string | null): HttpResponse {
  return seeOther(`${services.site.base}/password/due${next === null ? '' : `?${queryFor(next)}`}`)
}
