import { errors } from 'oidc-provider'
import type { Adapter, Payload } from 'oidc-provider'
import type { Application } from '../core/applications/application.js'
import { amrOf, authTimeOf, claimsOfScopes } from '../core/applications/claims.js'
import {
  beginGrant,
  endReused,
  findApplicationToken,
  findGrant,
  hashApplicationToken,
  keepToken,
  removeApplicationToken,
  returnGrant,
  useToken,
} from '../core/applications/grants.js'
import { passkeyKind } from '../core/applications/passkey-kind.js'
import { findApplication } from '../core/applications/registration.js'
import type { GivenToken, TokenKind } from '../core/applications/tokens.js'
import type { Core } from '../core/core.js'
import type { GrantId } from '../core/ids.js'
import { deviceCodes, deviceGrant } from './device.js'
import { exchangeNow } from './exchange.js'

/** What is kept of each kind of thing that the library knows, and how it is found again. */
export function adapterFor(core: Core): (name: string) => Adapter {
  return (name) => {
    const kind = kinds[name]
    if (name === 'DeviceCode') return { ...nothing, ...deviceCodes(core) }
    if (kind !== undefined) return { ...nothing, ...tokens(core, kind) }
    if (name === 'Client') return { ...nothing, find: (id) => findClient(core, id) }
    if (name === 'Session') return { ...nothing, find: (id) => sessionPayload(core, id) }
    if (name === 'Grant')
      return {
        ...nothing,
        find: (id) => grantPayload(core, id),
        destroy: async (id) => void (await returnGrant(core, id as GrantId)),
      }
    return nothing
  }
}

const kinds: Readonly<Record<string, TokenKind>> = {
  AuthorizationCode: 'code',
  AccessToken: 'access',
  RefreshToken: 'refresh',
}

/** What waits for a person is kept by us, and a session of the library is a view of ours: it has nothing to store. */
const none = (): Promise<undefined> => Promise.resolve(undefined)
const nothing: Adapter = {
  upsert: none,
  find: none,
  findByUid: none,
  findByUserCode: none,
  consume: none,
  destroy: none,
  revokeByGrantId: none,
}

/** The library works with the clock of the machine, and we with the one that decides here. */
const machineSeconds = (): number => Math.floor(Date.now() / 1000)

function tokens(core: Core, kind: TokenKind): Partial<Adapter> {
  const hashOf = (id: string): string => hashApplicationToken(core, kind, id)
  return {
    async upsert(id, payload, expiresIn = 0) {
      const hash = hashOf(id)
      const stored = JSON.stringify({ ...payload, jti: undefined })
      if (kind === 'code')
        await beginWithCode(core, payload, { hash, payload: stored, lifetimeSeconds: expiresIn })
      else {
        const grant = grantIn(payload)
        const grantLivesUntil = givenNow(grant)?.expiresAt ?? 0
        await keepToken(core, {
          ...{ kind, hash, payload: stored, lifetimeSeconds: expiresIn },
          ...{ grant, grantLivesUntil },
        })
      }
    },
    async find(id) {
      const found = await findApplicationToken(core, hashOf(id), kind)
      if (found === null) return undefined
      exchangeNow().given = found
      const payload = JSON.parse(found.payload) as Payload
      payload['jti'] = id
      payload['exp'] = machineSeconds() + found.expiresAt - core.platform.nowSeconds()
      if (found.isSpent) payload['consumed'] = true
      return payload
    },
    async consume(id) {
      if (!(await useToken(core, hashOf(id), kind))) throw new errors.InvalidGrant('it was used already')
    },
    destroy: (id) => removeApplicationToken(core, hashOf(id)),
    // What is counted by its grant ends with it.
    revokeByGrantId: (grant) => endReused(core, grant as GrantId),
  }
}

function grantIn({ grantId }: Payload): GrantId {
  if (typeof grantId !== 'string') throw new Error('a token for nobody')
  return grantId as GrantId
}

/** The grant, where it was found with its token within this request. */
function givenNow(id: string): GivenToken['givenFor'] | null {
  const { given } = exchangeNow()
  return given?.givenFor.id === id ? given.givenFor : null
}

async function beginWithCode(
  core: Core,
  payload: Payload,
  code: Parameters<typeof beginGrant>[1]['code'],
): Promise<void> {
  const { request, applications, scopes } = exchangeNow()
  const application = applications.get(String(payload['clientId']))
  const { signedIn, client } = request
  const id = grantIn(payload)
  if (application === undefined || signedIn === null) throw new Error('a code for nobody')
  if (!(await beginGrant(core, { id, application, signedIn, scopes, client, code })))
    throw new errors.LoginRequired('the session has ended')
}

async function grantPayload(core: Core, id: string): Promise<Payload | undefined> {
  const grant = givenNow(id) ?? (await findGrant(core, id as GrantId))
  if (grant === null) return undefined
  return {
    jti: grant.id,
    kind: 'Grant',
    iat: machineSeconds(),
    // It lives as long as what was given for it: the tokens know.
    exp: machineSeconds() + 60,
    accountId: grant.account,
    clientId: grant.application,
    openid: { scope: grant.scopes.join(' '), claims: claimsOfScopes(grant.scopes) },
  }
}

/** Our own session, as the library has them. */
async function sessionPayload(core: Core, id: string): Promise<Payload | undefined> {
  const { signedIn } = exchangeNow().request
  if (signedIn === null) return undefined
  const { session, account } = signedIn
  return {
    jti: id,
    kind: 'Session',
    uid: session.id,
    accountId: account.id,
    loginTs: authTimeOf(session),
    amr: amrOf(session, await passkeyKind(core, signedIn)),
    iat: machineSeconds(),
    exp: machineSeconds() + 60,
  }
}

async function findClient(core: Core, id: string): Promise<Payload | undefined> {
  const application = await findApplication(core, id)
  if (application === null) return undefined
  exchangeNow().applications.set(id, application)
  let metadata = metadataOf.get(application)
  if (metadata === undefined) metadataOf.set(application, (metadata = clientMetadata(application)))
  return metadata
}

/** The same object is the same application, as long as nobody has changed it. */
const metadataOf = new WeakMap<Application, Payload>()

/** Never compared: which secret is right is decided in core/. */
const noSecret = 'not-a-secret'
/** The same of addresses. */
const noRedirect = 'https://redirect.invalid/'

const clientMetadata = (application: Application): Payload => ({
  client_id: application.id,
  client_name: application.name,
  redirect_uris: [noRedirect],
  response_types: ['code'],
  grant_types: ['authorization_code', 'refresh_token', deviceGrant],
  id_token_signed_response_alg: application.signingAlgorithm,
  ...(application.isPublic
    ? { token_endpoint_auth_method: 'none' }
    : { token_endpoint_auth_method: 'client_secret_basic', client_secret: noSecret }),
})
