import type { Core } from '../core/core.js'
import type { OidcProvider } from '../oidc/index.js'
import type { Site } from '../pages/index.js'
import type { ApplicationSource } from '../core/access/applications.js'
import type { AccessRules } from '../core/access/rules.js'
import type { Finding } from '../core/maintenance/finding.js'
import type { HttpRequest } from './request.js'
import type { Hsts } from './response.js'
import type { Asset } from './assets.js'
import type { CookieNames, Cookies } from './cookies.js'
import type { ResponseCaches } from './response-cache.js'
import type { Counters, Metrics } from './health/metrics.js'
import type { ReadinessPollers } from './health/readiness-pollers.js'

/** What the handlers need from outside; compose/open.ts puts it together. */
export interface Services {
  readonly core: Core
  readonly site: SiteFacts
  readonly cookies: Cookies
  /** A `next` that came from outside → where to go, or null. */
  nextOf(text: string | undefined): string | null
  readonly assets: ReadonlyMap<string, Asset>
  readonly metrics: Metrics
  /** Of the other workers at this port, and of those that have ended. */
  countersOfOthers(): Promise<readonly Counters[]>
  readonly responseCaches: ResponseCaches
  readonly log: HttpLog
  readonly trustedProxies: Addresses
  clientAddress(request: HttpRequest): string
  /** Warns, now and then, of a proxy that is not trusted. */
  noteProxy(request: HttpRequest): void
  /** null: everything that is protected is for whoever is signed in. */
  readonly accessRules: AccessRules | null
  /** Those that requests meet here, at whichever door; null: the application guards its own pages. */
  readonly rules: AccessRules | null
  /** Where the applications of the home page come from. */
  readonly applications: readonly ApplicationSource[]
  /** OpenID Connect, loaded when it is first asked for; null while no application is registered. */
  provider(): Promise<OidcProvider | null>
  /** What `nightlatch doctor` would find here. */
  findings(): Promise<readonly Finding[]>
  /** Sends one mail there, now, and says what became of it; null: there is no mail server. */
  readonly tryMail: ((to: string) => Promise<MailTried>) | null
  /** Whether an error means that we cannot answer just now, rather than a bug. */
  isOutage(error: unknown): boolean
  /** Whether somebody has to make the first account. */
  isUnclaimed(): Promise<boolean>
  /** Rejects while the database is unreachable or not migrated. */
  ready(): Promise<void>
  /** Once the server is to stop, it takes itself out of the load balancer first. */
  isStopping(): boolean
  /** Who is to hear of it. */
  readonly readinessPollers: ReadinessPollers
}

/** `reason` names the step that failed as well. */
type MailTried =
  | { readonly kind: 'sent' }
  | { readonly kind: 'failed'; readonly stage: string | null; readonly reason: string }

export interface Addresses {
  has(address: string): boolean
}

export interface SiteFacts {
  /** `https://auth.example.org`: what browsers see. */
  readonly origin: string
  /** '' or '/auth'. */
  readonly base: string
  /** Where a sign-in leads that was sent nowhere: our home, or the application behind us. */
  readonly landing: string
  /** Nothing stands in front of an application yet, as far as we know: its owner is told how. */
  readonly standsAlone: boolean
  /** The instance's name, which authenticator apps show, too. */
  readonly name: string
  readonly secure: boolean
  /** Whom Strict-Transport-Security is said of. */
  readonly hsts: Hsts
  /** How to reach the person who runs the site, or ''. */
  readonly contact: string
  /** The parent domain whose hosts forward authentication protects, or ''. */
  readonly protectedDomain: string
  /** The cookie that every host below that domain gets. */
  readonly forwardCookie: CookieNames
  readonly assets: Site['assets']
}

export interface HttpLog {
  /** Each answer, where somebody wants to know of each. */
  debug?(message: string, fields: Readonly<Record<string, string | number>>): void
  /** Events of the audit trail. */
  info?(message: string, fields: Readonly<Record<string, string | number>>): void
  warn(message: string, fields: Readonly<Record<string, string | number>>): void
  error(message: string, fields: Readonly<Record<string, string | number>>, error: unknown): void
}
