import { signingAlgorithms } from '../../core/applications/application.js'
import { acrValues, claimsOfScope, scopes } from '../../core/applications/claims.js'
import { listSigningKeys } from '../../core/applications/signing-keys.js'
import type { Handler } from '../context.js'
import { bytes } from '../response.js'
import type { HttpResponse } from '../request.js'

/** Any page may read what is public. */
const open = { 'access-control-allow-origin': '*' }

const publicJson = (value: unknown): HttpResponse =>
  bytes('application/json; charset=utf-8', JSON.stringify(value), { headers: open })

/** OpenID Connect Discovery 1.0 and RFC 8414: the same document, also while no application is registered. */
export const getDiscovery: Handler = ({ services }) =>
  Promise.resolve(publicJson(metadataOf(services.site.origin + services.site.base)))

const clientAuthentication = ['client_secret_basic', 'client_secret_post']

const metadataOf = (issuer: string) => ({
  issuer,
  authorization_endpoint: `${issuer}/oidc/authorize`,
  token_endpoint: `${issuer}/oidc/token`,
  userinfo_endpoint: `${issuer}/oidc/userinfo`,
  jwks_uri: `${issuer}/oidc/jwks`,
  end_session_endpoint: `${issuer}/oidc/logout`,
  revocation_endpoint: `${issuer}/oidc/revoke`,
  introspection_endpoint: `${issuer}/oidc/introspect`,
  device_authorization_endpoint: `${issuer}/oidc/device_authorization`,
  scopes_supported: scopes,
  claims_supported: Object.values(claimsOfScope).flat(),
  claim_types_supported: ['normal'],
  response_types_supported: ['code'],
  response_modes_supported: ['query', 'fragment', 'form_post'],
  grant_types_supported: [
    'authorization_code',
    'refresh_token',
    'urn:ietf:params:oauth:grant-type:device_code',
  ],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: signingAlgorithms,
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
  revocation_endpoint_auth_methods_supported: [...clientAuthentication, 'none'],
  introspection_endpoint_auth_methods_supported: clientAuthentication,
  acr_values_supported: acrValues,
  prompt_values_supported: ['none', 'login', 'consent', 'select_account'],
  backchannel_logout_supported: true,
  backchannel_logout_session_supported: true,
  authorization_response_iss_parameter_supported: true,
  claims_parameter_supported: true,
  request_parameter_supported: false,
  request_uri_parameter_supported: false,
})

export const getKeys: Handler = async ({ services }) => {
  const all = await listSigningKeys(services.core)
  // Some take the first key for the only one: that of the algorithm that nearly all use.
  const keys = signingAlgorithms.flatMap((one) => all.filter(({ algorithm }) => algorithm === one))
  return publicJson({ keys: keys.map(({ publicJwk }) => JSON.parse(publicJwk) as object) })
}
