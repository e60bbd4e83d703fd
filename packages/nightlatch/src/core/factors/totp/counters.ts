import type { AttemptKey, AttemptPolicy } from '../../rate-limits/attempts.js'
import { waits } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'

/** Codes of an authenticator app: one counter an account, over all sign-ins, doors, addresses and servers. */
export const codePolicy: AttemptPolicy = { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: null }

export const codeKey = (account: AccountId): AttemptKey => `code:${account}` as AttemptKey
