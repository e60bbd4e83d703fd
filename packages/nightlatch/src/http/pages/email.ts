import { askForEmail, confirmEmail, findNewEmail, offersOwnEmail } from '../../core/accounts/own-email.js'
import { parseToken } from '../../core/tokens.js'
import type { Problem } from '../../pages/index.js'
import { confirmEmailPage, emailPage } from '../../pages/index.js'
import type { Context, FormContext, Handler, SignedInContext } from '../context.js'
import { browserOf, nowOf, policyOf, signedInOf, siteOf } from '../context.js'
import { form, signedInForm, withNotice } from '../guards.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { page, retryAfter, seeOther } from '../response.js'
import { change, done, fresh, notFound, proveFirst } from './account-changes.js'

const show = (
  context: SignedInContext,
  view: { readonly typed?: string; readonly problems?: readonly Problem[] } = {},
) => emailPage(siteOf(context, context.signedIn), { current: context.signedIn.account.email, ...view })

export const getEmail: Handler = fresh(async (context) =>
  (await offersOwnEmail(context.services.core)) ? page(show(context)) : notFound(context),
)

export const postEmail: Handler = signedInForm(async (context) => {
  const typed = (context.form.get('email') ?? '').trim()
  const outcome = await askForEmail(context.services.core, { ...change(context), email: typed })
  const again = (problem: Problem, extra: Parameters<typeof page>[1]): HttpResponse =>
    page(show(context, { typed: typed.slice(0, 254), problems: [problem] }), extra)
  switch (outcome.kind) {
    case 'asked':
      return done(context, { key: 'email-asked', name: outcome.email })
    case 'bad-email':
      return again({ key: 'email-bad', field: 'email' }, { status: statusOf('invalid-body') })
    case 'same-email':
      return again({ key: 'email-same', field: 'email' }, { status: statusOf('invalid-body') })
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: nowOf(context) }
      const headers = retryAfter(wait.untilSeconds, wait.nowSeconds)
      return again({ key: 'too-many', wait }, { status: statusOf('too-many-attempts'), headers })
    }
    case 'not-fresh':
      return proveFirst(context)
    case 'kept-elsewhere':
    case 'no-mail-server':
      return notFound(context)
  }
})

const gone = (context: Context): HttpResponse =>
  refusalPage(context, 'not-found', { key: 'mail-link-expired' })

/** To open the link only asks: mail scanners open links, too. */
export const getConfirmEmail: Handler = async (context) => {
  const { cookies, site, core } = context.services
  const token = context.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const { linkSeconds } = policyOf(context).ownEmail
    const kept = parsed === null ? cookies.clear('email') : cookies.set('email', parsed.reveal(), linkSeconds)
    return seeOther(`${site.base}/email/confirm`, { cookies: [kept] })
  }
  const found = await findNewEmail(core, cookies.token(context.request, 'email'))
  if (found === null) return gone(context)
  const view = { email: found.about.email, username: found.account.username }
  return page(confirmEmailPage(siteOf(context), view))
}

export const postConfirmEmail: Handler = form(async (context: FormContext) => {
  const { cookies, site, core } = context.services
  const token = cookies.token(context.request, 'email')
  const outcome = await confirmEmail(core, { token, client: browserOf(context).client })
  if (outcome.kind === 'gone') return gone(context)
  // Whoever confirms it on a phone is most likely not signed in there.
  const to = (await signedInOf(context)) === null ? '/login' : '/account'
  const response = seeOther(site.base + to, { cookies: [cookies.clear('email')] })
  return withNotice(context, response, { key: 'email-changed', name: outcome.email })
})
