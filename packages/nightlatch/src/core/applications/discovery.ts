/** Below the issuer (OpenID Connect Discovery 1.0 §4). */
export const discoveryPath = '/.well-known/openid-configuration'

/** Where an application reads what it needs to know of us. */
export const discoveryOf = (issuer: string): string => issuer + discoveryPath
