import type { AccountId, AuthenticatorId } from '../../../ids.js'
import type { AuthenticatorSecret, Otp } from '../store.js'

/** What tokens are told apart by: their serial number, as whoever reads it off the back may write it. */
export type SerialKey = string & { readonly is: 'serial-key' }

const longestSerial = 40

/** Blanks, dashes and the case do not matter; null for what is no serial number. */
export function parseSerial(text: string): { readonly shown: string; readonly key: SerialKey } | null {
  const shown = text.trim().normalize('NFKC')
  const key = shown.replace(/[\s\p{Pd}]/gu, '').toUpperCase()
  const isOne = /^[\p{L}\p{N}._/:#+]+$/u.test(key) && [...shown].length <= longestSerial
  return isOne ? { shown, key: key as SerialKey } : null
}

/** One in the drawer, or with somebody. */
export interface HardwareToken extends Otp {
  readonly key: SerialKey
  readonly serial: string
  /** Who made it, or ''. */
  readonly maker: string
  readonly sealed: string
  /** As of an authenticator: codes at or before it are spent. */
  readonly lastStep: number
  readonly drift: number
  readonly addedAt: number
}

export interface HeldToken extends HardwareToken {
  /** Who has it; null: it lies in the drawer. */
  readonly holder: {
    readonly authenticator: AuthenticatorId
    readonly account: AccountId
    readonly username: string
  } | null
}

/** The authenticator that it becomes when somebody gets it. */
export interface GivenToken extends Pick<
  AuthenticatorSecret,
  'id' | 'account' | 'name' | 'sealed' | 'lastStep' | 'drift' | 'counter' | 'createdAt'
> {
  readonly serial: SerialKey
}

export interface HardwareTokenStore {
  /** Those whose number is there already stay as they are. @returns how many were added */
  add(tokens: readonly HardwareToken[]): Promise<number>
  find(key: SerialKey): Promise<HeldToken | null>
  /** By their numbers, from the one behind `after` on. */
  list(after: SerialKey | '', limit: number): Promise<readonly HeldToken[]>
  hasFree(): Promise<boolean>
  /** The write that decides who gets it: false where somebody has it, or a later code was used meanwhile. */
  give(token: GivenToken): Promise<boolean>
  /** False where somebody has it. */
  remove(key: SerialKey): Promise<boolean>
  /** As of authenticators. */
  listNotSealedUnder(keyId: string, limit: number, after?: HardwareToken): Promise<readonly HardwareToken[]>
  reseal(key: SerialKey, sealed: { readonly from: string; readonly to: string }): Promise<boolean>
  countNotSealedUnder(keyIds: readonly string[]): Promise<number>
}

export const tokenContext = (key: SerialKey): string => `token:${key}`
