import { isInOneOf } from '../accounts/groups.js'
import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { hasTwoFactors } from '../factors/registry.js'
import type { Client } from '../ports/platform.js'
import { storage } from '../ports/stores.js'
import type { AttemptKey } from '../rate-limits/attempts.js'
import { networkOf } from '../rate-limits/attempts.js'
import { noteRefused } from '../rate-limits/refusals.js'
import { Secret } from '../secret.js'
import type { SignedIn } from '../sessions/session.js'
import type { Application, ApplicationId, ApplicationSecret } from './application.js'
import { hashSecret } from './registration.js'

type ApplicationVerdict =
  | 'allowed'
  /** The session was begun with one factor, and the application wants two. */
  | 'second-factor'
  /** It is for members of other groups. */
  | 'not-in-group'

/** Whether somebody who is signed in may use an application. */
export function mayUse(
  { access, groups }: Pick<Application, 'access' | 'groups'>,
  { account, session }: SignedIn,
): ApplicationVerdict {
  if (groups !== null && !isInOneOf(account.groups, groups)) return 'not-in-group'
  return access === 'two-factors' && !hasTwoFactors(session) ? 'second-factor' : 'allowed'
}

/** Somebody was turned away at an application's door. */
export const noteTurnedAway = (
  core: Core,
  given: { readonly application: Application; readonly signedIn: SignedIn; readonly client: Client },
): Promise<void> =>
  note(core, core[storage].stores, {
    event: 'application.refused',
    account: given.signedIn.account.id,
    client: given.client,
    details: { application: given.application.id, reason: 'not-in-group' },
  })

const secretKey = (id: string, address: string): AttemptKey =>
  `application:${id.slice(0, 100)}:${networkOf(address)}` as AttemptKey

/** Those that are taken just now, the newest first. */
export const validSecrets = (
  { secrets }: Pick<Application, 'secrets'>,
  now: number,
): readonly ApplicationSecret[] => secrets.filter(({ expiresAt }) => expiresAt === null || now < expiresAt)

type SecretCheck =
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong' }
  | { readonly kind: 'wait'; readonly untilSeconds: number }

/**
 * Whether it is one of the application's secrets. They are 256 random bits, so nobody finds one by trying: wrong ones
 * are counted by application and sender so that somebody who tries is seen and slowed down. Unknown ids cost the same.
 */
export async function checkApplicationSecret(
  core: Core,
  given: {
    readonly application: Application | null
    readonly id: string
    readonly secret: string
    readonly client: Client
  },
): Promise<SecretCheck> {
  const { application, client } = given
  const now = core.platform.nowSeconds()
  const hash = hashSecret(core, given.id as ApplicationId, new Secret(given.secret))
  const valid = application === null ? [] : validSecrets(application, now)
  if (valid.some((one) => isSame(one.hash, hash))) return { kind: 'right' }
  const { attempts } = core[storage].stores
  const reserved = await attempts.reserve(
    secretKey(given.id, client.address),
    core.policy.attempts.applicationSecret,
    now,
  )
  const untilSeconds = reserved.kind === 'wait' ? reserved.untilSeconds : now
  await noteRefused(core, core[storage].stores, {
    event: 'application.secret-refused',
    account: null,
    client,
    untilSeconds,
    network: `${given.id.slice(0, 100)} ${networkOf(client.address)}`,
    details: { application: given.id.slice(0, 100) },
  })
  return reserved.kind === 'wait' ? { kind: 'wait', untilSeconds } : { kind: 'wrong' }
}

/** Hashes of equal length, every character looked at. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let at = 0; at < one.length; at += 1) difference |= one.charCodeAt(at) ^ other.charCodeAt(at)
  return difference === 0
}
