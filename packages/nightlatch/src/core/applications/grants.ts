import { note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { newId } from '../ids.js'
import type { AccountId, AuthorizationRequestId, GrantId } from '../ids.js'
import type { Client } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import { mayStillAct } from '../sessions/session-lifetime.js'
import type { SignedIn } from '../sessions/session.js'
import type { Application, ApplicationId, Consent } from './application.js'
import type {
  AuthorizationRequest,
  GivenToken,
  Grant,
  RequestAnswer,
  StoredToken,
  TokenKind,
} from './tokens.js'

/** What of a token lies in the database. */
export const hashApplicationToken = (core: Pick<Core, 'platform'>, kind: TokenKind, token: string): string =>
  core.platform.sha256(`application-${kind}:${token}`)

export const newGrantId = ({ platform }: Pick<Core, 'platform'>): GrantId =>
  newId<GrantId>(platform.randomBytes)

/** Whether a person has allowed an application all of this, or nobody has to be asked. */
export async function isAllowed(
  core: Core,
  given: {
    readonly application: Application
    readonly account: AccountId
    readonly scopes: readonly string[]
  },
): Promise<boolean> {
  if (given.application.skipConsent) return true
  const consent = await core[storage].stores.applications.findConsent(given.application.id, given.account)
  return consent !== null && given.scopes.every((scope) => consent.scopes.includes(scope))
}

/** A person allows an application to know this. What was allowed before stays so. */
export async function allow(
  core: Core,
  given: {
    readonly application: Application
    readonly signedIn: SignedIn
    readonly scopes: readonly string[]
    readonly client: Client
  },
): Promise<void> {
  const { application, signedIn, scopes } = given
  const account = signedIn.account.id
  const now = core.platform.nowSeconds()
  await core[storage].atomically(async (stores) => {
    await stores.accounts.hold(account)
    await addConsent(stores, { application: application.id, account, scopes, at: now })
    const details = { application: application.id, scopes: scopes.join(' ') }
    await note(core, stores, { event: 'application.access-given', account, client: given.client, details })
  })
}

/** Within a transaction that holds the account: these scopes beside those that were allowed before. */
export async function addConsent(
  stores: Stores,
  given: Pick<Consent, 'application' | 'account' | 'scopes'> & { readonly at: number },
): Promise<void> {
  const { application, account, at } = given
  const before = await stores.applications.findConsent(application, account)
  const scopes = [...new Set([...(before?.scopes ?? []), ...given.scopes])]
  await stores.applications.allow({ application, account, scopes, givenAt: at, lastUsedAt: at })
}

interface NewGrant {
  readonly id: GrantId
  readonly application: Application
  readonly signedIn: SignedIn
  readonly scopes: readonly string[]
  readonly client: Client
  readonly code: Pick<StoredToken, 'hash' | 'payload'> & { readonly lifetimeSeconds: number }
}

/**
 * A person is told to an application: the grant and its code are kept, and the trail says so. False when the session has
 * ended on the way.
 */
export async function beginGrant(core: Core, given: NewGrant): Promise<boolean> {
  const { application, signedIn, code } = given
  const now = core.platform.nowSeconds()
  const account = signedIn.account.id
  const expiresAt = now + code.lifetimeSeconds
  const grant: Grant = {
    id: given.id,
    application: application.id,
    account,
    session: signedIn.session.id,
    scopes: given.scopes,
    createdAt: now,
    // As long as the session, too: it says who is to hear of its end.
    expiresAt: Math.max(expiresAt, signedIn.session.expiresAt),
  }
  return core[storage].atomically(async (stores) => {
    if ((await mayStillAct(core, stores, signedIn)) === null) return false
    const use: Consent = { application: application.id, account, scopes: [], givenAt: now, lastUsedAt: now }
    const token = {
      ...code,
      kind: 'code' as const,
      grant: given.id,
      createdAt: now,
      expiresAt,
      consumedAt: null,
    }
    await stores.grants.add(grant)
    await Promise.all([
      stores.grants.addToken(token),
      stores.applications.noteUse(use),
      note(core, stores, {
        event: 'application.signed-in',
        account,
        client: given.client,
        details: { application: application.id },
      }),
    ])
    return true
  })
}

interface NewToken {
  readonly kind: Exclude<TokenKind, 'code'>
  readonly hash: string
  readonly grant: GrantId
  /** So long the grant lives already, as far as that is known. */
  readonly grantLivesUntil: number
  readonly payload: string
  readonly lifetimeSeconds: number
}

/** Kept as long as it lives, and its grant with it. Nothing is kept for a grant that has ended meanwhile. */
export async function keepToken(core: Core, given: NewToken): Promise<void> {
  const now = core.platform.nowSeconds()
  const { kind, hash, grant, payload, lifetimeSeconds } = given
  const expiresAt = now + lifetimeSeconds
  const token = { hash, kind, grant, payload, createdAt: now, expiresAt, consumedAt: null }
  // A grant never lives shorter than it did: most of them need not be written for a token of an hour.
  if (expiresAt <= given.grantLivesUntil) return core[storage].stores.grants.addToken(token)
  await core[storage].atomically(async (stores) => {
    await stores.grants.extend(grant, expiresAt)
    await stores.grants.addToken(token)
  })
}

/** An old refresh token that comes again within this time was not answered: the answer was lost on the way. */
const lostAnswerSeconds = 30

interface FoundToken extends GivenToken {
  /** It was used before, and whoever comes now is somebody else. */
  readonly isSpent: boolean
}

/** What an application was given, while it lives. */
export async function findApplicationToken(
  core: Core,
  hash: string,
  kind: TokenKind,
): Promise<FoundToken | null> {
  const found = await core[storage].stores.grants.findToken(hash, kind)
  const now = core.platform.nowSeconds()
  if (found === null || found.expiresAt <= now) return null
  return { ...found, isSpent: isSpent(found, kind, now) }
}

function isSpent({ consumedAt }: Pick<StoredToken, 'consumedAt'>, kind: TokenKind, now: number): boolean {
  if (consumedAt === null) return false
  return kind !== 'refresh' || now - consumedAt > lostAnswerSeconds
}

/**
 * Uses a token once. The write decides; of many copies that come at once one is first, and the others end all that was
 * given for it. A refresh token may be used again for a moment.
 */
export async function useToken(core: Core, hash: string, kind: TokenKind): Promise<boolean> {
  const { grants } = core[storage].stores
  const now = core.platform.nowSeconds()
  if (await grants.consume(hash, now)) return true
  const found = await grants.findToken(hash, kind)
  if (found !== null && !isSpent(found, kind, now)) return true
  if (found !== null) await endGrant(core, found.givenFor.id)
  return false
}

/** Something that may be used once came twice: everything that it had led to ends. */
export async function endReused(core: Core, grant: GrantId): Promise<void> {
  const found = await core[storage].stores.grants.find(grant)
  if (found !== null) await endGrant(core, grant)
}

async function endGrant(core: Core, id: GrantId): Promise<void> {
  const found = await core[storage].stores.grants.find(id)
  if (found === null || !(await core[storage].stores.grants.end(id))) return
  await note(core, core[storage].stores, {
    event: 'application.code-reused',
    account: found.account,
    client: { address: '', userAgent: '' },
    details: { application: found.application },
  })
}

export const findGrant = (core: Core, id: GrantId): Promise<Grant | null> =>
  core[storage].stores.grants.find(id)

/** The application gives back what it was given. */
export const returnGrant = (core: Core, id: GrantId): Promise<boolean> => core[storage].stores.grants.end(id)

export const removeApplicationToken = (core: Core, hash: string): Promise<void> =>
  core[storage].stores.grants.removeToken(hash)

/** Keeps a request until its person has signed in, or agreed. */
export async function keepRequest(
  core: Core,
  given: { readonly application: ApplicationId; readonly query: string; readonly mark: string },
): Promise<AuthorizationRequest> {
  const now = core.platform.nowSeconds()
  const request: AuthorizationRequest = {
    ...given,
    id: newId<AuthorizationRequestId>(core.platform.randomBytes),
    startedAt: now,
    expiresAt: now + core.policy.authorizationRequestSeconds,
    answer: '',
    answeredBy: '',
  }
  await core[storage].stores.grants.addRequest(request)
  return request
}

export const findRequest = (core: Core, id: string): Promise<AuthorizationRequest | null> =>
  core[storage].stores.grants.findRequest(id as AuthorizationRequestId, core.platform.nowSeconds())

export const answerRequest = (
  core: Core,
  id: AuthorizationRequestId,
  given: RequestAnswer,
): Promise<boolean> => core[storage].stores.grants.answerRequest(id, given)

/** Whoever made the link that somebody follows may have answered it before: that is no answer of theirs. */
export const answerOf = (
  { answer, answeredBy }: RequestAnswer,
  { account }: SignedIn,
): AuthorizationRequest['answer'] => (answeredBy === '' || answeredBy === account.id ? answer : '')
