import { findAccount } from '../../core/accounts/administration.js'
import type { Application } from '../../core/applications/application.js'
import type { ApplicationEdit } from '../../core/applications/changes.js'
import { blankApplication, withEdit } from '../../core/applications/changes.js'
import { discoveryOf } from '../../core/applications/discovery.js'
import { pageOfApplications } from '../../core/applications/page.js'
import { receivedBy, usualScope } from '../../core/applications/received.js'
import type { ApplicationProblem } from '../../core/applications/registration.js'
import {
  addApplication,
  editApplication,
  findApplication,
  removeApplication,
  rotateSecret,
} from '../../core/applications/registration.js'
import { parseDuration } from '../../core/duration.js'
import type { Token } from '../../core/tokens.js'
import { isoTime } from '../../shared/time.js'
import type { Context } from '../context.js'
import type { HttpResponse } from '../request.js'
import { refuse } from '../refuse.js'
import { actorOf } from './admin-people.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import type { BodyOf, ValueOf } from './endpoints.js'

/** Never a secret. */
const describe = (one: Application): ValueOf<'application'> => ({
  id: one.id,
  name: one.name,
  public: one.isPublic,
  device: one.allowsDevice,
  redirectUris: [...one.redirectUris],
  postLogoutUris: [...one.postLogoutUris],
  backchannelLogoutUri: one.backchannelLogoutUri === '' ? null : one.backchannelLogoutUri,
  launchUrl: one.launchUrl === '' ? null : one.launchUrl,
  groups: one.groups === null ? null : [...one.groups],
  access: one.access,
  skipConsent: one.skipConsent,
  signing: one.signingAlgorithm,
  secrets: one.secrets.map(({ createdAt, expiresAt }) => ({
    createdAt: isoTime(createdAt),
    expiresAt: expiresAt === null ? null : isoTime(expiresAt),
  })),
  createdAt: isoTime(one.createdAt),
})

/** What is pasted into the application. */
function registered(
  { services: { site } }: Context,
  application: Application,
  secret: Token | null,
): ValueOf<'addApplication'> {
  const issuer = site.origin + site.base
  const made = secret?.reveal() ?? null
  return { application: describe(application), secret: made, issuer, discovery: discoveryOf(issuer) }
}

const usualLimit = 50

async function applications({ services, asked }: Call<'applications'>): Promise<HttpResponse> {
  const limit = asked.limit === undefined ? usualLimit : Number(asked.limit)
  const page = await pageOfApplications(services.core, { after: asked.after ?? '', limit })
  return reply('applications', { applications: page.applications.map(describe), next: page.next })
}

async function application({ services, id }: Call<'application'>): Promise<HttpResponse> {
  const found = await findApplication(services.core, id)
  return found === null ? refuse('not-found') : reply('application', describe(found))
}

async function received(call: Call<'receivedByApplication'>): Promise<HttpResponse> {
  const { core, site } = call.services
  const { user, scope = usualScope } = call.asked
  const [found, account] = await Promise.all([findApplication(core, call.id), findAccount(core, user)])
  if (found === null || account === null) return refuse('not-found')
  const asked = { account, issuer: site.origin + site.base, scope, now: core.platform.nowSeconds() }
  const told = receivedBy(found, asked) as Omit<ValueOf<'receivedByApplication'>, 'user'>
  return reply('receivedByApplication', { user: account.username, ...told })
}

/** The words of JSON for what the core calls otherwise; null stands for nothing. */
const editIn = (body: BodyOf<'editApplication'>): ApplicationEdit => ({
  ...body,
  allowsDevice: body.device,
  backchannelLogoutUri: body.backchannelLogoutUri === null ? '' : body.backchannelLogoutUri,
  launchUrl: body.launchUrl === null ? '' : body.launchUrl,
  groups: body.groups === null ? [] : body.groups,
  signingAlgorithm: body.signing,
})

