import { nameProblemOf, parseAuthenticatorName } from '../../core/factors/totp/store.js'
import type { AuthenticatorId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { SetUpOutcome } from '../../core/factors/totp/confirm.js'
import { confirmSetUp } from '../../core/factors/totp/confirm.js'
import type { SetUpRefusal } from '../../core/factors/enrolment.js'
import type { PendingSetUp } from '../../core/factors/totp/set-up.js'
import { beginSetUp, maySetUp } from '../../core/factors/totp/set-up.js'
import { qrSvgDocument } from '../../pages/index.js'
import type { HttpResponse } from '../request.js'
import { qrModules } from '../../shared/qr.js'
import { sessionCookies } from '../pages/sign-in.js'
import type { Context } from '../context.js'
import { browserOf } from '../context.js'
import type { SettingUpContext } from './admission.js'
import { signInIsOver } from './admission.js'
import type { ValueOf } from './endpoints.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import type { ProblemCode } from '../problems.js'
import { refuse } from '../refuse.js'
import { busy, refuseCode } from './refusals.js'

async function setUp(call: Call<'setUpAuthenticator'>): Promise<HttpResponse> {
  const name = call.body.name ?? ''
  if (parseAuthenticatorName(name) === null) return badName(name)
  const replaces = await replaced(call)
  if (replaces === 'unknown') return refuse('not-found')
  const begun = await beginSetUp(call.services.core, call.owner, { name, ...replaces })
  return begun.kind === 'not-now' ? refuse(notNow[begun.why]) : reply('setUpAuthenticator', pendingOf(begun))
}

const badName = (name: string): HttpResponse =>
  refuse('bad-name', {
    members: { reason: nameProblemOf(name) },
  })

/** Only one of the account's own can be replaced. */
async function replaced(
  call: Call<'setUpAuthenticator'>,
): Promise<{ replaces?: AuthenticatorId } | 'unknown'> {
  if (call.body.replaces === undefined) return {}
  const id = parseId<AuthenticatorId>(call.body.replaces)
  const own = await call.services.core.queries.authenticators.listOf(call.owner.account.id)
  return id !== null && own.some((one) => one.id === id) ? { replaces: id } : 'unknown'
}

const notNow: Record<SetUpRefusal['why'], ProblemCode> = {
  'has-second-factor': 'second-factor-required',
  'not-fresh': 'fresh-proof-required',
  'too-many': 'too-many-authenticators',
  // To add one beside several needs the proof; to replace one of them does not, and the caller says which.
  'which-one': 'fresh-proof-required',
}

const pendingOf = (pending: PendingSetUp): ValueOf<'setUpAuthenticator'> => ({
  id: pending.setUp.id,
  secret: pending.key,
  uri: pending.uri,
  qr: `data:image/svg+xml;base64,${Buffer.from(qrSvgDocument(qrModules(pending.uri))).toString('base64')}`,
})

async function confirm(call: Call<'confirmAuthenticator'>): Promise<HttpResponse> {
  const { core, metrics } = call.services
  const given = { id: call.id, code: call.body.otp, name: call.body.name ?? '', browser: browserOf(call) }
  const outcome = await confirmSetUp(core, call.owner, given)
  if (outcome.kind === 'no-set-up') return noSetUp(call)
  metrics.step('set-up', outcome.kind)
  return outcome.kind === 'confirmed' ? confirmed(call, outcome) : refused(call, outcome)
}

/** A session that may not set up just now is told what it lacks, not that there is nothing. */
function noSetUp(call: SettingUpContext): HttpResponse {
  const refusal = maySetUp(call.services.core, call.owner)
  return refuse(refusal?.why === 'not-fresh' ? 'fresh-proof-required' : 'not-found')
}

const confirmed = (context: Context, outcome: SetUpOutcome & { kind: 'confirmed' }): HttpResponse =>
  reply(
    'confirmAuthenticator',
    { recoveryCodes: [...outcome.recoveryCodes] },
    { cookies: sessionCookies(context, outcome.signedIn) },
  )

function refused(
  context: Context,
  outcome: Exclude<SetUpOutcome, { kind: 'confirmed' | 'no-set-up' }>,
): HttpResponse {
  switch (outcome.kind) {
    case 'bad-name':
      return refuse('bad-name', { members: { reason: outcome.why } })
    case 'wrong':
      return refuse('wrong-code', { members: { driftSeconds: outcome.driftSeconds } })
    case 'over':
      return signInIsOver(context)
    case 'busy':
      return busy()
    default:
      return refuseCode(context, outcome)
  }
}

export const setUpHandlers: Handlers<'setUpAuthenticator' | 'confirmAuthenticator'> = {
  setUpAuthenticator: setUp,
  confirmAuthenticator: confirm,
}
