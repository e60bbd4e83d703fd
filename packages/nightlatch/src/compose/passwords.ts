import { availableParallelism } from 'node:os'
import type { Policy } from '../core/policy.js'
import type { Argon2Setting } from '../crypto/phc-string.js'
import { createPasswordHasher, type ClosablePasswordHasher } from '../crypto/password-hasher.js'
import type { Peers } from './workers/worker.js'

interface Sharing {
  readonly peers?: Peers
  readonly unsafeArgon2Setting?: Argon2Setting
}

/** Workers of one server share the cores that hash. */
export function passwordsFor(
  policy: Policy,
  { peers, unsafeArgon2Setting: setting }: Sharing,
): ClosablePasswordHasher {
  const threads = Math.ceil(availableParallelism() / (peers?.count ?? 1))
  const longestQueue = policy.password.mostWaiting
  return createPasswordHasher({ longestQueue, threads, ...(setting && { setting }) })
}
