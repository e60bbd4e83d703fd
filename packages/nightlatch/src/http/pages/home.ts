import { mayAdminister } from '../../core/accounts/administrators.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { noOwnFactors, wasRecovered } from '../../core/factors/registry.js'
import { giveUpSignIn } from '../../core/sign-in/code-step.js'
import { listApplications } from '../../core/applications/registration.js'
import { signOut } from '../../core/sessions/session-lifetime.js'
import { liveSessions } from '../../core/sessions/session-lifetime.js'
import type { Application, HomeView } from '../../pages/index.js'
import { helpPage, homePage, logoutPage } from '../../pages/index.js'
import { page, seeOther } from '../response.js'
import { factorRows } from './account.js'
import { applicationsFor } from '../../core/access/applications.js'
import { day } from '../../core/ports/platform.js'
import { applicationOf, hostOf } from './application.js'
import { forSignedIn, takeNotice, withNotice } from '../guards.js'
import { offerUpgrade } from './passkeys.js'
import { signedOut } from './sign-in.js'
import type { HttpResponse } from '../request.js'
import type { Handler, SignedInContext } from '../context.js'
import { browserOf, nowOf, signedInOf, siteOf } from '../context.js'

export const getHome: Handler = forSignedIn(async (context) => {
  const { notice, cookies } = takeNotice(context)
  const application = applicationOf(context)
  const isForNow = context.signedIn.account.endsAt !== null
  // What another application led to is for this request only, and an end comes nearer by itself.
  if (cookies.length > 0 || application?.host !== undefined || isForNow)
    return freshHome(context, { notice, cookies, application })
  const { home } = context.services.responseCaches
  return home.of(context.signedIn) ?? keptHome(context, application)
})

async function keptHome(
  context: SignedInContext,
  application: Application | undefined,
): Promise<HttpResponse> {
  const response = await freshHome(context, { notice: undefined, cookies: [], application })
  return response.status === 200 && response.cookies.length === 0
    ? context.services.responseCaches.home.keep(context.signedIn, response)
    : response
}

/** Home. Whoever signed in with the very last recovery code makes new ones first. */
async function freshHome(
  context: SignedInContext,
  { notice, cookies, application }: ReturnType<typeof takeNotice> & Pick<HomeView, 'application'>,
): Promise<HttpResponse> {
  const { signedIn, services } = context
  const { account, session } = signedIn
  const { items, counts } = hasSecondFactor(account)
    ? await services.core.queries.factors.listOf(account.id)
    : noOwnFactors
  const left = counts['recovery-code']
  if (left === 0 && wasRecovered(session))
    return seeOther(`${services.site.base}/account/recovery-codes/renew`)
  const offer = notice === undefined ? await offerUpgrade(context, items) : null
  const view = {
    name: account.name === '' ? account.username : account.name,
    username: account.username,
    factors: factorRows(items),
    recoveryCodesLeft: left,
    application,
    applications: await applicationsShown(context),
    endsAtSeconds: endShown(context),
    runsThis: account.admin,
    mayAdminister: mayAdminister(signedIn),
    standsAlone: await standsAlone(context),
    newPasskey: offer?.passkey ?? undefined,
    notice,
  }
  return page(homePage(siteOf(context, signedIn), view), { cookies: [...cookies, ...(offer?.cookies ?? [])] })
}

/** Asked for whoever is told what to do about it. */
const standsAlone = async ({ services, signedIn }: SignedInContext): Promise<boolean> =>
  signedIn.account.admin && services.site.standsAlone && (await listApplications(services.core)).length === 0

async function applicationsShown({
  services,
  signedIn,
}: SignedInContext): Promise<NonNullable<HomeView['applications']>> {
  const found = await applicationsFor(services.applications, signedIn)
  return found.map(({ name, href }) => ({ name, href, host: hostOf(href) }))
}

/** People who come for a while are told in time. */
const toldBefore = 14 * day

function endShown(context: SignedInContext): number | undefined {
  const { endsAt } = context.signedIn.account
  return endsAt !== null && endsAt - nowOf(context) <= toldBefore ? endsAt : undefined
}

/** A GET changes nothing: it only asks. */
export const getLogout: Handler = async (context) => {
  const signedIn = await signedInOf(context)
  if (signedIn === null) return seeOther(`${context.services.site.base}/login`)
  return page(logoutPage(siteOf(context, signedIn)))
}

export const postLogout: Handler = async (context) => {
  await giveUpSignIn(context.services.core, context.services.cookies.token(context.request, 'sign-in'))
  const signedIn = await signedInOf(context)
  if (signedIn === null) return signedOut(context)
  await signOut(context.services.core, signedIn, browserOf(context).client)
  const otherSessions = (await liveSessions(context.services.core, signedIn.account)).length
  return withNotice(context, signedOut(context), { key: 'signed-out', otherSessions })
}

export const getHelp: Handler = async (context) =>
  page(helpPage(siteOf(context, (await signedInOf(context)) ?? undefined)))

/** https://w3c.github.io/webappsec-change-password-url/ */
export const getChangePassword: Handler = (context) =>
  Promise.resolve(seeOther(`${context.services.site.base}/account/password`, { status: 302 }))
