/** The library alone, on its store in memory, with an application and a person who is signed in: nothing of Nightlatch. */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import { Provider } from 'oidc-provider'
import { answerQuestions } from '../lib/child.mjs'

const redirectUri = 'https://app.example.org/callback'
const [id, secret] = ['bench', 'a secret of the bench, and of nobody else']
const claims = {
  openid: ['sub', 'acr', 'amr', 'auth_time', 'sid'],
  profile: ['name', 'preferred_username'],
  email: ['email', 'email_verified'],
  groups: ['groups'],
}
const claimsOf = (sub) => ({
  ...{ sub, name: 'Ada Lovelace', preferred_username: sub, email: `${sub}@example.org` },
  ...{ email_verified: true, groups: ['admins', 'staff'] },
})
const { people } = JSON.parse(process.argv[2])
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })

const server = createServer()
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address()
const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    {
      ...{ client_id: id, client_secret: secret, redirect_uris: [redirectUri] },
      grant_types: ['authorization_code', 'refresh_token'],
    },
  ],
  jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), alg: 'RS256', use: 'sig', kid: 'bench' }] },
  scopes: [...Object.keys(claims), 'offline_access'],
  claims,
  conformIdTokenClaims: false,
  pkce: { required: () => true },
  cookies: { long: { signed: false }, short: { signed: false } },
  features: { devInteractions: { enabled: false }, dPoP: { enabled: false } },
  findAccount: (_ctx, accountId) => ({ accountId, claims: () => claimsOf(accountId) }),
  loadExistingGrant,
  ttl: { AccessToken: 3600, IdToken: 3600, AuthorizationCode: 60, Grant: 86_400, Session: 86_400 },
  interactions: { url: () => '/not-signed-in' },
})
provider.on('server_error', (_ctx, error) => console.error(error))
provider.on('grant.error', (_ctx, error) => console.error(error.error_detail))

/**
 * One for each sign-in. The one that the library keeps by default for all of a session lists every code and token
 * that was given for it, and its store in memory goes through that list at each write. What was given for one ends
 * with the next one of the same session: that is why nobody may sign in twice at once.
 */
async function loadExistingGrant({ oidc }) {
  const grant = new provider.Grant({ accountId: oidc.session.accountId, clientId: id })
  grant.addOIDCScope(oidc.params.scope)
  await grant.save(86_400)
  return grant
}

async function signIn(accountId) {
  const session = new provider.Session()
  session.loginAccount({ accountId, acr: 'two', amr: ['pwd', 'otp', 'mfa'] })
  await session.save(86_400)
  return `_session=${session.jti}`
}

server.on('request', provider.callback())
const cookies = []
for (let number = 0; number < people; number += 1) cookies.push(await signIn(`person${number}`))
const at = { authorize: '/auth', token: '/token', userinfo: '/me' }
answerQuestions({ port, id, secret, redirectUri, cookies, at })
