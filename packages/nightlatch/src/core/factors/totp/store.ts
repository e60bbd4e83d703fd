import type { Algorithm } from '@nightlatch/otp'
import type { AccountId, AuthenticatorId } from '../../ids.js'
import type { SerialKey } from './tokens/store.js'

/** One authenticator app of a person's: a TOTP credential (RFC 6238). */
export interface Authenticator {
  readonly id: AuthenticatorId
  readonly account: AccountId
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number
  /** What the app calls the entry; null where nobody has kept it: then the name of this installation. */
  readonly issuer: string | null
  /** The app tells the account's entries apart by it; 0 where nobody has kept it. */
  readonly entryNumber: number
}

/** How codes are made: the same on both sides (RFC 4226, RFC 6238). */
export interface Otp {
  readonly algorithm: Algorithm
  /** 6 to 10. */
  readonly digits: number
  /** Seconds. */
  readonly period: number
  /** The counter that is expected next (HOTP); null where codes follow the clock (TOTP). */
  readonly counter: number | null
}

/** What an authenticator has that is set up here. */
export const ourOtp: Otp = { algorithm: 'SHA1', digits: 6, period: 30, counter: null }

/** With what is needed to check a code. */
export interface AuthenticatorSecret extends Authenticator, Otp {
  readonly sealed: string
  /** The last accepted time step: codes at or before it are spent (RFC 6238 §5.2). */
  readonly lastStep: number
  /**
   * By how many steps its clock differs, as it was last seen, above zero when it is fast (RFC 6238 §6): 0 while its codes
   * come in time, and where they follow a counter.
   */
  readonly drift: number
  /** Of a hardware token, which somebody else may get after its owner; null for an app. */
  readonly serial: SerialKey | null
}

/** An authenticator that is being set up and does not count yet. */
export interface SetUp {
  /** The authenticator keeps it when it is confirmed. */
  readonly id: AuthenticatorId
  readonly account: AccountId
  /** The sign-in or session that it belongs to, and to nobody else. */
  readonly owner: string
  readonly sealed: string
  readonly name: string
  /** The authenticator whose place it takes once confirmed, or '' (a change of phone). */
  readonly replaces: AuthenticatorId | ''
  /** Another than that of every authenticator, and of every other set-up, that the account has. */
  readonly entryNumber: number
  readonly createdAt: number
  readonly expiresAt: number
}

export const longestAuthenticatorName = 40

export interface AuthenticatorStore {
  add(authenticator: AuthenticatorSecret): Promise<void>
  listOf(account: AccountId): Promise<readonly AuthenticatorSecret[]>
  /** Marks a step as used, and keeps the drift, if it is later than the last one. The row count is the answer. */
  consumeStepIfNewer(
    id: AuthenticatorId,
    spent: Pick<AuthenticatorSecret, 'drift'> & { readonly step: number },
    at: number,
  ): Promise<boolean>
  /** The same for a counter: `next` is expected from now on. */
  consumeCounterIfNewer(id: AuthenticatorId, next: number, at: number): Promise<boolean>
  /** False when it is not there, not the account's, or the name is taken. */
  rename(id: AuthenticatorId, account: AccountId, name: string): Promise<boolean>
  remove(id: AuthenticatorId, account: AccountId): Promise<boolean>
  removeAllOf(account: AccountId): Promise<number>
  /** Up to `limit` secrets that are not sealed under `keyId`, by their keys and ids, from the one behind `after` on. */
  listNotSealedUnder(
    keyId: string,
    limit: number,
    after?: AuthenticatorSecret,
  ): Promise<readonly AuthenticatorSecret[]>
  /** False when it changed meanwhile. */
  reseal(id: AuthenticatorId, sealed: { readonly from: string; readonly to: string }): Promise<boolean>
  countNotSealedUnder(keyIds: readonly string[]): Promise<number>
}

export interface SetUpStore {
  /** Keeps the first one of an owner: a second one at the same time changes nothing. */
  addUnlessThere(setUp: SetUp): Promise<void>
  findByOwner(owner: string, now: number): Promise<SetUp | null>
  /** Of those that may still be confirmed. */
  entryNumbersOf(account: AccountId, now: number): Promise<readonly number[]>
  /** The write that decides who confirms: true once. */
  take(id: AuthenticatorId): Promise<boolean>
  removeByOwner(owner: string): Promise<void>
  removeAllOf(account: AccountId): Promise<void>
  removeExpired(now: number, limit: number): Promise<number>
}

/** Why a text cannot be a name. */
export const nameProblemOf = (text: string): 'too-long' | 'not-allowed' =>
  [...text.trim()].length > longestAuthenticatorName ? 'too-long' : 'not-allowed'

/** An authenticator's name: one printable line of at most 40 characters; null when it is not. */
export function parseAuthenticatorName(text: string): string | null {
  const name = text.trim().normalize('NFC')
  if ([...name].length > longestAuthenticatorName) return null
  return /[\p{Cc}\p{Cs}\p{Co}\p{Zl}\p{Zp}]|[\u202a-\u202e\u2066-\u2069]/u.test(name) ? null : name
}
