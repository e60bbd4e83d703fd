import { note } from '../../audit/audit.js'
import type { Core } from '../../core.js'
import type { AccountId } from '../../ids.js'
import { tellOwner } from '../../notify/notices.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import type { Client } from '../../ports/platform.js'
import type { AuthenticatorData } from '../../ports/webauthn.js'
import { addressKey, networkOf } from '../../rate-limits/attempts.js'
import { noteRefused } from '../../rate-limits/refusals.js'
import type { FactorRefusal, Presented, ReadyProof } from '../factor.js'
import type { PasskeyReason, Wanted } from './ceremony.js'
import { answeredChallenge, problemOfAuthenticatorData, problemOfClientData } from './ceremony.js'
import type { Challenge, Purpose } from './challenges.js'
import type { CredentialJson } from './credential.js'
import { isSoundCredential, parseCredential } from './credential.js'
import { signsInAlone } from './policy.js'
import type { Passkey } from './store.js'

/** A passkey as it is given: by a sign-in, alone or after the password, or once more by somebody who is signed in. */
interface AssertionGiven {
  /** Whose it must be; null where the passkey itself says who it is. */
  readonly account: AccountId | null
  /** The credential's JSON. */
  readonly given: string
  readonly client: Client
  readonly purpose: Purpose
  readonly owner: string
  readonly challenges: string | null
}

/** What was read, without anything being decided by it yet. */
export interface ReadAssertion extends ReadyProof {
  /** Whose it is, as far as that is known. */
  readonly account: AccountId | null
  /** With a reason, it is refused for that as well. */
  accept(stores: Stores, because?: PasskeyReason): Promise<FactorRefusal | null>
}

type Outcome = ReadAssertion | FactorRefusal

/** Proves the second factor of a sign-in or a step up, or (`mayStandAlone`) both at once. */
export function readPasskey(core: Core, presented: Presented): Promise<Outcome> {
  const { account, given, client, place, ceremony } = presented
  if (given.trim() === '') return Promise.resolve({ kind: 'malformed', problem: 'empty', digits: 0 })
  const purpose = place === 'sign-in' ? 'second-step' : 'step-up'
  const { owner = '', challenges = null } = ceremony ?? {}
  return readAssertion(core, { account, given, client, purpose, owner, challenges })
}

/**
 * Reads what the browser sent and checks all that does not change any more: the signature above all. The attempt is
 * spent first, on the sender's address alone: nobody keeps the owner of an account out with somebody else's passkeys.
 */
export async function readAssertion(core: Core, given: AssertionGiven): Promise<Outcome> {
  const waits = await spendAttempt(core, given)
  if (waits !== null) return waits
  const read = await readAll(core, given)
  return {
    kind: 'ready',
    account: read.passkey?.account ?? null,
    isAlone: read.problem !== null || (read.data?.userVerified === true && signsInAlone(core)),
    accept: (stores, because) => accept(core, stores, { given, read, because }),
  }
}

/** The disk need not have it before we look: whatever is answered is written down first. */
async function spendAttempt(core: Core, { client, account }: AssertionGiven): Promise<FactorRefusal | null> {
  if (client.address === '') return null
  const now = core.platform.nowSeconds()
  const reserve = (stores: Stores) =>
    stores.attempts.reserve(addressKey(client.address), core.policy.attempts.address, now)
  const reservation = await core[storage].atomically(reserve, 'asynchronous')
  if (reservation.kind === 'reserved') return null
  const untilSeconds = reservation.kind === 'wait' ? reservation.untilSeconds : now
  const whose = { account, network: networkOf(client.address), details: { by: 'address' } }
  await noteRefused(core, core[storage].stores, {
    event: 'passkey.throttled',
    client,
    untilSeconds,
    ...whose,
  })
  return { kind: 'wait', untilSeconds }
}

interface Read {
  readonly problem: PasskeyReason | null
  readonly challenge: Challenge | null
  readonly passkey: Passkey | null
  readonly data: AuthenticatorData | null
}

const nothing: Read = { problem: 'malformed', challenge: null, passkey: null, data: null }

async function readAll(core: Core, given: AssertionGiven): Promise<Read> {
  const credential = parseCredential(given.given)
  const clientData = credential && core.webAuthn.readClientData(credential.response.clientDataJSON)
  if (credential === null || clientData === null) return nothing
  const wanted: Wanted = { ...given, type: 'webauthn.get', purposes: [given.purpose] }
  const challenge = answeredChallenge(core, clientData, wanted)
  const data = await core.webAuthn.readAuthenticatorData(credential.response.authenticatorData)
  const passkey = isSoundCredential(credential)
    ? await core[storage].stores.passkeys.findByCredentialId(credential.id)
    : null
  const early =
    problemOfClientData(core, clientData, wanted) ??
    (challenge === null ? 'challenge' : null) ??
    (data === null || !isSoundCredential(credential) ? 'malformed' : null)
  const problem = early ?? (await problemOf(core, given, { credential, data, passkey }))
  return { problem, challenge, passkey, data }
}

