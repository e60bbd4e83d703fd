import type { AccountId, TrustedDeviceId } from '../ids.js'

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

export interface KnownDeviceStore {
  note(account: AccountId, deviceHash: string, at: number): Promise<void>
  /** Of one that is known; false, and nothing is written, of another. */
  noteAgain(account: AccountId, deviceHash: string, at: number): Promise<boolean>
  isKnown(account: AccountId, deviceHash: string): Promise<boolean>
  removeAllOf(account: AccountId): Promise<void>
  removeOldestOf(account: AccountId, keep: number): Promise<number>
  removeIdleSince(at: number, limit: number): Promise<number>
}

type TrustedDeviceUse =
  | { readonly kind: 'used'; readonly device: TrustedDevice }
  | { readonly kind: 'unknown' }
  /** It was replaced while this request was under way: two windows at once. Nothing is changed. */
  | { readonly kind: 'overtaken' }
  /** A token that was replaced before came back. The device is ended. */
  | {
      readonly kind: 'reused'
      readonly device: TrustedDevice
      /** It was replaced last of all; the device was used then and not since. */
      readonly wasLast: boolean
    }

/** Hashes of what a browser holds, of the value that comes next, and of what all values of the device have in common. */
interface TrustedDeviceTokens {
  readonly token: string
  readonly next: string
  readonly series?: string
  /** The token opened the device when the request began: whoever sent it could know of no newer one. */
  readonly wasCurrent?: boolean
}

export interface TrustedDeviceStore {
  add(device: TrustedDevice, tokenHash: string, seriesHash?: string): Promise<void>
  /** Whether this token opens it just now. */
  isCurrent(account: AccountId, tokenHash: string, at: number): Promise<boolean>
  /** Uses the token once and puts the next one in its place. */
  use(account: AccountId, given: TrustedDeviceTokens, at: number): Promise<TrustedDeviceUse>
  /** The browser is remembered anew: what it held until now is worth nothing. */
  endSeries(account: AccountId, seriesHash: string): Promise<void>
  listOf(account: AccountId): Promise<readonly TrustedDevice[]>
  end(id: TrustedDeviceId, account: AccountId): Promise<boolean>
  endAllOf(account: AccountId): Promise<number>
  removeExpired(now: number, limit: number): Promise<number>
}
