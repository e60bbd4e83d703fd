import type { FactorKind } from '../../core/factors/factor.js'
import { factorKinds, hasSecondFactor } from '../../core/factors/factor.js'
import { signsInAlone } from '../../core/factors/passkeys/policy.js'
import { usableFactors } from '../../core/factors/registry.js'
import { minute } from '../../core/ports/platform.js'
import type { StepUpOutcome } from '../../core/sessions/reauthenticate.js'
import { stepUp } from '../../core/sessions/reauthenticate.js'
import type { ConfirmAction, Problem } from '../../pages/index.js'
import { factorWords } from '../../pages/index.js'
import { statusOf } from '../problems.js'
import { page, retryAfter, seeOther } from '../response.js'
import type { HttpResponse } from '../request.js'
import { failuresOf, lockedUntil } from './code-problems.js'
import { askKnownPerson } from './passkeys.js'
import { factorDoors, othersThan } from './factors.js'
import { busy, forSignedIn, signedInForm, signInIsOver } from '../guards.js'
import { sessionCookies } from './sign-in.js'
import type { FormContext, Handler, SignedInContext, Context } from '../context.js'
import { browserOf, nowOf, policyOf } from '../context.js'

/** What the person is about to do, by the page they were going to. */
const actions: readonly (readonly [RegExp, ConfirmAction])[] = [
  [/^\/mfa\/setup\/token\b/, 'add-token'],
  [/^\/mfa\/setup\/passkey\b/, 'add-passkey'],
  [/^\/mfa\/setup\b/, 'add-authenticator'],
  [/^\/account\/change-phone$/, 'change-phone'],
  [/^\/account\/authenticators\/\w+\/rename\b/, 'rename-authenticator'],
  [/^\/account\/authenticators\/\w+\/remove$/, 'remove-authenticator'],
  [/^\/account\/authenticators\/\w+\/resynchronise$/, 'resynchronise'],
  [/^\/account\/passkeys\/\w+\/rename\b/, 'rename-passkey'],
  [/^\/account\/passkeys\/\w+\/remove$/, 'remove-passkey'],
  [/^\/account\/recovery-codes\/renew$/, 'renew-recovery-codes'],
  [/^\/account\/password$/, 'change-password'],
]

function actionOf(context: Context, next: string | undefined): ConfirmAction | undefined {
  const { base } = context.services.site
  if (next === undefined || !next.startsWith(`${base}/`)) return undefined
  return actions.find(([path]) => path.test(next.slice(base.length)))?.[1]
}

/** "Confirm it is you": password and second factor, before a change of the account. */
const show = (kind: FactorKind): Handler =>
  forSignedIn(async (context) => elsewhere(context, kind) ?? (await view(context, kind, { problems: [] })))

const nextOf = (context: Context & Partial<FormContext>): string | undefined =>
  context.services.nextOf(context.form?.get('next') ?? context.query.get('next')) ?? undefined

/** To the page of a factor that the account has. Without a second factor the first page asks for the password alone. */
function elsewhere(context: SignedInContext, kind: FactorKind): HttpResponse | null {
  const { account } = context.signedIn
  const usable = usableFactors(context.services.core, account)
  const [first = factorKinds[0]] = usable
  if (usable.includes(kind) || first === kind) return null
  const query = context.request.query === '' ? '' : `?${context.request.query}`
  return seeOther(context.services.site.base + factorWords[first].confirmPath + query)
}

interface Shown {
  readonly problems: readonly Problem[]
  readonly failures?: number
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  /** A passkey that does not check who holds it is not enough by itself. */
  readonly withPassword?: boolean
}

async function view(
  context: SignedInContext & Partial<FormContext>,
  kind: FactorKind,
  { problems, failures, withPassword = !signsInAlone(context.services.core), ...extra }: Shown,
): Promise<HttpResponse> {
  const { account, session } = context.signedIn
  const next = nextOf(context)
  const asked = await askKnownPerson(context, { account, purpose: 'step-up', owner: session.id })
  const html = await factorDoors[kind].showConfirm(context, {
    username: account.username,
    withCode: hasSecondFactor(account),
    others: othersThan(kind, context, account),
    next,
    action: actionOf(context, next),
    minutes: policyOf(context).freshSeconds / minute,
    passkey: asked.passkey,
    withPassword,
    problems,
    failures,
  })
  return page(html, { ...extra, cookies: asked.cookies, leadsTo: next })
}

const prove = (kind: FactorKind): Handler =>
  signedInForm(async (context) => {
    const there = elsewhere(context, kind)
    if (there !== null) return there
    const password = context.form.get('password') ?? ''
    if (password === '' && kind !== 'passkey')
      return view(context, kind, {
        problems: [{ key: 'password-empty', field: 'password' }],
        status: statusOf('invalid-body'),
      })
    const outcome = await stepUp(context.services.core, {
      signedIn: context.signedIn,
      browser: browserOf(context),
      password,
      second: { kind, given: context.form.get(factorDoors[kind].field) ?? '' },
    })
    context.services.metrics.step('step-up', outcome.kind)
    return response(context, kind, outcome)
  })

async function response(
  context: SignedInContext & FormContext,
  kind: FactorKind,
  outcome: StepUpOutcome,
): Promise<HttpResponse> {
  const now = nowOf(context)
  const again = (shown: Shown): Promise<HttpResponse> => view(context, kind, shown)
  switch (outcome.kind) {
    case 'proven': {
      const to = context.services.nextOf(context.form.get('next')) ?? `${context.services.site.base}/account`
      return seeOther(to, { cookies: sessionCookies(context, outcome) })
    }
    case 'wrong-password':
      return again({
        problems: [{ key: 'password-wrong', field: 'password' }],
        status: statusOf('wrong-password'),
        withPassword: true,
      })
    case 'password-due':
      return again({
        problems: [{ key: 'passkey-and-password', field: 'password' }],
        status: statusOf('invalid-body'),
        withPassword: true,
      })
    case 'busy':
      return busy(context)
    case 'over':
      return signInIsOver(context)
    case 'wait': {
      const wait = { untilSeconds: outcome.untilSeconds, nowSeconds: now }
      const headers = retryAfter(wait.untilSeconds, now)
      return again({ problems: [{ key: 'too-many', wait }], status: statusOf('too-many-attempts'), headers })
    }
    default: {
      const { status, problem } = factorDoors[kind].problemOf(outcome, now)
      const headers = lockedUntil(outcome, now)
      return again({ problems: [problem], failures: failuresOf(policyOf(context), outcome), status, headers })
    }
  }
}

export const getConfirm = show('totp')
export const postConfirm = prove('totp')
export const getConfirmPasskey = show('passkey')
export const postConfirmPasskey = prove('passkey')
export const getConfirmRecovery = show('recovery-code')
export const postConfirmRecovery = prove('recovery-code')
