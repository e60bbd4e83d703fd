import { errors, interactionPolicy } from 'oidc-provider'
import type { Context, PolicyPrompt } from 'oidc-provider'
import { mayUse } from '../core/applications/access.js'
import { authTimeOf } from '../core/applications/claims.js'
import { answerOf } from '../core/applications/grants.js'
import type { AuthorizationRequest } from '../core/applications/tokens.js'
import type { Demands } from '../core/applications/demands.js'
import {
  acrDemands,
  cannotBeMet,
  isTooOld,
  wantsPasskey,
  wantsSecondFactor,
} from '../core/applications/demands.js'
import type { Core } from '../core/core.js'
import type { SignedIn } from '../core/sessions/session.js'
import type { Obstacle } from './exchange.js'
import { exchangeNow } from './exchange.js'

const { Check, Prompt } = interactionPolicy

type Condition = (signedIn: SignedIn, ctx: Context) => boolean

/** Of somebody who is signed in; nobody at all is the first thing that is looked at. */
const check = (reason: Obstacle, error: string, condition: Condition) =>
  new Check(reason, words[reason], error, (ctx) => {
    const { signedIn } = exchangeNow().request
    return signedIn !== null && condition(signedIn, ctx)
  })

const words: Readonly<Record<Obstacle, string>> = {
  'sign-in': 'nobody is signed in',
  'other-account': 'another person is asked for',
  reauthenticate: 'the person has to prove anew who is there',
  'second-factor': 'a second factor is asked for',
  passkey: 'a passkey is asked for',
  'not-in-group': 'the application is for others',
  consent: 'the person has not allowed it yet',
}

/** Whether this session has been proven anew since the request came. */
function isProvenSince({ session }: SignedIn): boolean {
  const { resumed, mark } = exchangeNow().request
  return resumed !== null && mark !== resumed.mark && authTimeOf(session) >= resumed.startedAt
}

const mustProveAnew =
  (core: Core): Condition =>
  (signedIn, ctx) => {
    const isAsked =
      ctx.oidc.prompts.has('login') || isTooOld(demandsOf(ctx), signedIn.session, core.platform.nowSeconds())
    return isAsked && !isProvenSince(signedIn)
  }

const isSomebodyElse: Condition = ({ account }, { oidc }) => {
  const hinted = oidc.entities.IdTokenHint?.payload['sub']
  const wanted = oidc.claims.id_token?.['sub']?.value
  return (hinted !== undefined && hinted !== account.id) || (wanted !== undefined && wanted !== account.id)
}

export function demandsOf({ oidc }: Pick<Context, 'oidc'>): Demands {
  const maxAge = oidc.params['max_age']
  return {
    ...acrDemands(oidc.params['acr_values'], oidc.claims.id_token?.['acr']),
    maxAgeSeconds: maxAge === undefined ? null : Number(maxAge),
  }
}

/** Whoever cannot be proven as is asked for: no sign-in would help. */
export function mustBePossible(demands: Demands): void {
  if (cannotBeMet(demands))
    throw new errors.UnmetAuthenticationRequirements('none of the requested contexts is known here')
}

/** One factor, where the application, or this request of it, wants two. */
const lacksSecondFactor: Condition = (signedIn, ctx) => {
  const demands = demandsOf(ctx)
  mustBePossible(demands)
  const application = exchangeNow().applications.get(ctx.oidc.client.clientId)
  if (application !== undefined && mayUse(application, signedIn) === 'second-factor') return true
  return wantsSecondFactor(demands, signedIn.session)
}

const lacksPasskey: Condition = ({ session }, ctx) => wantsPasskey(demandsOf(ctx), session)

const isTurnedAway: Condition = (signedIn, { oidc }) => {
  const application = exchangeNow().applications.get(oidc.client.clientId)
  return application !== undefined && mayUse(application, signedIn) === 'not-in-group'
}

const hasNotChosen: Condition = () => {
  const { resumed, mark } = exchangeNow().request
  return resumed === null || resumed.mark === mark
}

function answerNow(signedIn: SignedIn | null): AuthorizationRequest['answer'] {
  const { resumed } = exchangeNow().request
  return resumed === null || signedIn === null ? '' : answerOf(resumed, signedIn)
}

const hasNotAgreed: Condition = (signedIn, { oidc }) =>
  !exchangeNow().isAllowed || (oidc.prompts.has('consent') && answerNow(signedIn) !== 'allowed')

/** The person said no, on the page that asked. */
const hasDenied = (): boolean => {
  if (answerNow(exchangeNow().request.signedIn) === 'denied')
    throw new errors.AccessDenied('the person has not allowed it, or may not use the application')
  return false
}

const error = { login: 'login_required', choice: 'account_selection_required', consent: 'consent_required' }

/** In this order: who is there, how well that is proven, whether they may, whether they want. */
export function policyFor(core: Core): readonly PolicyPrompt[] {
  const login = new Prompt(
    { name: 'login', requestable: true },
    new Check('denied', 'no', 'access_denied', hasDenied),
    new Check('sign-in', words['sign-in'], error.login, () => exchangeNow().request.signedIn === null),
    check('other-account', error.login, isSomebodyElse),
    check('reauthenticate', error.login, mustProveAnew(core)),
    check('second-factor', error.login, lacksSecondFactor),
    check('passkey', error.login, lacksPasskey),
  )
  login.checks.remove('login_prompt')
  const choice = new Prompt(
    { name: 'select_account', requestable: true },
    check('other-account', error.choice, (signedIn, ctx) =>
      ctx.oidc.prompts.has('select_account') ? hasNotChosen(signedIn, ctx) : false,
    ),
  )
  choice.checks.remove('select_account_prompt')
  const access = new Prompt(
    { name: 'access', requestable: false },
    check('not-in-group', 'access_denied', isTurnedAway),
  )
  const consent = new Prompt(
    { name: 'consent', requestable: true },
    check('consent', error.consent, hasNotAgreed),
  )
  consent.checks.remove('consent_prompt')
  return [login, choice, access, consent]
}
