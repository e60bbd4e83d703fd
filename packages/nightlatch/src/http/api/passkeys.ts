import { removePasskey, renamePasskey } from '../../core/accounts/changes.js'
import { placeOf } from '../../core/factors/passkeys/factor.js'
import type { Begun, PasskeySetUpOutcome } from '../../core/factors/passkeys/set-up.js'
import { beginPasskey, confirmPasskey } from '../../core/factors/passkeys/set-up.js'
import type { Passkey } from '../../core/factors/passkeys/store.js'
import type { SetUpRefusal } from '../../core/factors/enrolment.js'
import type { PasskeyId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { ProblemCode } from '../problems.js'
import { refuse } from '../refuse.js'
import type { HttpResponse } from '../request.js'
import { challengeCookie } from '../pages/passkeys.js'
import { sessionCookies } from '../pages/sign-in.js'
import type { Context, SignedInContext } from '../context.js'
import { browserOf } from '../context.js'
import { deviceName } from '../user-agent.js'
import { signInIsOver } from './admission.js'
import type { ValueOf } from './endpoints.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { busy, refuseFactorChange } from './refusals.js'
import { isoTime } from '../../shared/time.js'

const shown = ({ services }: Context, one: Passkey): ValueOf<'passkey'> => ({
  id: one.id,
  name: one.name,
  synced: placeOf(one) === 'synced',
  backedUp: one.backedUp,
  verifiesUser: one.verifiesUser,
  usable: one.rpId === services.core.policy.passkeys.rpId,
  transports: [...one.transports],
  createdAt: isoTime(one.createdAt),
  lastUsedAt: isoTime(one.lastUsedAt),
})

const listOf = ({ services, signedIn }: SignedInContext) =>
  services.core.queries.passkeys.listOf(signedIn.account.id)

async function passkeys(call: Call<'passkeys'>): Promise<HttpResponse> {
  return reply('passkeys', { passkeys: (await listOf(call)).map((one) => shown(call, one)) })
}

async function passkey(call: Call<'passkey'>): Promise<HttpResponse> {
  const one = (await listOf(call)).find(({ id }) => id === call.id)
  return one === undefined ? refuse('not-found') : reply('passkey', shown(call, one))
}

const notNow: Record<SetUpRefusal['why'], ProblemCode> = {
  'has-second-factor': 'second-factor-required',
  'not-fresh': 'fresh-proof-required',
  'too-many': 'too-many-passkeys',
  'which-one': 'fresh-proof-required',
}

/** Why there is nothing to begin; a `replaces` that is none of the account's is not found. */
function refused(
  begun: Exclude<Begun, { kind: 'begun' }>,
  { replaces }: { readonly replaces?: string | undefined },
): HttpResponse {
  if (begun.kind === 'off') return refuse('passkeys-off')
  if (begun.kind === 'not-now') return refuse(notNow[begun.why])
  return refuse(replaces === undefined ? 'fresh-proof-required' : 'not-found')
}

async function passkeyCreation(call: Call<'passkeyCreation'>): Promise<HttpResponse> {
  const { services, owner, body } = call
  const { challenges = null } = browserOf(call)
  const { replaces = '' } = body
  const begun = await beginPasskey(services.core, owner, { challenges, replaces })
  return begun.kind === 'begun'
    ? reply('passkeyCreation', begun.options, { cookies: [challengeCookie(services, begun.sealed)] })
    : refused(begun, body)
}

async function addPasskey(call: Call<'addPasskey'>): Promise<HttpResponse> {
  const { services, owner } = call
  const { name = '', replaces = '', ...credential } = call.body
  const browser = browserOf(call)
  const outcome = await confirmPasskey(services.core, owner, {
    ...{ given: JSON.stringify(credential), name, replaces, browser },
    usualName: deviceName(browser.client.userAgent),
    challenges: browser.challenges ?? null,
  })
  services.metrics.step('set-up', outcome.kind)
  return answer(call, outcome)
}

function answer(call: Call<'addPasskey'>, outcome: PasskeySetUpOutcome): HttpResponse {
  switch (outcome.kind) {
    case 'confirmed':
      return reply(
        'addPasskey',
        { passkey: shown(call, outcome.passkey), recoveryCodes: [...outcome.recoveryCodes] },
        { cookies: sessionCookies(call, outcome.signedIn) },
      )
    case 'wrong':
    case 'empty':
      return refuse('wrong-passkey')
    case 'not-device-bound':
      return refuse('passkey-not-device-bound')
    case 'bad-name':
      return refuse('bad-name', { members: { reason: outcome.why } })
    case 'over':
      return signInIsOver(call)
    case 'busy':
      return busy()
    default:
      return refused(outcome, call.body)
  }
}

async function rename(call: Call<'renamePasskey'>): Promise<HttpResponse> {
  const id = parseId<PasskeyId>(call.id)
  if (id === null) return refuse('not-found')
  const change = { signedIn: call.signedIn, browser: browserOf(call), id, name: call.body.name }
  const outcome = await renamePasskey(call.services.core, change)
  return outcome.kind === 'renamed' ? passkey(call) : refuseFactorChange(outcome)
}

async function remove(call: Call<'removePasskey'>): Promise<HttpResponse> {
  const id = parseId<PasskeyId>(call.id)
  if (id === null) return refuse('not-found')
  const change = { signedIn: call.signedIn, browser: browserOf(call), id }
  const outcome = await removePasskey(call.services.core, change)
  return outcome.kind === 'removed' ? reply('removePasskey', null) : refuseFactorChange(outcome)
}

export const passkeyHandlers: Handlers<
  'passkeys' | 'passkeyCreation' | 'addPasskey' | 'passkey' | 'renamePasskey' | 'removePasskey'
> = {
  passkeys,
  passkeyCreation,
  addPasskey,
  passkey,
  renamePasskey: rename,
  removePasskey: remove,
}
