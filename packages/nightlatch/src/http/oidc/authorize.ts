import { mismatchOf, policySourceOf } from '../../core/applications/redirects.js'
import { findRequest } from '../../core/applications/grants.js'
import { noteTurnedAway } from '../../core/applications/access.js'
import { mayAdminister } from '../../core/accounts/administrators.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import type { AuthorizationRequest } from '../../core/applications/tokens.js'
import type { ProtocolOutcome } from '../../oidc/index.js'
import { applicationRefusalPage, handOverPage, notForYouPage } from '../../pages/index.js'
import type { ApplicationRefusal } from '../../pages/index.js'
import type { Context, Handler } from '../context.js'
import { browserOf, signedInOf, siteOf } from '../context.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { leadingTo, page, seeOther } from '../response.js'
import { statusOf } from '../problems.js'
import { protocolRequest } from './protocol.js'

const longestRequest = 64 * 1024
/** What is posted goes on as an address, and proxies carry no longer one. */
const longestQuery = 7000

/** An application sends somebody here. */
export const authorize: Handler = async (context) => {
  if (context.request.method === 'POST') return asAddress(context)
  if (!isRead(context)) return refusalPage(context, 'wrong-method')
  return answer(context, { query: context.request.query, resumed: null })
}

const isRead = ({ request }: Context): boolean => request.method === 'GET' || request.method === 'HEAD'

/**
 * A form that another site posts brings none of our cookies, so that whoever is signed in here would be asked again; an
 * address that it leads to does. Doubled names stay doubled: they are judged where the others are.
 */
async function asAddress(context: Context): Promise<HttpResponse> {
  const { base } = context.services.site
  const body = await context.request.body(longestRequest)
  const query = body === 'too-large' ? '' : new URLSearchParams(new TextDecoder().decode(body)).toString()
  return body === 'too-large' || query.length > longestQuery
    ? refusalPage(context, 'body-too-large')
    : seeOther(`${base}/oidc/authorize?${query}`)
}

/** Back from our own pages: the request goes on where it stopped. */
export const resume: Handler = async (context) => {
  const resumed = await findRequest(context.services.core, context.id)
  return resumed === null
    ? refusalPage(context, 'not-found', { key: 'application-request-over' })
    : answer(context, { query: resumed.query, resumed })
}

interface Asked {
  readonly query: string
  readonly resumed: AuthorizationRequest | null
}

async function answer(context: Context, { query, resumed }: Asked): Promise<HttpResponse> {
  const provider = await context.services.provider()
  if (provider === null) return refused(context, nothingRegistered)
  const signedIn = await signedInOf(context)
  const asked = { method: 'GET', path: '/oidc/authorize', query, resumed, signedIn }
  const outcome = await provider.handle(protocolRequest(context, asked))
  switch (outcome.kind) {
    case 'answer':
      return ledBack(outcome)
    case 'post':
      return handOver(context, outcome)
    case 'refused':
      return refused(context, outcome)
    case 'obstacle':
      return stopped(context, outcome)
  }
}

/** The application's address, with what it asked for or with what is wrong. */
const ledBack = ({ headers }: Extract<ProtocolOutcome, { kind: 'answer' }>): HttpResponse =>
  seeOther(headers['location'] ?? '/')

/** `response_mode=form_post`: the browser posts the answer to the application. */
function handOver(
  context: Context,
  { action, fields }: Extract<ProtocolOutcome, { kind: 'post' }>,
): HttpResponse {
  const shown = page(handOverPage(siteOf(context), { action, fields: Object.entries(fields) }))
  const source = policySourceOf(action)
  return source === null ? shown : leadingTo(shown, source)
}

type Stopped = Extract<ProtocolOutcome, { kind: 'obstacle' }>

async function stopped(context: Context, outcome: Stopped): Promise<HttpResponse> {
  const { base } = context.services.site
  const { id } = outcome.request
  const next = `next=${encodeURIComponent(`${base}/oidc/authorize/${id}`)}`
  switch (outcome.obstacle) {
    case 'sign-in':
      return seeOther(`${base}/login?${next}`)
    case 'other-account':
      return seeOther(`${base}/login?restart=yes&${next}`)
    case 'reauthenticate':
      return seeOther(`${base}/account/confirm?${next}`)
    case 'second-factor': {
      const signedIn = await signedInOf(context)
      const has = signedIn !== null && hasSecondFactor(signedIn.account)
      return seeOther(`${base}${has ? '/account/confirm' : '/mfa/setup'}?${next}`)
    }
    case 'passkey':
      return seeOther(`${base}/mfa/passkey-due?${next}`)
    case 'consent':
      return seeOther(`${base}/oidc/consent?request=${id}`)
    case 'not-in-group':
      return notForYou(context, outcome)
  }
}

/** No way round in a circle: what the person can do is to go back, and to ask somebody. */
async function notForYou(context: Context, { application, request }: Stopped): Promise<HttpResponse> {
  const signedIn = await signedInOf(context)
  if (signedIn === null) return refusalPage(context, 'no-access')
  const { client } = browserOf(context)
  await noteTurnedAway(context.services.core, { application, signedIn, client })
  const view = { application: application.name, request: request.id }
  const leadsTo = `${context.services.site.base}/oidc/authorize/${request.id}`
  return page(notForYouPage(siteOf(context, signedIn), view), { status: statusOf('no-access'), leadsTo })
}

/** Somebody was sent here by an application, and there is none. */
const nothingRegistered = {
  kind: 'refused',
  error: 'invalid_client',
  description: 'no application is registered here',
  application: null,
  redirectUri: null,
} as const

/** Nothing leads back: what is wrong is said here, to whoever can mend it. */
async function refused(context: Context, outcome: Refused): Promise<HttpResponse> {
  const signedIn = await signedInOf(context)
  const { application } = outcome
  const view: ApplicationRefusal = {
    ...whatIsWrong(context, outcome, signedIn !== null && mayAdminister(signedIn)),
    application: application?.name,
  }
  return page(applicationRefusalPage(siteOf(context, signedIn ?? undefined), view), { status: 400 })
}

type Refused = Extract<ProtocolOutcome, { kind: 'refused' }>

function whatIsWrong(
  context: Context,
  { error, description, application, redirectUri }: Refused,
  mayAdd: boolean,
): Omit<ApplicationRefusal, 'application'> {
  if (application === null && error === 'invalid_client')
    return {
      kind: 'unknown',
      calledItself: context.query.get('client_id')?.slice(0, 100),
      mismatch: undefined,
    }
  if (error !== 'invalid_redirect_uri' || application === null || redirectUri === null)
    return { kind: 'request', detail: `${error}: ${description}`, mismatch: undefined }
  const query = new URLSearchParams({ application: application.id, address: redirectUri }).toString()
  const addHref = `${context.services.site.base}/admin/applications/address?${query}`
  const mismatch = mismatchOf(application.redirectUris, redirectUri)
  return {
    kind: 'address',
    mismatch: { asked: redirectUri, ...mismatch, addHref: mayAdd ? addHref : undefined },
  }
}
