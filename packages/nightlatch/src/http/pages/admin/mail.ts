import type { MailTrialView } from '../../../pages/index.js'
import { mailTrialPage } from '../../../pages/index.js'
import type { Handler, SignedInContext } from '../../context.js'
import { siteOf } from '../../context.js'
import type { HttpResponse } from '../../request.js'
import { page } from '../../response.js'
import { adminForm, freshly } from './guard.js'

function show(context: SignedInContext, outcome?: MailTrialView['outcome']): HttpResponse {
  const to = context.signedIn.account.email
  const hasServer = context.services.tryMail !== null
  return page(mailTrialPage(siteOf(context, context.signedIn), { to, hasServer, outcome }))
}

export const getMail: Handler = freshly((context) => Promise.resolve(show(context)))

/** The answer is the page: what becomes of the mail is known by then. */
export const postMail: Handler = adminForm(async (context) => {
  const { tryMail } = context.services
  const { email } = context.signedIn.account
  return show(context, tryMail === null || email === '' ? undefined : await tryMail(email))
})