const memberOf = {
  redirect: 'redirectUris',
  'post-logout': 'postLogoutUris',
  'backchannel-logout': 'backchannelLogoutUri',
  launch: 'launchUrl',
} as const

function saidOf(problem: ApplicationProblem): { readonly member: string; readonly reason: string } {
  switch (problem.what) {
    case 'uri':
      return { member: memberOf[problem.field], reason: problem.why }
    case 'group':
      return { member: 'groups', reason: 'bad-group' }
    case 'no-redirect':
      return { member: 'redirectUris', reason: 'no-redirect' }
    case 'public-secret':
      return { member: 'secret', reason: 'public-secret' }
    default:
      return { member: problem.what, reason: `bad-${problem.what}` }
  }
}

/** Names the place in the list, and never repeats what was sent. */
function pointerTo(problem: ApplicationProblem, member: string, body: object): string {
  if (!('text' in problem)) return `/${member}`
  const lists = Object.entries(body).filter(([name]) => name.toLowerCase().endsWith(member.toLowerCase()))
  for (const [name, list] of lists) {
    const at = Array.isArray(list) ? list.indexOf(problem.text) : -1
    if (at >= 0) return `/${name}/${String(at)}`
  }
  return `/${member}`
}

function refuseApplication(problem: ApplicationProblem, body: object): HttpResponse {
  const { member, reason } = saidOf(problem)
  const errors = [{ pointer: pointerTo(problem, member, body), detail: reason }]
  return refuse('bad-application', { members: { reason, errors } })
}

async function add(call: Call<'addApplication'>): Promise<HttpResponse> {
  const { body } = call
  const { id, secret, public: isPublic = false, name, ...said } = body
  const outcome = await addApplication(call.services.core, {
    input: withEdit({ ...blankApplication, name, isPublic }, editIn(said)),
    id,
    secret,
    actor: actorOf(call),
  })
  switch (outcome.kind) {
    case 'added':
      return reply('addApplication', registered(call, outcome.application, outcome.secret))
    case 'refused':
      return refuseApplication(outcome.problem, body)
    case 'taken':
      return refuse('bad-application', {
        members: { reason: 'id-taken', errors: [{ pointer: '/id', detail: 'id-taken' }] },
      })
  }
}

async function edit(call: Call<'editApplication'>): Promise<HttpResponse> {
  const outcome = await editApplication(call.services.core, {
    id: call.id,
    actor: actorOf(call),
    change: (now) => withEdit(now, editIn(call.body)),
  })
  switch (outcome.kind) {
    case 'changed':
      return reply('editApplication', describe(outcome.application))
    case 'refused':
      return refuseApplication(outcome.problem, call.body)
    case 'not-there':
      return refuse('not-found')
  }
}

async function remove(call: Call<'removeApplication'>): Promise<HttpResponse> {
  const removed = await removeApplication(call.services.core, { id: call.id, actor: actorOf(call) })
  return removed === null ? refuse('not-found') : reply('removeApplication', null)
}

async function rotate(call: Call<'rotateApplicationSecret'>): Promise<HttpResponse> {
  const keepOldSeconds = parseDuration(call.body.keepOld ?? '0') ?? 0
  const outcome = await rotateSecret(call.services.core, {
    id: call.id,
    keepOldSeconds,
    actor: actorOf(call),
  })
  switch (outcome.kind) {
    case 'rotated':
      return reply('rotateApplicationSecret', registered(call, outcome.application, outcome.secret))
    case 'public':
      return refuse('no-application-secret')
    case 'not-there':
      return refuse('not-found')
  }
}

export const applicationHandlers: Handlers<
  | 'applications'
  | 'addApplication'
  | 'application'
  | 'receivedByApplication'
  | 'editApplication'
  | 'removeApplication'
  | 'rotateApplicationSecret'
> = {
  applications,
  addApplication: add,
  application,
  receivedByApplication: received,
  editApplication: edit,
  removeApplication: remove,
  rotateApplicationSecret: rotate,
}
