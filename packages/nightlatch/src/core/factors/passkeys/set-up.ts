import { note } from '../../audit/audit.js'
import type { Core } from '../../core.js'
import type { PasskeyId } from '../../ids.js'
import { newId } from '../../ids.js'
import type { Stores } from '../../ports/stores.js'
import { storage } from '../../ports/stores.js'
import type { AttestedData } from '../../ports/webauthn.js'
import type { Browser } from '../../sign-in/start-session.js'
import type { Enrolled, Renewed, SetUpOwner, SetUpRefusal } from '../enrolment.js'
import { enrol, mayEnrol, mayOnlyReplace } from '../enrolment.js'
import type { FactorItem } from '../factor.js'
import type { OwnItem } from '../replacement.js'
import { impliedItem, ownItems, takeOut } from '../replacement.js'
import { longestAuthenticatorName, nameProblemOf, parseAuthenticatorName } from '../totp/store.js'
import type { PasskeyReason, Wanted } from './ceremony.js'
import { answeredChallenge, problemOfAuthenticatorData, problemOfClientData } from './ceremony.js'
import type { Challenge } from './challenges.js'
import { issueChallenge } from './challenges.js'
import type { CredentialJson } from './credential.js'
import { isSoundCredential, parseCredential } from './credential.js'
import { passkeys } from './factor.js'
import type { Asked, CreationOptions } from './options.js'
import { askForNewPasskey } from './options.js'
import { offersPasskeys } from './policy.js'
import type { Passkey } from './store.js'
import { algorithms } from './store.js'

interface PasskeySetUpOptions {
  readonly challenges: string | null
  /** The second factor whose place it takes, of whichever kind; '' leaves it to us. */
  readonly replaces?: string
  /** Made by the browser on the way, after a sign-in with a password: nobody was asked to touch anything. */
  readonly isUpgrade?: boolean
}

export type Begun =
  | ({ readonly kind: 'begun'; readonly replaces: FactorItem | null } & Asked<CreationOptions>)
  | SetUpRefusal
  | { readonly kind: 'off' }
  /** Several can have been lost: these. */
  | { readonly kind: 'which-one'; readonly among: readonly FactorItem[] }

const ownerId = (owner: SetUpOwner): string =>
  owner.kind === 'sign-in' ? owner.signIn.id : owner.signedIn.session.id

/** What the browser is to make a passkey with. Only the account's user handle is written, once. */
export async function beginPasskey(
  core: Core,
  owner: SetUpOwner,
  given: PasskeySetUpOptions,
): Promise<Begun> {
  if (!offersPasskeys(core)) return { kind: 'off' }
  const refusal = mayEnrol(core, owner, { factor: passkeys, begun: null })
  if (refusal !== null) return refusal
  const replaced = await replacedBy(core, owner, given.replaces ?? '')
  if (replaced.kind === 'which-one') return replaced
  const purpose = given.isUpgrade === true ? 'upgrade' : 'registration'
  const issued = issueChallenge(core, given.challenges, { purpose, owner: ownerId(owner) })
  const except = replaced.item?.id ?? ''
  const options = await askForNewPasskey(core, { account: owner.account, issued, except })
  return { kind: 'begun', options, sealed: issued.sealed, replaces: replaced.item }
}

type Replaced =
  | { readonly kind: 'item'; readonly item: OwnItem | null }
  | { readonly kind: 'which-one'; readonly among: readonly FactorItem[] }

/** Whoever has lost a second factor and came by a way back in puts a passkey in its place. */
async function replacedBy(core: Core, owner: SetUpOwner, wanted: string): Promise<Replaced> {
  if (!mayOnlyReplace(core, owner) && wanted === '') return { kind: 'item', item: null }
  const all = await ownItems(core[storage].stores, owner.account.id)
  const item = wanted === '' ? impliedItem(all, passkeys) : all.find(({ id }) => id === wanted)
  return item === undefined || item === null ? { kind: 'which-one', among: all } : { kind: 'item', item }
}

