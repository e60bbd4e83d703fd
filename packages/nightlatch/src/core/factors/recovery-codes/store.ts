import { normaliseCode } from '@nightlatch/otp'
import type { AccountId, SessionId } from '../../ids.js'
import { Secret } from '../../secret.js'
import type { Platform } from '../../ports/platform.js'

/**
 * Recovery codes are look-up secrets (NIST SP 800-63B-4 §3.1.2): a set of 80 random bits each, good once, kept
 * as argon2id hashes with a salt of the set. They do not depend on the root key, so that a lost key locks
 * nobody out.
 */
const characters = 16
const saltBytes = 16
const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

type RecoveryCode = Secret<string>

export interface RecoveryCodeStore {
  /** Replaces the account's set. Several writes: within a transaction. */
  replaceAll(
    account: AccountId,
    set: { readonly salt: string; readonly hashes: readonly string[] },
  ): Promise<void>
  /** The salt of the account's set, or null when there is none. */
  saltOf(account: AccountId): Promise<string | null>
  /** Spends the code with this hash: true once, and never after its end. */
  take(account: AccountId, hash: string, now: number): Promise<boolean>
  /** One more beside the set, for a while: a way back in that an administrator gives. An earlier one of these ends. */
  putRescue(account: AccountId, rescue: RescueCode): Promise<void>
  /** Those of the set that are left. */
  hashesOf(account: AccountId): Promise<readonly string[]>
  removeRescueOf(account: AccountId): Promise<void>
  removeExpired(now: number): Promise<number>
  /** Of the set: what its owner has on paper. */
  countLeft(account: AccountId): Promise<number>
  removeAllOf(account: AccountId): Promise<void>
}

interface RescueCode {
  readonly hash: string
  readonly expiresAt: number
  /** Of the set, where there is none yet. */
  readonly salt: string
}

/** New codes lie sealed beside the session that may see them, until it says that they are saved. */
export interface UnsavedCodesStore {
  put(session: SessionId, account: AccountId, sealed: string): Promise<void>
  find(session: SessionId): Promise<string | null>
  remove(session: SessionId): Promise<boolean>
  removeAllOf(account: AccountId): Promise<void>
}

interface NewCodes {
  readonly codes: Secret<readonly string[]>
  /** As shown to the person: `k7qm-4xw4-9hd2-p3tn`. */
  readonly shown: readonly string[]
  /** Of the whole set, 128 bits in hexadecimal. */
  readonly salt: string
}

/** New codes in Crockford's base32: no letter that looks like a digit. All that is random is drawn at once. */
export function newRecoveryCodes(platform: Pick<Platform, 'randomBytes'>, count: number): NewCodes {
  const length = count * characters
  const bytes = platform.randomBytes(length + saltBytes)
  const codes: string[] = []
  for (let at = 0; at < length; at += characters) {
    let code = ''
    for (const byte of bytes.subarray(at, at + characters)) code += alphabet[byte & 31]
    codes.push(code)
  }
  let salt = ''
  for (const byte of bytes.subarray(length)) salt += byte.toString(16).padStart(2, '0')
  const shown = codes.map((code) => code.replace(/(.{4})(?=.)/g, '$1-'))
  return { codes: new Secret(codes), shown, salt }
}

/**
 * What a person typed → the code, or null when it cannot be one. Capital letters, spaces, dashes, marks without width
 * and the script of the digits matter as little as they do for a code of an app, and the letters that Crockford's
 * alphabet leaves out stand for the digits they look like.
 */
export function parseRecoveryCode(text: string): RecoveryCode | null {
  if (text.length > 200) return null
  const plain = normaliseCode(text.replace(/[\s\p{Pd}\u2212]/gu, ''))
    .normalize('NFKC')
    .toLowerCase()
    .replace(/o/g, '0')
    .replace(/[il]/g, '1')
  return plain.length === characters && [...plain].every((char) => alphabet.includes(char))
    ? new Secret(plain)
    : null
}
