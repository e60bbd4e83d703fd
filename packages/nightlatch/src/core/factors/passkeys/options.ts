import type { Account } from '../../accounts/account.js'
import type { Core } from '../../core.js'
import type { AccountId } from '../../ids.js'
import { base64url } from '../../text.js'
import { algorithms } from './store.js'
import type { Issued, Purpose } from './challenges.js'
import { issueChallenge } from './challenges.js'
import type { Passkey } from './store.js'
import { storage } from '../../ports/stores.js'

interface Descriptor {
  readonly type: 'public-key'
  readonly id: string
  readonly transports: string[]
}

/** `PublicKeyCredentialRequestOptionsJSON` (WebAuthn §5.5): what the browser is to ask for. */
export interface RequestOptions {
  readonly challenge: string
  readonly timeout: number
  readonly rpId: string
  /** Left out where the passkey says who it is: no name leaks. */
  readonly allowCredentials?: Descriptor[]
  readonly userVerification: 'required' | 'preferred'
  readonly hints: string[]
}

/** `PublicKeyCredentialCreationOptionsJSON` (WebAuthn §5.4). */
export interface CreationOptions {
  readonly rp: { readonly id: string; readonly name: string }
  readonly user: { readonly id: string; readonly name: string; readonly displayName: string }
  readonly challenge: string
  readonly pubKeyCredParams: { readonly type: 'public-key'; readonly alg: number }[]
  readonly timeout: number
  readonly excludeCredentials: Descriptor[]
  readonly authenticatorSelection: {
    readonly residentKey: 'preferred'
    readonly requireResidentKey: false
    readonly userVerification: 'preferred'
  }
  readonly hints: string[]
  readonly attestation: 'none'
  readonly extensions: { readonly credProps: true }
}

/** With what the browser is to hold until it answers. */
export interface Asked<Options> {
  readonly options: Options
  readonly sealed: string
}

/** Milliseconds. */
const timeoutOf = ({ policy }: Core): number => policy.passkey.challengeSeconds * 1000

const descriptorOf = ({ credentialId, transports }: Passkey): Descriptor => ({
  type: 'public-key',
  id: credentialId,
  transports: [...transports],
})

/** For a sign-in with a passkey alone. Nothing is written, and nothing tells one account from another. */
export function askForAnyPasskey(core: Core, sealed: string | null): Asked<RequestOptions> {
  const issued = issueChallenge(core, sealed, { purpose: 'sign-in', owner: '' })
  const { rpId } = core.policy.passkeys
  const { challenge } = issued
  return {
    options: { challenge, timeout: timeoutOf(core), rpId, userVerification: 'required', hints: [] },
    sealed: issued.sealed,
  }
}

export interface Asking {
  readonly account: AccountId
  readonly purpose: Extract<Purpose, 'second-step' | 'step-up'>
  readonly owner: string
  readonly challenges: string | null
}

/** For somebody who is known already; null where none of their passkeys works at this address. */
export async function askForOwnPasskey(core: Core, asking: Asking): Promise<Asked<RequestOptions> | null> {
  const { rpId } = core.policy.passkeys
  const own = await core[storage].stores.passkeys.listOf(asking.account)
  const here = own.filter((passkey) => passkey.rpId === rpId)
  if (here.length === 0) return null
  const { challenge, sealed } = issueChallenge(core, asking.challenges, asking)
  const allowCredentials = here.map(descriptorOf)
  const hints = hintsFor(here)
  return {
    options: {
      challenge,
      timeout: timeoutOf(core),
      rpId,
      allowCredentials,
      userVerification: 'preferred',
      hints,
    },
    sealed,
  }
}

const keyTransports: ReadonlySet<string> = new Set(['usb', 'nfc', 'ble', 'smart-card'])

/** What the browser may offer first: where all of them are keys that one holds, or all lie in this device. */
function hintsFor(passkeys: readonly Passkey[]): string[] {
  const all = passkeys.map(({ transports }) => transports)
  if (all.some((transports) => transports.length === 0)) return []
  if (all.every((transports) => transports.every((one) => keyTransports.has(one)))) return ['security-key']
  return all.every((transports) => transports.every((one) => one === 'internal')) ? ['client-device'] : []
}

const handleBytes = 64

/** For a new one: not on a device that has one already, but for the one whose place it takes. */
export async function askForNewPasskey(
  core: Core,
  {
    account,
    issued,
    except,
  }: { readonly account: Account; readonly issued: Issued; readonly except: string },
): Promise<CreationOptions> {
  const { passkeys } = core[storage].stores
  const fresh = base64url(core.platform.randomBytes(handleBytes))
  const [own, handle] = await Promise.all([
    passkeys.listOf(account.id),
    passkeys.userHandleOf(account.id, fresh),
  ])
  const { rpId, deviceBound } = core.policy.passkeys
  const displayName = account.name === '' ? account.username : account.name
  return {
    rp: { id: rpId, name: core.policy.issuer },
    user: { id: handle, name: account.username, displayName },
    challenge: issued.challenge,
    pubKeyCredParams: algorithms.map((alg) => ({ type: 'public-key' as const, alg })),
    timeout: timeoutOf(core),
    excludeCredentials: own.filter((one) => one.rpId === rpId && one.id !== except).map(descriptorOf),
    authenticatorSelection: {
      residentKey: 'preferred',
      requireResidentKey: false,
      userVerification: 'preferred',
    },
    hints: deviceBound ? ['security-key', 'client-device'] : [],
    attestation: 'none',
    extensions: { credProps: true },
  }
}
