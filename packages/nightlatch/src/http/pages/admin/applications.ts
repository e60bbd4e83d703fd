import { parseDisplayName } from '../../../core/accounts/account.js'
import { validSecrets } from '../../../core/applications/access.js'
import type { Application } from '../../../core/applications/application.js'
import { discoveryOf } from '../../../core/applications/discovery.js'
import {
  editApplication,
  findApplication,
  listApplications,
  removeApplication,
  rotateSecret,
} from '../../../core/applications/registration.js'
import { day } from '../../../core/ports/platform.js'
import type { MadeSecretView, Problem } from '../../../pages/index.js'
import {
  addAddressPage,
  applicationPage,
  applicationsPage,
  keptDays,
  madeSecretPage,
  removeApplicationPage,
  removeApplicationWords,
  rotateSecretPage,
} from '../../../pages/index.js'
import type { Form } from '../../bodies.js'
import type { Handler, SignedInContext } from '../../context.js'
import { nowOf, siteOf } from '../../context.js'
import { takeNotice } from '../../guards.js'
import { statusOf } from '../../problems.js'
import { refusalPage } from '../../refuse.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { actorOf, adminForm, doneAt, forAdministrators, freshly } from './guard.js'

export const getApplications: Handler = forAdministrators(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const applications = (await listApplications(context.services.core)).map(rowOf)
  return page(applicationsPage(siteOf(context, context.signedIn), { applications, notice }), { cookies })
})

const rowOf = ({ groups, access, ...application }: Application) => ({
  ...application,
  groups: groups ?? [],
  twoFactors: access === 'two-factors',
})

type AboutApplication<C> = (context: C, application: Application) => Promise<HttpResponse>

/** Which one stands in the query, also of a form: it stays there on the way to a fresh proof. */
export const about =
  <C extends SignedInContext>(handler: AboutApplication<C>) =>
  async (context: C): Promise<HttpResponse> => {
    const id = context.query.get('application') ?? ''
    const application = await findApplication(context.services.core, id)
    return application === null ? refusalPage(context, 'not-found') : handler(context, application)
  }

function addressesOf({ services: { site } }: SignedInContext) {
  const issuer = site.origin + site.base
  return { issuer, discovery: discoveryOf(issuer) }
}

export const detailsOf = ({ id }: Application): string =>
  `/admin/applications/details?application=${encodeURIComponent(id)}`

export const getApplication: Handler = forAdministrators(
  about(async (context, application) => {
    const { notice, cookies } = takeNotice(context)
    const view = {
      ...rowOf(application),
      ...addressesOf(context),
      secrets: validSecrets(application, nowOf(context)).map(({ createdAt, expiresAt }) => ({
        sinceSeconds: createdAt,
        untilSeconds: expiresAt,
      })),
      createdAtSeconds: application.createdAt,
      notice,
    }
    return Promise.resolve(page(applicationPage(siteOf(context, context.signedIn), view), { cookies }))
  }),
)

/** The answer to the form that made it, and the only page that shows it. */
export const showMade = (
  context: SignedInContext,
  { id, name }: Application,
  made: Pick<MadeSecretView, 'why' | 'secret'>,
): HttpResponse =>
  page(madeSecretPage(siteOf(context, context.signedIn), { id, name, ...addressesOf(context), ...made }))

const usualDays = 7

const daysOf = (given: Form): number | undefined =>
  keptDays.find((days) => String(days) === (given.get('keep_days') ?? String(usualDays)))

export const getRotateSecret: Handler = freshly(
  about((context, { id, name, isPublic }) => {
    if (isPublic) return Promise.resolve(refusalPage(context, 'not-found'))
    const days = daysOf(context.query) ?? usualDays
    const view = { id, name, days, isFilledIn: context.query.has('keep_days') }
    return Promise.resolve(page(rotateSecretPage(siteOf(context, context.signedIn), view)))
  }),
)

export const postRotateSecret: Handler = adminForm(
  about(async (context, { id }) => {
    const days = daysOf(context.form)
    if (days === undefined) return refusalPage(context, 'malformed-body')
    const wish = { id, keepOldSeconds: days * day, actor: actorOf(context) }
    const outcome = await rotateSecret(context.services.core, wish)
    return outcome.kind === 'rotated'
      ? showMade(context, outcome.application, { why: 'rotated', secret: outcome.secret.reveal() })
      : refusalPage(context, 'not-found')
  }),
)

const showRemove = (context: SignedInContext, { id, name }: Application, problems: readonly Problem[] = []) =>
  removeApplicationPage(siteOf(context, context.signedIn), { id, name, problems })

export const getRemoveApplication: Handler = freshly(
  about((context, application) => Promise.resolve(page(showRemove(context, application)))),
)

export const postRemoveApplication: Handler = adminForm(
  about(async (context, application) => {
    if (parseDisplayName(context.form.get('confirm_name') ?? '') !== application.name) {
      const problem: Problem = { key: 'other', field: 'confirm_name', text: removeApplicationWords.nameWrong }
      return page(showRemove(context, application, [problem]), { status: statusOf('invalid-body') })
    }
    const wish = { id: application.id, actor: actorOf(context) }
    const removed = await removeApplication(context.services.core, wish)
    if (removed === null) return refusalPage(context, 'not-found')
    return doneAt(context, '/admin/applications', { key: 'application-removed', name: removed.name })
  }),
)

const asked = (fields: Form) => ({
  id: fields.get('application') ?? '',
  address: fields.get('address') ?? '',
})

/** From the page that says that an address is not registered. */
export const getAddAddress: Handler = freshly(async (context) => {
  const { id, address } = asked(context.query)
  const application = await findApplication(context.services.core, id)
  if (application === null || address === '') return refusalPage(context, 'not-found')
  const view = { application: id, name: application.name, address }
  return page(addAddressPage(siteOf(context, context.signedIn), view))
})

export const postAddAddress: Handler = adminForm(async (context) => {
  const { id, address } = asked(context.form)
  const outcome = await editApplication(context.services.core, {
    id,
    actor: actorOf(context),
    change: (now) => ({ ...now, redirectUris: [...now.redirectUris, address] }),
  })
  if (outcome.kind === 'not-there') return refusalPage(context, 'not-found')
  if (outcome.kind === 'refused') return refusalPage(context, 'malformed-body')
  return doneAt(context, detailsOf(outcome.application), {
    key: 'application-address-added',
    name: outcome.application.name,
  })
})
