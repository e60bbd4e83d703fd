import { randomUUID } from 'node:crypto'
import { Provider } from 'oidc-provider'
import type { Client, Context, Payload } from 'oidc-provider'
import { checkApplicationSecret } from '../core/applications/access.js'
import { acrOf } from '../core/applications/claims.js'
import { isRegistered } from '../core/applications/redirects.js'
import { activeKey, listSigningKeys, openSigningKeys } from '../core/applications/signing-keys.js'
import type { SigningKey } from '../core/applications/signing-keys.js'
import type { Application } from '../core/applications/application.js'
import { signingAlgorithms } from '../core/applications/application.js'
import type { Core } from '../core/core.js'
import { captured, requestFor } from './bridge.js'
import { configurationFor } from './configuration.js'
import type { Exchange, ProtocolOutcome, ProtocolRequest } from './exchange.js'
import { beginExchange, during, exchangeNow } from './exchange.js'
import { demandsOf } from './policy.js'

export type { ProtocolOutcome, ProtocolRequest } from './exchange.js'

/** OpenID Connect, behind our own requests, sessions, stores and pages. */
export interface OidcProvider {
  handle(request: ProtocolRequest): Promise<ProtocolOutcome>
  /** An ID token of ours that came back, also one that has expired; null: it is none. */
  readHint(request: ProtocolRequest, token: string): Promise<Hint | null>
  /** What an application is told when a session has ended. */
  logoutToken(application: Application, ended: Ended): Promise<string>
}

interface Ended {
  readonly account: string
  readonly session: string
}

/** Whom an ID token was about. */
export interface Hint {
  readonly application: Application
  readonly account: string
  readonly session: string
}

/** `issuer`: the origin with the base path; it is never read from a request. */
export function createOidcProvider(core: Core, issuer: string): OidcProvider {
  const place = { issuer: new URL(issuer), cookie: '_session=ours' }
  let made: Made | null = null
  const now = async (): Promise<Made> => {
    const keys = await listSigningKeys(core)
    // The same list again: nothing was changed, and nothing has come of age meanwhile.
    if (made?.keys === keys && core.platform.nowSeconds() < made.until) return made
    const of = stateOf(core, keys)
    const until = nextActiveFrom(core, keys)
    if (made?.of === of) return (made = { ...made, keys, until })
    const provider = providerWith(core, issuer, keys)
    return (made = { of, keys, until, provider, callback: provider.callback() })
  }
  return {
    async readHint(request, token) {
      const { provider } = await now()
      return during(exchangeFor(request), () => hintIn(provider, token))
    },
    async logoutToken(application, ended) {
      const { provider } = await now()
      return during(exchangeFor(noRequest), () => logoutTokenOf(provider, application, ended))
    },
    async handle(request) {
      const { callback } = await now()
      const exchange = exchangeFor(request)
      const asked = requestFor(request, place)
      beginExchange(asked, exchange)
      const answer = await captured(asked, callback)
      if (exchange.failure !== null) throw exchange.failure
      if (exchange.outcome !== null) return exchange.outcome
      if (answer.status === 401) await countUnknown(core, exchange)
      return { kind: 'answer', ...answer, untilSeconds: exchange.untilSeconds }
    },
  }
}

interface Made {
  readonly of: string
  readonly keys: readonly SigningKey[]
  /** Then another key begins to sign. */
  readonly until: number
  readonly provider: Provider
  readonly callback: ReturnType<Provider['callback']>
}

const exchangeFor = (request: ProtocolRequest): Exchange => ({
  request,
  applications: new Map(),
  given: null,
  outcome: null,
  failure: null,
  isAllowed: false,
  scopes: [],
  isSecretChecked: false,
  untilSeconds: null,
})

/** For what no browser and no application asks for. */
const noRequest: ProtocolRequest = {
  ...{ method: 'GET', path: '', query: '', headers: {}, body: new Uint8Array() },
  ...{ client: { address: '', userAgent: '' }, signedIn: null, mark: '', resumed: null },
}

const logoutEvent = 'http://schemas.openid.net/event/backchannel-logout'

