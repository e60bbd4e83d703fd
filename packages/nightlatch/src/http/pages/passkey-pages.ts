import { removePasskey, renamePasskey } from '../../core/accounts/changes.js'
import type { PasskeyId } from '../../core/ids.js'
import { usableFactors } from '../../core/factors/registry.js'
import { signInWithPasskey } from '../../core/sign-in/passkey-step.js'
import { factorWords, removeAuthenticatorPage, renamePage } from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { refusalPage } from '../refuse.js'
import { bytes, page, seeOther } from '../response.js'
import type { HttpResponse } from '../request.js'
import { queryFor } from '../return-url.js'
import { afterSignIn, form, forSignedIn, signedInForm } from '../guards.js'
import { change, done, fresh, notFound, ownFactor, proveFirst } from './account-changes.js'
import { lockedUntil } from './code-problems.js'
import { destinationOf } from './destination.js'
import { passkeyNameProblem, passkeyProblem } from './passkeys.js'
import { sessionCookies, showLogin } from './sign-in.js'
import type { FormContext, Handler, SignedInContext } from '../context.js'
import { browserOf, nowOf, siteOf } from '../context.js'

/** A reload of the page that says that a passkey was refused. */
export const getPasskeyLogin: Handler = (context) => {
  const next = context.services.nextOf(context.query.get('next'))
  const { base } = context.services.site
  return Promise.resolve(seeOther(`${base}/login${next === null ? '' : `?${queryFor(next)}`}`))
}

/** A sign-in with a passkey alone: nothing more is asked. */
export const postPasskeyLogin: Handler = form(async (context) => {
  const { core, metrics, cookies } = context.services
  const given = context.form.get('credential') ?? ''
  const outcome = await signInWithPasskey(core, { given, browser: browserOf(context) })
  metrics.step('passkey-alone', outcome.kind)
  if (outcome.kind === 'off') return refusalPage(context, 'passkeys-off')
  if (outcome.kind === 'complete')
    return seeOther(afterSignIn(context), {
      cookies: [...sessionCookies(context, outcome), cookies.clear('next')],
    })
  return refused(context, outcome)
})

function refused(context: FormContext, outcome: Parameters<typeof passkeyProblem>[0]): HttpResponse {
  const { status, problem } = passkeyProblem(outcome, nowOf(context))
  const next = context.services.nextOf(context.form.get('next')) ?? undefined
  const headers = lockedUntil(outcome, nowOf(context))
  return showLogin(context, { next, problems: [problem] }, { status, headers })
}

const own = (context: SignedInContext) => ownFactor<PasskeyId>(context, 'passkey')
const kind = 'passkey' as const

export const getRename: Handler = fresh(async (context) => {
  const one = await own(context)
  if (one === null) return notFound(context)
  const view = { ...one, kind, typed: context.query.get('name') }
  return page(renamePage(siteOf(context, context.signedIn), view))
})

export const postRename: Handler = signedInForm(async (context) => {
  const one = await own(context)
  if (one === null) return notFound(context)
  const name = context.form.get('name') ?? ''
  const outcome = await renamePasskey(context.services.core, { ...change(context), id: one.id, name })
  switch (outcome.kind) {
    case 'renamed':
      return done(context, { key: 'authenticator-renamed', name: name.trim() })
    case 'not-there':
      return notFound(context)
    case 'not-fresh':
      return proveFirst(context, `${context.request.path}?name=${encodeURIComponent(name.slice(0, 100))}`)
    case 'bad-name': {
      const problems = [passkeyNameProblem(outcome.why, name)]
      const view = { ...one, kind, typed: name.slice(0, 100), problems }
      return page(renamePage(siteOf(context, context.signedIn), view), { status: statusOf('bad-name') })
    }
  }
})

const showRemove = (context: SignedInContext, one: { id: string; name: string; count: number }) =>
  removeAuthenticatorPage(siteOf(context, context.signedIn), {
    ...one,
    kind,
    last: one.count === 1,
    required: context.services.core.policy.mfa === 'required',
  })

export const getRemove: Handler = fresh(async (context) => {
  const one = await own(context)
  return one === null ? notFound(context) : page(showRemove(context, one))
})

export const postRemove: Handler = signedInForm(async (context) => {
  const one = await own(context)
  if (one === null) return notFound(context)
  const outcome = await removePasskey(context.services.core, { ...change(context), id: one.id })
  switch (outcome.kind) {
    case 'removed':
      return done(context, { key: 'passkey-removed', name: one.name })
    case 'not-there':
      return notFound(context)
    case 'last-one':
      return page(showRemove(context, one), { status: statusOf('last-authenticator') })
    case 'not-fresh':
      return proveFirst(context)
  }
})

/** Related origins (WebAuthn Level 3 §5.11): where else browsers may use the passkeys of this domain. */
export const getRelatedOrigins: Handler = ({ services }) => {
  const [, ...origins] = services.core.policy.passkeys.origins
  return Promise.resolve(bytes('application/json', JSON.stringify({ origins })))
}

/** A rule wants a session that was proven with a passkey: to the page where it is given, or where the first one is made. */
export const getPasskeyDue: Handler = forSignedIn((context) => {
  const { core, site } = context.services
  const has = usableFactors(core, context.signedIn.account).includes('passkey')
  const next = destinationOf(context)
  const path = has ? factorWords.passkey.confirmPath : '/mfa/setup/passkey'
  return seeOther(`${site.base}${path}${next === null ? '' : `?${queryFor(next)}`}`, {
    cookies: [context.services.cookies.clear('next')],
  })
})
