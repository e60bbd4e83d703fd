import { acceptInvitation, findInvitation } from '../../core/accounts/accept-invitation.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import { parseToken } from '../../core/tokens.js'
import type { Account } from '../../core/accounts/account.js'
import type { Problem } from '../../pages/index.js'
import { invitationPage } from '../../pages/index.js'
import { page, seeOther, withCookies } from '../response.js'
import type { Answer } from '../request.js'
import { newPasswordProblem } from './account-changes.js'
import { busy, form, message } from '../guards.js'
import { passwordAccepted } from './sign-in.js'
import type { FormVisit, Handler, Visit } from '../context.js'
import { browserOf, siteOf } from '../context.js'

const linkSeconds = 3600

/**
 * A one-time link. Its token moves from the address into a cookie at once, so that it stands in no history and
 * no referrer; opening the link spends nothing (mail scanners open links, too).
 */
export const getInvitation: Handler = async (visit) => {
  const { cookies, site, core } = visit.doors
  const token = visit.query.get('token')
  if (token !== undefined) {
    const parsed = parseToken(token)
    const kept =
      parsed === null ? cookies.clear('invitation') : cookies.set('invitation', parsed.reveal(), linkSeconds)
    return seeOther(`${site.base}/invitation`, { cookies: [kept] })
  }
  const found = await findInvitation(core, cookies.token(visit.ask, 'invitation'))
  return found === null ? gone(visit) : page(show(visit, found.account, { problems: [] }))
}

const gone = (visit: Visit): Answer => message(visit, 404, { key: 'invitation-expired' })

const show = (
  visit: Visit,
  account: Account | null,
  shown: { typed?: string; problems: readonly Problem[] },
) =>
  invitationPage(siteOf(visit), {
    ...shown,
    username: account?.username,
    minCharacters: shortestHere(visit.doors.core),
  })

export const postInvitation: Handler = form(async (visit) => {
  const token = visit.doors.cookies.token(visit.ask, 'invitation')
  const found = await findInvitation(visit.doors.core, token)
  if (found === null) return gone(visit)
  const username = visit.form.get('username') ?? ''
  const password = visit.form.get('new_password') ?? ''
  const again = (problems: readonly Problem[]): Answer =>
    page(show(visit, found.account, { typed: username.slice(0, 254), problems }), { status: 422 })
  if (password === '') return again([{ key: 'password-new-empty', field: 'new_password' }])
  const outcome = await acceptInvitation(visit.doors.core, {
    token,
    username,
    password,
    browser: browserOf(visit),
  })
  switch (outcome.kind) {
    case 'accepted':
      return accepted(visit, outcome.next)
    case 'refused':
      return again([
        { key: outcome.why === 'name-taken' ? 'username-taken' : 'username-characters', field: 'username' },
      ])
    case 'bad-password':
      return again([newPasswordProblem(visit, outcome.why)])
    case 'busy':
      return busy(visit)
    case 'gone':
      return gone(visit)
  }
})

function accepted(visit: FormVisit, next: Parameters<typeof passwordAccepted>[1]): Answer {
  return withCookies(passwordAccepted(visit, next, visit.form), [visit.doors.cookies.clear('invitation')])
}
