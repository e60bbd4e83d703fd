import {
  editApplication,
  findApplication,
  listApplications,
} from '../../../core/applications/registration.js'
import { addAddressPage, applicationsPage } from '../../../pages/index.js'
import type { Form } from '../../bodies.js'
import type { Handler } from '../../context.js'
import { siteOf } from '../../context.js'
import { takeNotice } from '../../guards.js'
import { refusalPage } from '../../refuse.js'
import { page } from '../../response.js'
import { actorOf, adminForm, doneAt, forAdministrators, freshly } from './guard.js'

export const getApplications: Handler = forAdministrators(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const applications = (await listApplications(context.services.core)).map((one) => ({
    ...one,
    groups: one.groups ?? [],
    twoFactors: one.access === 'two-factors',
  }))
  return page(applicationsPage(siteOf(context, context.signedIn), { applications, notice }), { cookies })
})

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
  return doneAt(context, '/admin/applications', {
    key: 'application-address-added',
    name: outcome.application.name,
  })
})
