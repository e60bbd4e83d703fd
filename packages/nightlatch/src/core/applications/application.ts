import type { AccountId } from '../ids.js'

/** What an application is known by to itself and to us: chosen by whoever registers it, or made here. */
export type ApplicationId = string & { readonly is: 'application' }

export const applicationAccesses = ['one-factor', 'two-factors'] as const
/** How strong a session must be that is told to the application. */
type ApplicationAccess = (typeof applicationAccesses)[number]

export const signingAlgorithms = ['RS256', 'ES256'] as const
export type SigningAlgorithm = (typeof signingAlgorithms)[number]

/** Only the hash is kept. */
export interface ApplicationSecret {
  readonly hash: string
  readonly createdAt: number
  /** null: until it is rotated. */
  readonly expiresAt: number | null
}

/** An application that signs people in with OpenID Connect: a client, in the words of OAuth. */
export interface Application {
  readonly id: ApplicationId
  /** For people. */
  readonly name: string
  /** It cannot keep a secret: it runs in a browser or on a phone. */
  readonly isPublic: boolean
  /** Screens without a keyboard may sign people in (RFC 8628). */
  readonly allowsDevice: boolean
  readonly redirectUris: readonly string[]
  readonly postLogoutUris: readonly string[]
  /** Where it is told that a session has ended; '' where it is not. */
  readonly backchannelLogoutUri: string
  /** Where people open it; ''. */
  readonly launchUrl: string
  /** null: it is for everybody. */
  readonly groups: readonly string[] | null
  readonly access: ApplicationAccess
  /** Its people are not asked whether it may know them. */
  readonly skipConsent: boolean
  readonly signingAlgorithm: SigningAlgorithm
  readonly secrets: readonly ApplicationSecret[]
  readonly createdAt: number
}

/** What a person has allowed an application to know. */
export interface Consent {
  readonly application: ApplicationId
  readonly account: AccountId
  readonly scopes: readonly string[]
  readonly givenAt: number
  readonly lastUsedAt: number
}

export interface ApplicationStore {
  /** False when the id is taken. */
  add(application: Application): Promise<boolean>
  find(id: ApplicationId): Promise<Application | null>
  /** The same, and nobody else changes it until the transaction ends. */
  hold(id: ApplicationId): Promise<Application | null>
  list(): Promise<readonly Application[]>
  /** By their ids, behind this one. */
  page(after: string, limit: number): Promise<readonly Application[]>
  /** Whether there is none at all. */
  isEmpty(): Promise<boolean>
  /** False when it is gone. */
  replace(application: Application): Promise<boolean>
  remove(id: ApplicationId): Promise<boolean>
  findConsent(application: ApplicationId, account: AccountId): Promise<Consent | null>
  listConsents(account: AccountId): Promise<readonly (Consent & { readonly name: string })[]>
  /** What was allowed before stays allowed. */
  allow(consent: Consent): Promise<void>
  /** It was used, whoever was asked. */
  noteUse(consent: Consent): Promise<void>
  /** With everything that the application was given. False when there was nothing. */
  withdraw(application: ApplicationId, account: AccountId): Promise<boolean>
}
