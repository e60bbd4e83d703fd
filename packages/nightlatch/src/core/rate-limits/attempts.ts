import type { AccountId } from '../ids.js'
import type { Platform } from '../ports/platform.js'

/**
 * How many tries there are before a wait, and how the wait grows. The attempt is spent before the answer is
 * looked at, in one conditional write, so that a burst cannot look more often than the budget allows.
 * (RFC 4226 §7.3; NIST SP 800-63B-4 §3.2.2: at most 100 consecutive failures.)
 */
export interface AttemptPolicy {
  /** The failure from which on there is a wait. */
  readonly waitFrom: number
  readonly firstWaitSeconds: number
  readonly longestWaitSeconds: number
  /** Consecutive failures after which nothing is looked at any more, or null for never. */
  readonly lockAt: number | null
  /** Failures this long ago count no more, or null for never. */
  readonly forgetAfterSeconds: number | null
  /** Another counter of the same secret: its failures count towards `lockAt`, and move nothing else here. */
  readonly lockedWith?: AttemptKey
}

/** Where a factor is given. Each has its own tries: a stolen session does not make the owner wait at sign-in. */
export type Place = 'sign-in' | 'step-up'
export const places = ['sign-in', 'step-up'] as const satisfies readonly Place[]
export const otherPlace = (place: Place): Place => (place === 'sign-in' ? 'step-up' : 'sign-in')

/** Names one counter. */
export type AttemptKey = string & { readonly is: 'attempt-key' }

export const addressKey = (address: string): AttemptKey => `address:${networkOf(address)}` as AttemptKey
/** A device that has signed in to the account before has its own count (no stranger can use it up). */
export const deviceKey = (account: AccountId, deviceHash: string): AttemptKey =>
  `device:${account}:${deviceHash.slice(0, 32)}` as AttemptKey
/** Known accounts count by id, so that name and email share one counter; unknown names by their hash. */
export const passwordKey = (account: AccountId): AttemptKey => `password:${account}` as AttemptKey
export const unknownNameKey = (platform: Pick<Platform, 'sha256'>, name: string): AttemptKey =>
  `password:?${platform.sha256(name).slice(0, 32)}` as AttemptKey

/** What somebody who registers may have so many of: tries, or mails. */
export const registrationKey = (what: 'of' | 'from' | 'to' | 'told', who: string): AttemptKey =>
  `registration-${what}:${who.slice(0, 64)}` as AttemptKey

export type Reservation =
  | { readonly kind: 'reserved'; readonly failures: number }
  | { readonly kind: 'wait'; readonly untilSeconds: number }
  | { readonly kind: 'locked' }

export interface AttemptStore {
  /** Spends one attempt, or says why there is none. One conditional statement; the write decides. */
  reserve(key: AttemptKey, policy: AttemptPolicy, nowSeconds: number): Promise<Reservation>
  /** Gives one attempt back that was not a failure of the person's (ours, or another refusal came first). */
  giveBack(key: AttemptKey): Promise<void>
  /** Success: these counts start again at zero. */
  clear(...keys: readonly AttemptKey[]): Promise<void>
  /** Removes counters that no policy looks at any more. @returns how many */
  removeIdleSince(at: number, limit: number): Promise<number>
}

/** IPv6 is counted by /64: one customer has that many addresses (ASVS 5.0 6.3.1). IPv4-mapped counts as IPv4. */
export function networkOf(address: string): string {
  const text = address.toLowerCase().replace(/%.*$/, '')
  if (!text.includes(':')) return text
  const groups = groupsOf(text)
  if (groups.slice(0, 6).join(':') === '0:0:0:0:0:ffff') return dotted(groups.slice(6))
  return `${groups.slice(0, 4).join(':')}::/64`
}

/** The eight groups of an IPv6 address without leading zeros; a dotted end counts as the two that it stands for. */
function groupsOf(text: string): readonly string[] {
  const plain = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_all, ...bytes: string[]) => {
    const [a = 0, b = 0, c = 0, d = 0] = bytes.map(Number)
    return `${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`
  })
  const [left = '', right = ''] = plain.split('::')
  const head = left === '' ? [] : left.split(':')
  const tail = right === '' ? [] : right.split(':')
  const zeros = Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail].map((group) => group.replace(/^0+(?=.)/, ''))
}

/** The last two groups of an IPv4-mapped address (RFC 4291 §2.5.5.2). */
const dotted = (groups: readonly string[]): string =>
  groups
    .map((group) => Number.parseInt(group, 16))
    .map((number) => `${number >> 8}.${number & 255}`)
    .join('.')
