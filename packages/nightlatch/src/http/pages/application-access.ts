import { withdrawConsent } from '../../core/applications/registration.js'
import { withdrawPage } from '../../pages/index.js'
import type { Form } from '../bodies.js'
import type { Handler, SignedInContext } from '../context.js'
import { browserOf, siteOf } from '../context.js'
import { forSignedIn, signedInForm } from '../guards.js'
import { page } from '../response.js'
import { done, notFound } from './account-changes.js'

async function own({ services, signedIn }: SignedInContext, fields: Form) {
  const all = await services.core.queries.applications.listOf(signedIn.account.id)
  return all.find(({ application }) => application === fields.get('application'))
}

export const getWithdraw: Handler = forSignedIn(async (context) => {
  const one = await own(context, context.query)
  if (one === undefined) return notFound(context)
  const view = { id: one.application, name: one.name }
  return page(withdrawPage(siteOf(context, context.signedIn), view))
})

export const postWithdraw: Handler = signedInForm(async (context) => {
  const one = await own(context, context.form)
  if (one === undefined) return notFound(context)
  const { account } = context.signedIn
  const actor = { account: null, client: browserOf(context).client }
  await withdrawConsent(context.services.core, { account, application: one.application, actor })
  return done(context, { key: 'application-withdrawn', name: one.name })
})
