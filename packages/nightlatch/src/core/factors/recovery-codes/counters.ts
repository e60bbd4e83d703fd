import type { AttemptKey, AttemptPolicy, Place } from '../../rate-limits/attempts.js'
import { otherPlace, places, waits } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import { day } from '../../ports/platform.js'

/** Recovery codes have counters of their own: they are the way back in while codes are locked. */
export const recoveryPolicy: AttemptPolicy = { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: day }

export const recoveryKey = (account: AccountId, place: Place = 'sign-in'): AttemptKey =>
  `${place === 'sign-in' ? '' : 'step-up-'}recovery:${account}` as AttemptKey

export const recoveryKeys = (account: AccountId): readonly AttemptKey[] =>
  places.map((place) => recoveryKey(account, place))

export const recoveryPolicyAt = (account: AccountId, place: Place): AttemptPolicy => ({
  ...recoveryPolicy,
  lockedWith: recoveryKey(account, otherPlace(place)),
})
