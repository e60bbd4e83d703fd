import { freshSeconds } from '../core/sessions.js'
import { minute } from '../core/world.js'
import type { StepUpOutcome } from '../core/step-up.js'
import { stepUp } from '../core/step-up.js'
import type { Html, Problem, Site } from '../pages/index.js'
import { confirmPage, confirmRecoveryPage } from '../pages/index.js'
import type { ConfirmAction, ConfirmView } from '../pages/index.js'
import { page, retryAfter, seeOther } from './answers.js'
import type { Answer } from './ask.js'
import { codeProblem, lockedUntil } from './code-problems.js'
import { busy, forSignedIn, signedInForm, signInIsOver } from './messages.js'
import { sessionCookies } from './sign-in.js'
import type { FormVisit, Handler, SignedInVisit, Visit } from './visit.js'
import { browserOf, nowOf, siteOf } from './visit.js'

type Show = (site: Site, view: ConfirmView) => Html
type Second = 'code' | 'recovery-code'

/** What the person is about to do, by the page they were going to. */
const actions: readonly (readonly [RegExp, ConfirmAction])[] = [
  [/^\/mfa\/setup\b/, 'add-authenticator'],
  [/^\/account\/change-phone$/, 'change-phone'],
  [/^\/account\/authenticators\/\w+\/rename\b/, 'rename-authenticator'],
  [/^\/account\/authenticators\/\w+\/remove$/, 'remove-authenticator'],
  [/^\/account\/recovery-codes\/renew$/, 'renew-recovery-codes'],
  [/^\/account\/password$/, 'change-password'],
]

function actionOf(visit: Visit, next: string | undefined): ConfirmAction | undefined {
  const { base } = visit.doors.site
  if (next === undefined || !next.startsWith(`${base}/`)) return undefined
  return actions.find(([path]) => path.test(next.slice(base.length)))?.[1]
}

/** "Confirm it is you": password and second factor, before a change of the account. */
const show = (which: Show): Handler => forSignedIn((visit) => Promise.resolve(page(view(visit, which, []))))

function view(visit: SignedInVisit & Partial<FormVisit>, which: Show, problems: readonly Problem[]): Html {
  const next = visit.doors.nextOf(visit.form?.get('next') ?? visit.query.get('next')) ?? undefined
  return which(siteOf(visit, visit.signedIn), {
    username: visit.signedIn.account.username,
    issuer: visit.doors.core.policy.issuer,
    withCode: visit.signedIn.account.authenticatorCount > 0,
    next,
    action: actionOf(visit, next),
    minutes: freshSeconds / minute,
    problems,
  })
}

const prove = (which: Show, second: Second): Handler =>
  signedInForm(async (visit) => {
    const password = visit.form.get('password') ?? ''
    if (password === '')
      return page(view(visit, which, [{ key: 'password-empty', field: 'password' }]), { status: 422 })
    const code = visit.form.get(second === 'code' ? 'otp' : 'recovery_code') ?? ''
    const outcome = await stepUp(visit.doors.core, {
      signedIn: visit.signedIn,
      browser: browserOf(visit),
      password,
      second: { kind: second, code },
    })
    visit.doors.metrics.step('step-up', outcome.kind)
    return answer(visit, outcome, (problems) => view(visit, which, problems))
  })

function answer(
  visit: SignedInVisit & FormVisit,
  outcome: StepUpOutcome,
  again: (problems: Problem[]) => Html,
): Answer {
  const now = nowOf(visit)
  switch (outcome.kind) {
    case 'proven': {
      const to = visit.doors.nextOf(visit.form.get('next')) ?? `${visit.doors.site.base}/account`
      return seeOther(to, { cookies: sessionCookies(visit, outcome) })
    }
    case 'wrong-password':
      return page(again([{ key: 'password-wrong', field: 'password' }]), { status: 401 })
    case 'busy':
      return busy(visit)
    case 'over':
      return signInIsOver(visit)
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: now }
      return page(again([{ key: 'too-many', wait }]), {
        status: 429,
        headers: retryAfter(wait.untilSeconds, now),
      })
    }
    default: {
      const refusal = codeProblem(outcome, { nowSeconds: now, recovery: visit.form.has('recovery_code') })
      return page(again([refusal.problem]), { status: refusal.status, headers: lockedUntil(outcome, now) })
    }
  }
}

export const getConfirm: Handler = show(confirmPage)
export const postConfirm: Handler = prove(confirmPage, 'code')
export const getConfirmRecovery: Handler = show(confirmRecoveryPage)
export const postConfirmRecovery: Handler = prove(confirmRecoveryPage, 'recovery-code')
