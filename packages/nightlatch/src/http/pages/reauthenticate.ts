import type { FactorKind } from '../../core/factors/factor.js'
import { factorKinds, hasSecondFactor } from '../../core/factors/factor.js'
import { usableFactors } from '../../core/factors/registry.js'
import { freshSeconds } from '../../core/sessions/session.js'
import { minute } from '../../core/ports/platform.js'
import type { StepUpOutcome } from '../../core/sessions/reauthenticate.js'
import { stepUp } from '../../core/sessions/reauthenticate.js'
import type { ConfirmAction, Html, Problem } from '../../pages/index.js'
import { factorWords } from '../../pages/index.js'
import { page, retryAfter, seeOther } from '../response.js'
import type { Answer } from '../request.js'
import { failuresOf, lockedUntil } from './code-problems.js'
import { factorDoors, othersThan } from './factors.js'
import { busy, forSignedIn, signedInForm, signInIsOver } from '../guards.js'
import { sessionCookies } from './sign-in.js'
import type { FormVisit, Handler, SignedInVisit, Visit } from '../context.js'
import { browserOf, nowOf } from '../context.js'

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
const show = (kind: FactorKind): Handler =>
  forSignedIn(
    async (visit) =>
      elsewhere(visit, kind) ?? page(await view(visit, kind, { problems: [] }), { leadsTo: nextOf(visit) }),
  )

const nextOf = (visit: Visit & Partial<FormVisit>): string | undefined =>
  visit.doors.nextOf(visit.form?.get('next') ?? visit.query.get('next')) ?? undefined

/** To the page of a factor that the account has. Without a second factor the first page asks for the password alone. */
function elsewhere(visit: SignedInVisit, kind: FactorKind): Answer | null {
  const { account } = visit.signedIn
  const usable = usableFactors(account)
  const [first = factorKinds[0]] = usable
  if (usable.includes(kind) || first === kind) return null
  const query = visit.ask.query === '' ? '' : `?${visit.ask.query}`
  return seeOther(visit.doors.site.base + factorWords[first].confirmPath + query)
}

interface Shown {
  readonly problems: readonly Problem[]
  readonly failures?: number
}

function view(
  visit: SignedInVisit & Partial<FormVisit>,
  kind: FactorKind,
  { problems, failures }: Shown,
): Promise<Html> {
  const { account } = visit.signedIn
  const next = nextOf(visit)
  return factorDoors[kind].showConfirm(visit, {
    username: account.username,
    withCode: hasSecondFactor(account),
    others: othersThan(kind, account),
    next,
    action: actionOf(visit, next),
    minutes: freshSeconds / minute,
    problems,
    failures,
  })
}

const prove = (kind: FactorKind): Handler =>
  signedInForm(async (visit) => {
    const there = elsewhere(visit, kind)
    if (there !== null) return there
    const password = visit.form.get('password') ?? ''
    if (password === '')
      return page(await view(visit, kind, { problems: [{ key: 'password-empty', field: 'password' }] }), {
        status: 422,
        leadsTo: nextOf(visit),
      })
    const outcome = await stepUp(visit.doors.core, {
      signedIn: visit.signedIn,
      browser: browserOf(visit),
      password,
      second: { kind, given: visit.form.get(factorDoors[kind].field) ?? '' },
    })
    visit.doors.metrics.step('step-up', outcome.kind)
    return answer(visit, kind, outcome)
  })

async function answer(
  visit: SignedInVisit & FormVisit,
  kind: FactorKind,
  outcome: StepUpOutcome,
): Promise<Answer> {
  const now = nowOf(visit)
  const again = (shown: Shown): Promise<Html> => view(visit, kind, shown)
  switch (outcome.kind) {
    case 'proven': {
      const to = visit.doors.nextOf(visit.form.get('next')) ?? `${visit.doors.site.base}/account`
      return seeOther(to, { cookies: sessionCookies(visit, outcome) })
    }
    case 'wrong-password':
      return page(await again({ problems: [{ key: 'password-wrong', field: 'password' }] }), {
        status: 401,
        leadsTo: nextOf(visit),
      })
    case 'busy':
      return busy(visit)
    case 'over':
      return signInIsOver(visit)
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: now }
      return page(await again({ problems: [{ key: 'too-many', wait }] }), {
        status: 429,
        headers: retryAfter(wait.untilSeconds, now),
        leadsTo: nextOf(visit),
      })
    }
    default: {
      const refusal = factorDoors[kind].problemOf(outcome, now)
      return page(await again({ problems: [refusal.problem], failures: failuresOf(outcome) }), {
        status: refusal.status,
        headers: lockedUntil(outcome, now),
        leadsTo: nextOf(visit),
      })
    }
  }
}

export const getConfirm = show('totp')
export const postConfirm = prove('totp')
export const getConfirmRecovery = show('recovery-code')
export const postConfirmRecovery = prove('recovery-code')
