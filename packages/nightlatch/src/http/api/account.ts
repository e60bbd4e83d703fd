import {
  changePassword as change,
  endTrustedDevice as end,
  renewRecoveryCodes as renew,
} from '../../core/accounts/changes.js'
import type { TrustedDeviceId } from '../../core/ids.js'
import { parseId } from '../../core/ids.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import { findUnsavedCodes, forgetUnsavedCodes } from '../../core/factors/recovery-codes/set-up.js'
import type { PasswordProblem } from '../../core/accounts/password.js'
import type { HttpResponse } from '../request.js'
import { sessionCookies } from '../pages/sign-in.js'
import { deviceName } from '../user-agent.js'
import type { SignedInContext, Context } from '../context.js'
import { browserOf } from '../context.js'
import type { Call, Handlers } from './call.js'
import { reply } from './call.js'
import { refuse } from '../refuse.js'
import { busy, wait } from './refusals.js'
import { isoTime } from '../../shared/time.js'

const changeOf = (call: SignedInContext) => ({ signedIn: call.signedIn, browser: browserOf(call) })

async function recoveryCodes({ services, signedIn }: Call<'recoveryCodes'>): Promise<HttpResponse> {
  const left = await services.core.queries.recoveryCodes.countLeft(signedIn.account.id)
  const unsaved = (await findUnsavedCodes(services.core, signedIn.session.id)) !== null
  return reply('recoveryCodes', { left, unsaved })
}

async function renewRecoveryCodes(call: Call<'renewRecoveryCodes'>): Promise<HttpResponse> {
  const outcome = await renew(call.services.core, changeOf(call))
  switch (outcome.kind) {
    case 'renewed':
      return reply('renewRecoveryCodes', { recoveryCodes: [...outcome.codes] })
    case 'busy':
      return busy()
    case 'no-second-factor':
      return refuse('no-second-factor')
    case 'not-fresh':
      return refuse('fresh-proof-required')
  }
}

async function recoveryCodesSaved({ services, signedIn }: Call<'recoveryCodesSaved'>): Promise<HttpResponse> {
  await forgetUnsavedCodes(services.core, signedIn.session.id)
  return reply('recoveryCodesSaved', null)
}

async function changePassword(call: Call<'changePassword'>): Promise<HttpResponse> {
  const outcome = await change(call.services.core, { ...call.body, ...changeOf(call) })
  switch (outcome.kind) {
    case 'changed':
      return reply('changePassword', null, { cookies: sessionCookies(call, outcome) })
    case 'not-fresh':
      return refuse('fresh-proof-required')
    case 'wrong-password':
      return refuse('wrong-password')
    case 'bad-password':
      return badPassword(call, outcome.why)
    case 'wait':
      return wait(call, outcome.untilSeconds)
    case 'kept-elsewhere':
      return refuse('password-kept-elsewhere')
    case 'over':
      return refuse('not-signed-in')
    case 'busy':
      return busy()
  }
}

function badPassword(context: Context, reason: PasswordProblem): HttpResponse {
  const shortest = reason === 'too-short' ? { shortest: shortestHere(context.services.core) } : {}
  return refuse('bad-password', { members: { reason, ...shortest } })
}

async function trustedDevices(call: Call<'trustedDevices'>): Promise<HttpResponse> {
  const all = await call.services.core.queries.trustedDevices.listOf(call.signedIn.account.id)
  return reply('trustedDevices', {
    trustedDevices: all.map((one) => ({
      id: one.id,
      device: deviceName(one.userAgent),
      createdAt: isoTime(one.createdAt),
      lastUsedAt: isoTime(one.lastUsedAt),
      expiresAt: isoTime(one.expiresAt),
    })),
  })
}

async function endTrustedDevice(call: Call<'endTrustedDevice'>): Promise<HttpResponse> {
  const id = parseId<TrustedDeviceId>(call.id)
  const ended = id !== null && (await end(call.services.core, { ...changeOf(call), id }))
  return ended ? reply('endTrustedDevice', null) : refuse('not-found')
}

export const accountHandlers: Handlers<
  | 'recoveryCodes'
  | 'renewRecoveryCodes'
  | 'recoveryCodesSaved'
  | 'changePassword'
  | 'trustedDevices'
  | 'endTrustedDevice'
> = {
  recoveryCodes,
  renewRecoveryCodes,
  recoveryCodesSaved,
  changePassword,
  trustedDevices,
  endTrustedDevice,
}