export type PasskeySetUpOutcome =
  | {
      readonly kind: 'confirmed'
      readonly signedIn: Renewed
      readonly passkey: Passkey
      readonly recoveryCodes: readonly string[]
      readonly replaced: { readonly name: string } | null
    }
  /** Whatever was wrong with it: the audit trail knows. */
  | { readonly kind: 'wrong' }
  | { readonly kind: 'empty' }
  /** It may be copied to other devices, and the operator wants none of those. */
  | { readonly kind: 'not-device-bound' }
  | { readonly kind: 'bad-name'; readonly why: 'too-long' | 'not-allowed' | 'taken' }
  | Exclude<Begun, { readonly kind: 'begun' }>
  | Exclude<Enrolled<Passkey>, { kind: 'confirmed' }>

interface PasskeyConfirmation extends PasskeySetUpOptions {
  /** The credential's JSON. */
  readonly given: string
  /** As the person wishes; '' takes `usualName`. */
  readonly name: string
  /** After the browser and its platform. */
  readonly usualName: string
  readonly browser: Browser
}

/** The last step: the browser has made one, and it counts from now on. */
export async function confirmPasskey(
  core: Core,
  owner: SetUpOwner,
  given: PasskeyConfirmation,
): Promise<PasskeySetUpOutcome> {
  if (!offersPasskeys(core)) return { kind: 'off' }
  if (given.given.trim() === '') return { kind: 'empty' }
  const refusal = mayEnrol(core, owner, { factor: passkeys, begun: null })
  if (refusal !== null) return refusal
  const name = await parseNewName(core, owner, given.name)
  if (name.kind === 'bad-name') return name
  const replaced = await replacedBy(core, owner, given.replaces ?? '')
  if (replaced.kind === 'which-one') return replaced
  const read = await readNew(core, owner, given)
  if (read.kind === 'refused') return refuse(core, owner, { given, ...read })
  if (core.policy.passkeys.deviceBound && read.data.backupEligible) return { kind: 'not-device-bound' }
  return keep(core, owner, { given, read, name: name.name, item: replaced.item })
}

async function parseNewName(
  core: Core,
  owner: SetUpOwner,
  text: string,
): Promise<{ readonly kind: 'name'; readonly name: string } | (PasskeySetUpOutcome & { kind: 'bad-name' })> {
  const name = parseAuthenticatorName(text)
  if (name === null) return { kind: 'bad-name', why: nameProblemOf(text) }
  const all = name === '' ? [] : await core[storage].stores.passkeys.listOf(owner.account.id)
  return all.some((one) => one.name === name) ? { kind: 'bad-name', why: 'taken' } : { kind: 'name', name }
}

interface New {
  readonly kind: 'new'
  readonly challenge: Challenge
  readonly credential: CredentialJson
  readonly data: AttestedData & { readonly publicKey: NonNullable<AttestedData['publicKey']> }
}
type NewRefused = {
  readonly kind: 'refused'
  readonly reason: PasskeyReason
  readonly challenge: Challenge | null
}

async function readNew(core: Core, owner: SetUpOwner, given: PasskeyConfirmation): Promise<New | NewRefused> {
  const credential = parseCredential(given.given)
  const clientData = credential && core.webAuthn.readClientData(credential.response.clientDataJSON)
  if (credential === null || clientData === null)
    return { kind: 'refused', reason: 'malformed', challenge: null }
  const wanted: Wanted = {
    type: 'webauthn.create',
    purposes: [given.isUpgrade === true ? 'upgrade' : 'registration'],
    owner: ownerId(owner),
    challenges: given.challenges,
  }
  const challenge = answeredChallenge(core, clientData, wanted)
  const data = await core.webAuthn.readAttestation(credential.response.attestationObject)
  const problem =
    problemOfClientData(core, clientData, wanted) ?? problemOf(core, given, { credential, data })
  if (challenge === null || problem !== null || data === null || data.publicKey === null)
    return { kind: 'refused', reason: problem ?? 'challenge', challenge }
  return { kind: 'new', challenge, credential, data: { ...data, publicKey: data.publicKey } }
}

