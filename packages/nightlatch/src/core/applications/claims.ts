import type { Account } from '../accounts/account.js'
import { hasTwoFactors, isPhishingResistant, strengthOfSession } from '../factors/registry.js'
import type { Proof, Session } from '../sessions/session.js'

/** What each scope lets an application know. */
export const claimsOfScope = {
  openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
} as const

export const scopes = [...Object.keys(claimsOfScope), 'offline_access'] as const

const claimsByScope: Readonly<Record<string, readonly string[]>> = claimsOfScope

/** What these scopes let an application know together; an unknown one, nothing. */
export function claimsOfScopes(asked: readonly string[]): readonly string[] {
  const claims: string[] = []
  for (const scope of asked) claims.push(...(claimsByScope[scope] ?? []))
  return claims
}

/** The scopes that stand for what a request asks for by the names of claims alone. */
export function scopesOfClaims(claims: readonly string[]): readonly string[] {
  return Object.entries(claimsOfScope)
    .filter(([, names]) => names.some((name) => claims.includes(name)))
    .map(([scope]) => scope)
}

type PersonClaims = Readonly<Record<string, string | boolean | readonly string[]>>

/** What can be told of somebody, and whether it may be. */
export type Person = Pick<
  Account,
  'id' | 'username' | 'name' | 'email' | 'emailVerified' | 'groups' | 'disabled' | 'endsAt'
>

/** Everything that can be told of a person; the scopes say what is. */
export function claimsOf({ id, username, name, email, emailVerified, groups }: Person): PersonClaims {
  return {
    sub: id,
    name: name === '' ? username : name,
    preferred_username: username,
    // Whoever links accounts by an address must not believe one that nobody has confirmed.
    ...(email === '' ? {} : { email, email_verified: emailVerified }),
    groups,
  }
}

/** What was proven, in the words of an application's request. */
export const authenticationContexts = {
  /** RFC 6711, OpenID EAP: no other site can have got hold of it. */
  phishingResistant: 'phr',
  /** https://refeds.org/profile/mfa */
  twoFactors: 'https://refeds.org/profile/mfa',
  oneFactor: 'https://refeds.org/profile/sfa',
} as const

export const acrValues: readonly string[] = Object.values(authenticationContexts)

/** All that a session is worth, the best first. */
function contextsOf(session: Pick<Session, 'factors' | 'strength'>): readonly string[] {
  const { phishingResistant, twoFactors, oneFactor } = authenticationContexts
  if (isPhishingResistant(session)) return [phishingResistant, twoFactors, oneFactor]
  return hasTwoFactors(session) ? [twoFactors, oneFactor] : [oneFactor]
}

/** The first of those that were asked for and that the session is worth; else what it is worth. */
export function acrOf(session: Pick<Session, 'factors' | 'strength'>, asked: readonly string[]): string {
  const worth = contextsOf(session)
  return asked.find((one) => worth.includes(one)) ?? worth.find((one) => one !== 'phr') ?? ''
}

/** Whether one of them is met; whoever asks for none is content. Those that nobody knows cannot be met. */
export const meetsAcr = (session: Pick<Session, 'factors' | 'strength'>, asked: readonly string[]): boolean =>
  asked.length === 0 || asked.some((one) => contextsOf(session).includes(one))

/** What a stronger sign-in could do about it. */
export const couldMeetAcr = (asked: readonly string[]): boolean =>
  asked.some((one) => acrValues.includes(one))

const methods: Readonly<Record<Proof, readonly string[]>> = {
  password: ['pwd'],
  totp: ['otp'],
  // Registered words end here (RFC 8176): they say what was typed, and these two which kind it was.
  'recovery-code': ['otp', 'recovery-code'],
  device: ['device'],
  passkey: [],
}

/** How the person was proven (RFC 8176). `passkey`: how its key is kept. */
export function amrOf(
  session: Pick<Session, 'factors' | 'strength'>,
  passkey: 'hwk' | 'swk' = 'hwk',
): readonly string[] {
  const own = session.factors.flatMap((proof) =>
    proof === 'passkey'
      ? strengthOfSession(session) === 'passkey'
        ? [passkey, 'user']
        : [passkey]
      : ((methods[proof] as readonly string[] | undefined) ?? []),
  )
  return [...new Set([...own, ...(hasTwoFactors(session) ? ['mfa'] : [])])]
}

/** When the person was last seen to be there. */
export const authTimeOf = ({ signedInAt, verifiedAt }: Pick<Session, 'signedInAt' | 'verifiedAt'>): number =>
  Math.max(signedInAt, verifiedAt)
