import { chooseDuePassword } from '../../core/accounts/due-password.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import { findUndo, undoChange } from '../../core/accounts/undo.js'
import type { SignedIn } from '../../core/sessions/session.js'
import { parseToken } from '../../core/tokens.js'
import type { Problem } from '../../pages/index.js'
import { duePasswordPage, undoPage, undonePage } from '../../pages/index.js'
import type { Context, FormContext, Handler } from '../context.js'
import { browserOf, policyOf, siteOf } from '../context.js'
import { busy, form } from '../guards.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { page, seeOther } from '../response.js'
import { newPasswordProblem } from './account-changes.js'
import { dueOf } from './due-password.js'
import { sessionCookies } from './sign-in.js'

const gone = (context: Context): HttpResponse =>
  refusalPage(context, 'not-found', { key: 'mail-link-expired' })

/** Says what will happen. To open the link does nothing: mail scanners open links, too. */
export const getUndo: Handler = async (context) => {
  const { cookies, site, core } = context.services
  const token = context.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const { undoSeconds } = policyOf(context)
    const kept = parsed === null ? cookies.clear('undo') : cookies.set('undo', parsed.reveal(), undoSeconds)
    return seeOther(`${site.base}/notice/undo`, { cookies: [kept] })
  }
  const found = await findUndo(core, cookies.token(context.request, 'undo'))
  if (found === null) return gone(context)
  const { account, about, difference } = found
  return page(undoPage(siteOf(context), { username: account.username, atSeconds: about.at, difference }))
}

export const postUndo: Handler = form(async (context: FormContext) => {
  const { cookies, core } = context.services
  const token = cookies.token(context.request, 'undo')
  if ((await undoChange(core, { token, client: browserOf(context).client })) === 'gone') return gone(context)
  return page(undonePage(siteOf(context)), { cookies: [cookies.clear('undo')] })
})

const show = (context: Context, due: SignedIn, problems: readonly Problem[] = []) => {
  const { core, nextOf } = context.services
  const next =
    nextOf((context as Partial<FormContext>).form?.get('next') ?? context.query.get('next')) ?? undefined
  const view = { username: due.account.username, minCharacters: shortestHere(core), next, problems }
  return duePasswordPage(siteOf(context), view)
}

const toSignIn = ({ services }: Context): HttpResponse => seeOther(`${services.site.base}/login`)

export const getDuePassword: Handler = async (context) => {
  const due = await dueOf(context)
  return due === null ? toSignIn(context) : page(show(context, due))
}

export const postDuePassword: Handler = form(async (context: FormContext) => {
  const due = await dueOf(context)
  if (due === null) return toSignIn(context)
  const again = (problem: Problem, status: number): HttpResponse =>
    page(show(context, due, [problem]), { status })
  const password = context.form.get('new_password') ?? ''
  if (password === '')
    return again({ key: 'password-new-empty', field: 'new_password' }, statusOf('invalid-body'))
  const change = { signedIn: due, browser: browserOf(context), password }
  const outcome = await chooseDuePassword(context.services.core, change)
  switch (outcome.kind) {
    case 'changed': {
      const to = context.services.nextOf(context.form.get('next')) ?? context.services.site.landing
      return seeOther(to, { cookies: sessionCookies(context, outcome) })
    }
    case 'bad-password':
      return again(newPasswordProblem(context, outcome.why), statusOf('bad-password'))
    case 'same':
      return again({ key: 'password-same', field: 'new_password' }, statusOf('bad-password'))
    case 'busy':
      return busy(context)
    case 'over': {
      const { cookies, site } = context.services
      return seeOther(`${site.base}/login`, { cookies: [cookies.clear('session')] })
    }
  }
})
