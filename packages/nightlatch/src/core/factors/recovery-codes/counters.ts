import type { AttemptKey, AttemptPolicy } from '../../rate-limits/attempts.js'
import { waits } from '../../rate-limits/attempts.js'
import type { AccountId } from '../../ids.js'
import { day } from '../../ports/platform.js'

/** Recovery codes have a counter of their own: they are the way back in while codes are locked. */
export const recoveryPolicy: AttemptPolicy = { ...waits, waitFrom: 5, lockAt: 100, forgetAfterSeconds: day }

export const recoveryKey = (account: AccountId): AttemptKey => `recovery:${account}` as AttemptKey
