import { usableFactors } from '../../core/factors/registry.js'
import { signInWithPasskey } from '../../core/sign-in/passkey-step.js'
import { factorWords } from '../../pages/index.js'
import { refusalPage } from '../refuse.js'
import { bytes, seeOther } from '../response.js'
import type { HttpResponse } from '../request.js'
import { queryFor } from '../return-url.js'
import { afterSignIn, form, forSignedIn } from '../guards.js'
import { lockedUntil } from './code-problems.js'
import { destinationOf } from './destination.js'
import { passkeyProblem } from './passkeys.js'
import { sessionCookies, showLogin } from './sign-in.js'
import type { FormContext, Handler } from '../context.js'
import { browserOf, nowOf } from '../context.js'

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

function refused(context: FormContext, outcome: Parameters<typeof passkeyProblem>[0]): Promise<HttpResponse> {
  const { status, problem } = passkeyProblem(outcome, nowOf(context))
  const next = context.services.nextOf(context.form.get('next')) ?? undefined
  const headers = lockedUntil(outcome, nowOf(context))
  return showLogin(context, { next, problems: [problem] }, { status, headers })
}

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
