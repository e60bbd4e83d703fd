import type { AttemptKey, AttemptPolicy, Place } from '../../rate-limits/attempts.js'
import { otherPlace, places } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import type { Policy } from '../../policy.js'

export const recoveryKey = (account: AccountId, place: Place = 'sign-in'): AttemptKey =>
  `${place === 'sign-in' ? '' : 'step-up-'}recovery:${account}` as AttemptKey

export const recoveryKeys = (account: AccountId): readonly AttemptKey[] =>
  places.map((place) => recoveryKey(account, place))

export const recoveryPolicyAt = (
  { attempts }: Pick<Policy, 'attempts'>,
  account: AccountId,
  place: Place,
): AttemptPolicy => ({
  ...attempts.recoveryCode,
  lockedWith: recoveryKey(account, otherPlace(place)),
})