interface Looked {
  readonly credential: CredentialJson
  readonly data: AuthenticatorData | null
  readonly passkey: Passkey | null
}

async function problemOf(core: Core, given: AssertionGiven, looked: Looked): Promise<PasskeyReason | null> {
  const { credential, data, passkey } = looked
  if (data === null) return 'malformed'
  const userVerification = given.purpose === 'sign-in'
  const problem = problemOfAuthenticatorData(core, data, { userPresence: true, userVerification })
  if (problem !== null) return problem
  if (passkey === null) return 'unknown-credential'
  if (given.account !== null && passkey.account !== given.account) return 'other-account'
  if (!(await isOwnHandle(core, given, { ...looked, passkey }))) return 'user-handle'
  if (data.backupEligible !== passkey.backupEligible) return 'backup-flags'
  return core.webAuthn.isSigned(passkey.publicKey, credential.response) ? null : 'signature'
}

/** Alone, the passkey must say whose it is; after the password it may stay silent, and must not say somebody else. */
async function isOwnHandle(
  core: Core,
  { account }: AssertionGiven,
  { credential, passkey }: Looked & { readonly passkey: Passkey },
): Promise<boolean> {
  const { userHandle } = credential.response
  if (userHandle === '') return account !== null
  return userHandle === (await core[storage].stores.passkeys.findUserHandle(passkey.account))
}

interface Accepting {
  readonly given: AssertionGiven
  readonly read: Read
  readonly because: PasskeyReason | undefined
}

/**
 * Within the transaction that acts on it, which holds the account where one is known. The challenge is used up in any
 * case, right or wrong: of fifty copies one is looked at.
 */
async function accept(
  core: Core,
  stores: Stores,
  { given, read, because }: Accepting,
): Promise<FactorRefusal | null> {
  const { challenge, passkey, data } = read
  const isFirst =
    challenge === null ||
    (await stores.passkeyChallenges.spend(core.platform.sha256(challenge.challenge), challenge.expiresAt))
  const problem = isFirst ? (read.problem ?? because ?? null) : 'challenge-used'
  if (problem !== null || passkey === null || data === null)
    return refuse(core, stores, { given, passkey, reason: problem ?? 'malformed' })
  const { signCount, userVerified, backedUp } = data
  const at = core.platform.nowSeconds()
  if (!(await stores.passkeys.use(passkey.id, { signCount, userVerified, backedUp, at })))
    return refuse(core, stores, { given, passkey, reason: await whyUnusable(stores, passkey) })
  if (given.client.address !== '') await stores.attempts.giveBack(addressKey(given.client.address))
  return null
}

/** It was removed just now, or its counter went back: somebody has a copy of it. */
async function whyUnusable(stores: Stores, { credentialId }: Passkey): Promise<PasskeyReason> {
  return (await stores.passkeys.findByCredentialId(credentialId)) === null ? 'unknown-credential' : 'counter'
}

interface Refusing {
  readonly given: AssertionGiven
  readonly passkey: Passkey | null
  readonly reason: PasskeyReason
}

async function refuse(
  core: Core,
  stores: Stores,
  { given, passkey, reason }: Refusing,
): Promise<FactorRefusal> {
  const isCloned = reason === 'counter'
  const own = given.account === null || passkey?.account === given.account ? passkey : null
  await note(core, stores, {
    event: isCloned ? 'passkey.cloned' : 'passkey.refused',
    account: given.account ?? passkey?.account ?? null,
    client: given.client,
    details: { ...(own === null ? {} : { passkey: own.id }), ...(isCloned ? {} : { reason }) },
  })
  return { kind: 'wrong', failures: 0, ...(isCloned && passkey !== null ? { cloned: passkey.name } : {}) }
}

/** Mail to the owner when a copy of a passkey has shown itself. */
export async function tellOfClone(
  core: Core,
  stores: Stores,
  told: Pick<Presented, 'account' | 'client'> & { readonly refusal: FactorRefusal | null },
): Promise<void> {
  const { refusal, client } = told
  if (refusal?.kind !== 'wrong' || refusal.cloned === undefined) return
  const account = await stores.accounts.find(told.account)
  if (account === null) return
  await tellOwner(core, stores, {
    kind: 'passkey-cloned',
    account,
    client,
    details: { name: refusal.cloned },
  })
}
