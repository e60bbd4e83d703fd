import { longestAuthenticatorName } from '../../core/factors/totp/store.js'
import type { Problem } from '../../pages/index.js'

/** Why a second factor cannot be called that. */
export function nameProblem(why: 'empty' | 'too-long' | 'not-allowed' | 'taken', name: string): Problem {
  if (why === 'taken') return { key: 'name-taken', field: 'name', name: name.trim() }
  if (why === 'too-long') return { key: 'name-long', field: 'name', max: longestAuthenticatorName }
  return { key: why === 'empty' ? 'name-empty' : 'name-characters', field: 'name' }
}

/** Names are told apart within one kind. */
export const passkeyNameProblem = (why: Parameters<typeof nameProblem>[0], name: string): Problem =>
  why === 'taken' ? { key: 'name-taken-passkey', field: 'name', name: name.trim() } : nameProblem(why, name)
