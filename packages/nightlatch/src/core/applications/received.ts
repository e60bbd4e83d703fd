import type { Account } from '../accounts/account.js'
import { isOpen } from '../accounts/account.js'
import { isInOneOf } from '../accounts/groups.js'
import { hasSecondFactor } from '../factors/factor.js'
import type { Application } from './application.js'
import { authenticationContexts, claimsOf, claimsOfScopes } from './claims.js'

/** Why an application would be told nothing of somebody. */
export const refusals = ['account-closed', 'not-in-group'] as const

interface Claims {
  readonly [claim: string]: string | boolean | readonly string[]
}

interface Received {
  readonly refusal: (typeof refusals)[number] | null
  readonly idToken: Claims
  readonly userinfo: Claims
  /** Where a sign-in begins. */
  readonly address: string
}

interface Asked {
  readonly account: Account
  readonly issuer: string
  readonly scope: string
  readonly now: number
}

export const usualScope = 'openid profile email groups'

/** Exactly what an application will receive of somebody, without a sign-in, and whether that person may use it. */
export function receivedBy(application: Application, asked: Asked): Received {
  const { account, issuer, scope, now } = asked
  const claims = claimsFor(application, account, scope.split(' '))
  return {
    refusal: refusalOf(application, account, now),
    idToken: { iss: issuer, aud: application.id, ...claims },
    userinfo: claims,
    address: addressFor(application, issuer, scope),
  }
}

function refusalOf({ groups }: Application, account: Account, now: number): Received['refusal'] {
  if (!isOpen(account, now)) return 'account-closed'
  return groups === null || isInOneOf(account.groups, groups) ? null : 'not-in-group'
}

function claimsFor({ access }: Application, account: Account, scopes: readonly string[]): Claims {
  // Whoever has one factor sets another one up on the way, where the application wants two.
  const two = hasSecondFactor(account) || access === 'two-factors'
  const all = new Map<string, Claims[string]>(
    Object.entries({
      ...claimsOf(account),
      acr: two ? authenticationContexts.twoFactors : authenticationContexts.oneFactor,
      amr: two ? ['pwd', 'otp', 'mfa'] : ['pwd'],
      auth_time: 'when the person signed in',
      sid: 'the session',
    }),
  )
  return Object.fromEntries(
    claimsOfScopes(scopes).flatMap((name) => {
      const value = all.get(name)
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

function addressFor(
  { id, redirectUris: [redirect = ''] }: Application,
  issuer: string,
  scope: string,
): string {
  const asked = { response_type: 'code', client_id: id, redirect_uri: redirect, scope }
  const query = Object.entries(asked).map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
  return `${issuer}/oidc/authorize?${query.join('&')}`
}
