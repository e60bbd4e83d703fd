import type { AccountId, TrustedDeviceId } from './ids.js'
import { day } from './world.js'

/**
 * Two things that a browser may hold for longer than a session. A *known* device has signed in to the account
 * before: its wrong passwords are counted apart, and it opens nothing. A *trusted* device was chosen by the
 * person ("remember this device"): it stands in for the code at sign-in, never for a fresh proof.
 */
export interface TrustedDevice {
  readonly id: TrustedDeviceId
  readonly account: AccountId
  readonly createdAt: number
  readonly lastUsedAt: number
  readonly expiresAt: number
  readonly userAgent: string
  readonly address: string
}

export const trustedDeviceSeconds = 30 * day
export const knownDeviceSeconds = 365 * day
/** Beyond this the ones that were not seen for longest are strangers again. A program may be a new one at each sign-in. */
export const mostKnownDevices = 100
/** Beyond this the one that was not used for longest is trusted no more. */
export const mostTrustedDevices = 20

export interface KnownDeviceStore {
  note(account: AccountId, deviceHash: string, at: number): Promise<void>
  isKnown(account: AccountId, deviceHash: string): Promise<boolean>
  removeAllOf(account: AccountId): Promise<void>
  removeOldestOf(account: AccountId, keep: number): Promise<number>
  removeIdleSince(at: number, limit: number): Promise<number>
}

export type TrustedDeviceUse =
  | { readonly kind: 'used'; readonly device: TrustedDevice }
  | { readonly kind: 'unknown' }
  /** A token that was replaced before came back: somebody copied it. The device is ended. */
  | { readonly kind: 'reused'; readonly device: TrustedDevice }

export interface TrustedDeviceStore {
  add(device: TrustedDevice, tokenHash: string): Promise<void>
  /** Uses the token once and puts the next one in its place. */
  use(
    account: AccountId,
    hashes: { readonly token: string; readonly next: string },
    at: number,
  ): Promise<TrustedDeviceUse>
  listOf(account: AccountId): Promise<readonly TrustedDevice[]>
  end(id: TrustedDeviceId, account: AccountId): Promise<boolean>
  endAllOf(account: AccountId): Promise<number>
  removeExpired(now: number, limit: number): Promise<number>
}
