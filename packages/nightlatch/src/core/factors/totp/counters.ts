import type { AttemptKey, AttemptPolicy, Place } from '../../rate-limits/attempts.js'
import { otherPlace, places } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import type { Policy } from '../../policy.js'

/** One counter of codes an account and place, over all doors, addresses and servers. */
export const codeKey = (account: AccountId, place: Place = 'sign-in'): AttemptKey =>
  `${place === 'sign-in' ? '' : 'step-up-'}code:${account}` as AttemptKey

export const codeKeys = (account: AccountId): readonly AttemptKey[] =>
  places.map((place) => codeKey(account, place))

/** The hundred in a row are of both places together (NIST SP 800-63B-4 §3.2.2). */
export const codePolicyAt = (
  { attempts }: Pick<Policy, 'attempts'>,
  account: AccountId,
  place: Place,
): AttemptPolicy => ({
  ...attempts.code,
  lockedWith: codeKey(account, otherPlace(place)),
})

/** Of the code that confirms a set-up: no other counter moves. */
export const setUpKey = (account: AccountId): AttemptKey => `set-up:${account}` as AttemptKey
