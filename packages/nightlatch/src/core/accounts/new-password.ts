import type { Account } from './account.js'
import type { Core } from '../core.js'
import type { PasswordProblem } from './password.js'
import { namesOf, normalisePassword, passwordProblem } from './password.js'
import { Secret } from '../secret.js'

type NewPassword =
  | { readonly kind: 'hashed'; readonly hash: string }
  | { readonly kind: 'bad-password'; readonly why: PasswordProblem }
  | { readonly kind: 'busy' }

export const shortestHere = ({ policy: { mfa, password } }: Core): number =>
  mfa === 'required' ? password.shortest : password.shortestAlone

/** A new password, judged and hashed. */
export async function newPasswordHash(
  core: Core,
  account: Pick<Account, 'username' | 'email'>,
  text: string,
): Promise<NewPassword> {
  const why = passwordProblem(text, {
    shortest: shortestHere(core),
    longest: core.policy.password.longest,
    names: namesOf(account, core.policy.issuer),
    isCommon: (lower) => core.isCommonPassword(lower),
  })
  if (why !== null) return { kind: 'bad-password', why }
  const hash = await core.passwords.hash(new Secret(normalisePassword(text)))
  return hash === 'busy' ? { kind: 'busy' } : { kind: 'hashed', hash }
}
