import { hasSecondFactor } from '../../core/factors/factor.js'
import { noOwnFactors, ownFactors, wasRecovered } from '../../core/factors/registry.js'
import { giveUpSignIn } from '../../core/sign-in/code-step.js'
import { signOut } from '../../core/sessions/session-lifetime.js'
import { liveSessions } from '../../core/sessions/session-lifetime.js'
import { helpPage, homePage, logoutPage } from '../../pages/index.js'
import { page, seeOther } from '../response.js'
import { factorRows } from './account.js'
import { forSignedIn, takeNotice, withNotice } from '../guards.js'
import { signedOut } from './sign-in.js'
import type { Answer } from '../request.js'
import type { Handler, SignedInVisit } from '../context.js'
import { browserOf, signedInOf, siteOf } from '../context.js'

export const getHome: Handler = forSignedIn((visit) => {
  const { notice, cookies } = takeNotice(visit)
  if (cookies.length > 0) return freshHome(visit, { notice, cookies })
  const { home } = visit.doors.kept
  return home.of(visit.signedIn) ?? keptHome(visit)
})

async function keptHome(visit: SignedInVisit): Promise<Answer> {
  const answer = await freshHome(visit, { notice: undefined, cookies: [] })
  return answer.status === 200 ? visit.doors.kept.home.keep(visit.signedIn, answer) : answer
}

/** Home. Whoever signed in with the very last recovery code makes new ones first. */
async function freshHome(
  visit: SignedInVisit,
  { notice, cookies }: ReturnType<typeof takeNotice>,
): Promise<Answer> {
  const { signedIn, doors } = visit
  const { account, session } = signedIn
  const { items, counts } = hasSecondFactor(account)
    ? await ownFactors(doors.core.storage.stores, account.id)
    : noOwnFactors
  const left = counts['recovery-code']
  if (left === 0 && wasRecovered(session)) return seeOther(`${doors.site.base}/account/recovery-codes/renew`)
  const view = {
    name: account.name === '' ? account.username : account.name,
    username: account.username,
    factors: factorRows(items),
    recoveryCodesLeft: left,
    runsThis: account.admin,
    notice,
  }
  return page(homePage(siteOf(visit, signedIn), view), { cookies })
}

/** A GET changes nothing: it only asks. */
export const getLogout: Handler = async (visit) => {
  const signedIn = await signedInOf(visit)
  if (signedIn === null) return seeOther(`${visit.doors.site.base}/login`)
  return page(logoutPage(siteOf(visit, signedIn)))
}

export const postLogout: Handler = async (visit) => {
  await giveUpSignIn(visit.doors.core, visit.doors.cookies.token(visit.ask, 'sign-in'))
  const signedIn = await signedInOf(visit)
  if (signedIn === null) return signedOut(visit)
  await signOut(visit.doors.core, signedIn, browserOf(visit).client)
  const otherSessions = (await liveSessions(visit.doors.core, signedIn.account)).length
  return withNotice(visit, signedOut(visit), { key: 'signed-out', otherSessions })
}

export const getHelp: Handler = async (visit) =>
  page(helpPage(siteOf(visit, (await signedInOf(visit)) ?? undefined)))

/** https://w3c.github.io/webappsec-change-password-url/ */
export const getChangePassword: Handler = (visit) =>
  Promise.resolve(seeOther(`${visit.doors.site.base}/account/password`, { status: 302 }))
