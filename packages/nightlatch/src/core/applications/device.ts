import type { DeviceRequestId } from '../ids.js'
import type { ApplicationId } from './application.js'

/** A screen without a keyboard that waits for somebody to type its code elsewhere (RFC 8628). */
export interface DeviceRequest {
  readonly id: DeviceRequestId
  /** Of what the screen asks with. */
  readonly hash: string
  /** Of what its person types. */
  readonly userCodeHash: string
  readonly application: ApplicationId
  /** JSON, without the codes. */
  readonly payload: string
  readonly scopes: readonly string[]
  /** From where it was asked. */
  readonly address: string
  readonly userAgent: string
  readonly answer: '' | 'allowed' | 'denied'
  /** JSON: who has allowed it, and how that was proven; ''. */
  readonly proof: string
  readonly startedAt: number
  readonly expiresAt: number
  readonly polledAt: number
  readonly waitSeconds: number
  /** null: tokens were not fetched yet. */
  readonly consumedAt: number | null
}

export interface DeviceRequestStore {
  add(request: DeviceRequest): Promise<void>
  find(hash: string): Promise<DeviceRequest | null>
  /** One that nobody has answered, while it lives. */
  findWaiting(
    by: { readonly userCodeHash: string } | { readonly id: string },
    now: number,
  ): Promise<DeviceRequest | null>
  /** The write that decides whether it may ask now: false when it was too soon, and then it has to wait longer. */
  poll(hash: string, now: number): Promise<boolean>
  /** The write that decides: true once. */
  answer(id: DeviceRequestId, given: Pick<DeviceRequest, 'answer' | 'proof'>, now: number): Promise<boolean>
  /** The write that decides who gets the tokens: true once. */
  consume(hash: string, now: number): Promise<boolean>
  removeExpired(now: number, limit: number): Promise<number>
}

/** Without vowels, and without letters that are read for others: nothing has to be spelt, and no word comes about (RFC 8628 §6.1). */
const letters = 'BCDFGHJKLMNPQRSTVWXZ'
const userCode = new RegExp(`^[${letters}]{8}$`)

/** As it is typed: in any case, with hyphens and blanks or without. null: it can be none. */
export function parseUserCode(text: string): string | null {
  const plain = text.replace(/[\s\p{Pd}]/gu, '').toUpperCase()
  return userCode.test(plain) ? plain : null
}
