import type { AuthenticatorFacts } from '../../core/factors/totp/facts.js'
import type { CodePair, MalformedPair } from '../../core/factors/totp/pair.js'
import type { Resynchronised } from '../../core/factors/totp/resynchronise.js'
import { mayResynchronise, resynchroniseOwn } from '../../core/factors/totp/resynchronise.js'
import type { FieldName, Problem } from '../../pages/index.js'
import { resynchronisePage } from '../../pages/index.js'
import type { FormContext, Handler, SignedInContext } from '../context.js'
import { nowOf, siteOf } from '../context.js'
import { forSignedIn, signedInForm } from '../guards.js'
import type { HttpResponse } from '../request.js'
import { page } from '../response.js'
import { change, done, notFound, proveFirst } from './account-changes.js'
import { codeProblem, lockedUntil } from './code-problems.js'

async function ownFacts(context: SignedInContext): Promise<AuthenticatorFacts | null> {
  const all = await context.services.core.queries.authenticators.factsOf(context.signedIn.account.id)
  return all.find(({ id }) => id === context.id) ?? null
}

const show = (context: SignedInContext, one: AuthenticatorFacts, problems: readonly Problem[] = []) =>
  resynchronisePage(siteOf(context, context.signedIn), {
    id: one.id,
    name: one.name,
    digits: one.digits,
    counts: one.counter !== null,
    problems,
  })

/** Whoever has just signed in with a recovery code, because the codes are refused, is where they can be mended. */
export const getResynchronise: Handler = forSignedIn(async (context) => {
  const one = await ownFacts(context)
  if (one === null) return notFound(context)
  return mayResynchronise(context.services.core, context.signedIn)
    ? page(show(context, one))
    : proveFirst(context)
})

export const postResynchronise: Handler = signedInForm(async (context) => {
  const one = await ownFacts(context)
  if (one === null) return notFound(context)
  const wanted = { ...change(context), id: one.id, codes: typedPair(context) }
  const outcome = await resynchroniseOwn(context.services.core, wanted)
  switch (outcome.kind) {
    case 'resynchronised':
      return done(context, { key: 'resynchronised' })
    case 'not-there':
      return notFound(context)
    case 'not-fresh':
      return proveFirst(context)
    default:
      return refused(context, one, outcome)
  }
})

export const typedPair = ({ form }: FormContext): CodePair => [
  form.get('otp') ?? '',
  form.get('next_otp') ?? '',
]

type Refusal = Exclude<Resynchronised, { kind: 'resynchronised' | 'not-there' | 'not-fresh' }>

function refused(context: SignedInContext, one: AuthenticatorFacts, refusal: Refusal): HttpResponse {
  const { status, problem } = pairProblem(refusal, { now: nowOf(context), lengths: [one.digits] })
  return page(show(context, one, [problem]), { status, headers: lockedUntil(refusal, nowOf(context)) })
}

/** Of which of the two codes it is, and how long they are. */
export function pairProblem(
  refusal: Refusal | MalformedPair,
  { now, lengths }: { readonly now: number; readonly lengths: readonly number[] | undefined },
): { status: number; problem: Problem } {
  const { status, problem } = codeProblem(refusal, { nowSeconds: now, recovery: false })
  if (refusal.kind === 'wrong') return { status, problem: { key: 'pair-wrong' } }
  if (refusal.kind !== 'malformed') return { status, problem }
  const field: FieldName = refusal.which === 0 ? 'otp' : 'next_otp'
  const named = problem.key === 'code-looks-like-recovery' ? ({ key: 'code-letters' } as const) : problem
  return { status, problem: { ...named, field, ...(lengths === undefined ? {} : { lengths }) } as Problem }
}