/** OpenID Connect Back-Channel Logout 1.0 §2.4: whose, of which session, and no nonce. */
async function logoutTokenOf(
  provider: Provider,
  application: Application,
  { account, session }: Ended,
): Promise<string> {
  const client = await provider.Client.find(application.id)
  const token = new provider.IdToken({ sub: account }, { client })
  token.mask = { sub: null }
  token.set('events', { [logoutEvent]: {} })
  token.set('jti', randomUUID())
  token.set('sid', session)
  return token.issue({ use: 'logout' })
}

/** For whom it is stands in it; whether it is ours is seen by its signature. */
async function hintIn(provider: Provider, token: string): Promise<Hint | null> {
  try {
    const [, payload = ''] = token.split('.')
    const { aud } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Payload
    const client = typeof aud === 'string' ? await provider.Client.find(aud) : undefined
    const application = exchangeNow().applications.get(String(aud))
    if (client === undefined || application === undefined) return null
    const { payload: said } = await provider.IdToken.validate(token, client)
    return { application, account: String(said['sub']), session: String(said['sid']) }
  } catch {
    return null
  }
}

const nextActiveFrom = ({ platform }: Core, keys: readonly SigningKey[]): number =>
  Math.min(...keys.map(({ activeFrom }) => activeFrom).filter((at) => at > platform.nowSeconds()), Infinity)

/** Another text whenever other keys sign or are shown. */
function stateOf(core: Core, keys: readonly SigningKey[]): string {
  const now = core.platform.nowSeconds()
  const active = signingAlgorithms.map((algorithm) => activeKey(keys, algorithm, now)?.id)
  return [...active, ...keys.map(({ id, sealed }) => id + sealed.slice(0, 20))].join(' ')
}

function providerWith(core: Core, issuer: string, keys: readonly SigningKey[]): Provider {
  const jwks = openSigningKeys(core, keys).map((key) => JSON.parse(key.reveal()) as Payload)
  const provider = new OurProvider(issuer, configurationFor(core, jwks))
  provider.silent = true
  provider.on('server_error', (_ctx, error) => {
    exchangeNow().failure = error
  })
  override(core, provider)
  return provider
}

/** The library's own page for it runs a script of its own, which the policy of our pages does not let run. */
class OurProvider extends Provider {
  override registerResponseMode(...[name, handler]: Parameters<Provider['registerResponseMode']>): void {
    super.registerResponseMode(name, name === 'form_post' ? postForm : handler)
  }
}

function postForm(ctx: Context, action: string, fields: Record<string, string>): void {
  exchangeNow().outcome = { kind: 'post', action, fields }
  ctx.body = ''
}

/** Decisions that are core's: which secret is right, which address is registered, what a session is worth. */
function override(core: Core, provider: Provider): void {
  Object.assign(provider.Client.prototype, {
    compareClientSecret(this: Client, secret: string) {
      return isSecretOf(core, this.clientId, secret)
    },
    redirectUriAllowed(this: Client, uri: string) {
      return isRegistered(exchangeNow().applications.get(this.clientId)?.redirectUris ?? [], uri)
    },
    includeSid: () => true,
  })
  Object.assign(provider.Session.prototype, {
    sidFor(this: { uid: string }) {
      return this.uid
    },
  })
  Object.defineProperty(provider.OIDCContext.prototype, 'acr', {
    get(this: Context['oidc']) {
      const { signedIn } = exchangeNow().request
      return signedIn === null ? undefined : acrOf(signedIn.session, demandsOf({ oidc: this }).acr)
    },
  })
}

async function isSecretOf(core: Core, id: string, secret: string): Promise<boolean> {
  const exchange = exchangeNow()
  const application = exchange.applications.get(id) ?? null
  const check = await checkApplicationSecret(core, {
    application,
    id,
    secret,
    client: exchange.request.client,
  })
  exchange.isSecretChecked = true
  if (check.kind === 'wait') exchange.untilSeconds = check.untilSeconds
  return check.kind === 'right'
}

/** An id that nobody has costs and counts like a wrong secret. */
async function countUnknown(core: Core, exchange: Exchange): Promise<void> {
  if (exchange.isSecretChecked || exchange.applications.size > 0) return
  if (!exchange.request.path.startsWith('/oidc/') || exchange.request.path === '/oidc/userinfo') return
  const check = await checkApplicationSecret(core, {
    ...{ application: null, id: 'unknown', secret: '' },
    client: exchange.request.client,
  })
  if (check.kind === 'wait') exchange.untilSeconds = check.untilSeconds
}
