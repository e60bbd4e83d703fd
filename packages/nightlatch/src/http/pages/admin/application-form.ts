import type { Application } from '../../../core/applications/application.js'
import { signingAlgorithms } from '../../../core/applications/application.js'
import { withEdit } from '../../../core/applications/changes.js'
import type { ApplicationInput, ApplicationProblem } from '../../../core/applications/registration.js'
import { addApplication, editApplication } from '../../../core/applications/registration.js'
import type { FieldName, Problem, TypedApplication } from '../../../pages/index.js'
import {
  addApplicationPage,
  applicationIdTaken,
  applicationProblemWords,
  editApplicationPage,
} from '../../../pages/index.js'
import type { Form } from '../../bodies.js'
import type { Handler, SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { about, detailsOf, showMade } from './applications.js'
import { actorOf, adminForm, doneAt, freshly } from './guard.js'

function typedFrom(given: Form): TypedApplication {
  const text = (name: FieldName): string => given.get(name) ?? ''
  const isTicked = (name: string): boolean => given.get(name) === 'yes'
  return {
    name: text('name'),
    id: text('client_id'),
    isPublic: isTicked('public'),
    redirectUris: text('redirect_uris'),
    groups: text('groups'),
    twoFactors: isTicked('two_factors'),
    skipConsent: isTicked('skip_consent'),
    allowsDevice: isTicked('device'),
    launchUrl: text('launch_url'),
    postLogoutUris: text('post_logout_uris'),
    backchannelLogoutUri: text('backchannel_logout_uri'),
    signingAlgorithm: signingAlgorithms.find((one) => one === given.get('signing')) ?? signingAlgorithms[0],
  }
}

const typedOf = ({
  redirectUris,
  postLogoutUris,
  groups,
  access,
  ...one
}: Application): TypedApplication => ({
  ...one,
  redirectUris: redirectUris.join('\n'),
  postLogoutUris: postLogoutUris.join('\n'),
  groups: (groups ?? []).join(', '),
  twoFactors: access === 'two-factors',
})

const partsOf = (text: string, between: RegExp): readonly string[] =>
  text
    .split(between)
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** All that can be changed later: whether it keeps a secret is said once. */
const inputOf = (typed: TypedApplication): Omit<ApplicationInput, 'isPublic'> => ({
  name: typed.name,
  allowsDevice: typed.allowsDevice,
  redirectUris: partsOf(typed.redirectUris, /[\r\n]+/),
  postLogoutUris: partsOf(typed.postLogoutUris, /[\r\n]+/),
  backchannelLogoutUri: typed.backchannelLogoutUri.trim(),
  launchUrl: typed.launchUrl.trim(),
  groups: partsOf(typed.groups, /,/),
  access: typed.twoFactors ? 'two-factors' : 'one-factor',
  skipConsent: typed.skipConsent,
  signingAlgorithm: typed.signingAlgorithm,
})

const uriFields: Readonly<Record<Extract<ApplicationProblem, { what: 'uri' }>['field'], FieldName>> = {
  redirect: 'redirect_uris',
  'post-logout': 'post_logout_uris',
  'backchannel-logout': 'backchannel_logout_uri',
  launch: 'launch_url',
}

const otherFields: Readonly<Record<Exclude<ApplicationProblem['what'], 'uri'>, FieldName | undefined>> = {
  name: 'name',
  id: 'client_id',
  secret: undefined,
  'public-secret': undefined,
  'no-redirect': 'redirect_uris',
  group: 'groups',
}

const problemOf = (problem: ApplicationProblem): Problem => ({
  key: 'other',
  field: problem.what === 'uri' ? uriFields[problem.field] : otherFields[problem.what],
  text: applicationProblemWords(problem),
})

const showAdd = (
  context: SignedInContext,
  view: Parameters<typeof addApplicationPage>[1],
): ReturnType<typeof addApplicationPage> => addApplicationPage(siteOf(context, context.signedIn), view)

export const getAddApplication: Handler = freshly((context) => {
  const view = { typed: typedFrom(context.query), isFilledIn: context.query.size > 0 }
  return Promise.resolve(page(showAdd(context, view)))
})

export const postAddApplication: Handler = adminForm(async (context) => {
  const typed = typedFrom(context.form)
  const again = (problem: Problem): HttpResponse =>
    page(showAdd(context, { typed, problems: [problem] }), { status: statusOf('invalid-body') })
  const id = typed.id.trim()
  const outcome = await addApplication(context.services.core, {
    input: { ...inputOf(typed), isPublic: typed.isPublic },
    id: id === '' ? undefined : id,
    actor: actorOf(context),
  })
  if (outcome.kind === 'refused') return again(problemOf(outcome.problem))
  if (outcome.kind === 'taken') return again({ key: 'other', field: 'client_id', text: applicationIdTaken })
  return showMade(context, outcome.application, { why: 'added', secret: outcome.secret?.reveal() ?? null })
})

const showEdit = (
  context: SignedInContext,
  { id, name }: Application,
  view: Parameters<typeof addApplicationPage>[1],
) => editApplicationPage(siteOf(context, context.signedIn), { id, name, ...view })

export const getEditApplication: Handler = freshly(
  about((context, application) => {
    const isFilledIn = context.query.size > 1
    const typed = isFilledIn ? typedFrom(context.query) : typedOf(application)
    return Promise.resolve(page(showEdit(context, application, { typed, isFilledIn })))
  }),
)

export const postEditApplication: Handler = adminForm(
  about(async (context, application) => {
    const typed = typedFrom(context.form)
    const outcome = await editApplication(context.services.core, {
      id: application.id,
      actor: actorOf(context),
      change: (now) => withEdit(now, inputOf(typed)),
    })
    if (outcome.kind === 'not-there') return refusalPage(context, 'not-found')
    if (outcome.kind === 'refused') {
      const view = { typed, problems: [problemOf(outcome.problem)] }
      return page(showEdit(context, application, view), { status: statusOf('invalid-body') })
    }
    return doneAt(context, detailsOf(outcome.application), {
      key: 'application-changed',
      name: outcome.application.name,
    })
  }),
)
