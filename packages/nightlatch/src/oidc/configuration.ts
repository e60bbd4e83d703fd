import { errors } from 'oidc-provider'
import type { Client, Context, Grant, Interaction, Payload, Provider, Token } from 'oidc-provider'
import { isInOneOf } from '../core/accounts/groups.js'
import { isOpen } from '../core/accounts/account.js'
import {
  acrValues,
  claimsOf,
  claimsOfScope,
  claimsOfScopes,
  scopes,
  scopesOfClaims,
} from '../core/applications/claims.js'
import { isOfScheme } from '../core/applications/redirects.js'
import { isAllowed, keepRequest, newGrantId } from '../core/applications/grants.js'
import type { Application } from '../core/applications/application.js'
import { signingAlgorithms } from '../core/applications/application.js'
import type { Core } from '../core/core.js'
import type { AccountId } from '../core/ids.js'
import { adapterFor } from './adapter.js'
import type { Exchange, Obstacle } from './exchange.js'
import { exchangeNow } from './exchange.js'
import { policyFor } from './policy.js'

/** Below the base path. */
const endpoints = {
  authorization: '/oidc/authorize',
  token: '/oidc/token',
  userinfo: '/oidc/userinfo',
  jwks: '/oidc/jwks',
  end_session: '/oidc/logout',
  revocation: '/oidc/revoke',
  introspection: '/oidc/introspect',
  device_authorization: '/oidc/device_authorization',
  // Ours: the library never sees a request for it.
  code_verification: '/device',
} as const

/** As long as an address that every proxy carries. */
const longestParameter = 4096

export const configurationFor = (core: Core, jwks: readonly Payload[]): Payload => ({
  adapter: adapterFor(core),
  jwks: { keys: jwks },
  routes: endpoints,
  scopes,
  claims: claimsOfScope,
  acrValues,
  responseTypes: ['code'],
  subjectTypes: ['public'],
  clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
  enabledJWA: { idTokenSigningAlgValues: signingAlgorithms },
  // Applications read them in either place, and after a refresh, too.
  conformIdTokenClaims: false,
  allowOmittingSingleRegisteredRedirectUri: false,
  pkce: { required: needsChallenge },
  formats: { bitsOfOpaqueRandomness: 256 },
  cookies: { long: { signed: false }, short: { signed: false } },
  features: {
    devInteractions: { enabled: false },
    // Twenty letters without vowels, eight of them.
    deviceFlow: { enabled: true, charset: 'base-20', mask: '****-****' },
    dPoP: { enabled: false },
    pushedAuthorizationRequests: { enabled: false },
    resourceIndicators: { enabled: false },
    // Which session ends, and who is told, is ours to decide: http/oidc/logout.ts.
    rpInitiatedLogout: { enabled: false },
    claimsParameter: { enabled: true },
    introspection: { enabled: true, allowedPolicy: isOwn },
    revocation: { enabled: true, allowedPolicy: isOwn },
    userinfo: { enabled: true },
  },
  ttl: {
    AuthorizationCode: core.policy.applicationTokens.codeSeconds,
    AccessToken: core.policy.applicationTokens.accessSeconds,
    IdToken: core.policy.applicationTokens.idTokenSeconds,
    RefreshToken: core.policy.applicationTokens.refreshSeconds,
    Interaction: core.policy.authorizationRequestSeconds,
    Grant: core.policy.applicationTokens.refreshSeconds,
    Session: 60,
    DeviceCode: core.policy.deviceCode.seconds,
  },
  ...hooksFor(core),
})

/** Whoever keeps no secret, and whoever has the code sent to an app, which another app may have stood in for. */
const needsChallenge = ({ oidc }: Context, client: Client): boolean =>
  client.tokenEndpointAuthMethod === 'none' || isOfScheme(oidc.params['redirect_uri'] ?? '')

const isOwn = (_ctx: Context, client: Client, token: Token): boolean => token.clientId === client.clientId

/** What the library asks of us. */
const hooksFor = (core: Core): Payload => ({
  findAccount: (ctx: Context, id: string, token?: Token) => findPerson(core, ctx, { id, token }),
  loadExistingGrant: (ctx: Context) => grantFor(core, ctx),
  expiresWithSession: () => false,
  issueRefreshToken: (_ctx: Context, _client: Client, code: Token) => code.scopes.has('offline_access'),
  rotateRefreshToken: true,
  extraTokenClaims: ({ oidc }: Context) => provenIn(oidc.entities),
  extraParams: { nightlatch: (ctx: Context) => judgeParameters(ctx) },
  clientBasedCORS: (_ctx: Context, origin: string, client: Client) => isOriginOf(client, origin),
  interactions: {
    policy: policyFor(core),
    url: (ctx: Context, interaction: Interaction) => stopAt(core, ctx, interaction),
  },
  renderError: (ctx: Context, { error, error_description: description = '' }: Record<string, string>) => {
    refuse(ctx, { error: error ?? '', description })
  },
})

interface Asked {
  readonly id: string
  readonly token: Token | undefined
}

