import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { newId } from '../ids.js'
import type { DeviceRequestId } from '../ids.js'
import type { Client } from '../ports/platform.js'
import { Rollback, storage } from '../ports/stores.js'
import type { AttemptKey } from '../rate-limits/attempts.js'
import { networkOf } from '../rate-limits/attempts.js'
import { noteRefused } from '../rate-limits/refusals.js'
import { mayStillAct } from '../sessions/session-lifetime.js'
import type { SignedIn } from '../sessions/session.js'
import { mayUse } from './access.js'
import type { Application, ApplicationId } from './application.js'
import { acrOf, amrOf, authTimeOf } from './claims.js'
import { isTooOld, wantsPasskey, wantsSecondFactor } from './demands.js'
import type { DeviceRequest } from './device.js'
import { demandsOfDevice } from './said.js'
import { parseUserCode } from './device.js'
import { addConsent, hashApplicationToken, newGrantId } from './grants.js'
import { passkeyKind } from './passkey-kind.js'
import { findApplication } from './registration.js'

const hashUserCode = ({ platform }: Pick<Core, 'platform'>, code: string): string =>
  platform.sha256(`device-user-code:${code}`)

const askedKey = ({ address }: Client): AttemptKey => `device-asked:${networkOf(address)}` as AttemptKey
const typedKeys = ({ account }: SignedIn, { address }: Client): readonly AttemptKey[] => [
  `device-code:${account.id}` as AttemptKey,
  `device-code:${networkOf(address)}` as AttemptKey,
]

interface NewDeviceRequest {
  readonly deviceCode: string
  readonly userCode: string
  readonly application: ApplicationId
  readonly payload: string
  readonly scopes: readonly string[]
  readonly client: Client
}

/** A screen begins to wait. @returns until when whoever asks from there has to wait, or null: it is kept */
export async function keepDeviceRequest(core: Core, given: NewDeviceRequest): Promise<number | null> {
  const { stores } = core[storage]
  const now = core.platform.nowSeconds()
  const { seconds, pollSeconds } = core.policy.deviceCode
  const { application, payload, scopes, client } = given
  const asked = await stores.attempts.reserve(askedKey(client), core.policy.attempts.deviceRequests, now)
  if (asked.kind !== 'reserved') return asked.kind === 'wait' ? asked.untilSeconds : now
  await stores.deviceRequests.add({
    ...{ id: newId<DeviceRequestId>(core.platform.randomBytes), application, payload, scopes },
    hash: hashApplicationToken(core, 'device', given.deviceCode),
    userCodeHash: hashUserCode(core, given.userCode),
    ...{ address: client.address, userAgent: client.userAgent.slice(0, 500), answer: '', proof: '' },
    ...{ startedAt: now, expiresAt: now + seconds, polledAt: 0, waitSeconds: pollSeconds, consumedAt: null },
  })
  return null
}

/** A screen asks whether somebody has answered. `too-soon`: it has to ask less often. */
export async function pollDeviceRequest(
  core: Core,
  code: string,
): Promise<DeviceRequest | 'too-soon' | null> {
  const { deviceRequests } = core[storage].stores
  const hash = hashApplicationToken(core, 'device', code)
  const found = await deviceRequests.find(hash)
  const now = core.platform.nowSeconds()
  // What was fetched is gone: the same code gives nothing more, and takes nothing away from whoever was first.
  if (found === null || found.consumedAt !== null) return null
  const waits = found.answer === '' && now < found.expiresAt
  return waits && !(await deviceRequests.poll(hash, now)) ? 'too-soon' : found
}

/** Of copies that come at once one gets the tokens. */
export const useDeviceCode = (core: Core, code: string): Promise<boolean> =>
  core[storage].stores.deviceRequests.consume(
    hashApplicationToken(core, 'device', code),
    core.platform.nowSeconds(),
  )

export interface WaitingDevice {
  readonly request: DeviceRequest
  readonly application: Application
}

type TypedOutcome =
  | ({ readonly kind: 'found' } & WaitingDevice)
  | { readonly kind: 'empty' | 'unknown' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }

/** Somebody types a code. The attempt is spent first, for the account and for where it comes from; a right one is given back. */
export async function typeUserCode(
  core: Core,
  given: { readonly typed: string; readonly signedIn: SignedIn; readonly client: Client },
): Promise<TypedOutcome> {
  const { typed, signedIn, client } = given
  if (typed.trim() === '') return { kind: 'empty' }
  const { stores } = core[storage]
  const now = core.platform.nowSeconds()
  for (const key of typedKeys(signedIn, client)) {
    const reserved = await stores.attempts.reserve(key, core.policy.attempts.deviceCode, now)
    if (reserved.kind !== 'reserved')
      return refusedTyping(core, given, reserved.kind === 'wait' ? reserved.untilSeconds : now)
  }
  const code = parseUserCode(typed)
  const userCodeHash = code === null ? null : hashUserCode(core, code)
  const request =
    userCodeHash === null ? null : await stores.deviceRequests.findWaiting({ userCodeHash }, now)
  const application = request === null ? null : await findApplication(core, request.application)
  if (request !== null && application !== null) {
    for (const key of typedKeys(signedIn, client)) await stores.attempts.giveBack(key)
    return { kind: 'found', request, application }
  }
  await refusedTyping(core, given, now)
  return { kind: 'unknown' }
}

