import type { AttemptKey, AttemptPolicy, Place } from '../../rate-limits/attempts.js'
import { otherPlace, places, waits } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import { day } from '../../ports/platform.js'

/** Codes of an authenticator app: one counter an account and place, over all doors, addresses and servers. */
export const codePolicy: AttemptPolicy = { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: null }

export const codeKey = (account: AccountId, place: Place = 'sign-in'): AttemptKey =>
  `${place === 'sign-in' ? '' : 'step-up-'}code:${account}` as AttemptKey

export const codeKeys = (account: AccountId): readonly AttemptKey[] =>
  places.map((place) => codeKey(account, place))

/** The hundred in a row are of both places together (NIST SP 800-63B-4 §3.2.2). */
export const codePolicyAt = (account: AccountId, place: Place): AttemptPolicy => ({
  ...codePolicy,
  lockedWith: codeKey(account, otherPlace(place)),
})

/** The code that confirms a set-up: its secret is on the page, so there is nothing to lock, and no other counter moves. */
export const setUpPolicy: AttemptPolicy = { ...waits, waitFrom: 5, lockAt: null, forgetAfterSeconds: day }

export const setUpKey = (account: AccountId): AttemptKey => `set-up:${account}` as AttemptKey