/** Also at every refresh: whoever was disabled, or taken out of the group, is told to nobody any more. */
async function findPerson(core: Core, { oidc }: Context, { id, token }: Asked) {
  const { request, applications, given } = exchangeNow()
  const known = [request.signedIn?.account, given?.givenTo].find((one) => one?.id === id)
  const account = known ?? (await core.queries.accounts.find(id as AccountId))
  if (account === null || !isOpen(account, core.platform.nowSeconds())) return undefined
  const groups = applications.get(oidc.client.clientId)?.groups ?? null
  if (token !== undefined && groups !== null && !isInOneOf(account.groups, groups)) return undefined
  return {
    accountId: id,
    claims: () => Promise.resolve({ ...claimsOf(account), ...token?.extra }),
  }
}

/** How the person was proven, from what the token was made of: userinfo and introspection say it, too. */
function provenIn({
  RefreshToken: refresh,
  AuthorizationCode: code,
  DeviceCode: device,
}: Context['oidc']['entities']) {
  const source = refresh ?? code ?? device
  if (source === undefined) return undefined
  const { authTime, acr, amr, sid } = source
  return { auth_time: authTime, acr, amr, sid }
}

/** What a request asks to know, by scopes and by the names of claims. */
const scopesAsked = ({ oidc }: Context): readonly string[] => [
  ...new Set([...oidc.requestParamOIDCScopes, ...scopesOfClaims([...oidc.requestParamClaims])]),
]

/** A grant of its own for each sign-in at an application: what ends one ends no other. */
async function grantFor(core: Core, ctx: Context): Promise<Grant | undefined> {
  const exchange = exchangeNow()
  const { signedIn } = exchange.request
  const application = applicationOf(exchange, ctx)
  if (signedIn === null || application === null) return undefined
  const scopes = scopesAsked(ctx)
  exchange.scopes = scopes
  exchange.isAllowed = await isAllowed(core, { application, account: signedIn.account.id, scopes })
  if (!exchange.isAllowed) return undefined
  const { Grant: NewGrant } = (ctx.oidc as unknown as { provider: Provider }).provider
  const grant = new NewGrant({
    jti: newGrantId(core),
    accountId: signedIn.account.id,
    clientId: application.id,
  })
  grant.addOIDCScope(scopes.join(' '))
  grant.addOIDCClaims(claimsOfScopes(scopes))
  return grant
}

const applicationOf = ({ applications }: Exchange, { oidc }: Context): Application | null =>
  applications.get((oidc.client as Client | undefined)?.clientId ?? '') ?? null

/** Pages of the application itself, in a browser: those that people are sent back to. */
function isOriginOf({ clientId }: Client, origin: string): boolean {
  const uris = exchangeNow().applications.get(clientId)?.redirectUris ?? []
  // The origin of a scheme of an app is `null`, like that of a frame which may be nobody's.
  return uris.some((uri) => !isOfScheme(uri) && URL.canParse(uri) && new URL(uri).origin === origin)
}

/**
 * The library drops `offline_access` unless consent is asked for each time. Here it is allowed once, like every other scope.
 * What is longer than an address can be is refused.
 */
function judgeParameters(ctx: Context): void {
  const { params } = ctx.oidc
  for (const name of ['state', 'nonce'])
    if ((params[name]?.length ?? 0) > longestParameter) {
      params[name] = undefined
      throw new errors.InvalidRequest(`${name} is longer than ${longestParameter} characters`)
    }
  const said = ctx.query['scope'] ?? ctx.oidc.body?.['scope']
  const asked = typeof said === 'string' ? said : ''
  if (asked.split(' ').includes('offline_access') && params['scope']?.includes('offline_access') !== true)
    params['scope'] = `${params['scope'] ?? ''} offline_access`.trim()
}

/** Something stands in the way: our own pages are there for it. */
async function stopAt(core: Core, ctx: Context, { prompt }: Interaction): Promise<string> {
  const exchange = exchangeNow()
  const { request } = exchange
  const application = applicationOf(exchange, ctx)
  const [reason] = prompt.reasons
  if (application === null || reason === undefined) throw new Error('an interaction for nobody')
  const kept =
    request.resumed ??
    (await keepRequest(core, { application: application.id, query: request.query, mark: request.mark }))
  exchange.outcome = {
    kind: 'obstacle',
    obstacle: reason as Obstacle,
    application,
    request: kept,
    loginHint: ctx.oidc.params['login_hint'] ?? '',
  }
  return 'https://nightlatch.invalid/'
}

function refuse(ctx: Context, { error, description }: { error: string; description: string }): void {
  const exchange = exchangeNow()
  const asked = ctx.oidc.params as Context['oidc']['params'] | undefined
  const redirectUri = asked?.['redirect_uri'] ?? (ctx.query['redirect_uri'] as string | undefined)
  exchange.outcome = {
    kind: 'refused',
    error,
    description,
    application: applicationOf(exchange, ctx),
    redirectUri: typeof redirectUri === 'string' ? redirectUri : null,
  }
  ctx.body = ''
}
