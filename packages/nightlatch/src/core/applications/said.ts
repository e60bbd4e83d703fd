import { scopes as knownScopes, scopesOfClaims } from './claims.js'
import type { Demands } from './demands.js'
import { acrDemands } from './demands.js'
import type { DeviceRequest } from './device.js'

/** What a request of an application says, as far as it is text. */
type Said = Readonly<Record<string, string>>

export function saidIn(params: unknown): Said {
  if (typeof params !== 'object' || params === null) return {}
  const texts = Object.entries(params).map(([name, value]) => [name, text(value)] as const)
  return Object.fromEntries(texts)
}

const text = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? String(value) : ''

type Claims = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>> | null>> | null>
>

function claimsIn({ claims }: Said): Claims {
  try {
    const parsed = JSON.parse(claims ?? '{}') as unknown
    return typeof parsed === 'object' && parsed !== null ? (parsed as Claims) : {}
  } catch {
    return {}
  }
}

export const demandsSaid = (said: Said): Demands => ({
  ...acrDemands(said['acr_values'], claimsIn(said)['id_token']?.['acr']),
  maxAgeSeconds: maxAgeSaid(said),
})

/** An age of nothing arrives as a prompt. */
function maxAgeSaid({ prompt = '', max_age: maxAge = '' }: Said): number | null {
  if (prompt.split(' ').includes('login')) return 0
  return /^\d{1,15}$/.test(maxAge) ? Number(maxAge) : null
}

/** What it wants to know, by scopes and by the names of claims. */
export function scopesSaid(said: Said): readonly string[] {
  const claims = claimsIn(said)
  const named = ['userinfo', 'id_token'].flatMap((place) => Object.keys(claims[place] ?? {}))
  const asked = new Set([...(said['scope'] ?? '').split(' '), ...scopesOfClaims(named)])
  return knownScopes.filter((scope) => asked.has(scope))
}

export function demandsOfDevice({ payload }: Pick<DeviceRequest, 'payload'>): Demands {
  const { params } = JSON.parse(payload) as { readonly params?: unknown }
  return demandsSaid(saidIn(params))
}
