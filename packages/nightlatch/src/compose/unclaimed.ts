import { setTimeout as sleep } from 'node:timers/promises'
import type { Core } from '../core/core.js'

const hintMs = 500

/** Once there is an account, nobody asks again; and the page comes up without an answer, or with a slow one, too. */
export function unclaimed({ queries, applicationAccounts }: Core): () => Promise<boolean> {
  let isClaimed = applicationAccounts !== null
  const request = async (): Promise<boolean> => {
    try {
      isClaimed = !(await queries.accounts.isEmpty())
    } catch {
      return false
    }
    return !isClaimed
  }
  return async () => !isClaimed && Promise.race([request(), sleep(hintMs, false, { ref: false })])
}
