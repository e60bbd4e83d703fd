import type { Person } from './claims.js'
import type { AccountId, AuthorizationRequestId, GrantId, SessionId } from '../ids.js'
import type { ApplicationId } from './application.js'

/**
 * One sign-in of a person at an application, and all that the application was given for it: a code, access tokens,
 * refresh tokens. Whatever ends it ends them all.
 */
export interface Grant {
  readonly id: GrantId
  readonly application: ApplicationId
  readonly account: AccountId
  /** It ends with this session; null: the session has run out since, which ends nothing. */
  readonly session: SessionId | null
  readonly scopes: readonly string[]
  readonly createdAt: number
  readonly expiresAt: number
}

export type TokenKind = 'code' | 'access' | 'refresh' | 'device'

/** Something that an application was given. The database holds the hash of it, and what it stands for. */
export interface StoredToken {
  readonly hash: string
  readonly kind: TokenKind
  readonly grant: GrantId
  /** JSON, without the token itself. */
  readonly payload: string
  readonly createdAt: number
  readonly expiresAt: number
  /** null: it was not used yet. */
  readonly consumedAt: number | null
}

/** A token, with what it was given for and whose that is, as they are now: no more of it than every request needs. */
export interface GivenToken extends Pick<StoredToken, 'payload' | 'expiresAt' | 'consumedAt'> {
  readonly givenFor: Omit<Grant, 'session' | 'createdAt'>
  readonly givenTo: Person
}

/** An authorization request that waits for its person to sign in, or to agree. */
export interface AuthorizationRequest {
  readonly id: AuthorizationRequestId
  readonly application: ApplicationId
  /** The query, as it was sent. */
  readonly query: string
  readonly startedAt: number
  readonly expiresAt: number
  /** Of the session that there was, so that another proof can be told from the one before; ''. */
  readonly mark: string
  /** What somebody has said to it. */
  readonly answer: '' | 'allowed' | 'denied'
  /** Who; ''. */
  readonly answeredBy: AccountId | ''
}

export type RequestAnswer = Pick<AuthorizationRequest, 'answer' | 'answeredBy'>

/** An application that is to be told that a session has ended. */
export interface LogoutNotice {
  readonly application: ApplicationId
  readonly session: SessionId
  readonly account: AccountId
  readonly tries: number
}

export interface GrantStore {
  add(grant: Grant): Promise<void>
  find(id: GrantId): Promise<Grant | null>
  /** It may be used until then, at least. */
  extend(id: GrantId, until: number): Promise<void>
  /** With every token of it. */
  end(id: GrantId): Promise<boolean>
  endAllOf(account: AccountId): Promise<void>
  removeExpired(now: number, limit: number): Promise<number>

  /** Nothing is kept for a grant that has ended. */
  addToken(token: StoredToken): Promise<void>
  /** null as well where its grant has ended. */
  findToken(hash: string, kind: TokenKind): Promise<GivenToken | null>
  /** The write that decides who uses it: true once. */
  consume(hash: string, at: number): Promise<boolean>
  removeToken(hash: string): Promise<void>
  removeExpiredTokens(now: number, limit: number): Promise<number>

  /** Whose time has come. They are written when a session ends. */
  listNotices(now: number, limit: number): Promise<readonly LogoutNotice[]>
  /** The write that decides which server tells. */
  claimNotice(notice: LogoutNotice, nextTryAt: number): Promise<boolean>
  removeNotice(notice: LogoutNotice): Promise<void>

  addRequest(request: AuthorizationRequest): Promise<void>
  findRequest(id: AuthorizationRequestId, now: number): Promise<AuthorizationRequest | null>
  answerRequest(id: AuthorizationRequestId, given: RequestAnswer): Promise<boolean>
  removeExpiredRequests(now: number, limit: number): Promise<number>
}