function problemOf(
  core: Core,
  { isUpgrade }: PasskeyConfirmation,
  { credential, data }: { readonly credential: CredentialJson; readonly data: AttestedData | null },
): PasskeyReason | null {
  if (data === null || !isSoundCredential(credential) || data.credentialId !== credential.id)
    return 'malformed'
  const must = { userPresence: isUpgrade !== true, userVerification: false }
  const problem = problemOfAuthenticatorData(core, data, must)
  if (problem !== null) return problem
  return algorithms.some((one) => one === data.publicKey?.algorithm) ? null : 'algorithm'
}

/** Also a failed registration uses its challenge up. */
async function refuse(
  core: Core,
  { account }: SetUpOwner,
  refusal: Pick<NewRefused, 'reason' | 'challenge'> & { readonly given: PasskeyConfirmation },
): Promise<PasskeySetUpOutcome> {
  const { reason, challenge, given } = refusal
  await core[storage].atomically(async (stores) => {
    await stores.accounts.hold(account.id)
    if (challenge !== null) await spend(core, stores, challenge)
    const details = { reason, at: 'set-up' }
    const { client } = given.browser
    await note(core, stores, { event: 'passkey.refused', account: account.id, client, details })
  })
  return { kind: 'wrong' }
}

const spend = (core: Core, stores: Stores, { challenge, expiresAt }: Challenge): Promise<boolean> =>
  stores.passkeyChallenges.spend(core.platform.sha256(challenge), expiresAt)

interface Keeping {
  readonly given: PasskeyConfirmation
  readonly read: New
  readonly name: string
  readonly item: OwnItem | null
}

async function keep(core: Core, owner: SetUpOwner, keeping: Keeping): Promise<PasskeySetUpOutcome> {
  const { given, read, item } = keeping
  let reason: PasskeyReason | null = null
  const outcome = await enrol(core, {
    owner,
    at: core.platform.nowSeconds(),
    browser: given.browser,
    factor: passkeys,
    take: async (stores) => {
      if (!(await spend(core, stores, read.challenge))) reason = 'challenge-used'
      // The same credential of somebody else, or made twice.
      else if ((await stores.passkeys.findByCredentialId(read.data.credentialId)) !== null)
        reason = 'credential-taken'
      return reason === null
    },
    replace:
      item === null
        ? null
        : (stores) =>
            takeOut(stores, { account: owner.account, item, by: passkeys, most: core.policy.passkey.most }),
    keep: async (stores) => {
      const passkey = await keepPasskey(stores, newPasskey(core, owner, keeping))
      if (passkey === null) reason = 'credential-taken'
      return passkey
    },
  })
  if (reason !== null) return refuse(core, owner, { given, reason, challenge: read.challenge })
  if (outcome.kind !== 'confirmed') return outcome
  const { item: passkey, ...rest } = outcome
  return { ...rest, passkey }
}

function newPasskey(core: Core, { account }: SetUpOwner, { given, read, name }: Keeping): Passkey {
  const { credential, data } = read
  const now = core.platform.nowSeconds()
  const { credentialId, publicKey, signCount, aaguid, backupEligible, backedUp } = data
  return {
    id: newId<PasskeyId>(core.platform.randomBytes),
    account: account.id,
    name: name === '' ? (parseAuthenticatorName(given.usualName) ?? '') : name,
    createdAt: now,
    lastUsedAt: now,
    ...{ credentialId, publicKey, signCount, aaguid, backupEligible, backedUp },
    rpId: core.policy.passkeys.rpId,
    transports: credential.response.transports,
    verifiesUser: data.userVerified,
  }
}

async function keepPasskey(stores: Stores, wanted: Passkey): Promise<Passkey | null> {
  const passkey = { ...wanted, name: await freeName(stores, wanted) }
  return (await stores.passkeys.add(passkey)) ? passkey : null
}

async function freeName(stores: Stores, wanted: Passkey): Promise<string> {
  const taken = new Set((await stores.passkeys.listOf(wanted.account)).map((other) => other.name))
  const base = wanted.name === '' ? 'Passkey' : wanted.name
  for (let number = 2, name = base; ; number += 1) {
    if (!taken.has(name)) return name
    name = `${[...base].slice(0, longestAuthenticatorName - 4).join('')} ${number}`
  }
}