async function refusedTyping(
  core: Core,
  { signedIn, client }: { readonly signedIn: SignedIn; readonly client: Client },
  untilSeconds: number,
): Promise<TypedOutcome> {
  const account = signedIn.account.id
  const refused = { event: 'application.device-code-refused', account, client, untilSeconds } as const
  await noteRefused(core, core[storage].stores, refused)
  return { kind: 'wait', untilSeconds }
}

export async function findDevice(core: Core, id: string): Promise<WaitingDevice | null> {
  const request = await core[storage].stores.deviceRequests.findWaiting({ id }, core.platform.nowSeconds())
  const application = request === null ? null : await findApplication(core, request.application)
  return request === null || application === null ? null : { request, application }
}

/** What stands between somebody and letting the screen in: what was registered of its application, and what it has asked. */
export function whatDeviceLacks(
  { platform }: Pick<Core, 'platform'>,
  { request, application }: WaitingDevice,
  signedIn: SignedIn,
): 'not-in-group' | 'second-factor' | 'reauthenticate' | 'passkey' | null {
  const verdict = mayUse(application, signedIn)
  if (verdict !== 'allowed') return verdict
  const { session } = signedIn
  const demands = demandsOfDevice(request)
  if (wantsSecondFactor(demands, session)) return 'second-factor'
  if (wantsPasskey(demands, session)) return 'passkey'
  // Who was proven after the screen has asked is there now, however little the screen gives them to type its code.
  const isProvenSince = authTimeOf(session) >= request.startedAt
  return isTooOld(demands, session, platform.nowSeconds()) && !isProvenSince ? 'reauthenticate' : null
}

interface Answering {
  readonly waiting: WaitingDevice
  readonly signedIn: SignedIn
  readonly client: Client
}

/** What is told to the application, as of an authorization code. */
async function proofOf(
  core: Core,
  given: Pick<Answering, 'waiting' | 'signedIn'> & { readonly grantId: string },
): Promise<string> {
  const { signedIn, grantId } = given
  const { request, application } = given.waiting
  const { account, session } = signedIn
  return JSON.stringify({
    ...{ accountId: account.id, grantId, sid: session.id, sessionUid: session.id },
    ...{
      acr: acrOf(session, demandsOfDevice(request).acr),
      amr: amrOf(session, await passkeyKind(core, signedIn)),
    },
    ...{ authTime: authTimeOf(session), scope: request.scopes.join(' '), clientId: application.id },
  })
}

/** The person lets the screen in: once, with a grant of its own that ends with this session. */
export async function allowDevice(
  core: Core,
  { waiting, signedIn, client }: Answering,
): Promise<'allowed' | 'over'> {
  const { request, application } = waiting
  if (whatDeviceLacks(core, waiting, signedIn) !== null) return 'over'
  const id = newGrantId(core)
  const proof = await proofOf(core, { waiting, signedIn, grantId: id })
  const account = signedIn.account.id
  return core[storage].atomically<'allowed' | 'over'>(async (stores) => {
    const now = core.platform.nowSeconds()
    if ((await mayStillAct(core, stores, signedIn)) === null) return 'over'
    if (!(await stores.deviceRequests.answer(request.id, { answer: 'allowed', proof }, now)))
      return new Rollback<'over'>('over')
    const { expiresAt } = signedIn.session
    await stores.grants.add({
      ...{ id, application: application.id, account, session: signedIn.session.id, scopes: request.scopes },
      ...{ createdAt: now, expiresAt: Math.max(expiresAt, request.expiresAt) },
    })
    await addConsent(stores, { application: application.id, account, scopes: request.scopes, at: now })
    const details = { application: application.id, device: request.address }
    await note(core, stores, { event: 'application.signed-in', account, client, details })
    return 'allowed'
  })
}

export async function denyDevice(core: Core, { waiting, signedIn, client }: Answering): Promise<void> {
  const { request, application } = waiting
  const { stores } = core[storage]
  const given = { answer: 'denied', proof: '' } as const
  if (!(await stores.deviceRequests.answer(request.id, given, core.platform.nowSeconds()))) return
  const details = { application: application.id, device: request.address }
  await note(core, stores, {
    event: 'application.device-denied',
    account: signedIn.account.id,
    client,
    details,
  })
}
