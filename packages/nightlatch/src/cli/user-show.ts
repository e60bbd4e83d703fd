import type { Account } from '../core/accounts.js'
import type { CliDeps, Nightlatch } from './deps.js'
import { isoTime, print, printable, printJson, timeOrNull } from './output.js'

/** An account for scripts: never the password's hash. */
export function describeAccount(account: Account): Readonly<Record<string, unknown>> {
  return {
    id: account.id,
    username: account.username,
    name: account.name,
    email: account.email,
    groups: account.groups,
    admin: account.admin,
    disabled: account.disabled,
    hasPassword: account.passwordHash !== '',
    authenticators: account.authenticatorCount,
    createdAt: timeOrNull(account.createdAt),
    lastSignInAt: timeOrNull(account.lastSignInAt),
  }
}

interface Shown {
  readonly account: Account
  readonly json: boolean
}

export async function printAccount(deps: CliDeps, app: Nightlatch, { account, json }: Shown): Promise<void> {
  const { stores } = app.core.storage
  const authenticators = await stores.authenticators.listOf(account.id)
  const facts = {
    recoveryCodesLeft: await stores.recoveryCodes.countLeft(account.id),
    sessions: (await stores.sessions.listOf(account.id)).length,
    trustedDevices: (await stores.trustedDevices.listOf(account.id)).length,
  }
  if (json) {
    const listed = authenticators.map(({ name, createdAt, lastUsedAt }) => ({
      name,
      createdAt: timeOrNull(createdAt),
      lastUsedAt: timeOrNull(lastUsedAt),
    }))
    return printJson(deps, { account: { ...describeAccount(account), ...facts, authenticatorList: listed } })
  }
  const state = account.disabled ? 'disabled' : account.passwordHash === '' ? 'invited' : 'active'
  const lines: readonly (readonly [string, string])[] = [
    ['user name', account.username],
    ['name', account.name || '-'],
    ['email', account.email || '-'],
    ['state', account.admin ? `${state}, administrator` : state],
    ['second step', authenticators.map(({ name }) => name || 'an authenticator app').join(', ') || 'none'],
    ['recovery codes', `${facts.recoveryCodesLeft} left`],
    ['trusted devices', String(facts.trustedDevices)],
    ['sessions', String(facts.sessions)],
    ['created', isoTime(account.createdAt)],
    ['last sign-in', isoTime(account.lastSignInAt) || 'never'],
  ]
  for (const [label, text] of lines) print(deps, `${label.padEnd(16)}${printable(text)}`)
}
