import { acceptInvitation, findInvitation } from '../../core/accounts/accept-invitation.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import { parseToken } from '../../core/tokens.js'
import type { Account } from '../../core/accounts/account.js'
import type { AccountProblem } from '../../core/accounts/new-account.js'
import type { Problem } from '../../pages/index.js'
import { invitationPage } from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { page, seeOther, withCookies } from '../response.js'
import type { HttpResponse } from '../request.js'
import { newPasswordProblem } from './account-changes.js'
import { busy, form } from '../guards.js'
import { refusalPage } from '../refuse.js'
import { passwordAccepted } from './sign-in.js'
import type { FormContext, Handler, Context } from '../context.js'
import { browserOf, siteOf } from '../context.js'

const linkSeconds = 3600

/**
 * A one-time link. Its token moves from the address into a cookie at once, so that it stands in no history and
 * no referrer; opening the link spends nothing (mail scanners open links, too).
 */
export const getInvitation: Handler = async (context) => {
  const { cookies, site, core } = context.services
  const token = context.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const kept =
      parsed === null ? cookies.clear('invitation') : cookies.set('invitation', parsed.reveal(), linkSeconds)
    return seeOther(`${site.base}/invitation`, { cookies: [kept] })
  }
  const found = await findInvitation(core, cookies.token(context.request, 'invitation'))
  return found === null ? gone(context) : page(show(context, found.account, { problems: [] }))
}

/** Where there is no account yet there is nobody to ask: whoever runs the server is who reads this. */
async function gone(context: Context): Promise<HttpResponse> {
  const isFirst = await context.services.isUnclaimed()
  return refusalPage(context, 'not-found', { key: isFirst ? 'first-link-expired' : 'invitation-expired' })
}

const show = (
  context: Context,
  account: Account | null,
  shown: { typed?: string; typedEmail?: string; problems: readonly Problem[] },
) =>
  invitationPage(siteOf(context), {
    ...shown,
    username: account?.username,
    minCharacters: shortestHere(context.services.core),
  })

export const postInvitation: Handler = form(async (context) => {
  const token = context.services.cookies.token(context.request, 'invitation')
  const found = await findInvitation(context.services.core, token)
  if (found === null) return gone(context)
  const username = context.form.get('username') ?? ''
  const email = context.form.get('email') ?? ''
  const password = context.form.get('new_password') ?? ''
  const typed = { typed: username.slice(0, 254), typedEmail: email.slice(0, 254) }
  const again = (problems: readonly Problem[]): HttpResponse =>
    page(show(context, found.account, { ...typed, problems }), {
      status: statusOf('invalid-body'),
    })
  if (password === '') return again([{ key: 'password-new-empty', field: 'new_password' }])
  const outcome = await acceptInvitation(context.services.core, {
    token,
    username,
    email,
    password,
    browser: browserOf(context),
  })
  switch (outcome.kind) {
    case 'accepted':
      return accepted(context, outcome.next)
    case 'refused':
      return again([refusedField(outcome.why)])
    case 'bad-password':
      return again([newPasswordProblem(context, outcome.why)])
    case 'busy':
      return busy(context)
    case 'gone':
      return gone(context)
  }
})

function refusedField(why: AccountProblem): Problem {
  if (why === 'bad-email') return { key: 'email-bad', field: 'email' }
  return { key: why === 'name-taken' ? 'username-taken' : 'username-characters', field: 'username' }
}

function accepted(context: FormContext, next: Parameters<typeof passwordAccepted>[1]): HttpResponse {
  return withCookies(passwordAccepted(context, next, context.form), [
    context.services.cookies.clear('invitation'),
  ])
}
