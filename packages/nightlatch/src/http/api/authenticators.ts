import { removeAuthenticator, renameAuthenticator } from '../../core/accounts/changes.js'
import { resynchroniseOwn } from '../../core/factors/totp/resynchronise.js'
import type { Authenticator } from '../../core/factors/totp/store.js'
import type { AuthenticatorId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import type { HttpResponse } from '../request.js'
import { browserOf } from '../context.js'
import type { SignedInContext } from '../context.js'
import type { ValueOf } from './endpoints.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { refuse } from '../refuse.js'
import { refuseCode, refuseFactorChange } from './refusals.js'
import { isoTime } from '../../shared/time.js'

const shown = (one: Authenticator): ValueOf<'renameAuthenticator'> => ({
  id: one.id,
  name: one.name,
  createdAt: isoTime(one.createdAt),
  lastUsedAt: isoTime(one.lastUsedAt),
})

const listOf = ({ services, signedIn }: SignedInContext) =>
  services.core.queries.authenticators.listOf(signedIn.account.id)

async function authenticators(call: Call<'authenticators'>): Promise<HttpResponse> {
  return reply('authenticators', { authenticators: (await listOf(call)).map(shown) })
}

async function rename(call: Call<'renameAuthenticator'>): Promise<HttpResponse> {
  const id = parseId<AuthenticatorId>(call.id)
  if (id === null) return refuse('not-found')
  const change = { signedIn: call.signedIn, browser: browserOf(call), id, name: call.body.name }
  const outcome = await renameAuthenticator(call.services.core, change)
  if (outcome.kind !== 'renamed') return refuseFactorChange(outcome)
  const one = (await listOf(call)).find((each) => each.id === id)
  return one === undefined ? refuse('not-found') : reply('renameAuthenticator', shown(one))
}

async function resynchronise(call: Call<'resynchroniseAuthenticator'>): Promise<HttpResponse> {
  const id = parseId<AuthenticatorId>(call.id)
  if (id === null) return refuse('not-found')
  const codes = [call.body.otp, call.body.nextOtp] as const
  const wanted = { signedIn: call.signedIn, browser: browserOf(call), id, codes }
  const outcome = await resynchroniseOwn(call.services.core, wanted)
  switch (outcome.kind) {
    case 'resynchronised':
      return reply('resynchroniseAuthenticator', { name: outcome.name, driftSeconds: outcome.driftSeconds })
    case 'not-there':
    case 'not-fresh':
      return refuseFactorChange({ kind: outcome.kind })
    default:
      return refuseCode(call, outcome)
  }
}

async function remove(call: Call<'removeAuthenticator'>): Promise<HttpResponse> {
  const id = parseId<AuthenticatorId>(call.id)
  if (id === null) return refuse('not-found')
  const change = { signedIn: call.signedIn, browser: browserOf(call), id }
  const outcome = await removeAuthenticator(call.services.core, change)
  return outcome.kind === 'removed' ? reply('removeAuthenticator', null) : refuseFactorChange(outcome)
}

export const authenticatorHandlers: Handlers<
  'authenticators' | 'renameAuthenticator' | 'resynchroniseAuthenticator' | 'removeAuthenticator'
> = {
  authenticators,
  renameAuthenticator: rename,
  resynchroniseAuthenticator: resynchronise,
  removeAuthenticator: remove,
}
