import { AsyncLocalStorage } from 'node:async_hooks'
import type { IncomingMessage } from 'node:http'
import { Provider } from 'oidc-provider'
import type { Application } from '../core/applications/application.js'
import type { AuthorizationRequest, GivenToken } from '../core/applications/tokens.js'
import type { Client } from '../core/ports/platform.js'
import type { SignedIn } from '../core/sessions/session.js'

/** One request of the protocol, as the doors hand it over. */
export interface ProtocolRequest {
  readonly method: string
  /** Below the base path. */
  readonly path: string
  readonly query: string
  /** By their lower-case names; no cookie is among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
  readonly client: Client
  /** Who is at the browser: nobody at the endpoints of applications. */
  readonly signedIn: SignedIn | null
  /** Changes with every proof of the session. */
  readonly mark: string
  /** The request that waited while its person signed in. */
  readonly resumed: AuthorizationRequest | null
}

/** What stands between a person and the application. */
export type Obstacle =
  | 'sign-in'
  /** Somebody else is wanted, or a choice of who. */
  | 'other-account'
  /** The proof must be a new one. */
  | 'reauthenticate'
  | 'second-factor'
  | 'passkey'
  | 'not-in-group'
  | 'consent'

export type ProtocolOutcome =
  | {
      readonly kind: 'answer'
      readonly status: number
      readonly headers: Readonly<Record<string, string>>
      readonly body: string | Uint8Array
      /** The secret was wrong so often that it is not looked at for a while. */
      readonly untilSeconds: number | null
    }
  /** The browser is to post this to the application. */
  | { readonly kind: 'post'; readonly action: string; readonly fields: Readonly<Record<string, string>> }
  | {
      readonly kind: 'obstacle'
      readonly obstacle: Obstacle
      readonly application: Application
      readonly request: AuthorizationRequest
      /** What the application believes the person is called. */
      readonly loginHint: string
    }
  /** Nothing leads back to the application: a page says why. */
  | {
      readonly kind: 'refused'
      readonly error: string
      readonly description: string
      readonly application: Application | null
      /** As it was asked for. */
      readonly redirectUri: string | null
    }

/** What happens within one request, for the parts of the library that are not given it. */
export interface Exchange {
  readonly request: ProtocolRequest
  readonly applications: Map<string, Application>
  /** What the token was given for, and to whom: it is found with them. */
  given: Pick<GivenToken, 'givenFor' | 'givenTo'> | null
  outcome: Exclude<ProtocolOutcome, { kind: 'answer' }> | null
  failure: Error | null
  /** Whether the person has allowed all that is asked for. */
  isAllowed: boolean
  /** What that is, in scopes. */
  scopes: readonly string[]
  isSecretChecked: boolean
  untilSeconds: number | null
}

/** What the library is asked outside of its own requests. */
const exchanges = new AsyncLocalStorage<Exchange>()

export const during = <T>(exchange: Exchange, work: () => Promise<T>): Promise<T> =>
  exchanges.run(exchange, work)

/**
 * Within a request the library remembers its context itself: a second memory of that kind would cost something with every
 * promise.
 */
const ofRequests = new WeakMap<IncomingMessage, Exchange>()

export function beginExchange(request: IncomingMessage, exchange: Exchange): void {
  ofRequests.set(request, exchange)
}

export function exchangeNow(): Exchange {
  const context = Provider.ctx
  const exchange = context === undefined ? exchanges.getStore() : ofRequests.get(context.req)
  if (exchange === undefined) throw new Error('the provider was used outside of a request')
  return exchange
}
