import { mayUse } from '../../core/applications/access.js'
import { allow, answerRequest } from '../../core/applications/grants.js'
import { saidIn, scopesSaid } from '../../core/applications/said.js'
import { consentPage } from '../../pages/index.js'
import { readableQuery } from '../bodies.js'
import type { Context, Handler } from '../context.js'
import { browserOf, siteOf } from '../context.js'
import { forSignedIn, signedInForm } from '../guards.js'
import { refusalPage } from '../refuse.js'
import { page, seeOther } from '../response.js'
import type { HttpResponse } from '../request.js'
import type { Waiting } from './waiting.js'
import { findWaiting } from './waiting.js'

const idPattern = /^[a-z2-7]{26}$/

async function waitingIn(context: Context, id: string | undefined): Promise<Waiting | null> {
  return id !== undefined && idPattern.test(id) ? findWaiting(context.services.core, id) : null
}

/** What the application asks to know; an unknown scope is nothing. */
const scopesIn = ({ request }: Waiting): readonly string[] =>
  scopesSaid(saidIn(Object.fromEntries(readableQuery(request.query))))

/** May this application know you? Asked once, by somebody who is signed in. */
export const getConsent: Handler = forSignedIn(async (context) => {
  const waiting = await waitingIn(context, context.query.get('request'))
  if (waiting === null) return refusalPage(context, 'not-found', { key: 'application-request-over' })
  const { application, request } = waiting
  const { account } = context.signedIn
  const view = {
    application: application.name,
    request: request.id,
    scopes: scopesIn(waiting),
    username: account.username,
    name: account.name,
    email: account.email,
    groups: account.groups,
  }
  return page(consentPage(siteOf(context, context.signedIn), view), {
    leadsTo: `${context.services.site.base}/oidc/authorize/${request.id}`,
  })
})

export const postConsent: Handler = signedInForm(async (context): Promise<HttpResponse> => {
  const { core, site } = context.services
  const waiting = await waitingIn(context, context.form.get('request'))
  if (waiting === null) return refusalPage(context, 'not-found', { key: 'application-request-over' })
  const { application, request } = waiting
  const isAllowed = context.form.get('answer') === 'allow'
  if (isAllowed && mayUse(application, context.signedIn) === 'allowed') {
    const { client } = browserOf(context)
    const scopes = scopesIn(waiting)
    await allow(core, { application, signedIn: context.signedIn, scopes, client })
  }
  const answer = isAllowed ? 'allowed' : 'denied'
  await answerRequest(core, request.id, { answer, answeredBy: context.signedIn.account.id })
  return seeOther(`${site.base}/oidc/authorize/${request.id}`)
})
