import type { Account } from '../../../core/accounts/account.js'
import { giveToken, takeTokenBack } from '../../../core/factors/totp/tokens/assign.js'
import { parseSerial } from '../../../core/factors/totp/tokens/store.js'
import type { Act, Problem } from '../../../pages/index.js'
import { acts } from '../../../pages/index.js'
import type { FormContext, SignedInContext } from '../../context.js'
import { nowOf } from '../../context.js'
import { statusOf } from '../../problems.js'
import type { HttpResponse } from '../../request.js'
import { lockedUntil } from '../code-problems.js'
import { typedPair } from '../resynchronise.js'
import { tokenProblem } from '../token-set-up.js'
import { actorOf, doneAt } from './guard.js'

export interface Tokens {
  readonly hasFree: boolean
  /** The numbers of those that the person has. */
  readonly own: readonly string[]
}

export async function tokensOf({ services }: SignedInContext, { id }: Account): Promise<Tokens> {
  const { authenticators, hardwareTokens } = services.core.queries
  const [hasFree, all] = await Promise.all([hardwareTokens.hasFree(), authenticators.factsOf(id)])
  return { hasFree, own: all.flatMap(({ serial, issuer }) => (serial === null ? [] : [issuer ?? serial])) }
}

/** Whoever has one token only: that one is meant. */
export async function meantSerial(
  context: SignedInContext,
  account: Account,
  act: Act,
): Promise<string | undefined> {
  const typed = context.query.get('serial')?.slice(0, 100)
  if (act !== 'take-token' || typed !== undefined) return typed
  const { own } = await tokensOf(context, account)
  return own.length === 1 ? own[0] : undefined
}

/** Why nothing was done, where that has a status of its own. */
export interface RefusedAct {
  readonly problem: Problem
  readonly status: number
  readonly headers: Record<string, string>
}

type Doing = (
  context: SignedInContext & FormContext,
  account: Account,
) => Promise<HttpResponse | Problem | RefusedAct>

const typedSerial = ({ form }: FormContext): string => form.get('serial') ?? ''

const other = (text: string): Problem => ({ key: 'other', text })

export const givingToken: Doing = async (context, account) => {
  const { core } = context.services
  const inHand = { account, serial: typedSerial(context), codes: typedPair(context) }
  const outcome = await giveToken(core, inHand, actorOf(context))
  switch (outcome.kind) {
    case 'given':
      return doneAt(context, `/admin/people/${account.id}`, {
        key: 'person-give-token',
        name: account.username,
      })
    case 'closed':
      return other(acts.closed)
    case 'too-many':
      return other(acts.tooMany)
    default:
      return { ...tokenProblem(outcome, nowOf(context)), headers: lockedUntil(outcome, nowOf(context)) }
  }
}

export const takingToken: Doing = async (context, account) => {
  const { core } = context.services
  const parsed = parseSerial(typedSerial(context))
  const found = parsed === null ? null : await core.queries.hardwareTokens.find(parsed.key)
  if (found?.holder?.account !== account.id) return { key: 'other', field: 'serial', text: acts.notTheirs }
  const outcome = await takeTokenBack(core, found.key, actorOf(context))
  if (outcome.kind === 'last-one')
    return { problem: other(acts.onlySecondStep), status: statusOf('last-authenticator'), headers: {} }
  return outcome.kind === 'taken-back'
    ? doneAt(context, `/admin/people/${account.id}`, { key: 'person-take-token', name: account.username })
    : { key: 'other', field: 'serial', text: acts.notTheirs }
}
