import type { Account } from '../../core/accounts/account.js'
import type { FactorItem, FactorRefusal } from '../../core/factors/factor.js'
import type { SetUpOwner } from '../../core/factors/enrolment.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { placeOf } from '../../core/factors/passkeys/factor.js'
import type { Asking, CreationOptions, RequestOptions } from '../../core/factors/passkeys/options.js'
import { askForAnyPasskey, askForOwnPasskey } from '../../core/factors/passkeys/options.js'
import { offersPasskeys, signsInAlone, workInBrowsers } from '../../core/factors/passkeys/policy.js'
import { beginPasskey } from '../../core/factors/passkeys/set-up.js'
import { countOf } from '../../core/factors/registry.js'
import type { PasskeysView, Problem } from '../../pages/index.js'
import { statusOf } from '../problems.js'
import type { Services } from '../services.js'
import type { Context, SignedInContext } from '../context.js'
import { nowOf, policyOf } from '../context.js'

/** What the browser is to answer, sealed: it is the only one who has it, and the database learns of it when it is used. */
export const challengeCookie = ({ cookies, core }: Services, sealed: string): string =>
  cookies.set('passkey', sealed, core.policy.passkey.challengeSeconds)

const challengesOf = ({ services, request }: Context): string | null =>
  services.cookies.read(request, 'passkey') ?? null

/** For a page: what the button asks for, and the cookie that goes with it. */
interface AskedOnPage<Options> {
  readonly passkey: Options | null
  readonly cookies: readonly string[]
}

const nothing = { passkey: null, cookies: [] } as const

const onPage = <Options>(
  { services }: Context,
  asked: { readonly options: Options; readonly sealed: string } | null,
): AskedOnPage<Options> =>
  asked === null ? nothing : { passkey: asked.options, cookies: [challengeCookie(services, asked.sealed)] }

/** On the sign-in page, before anybody is known. */
export function askAnybody(context: Context): AskedOnPage<RequestOptions> {
  const { core } = context.services
  const isOffered = signsInAlone(core) && workInBrowsers(core)
  return isOffered ? onPage(context, askForAnyPasskey(core, challengesOf(context))) : nothing
}

/** Of somebody whose password was right, or who is signed in. */
export async function askKnownPerson(
  context: Context,
  { account, purpose, owner }: Pick<Asking, 'purpose' | 'owner'> & { readonly account: Account },
): Promise<AskedOnPage<RequestOptions>> {
  const { core } = context.services
  if (!workInBrowsers(core) || countOf(account, 'passkey') === 0) return nothing
  const challenges = challengesOf(context)
  const asking = { account: account.id, purpose, owner, challenges }
  return onPage(context, await askForOwnPasskey(core, asking))
}

/** Beside the set-up of an authenticator app, for whoever has no second factor yet. */
export async function offerNewPasskey(
  context: Context,
  owner: SetUpOwner,
): Promise<AskedOnPage<CreationOptions>> {
  const { core } = context.services
  if (!workInBrowsers(core) || hasSecondFactor(owner.account)) return nothing
  const begun = await beginPasskey(core, owner, { challenges: challengesOf(context) })
  return begun.kind === 'begun' ? onPage(context, begun) : nothing
}

/**
 * For a moment after a sign-in with a code of an app that was there before: the next one could be without. Once in each
 * browser: whoever has gone on without has said no.
 */
export async function offerUpgrade(
  context: SignedInContext,
  apps: readonly Pick<FactorItem, 'createdAt'>[],
): Promise<AskedOnPage<CreationOptions>> {
  const { services, signedIn, request } = context
  const { account, session } = signedIn
  const isOver = nowOf(context) - session.signedInAt > policyOf(context).passkey.challengeSeconds
  if (isOver || !session.factors.includes('totp') || !canUpgrade(context, account)) return nothing
  if (apps.some(({ createdAt }) => createdAt >= session.signedInAt)) return nothing
  if (services.cookies.read(request, 'offered') !== undefined) return nothing
  const owner = { kind: 'session', account, signedIn } as const
  const begun = await beginPasskey(services.core, owner, {
    challenges: challengesOf(context),
    isUpgrade: true,
  })
  if (begun.kind !== 'begun') return nothing
  const { passkey, cookies } = onPage(context, begun)
  return { passkey, cookies: [...cookies, wasOffered(services)] }
}

const canUpgrade = ({ services: { core } }: Context, account: Account): boolean =>
  signsInAlone(core) &&
  workInBrowsers(core) &&
  // What a browser makes by itself is synced.
  !core.policy.passkeys.deviceBound &&
  countOf(account, 'passkey') === 0

const wasOffered = ({ cookies, core }: Services): string =>
  cookies.set('offered', 'yes', core.policy.knownDevice.seconds)

/** One sentence for whatever was wrong with a passkey. */
export function passkeyProblem(
  refusal: FactorRefusal,
  nowSeconds: number,
): { readonly status: number; readonly problem: Problem } {
  if (refusal.kind === 'malformed')
    return { status: statusOf('invalid-body'), problem: { key: 'passkey-empty' } }
  if (refusal.kind === 'wait') {
    const wait = { untilSeconds: refusal.untilSeconds, nowSeconds }
    return { status: statusOf('too-many-attempts'), problem: { key: 'too-many', wait } }
  }
  return { status: statusOf('wrong-passkey'), problem: { key: 'passkey-wrong' } }
}

/** The section of the account page. */
export async function passkeysView({ services, signedIn }: SignedInContext): Promise<PasskeysView> {
  const { core } = services
  const { account } = signedIn
  const { rpId } = core.policy.passkeys
  const has = countOf(account, 'passkey') > 0
  const [all, userId] = await Promise.all([
    has ? core.queries.passkeys.listOf(account.id) : [],
    core.queries.passkeys.userHandleOf(account.id),
  ])
  const allAcceptedCredentialIds = all.filter((one) => one.rpId === rpId).map((one) => one.credentialId)
  const names = { name: account.username, displayName: account.name === '' ? account.username : account.name }
  return {
    rows: all.map((one) => ({
      id: one.id,
      name: one.name,
      addedAtSeconds: one.createdAt,
      lastUsedAtSeconds: one.lastUsedAt,
      synced: placeOf(one) === 'synced',
      verifiesUser: one.verifiesUser,
      elsewhere: one.rpId !== rpId,
    })),
    most: core.policy.passkey.most,
    offered: workInBrowsers(core),
    signal:
      userId === null || !offersPasskeys(core) ? null : { rpId, userId, ...names, allAcceptedCredentialIds },
  }
}
