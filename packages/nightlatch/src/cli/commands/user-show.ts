import type { Account } from '../../core/accounts/account.js'
import { accountState } from '../../core/accounts/account.js'
import type { AuthenticatorFacts } from '../../core/factors/totp/facts.js'
import { hasShortSecret, shortestSecretBits } from '../../core/factors/totp/facts.js'
import type { OwnFactors } from '../../core/factors/registry.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { countsForScripts, listsForScripts, operatorWords } from './factor-words.js'
import { clockInWords, isoTime, print, printable, printJson, timeOrNull } from '../framework/output.js'

/** An account for scripts: never the password's hash. */
export function describeAccount(account: Account): Readonly<Record<string, unknown>> {
  return {
    id: account.id,
    username: account.username,
    name: account.name,
    email: account.email,
    emailVerified: account.emailVerified,
    groups: account.groups,
    admin: account.admin,
    disabled: account.disabled,
    expiresAt: account.endsAt === null ? null : isoTime(account.endsAt),
    hasPassword: account.passwordHash !== '',
    ...countsForScripts(account),
    createdAt: timeOrNull(account.createdAt),
    lastSignInAt: timeOrNull(account.lastSignInAt),
  }
}

const namesOf = ({ items }: OwnFactors): string =>
  items.map(({ kind, name }) => name || operatorWords[kind].unnamed).join(', ')

const describeApp = (one: AuthenticatorFacts): Readonly<Record<string, unknown>> => ({
  type: one.counter === null ? 'totp' : 'hotp',
  algorithm: one.algorithm,
  digits: one.digits,
  ...(one.counter === null ? { period: one.period } : { counter: one.counter }),
  secretBits: one.secretBits,
  driftSeconds: one.drift * one.period,
})

const drifted = ({ name, drift, period }: AuthenticatorFacts): string =>
  `that of ${JSON.stringify(name || operatorWords.totp.unnamed)} is ${clockInWords(drift * period)}: its codes are expected so`

const shortSecret = ({ name, secretBits }: AuthenticatorFacts): string =>
  `the secret of ${JSON.stringify(name || operatorWords.totp.unnamed)} has ${String(secretBits)} bits, and ` +
  `${shortestSecretBits} are the least that is asked for (RFC 4226): a new phone set-up replaces it`

interface Shown {
  readonly account: Account
  readonly json: boolean
}

export async function printAccount(deps: CliDeps, app: Nightlatch, { account, json }: Shown): Promise<void> {
  const { authenticators, factors, sessions, trustedDevices } = app.core.queries
  const own = await factors.listOf(account.id)
  const apps = await authenticators.factsOf(account.id)
  const facts = {
    sessions: (await sessions.listOf(account.id)).length,
    trustedDevices: (await trustedDevices.listOf(account.id)).length,
  }
  if (json) {
    const lists = listsForScripts(own, new Map(apps.map((one) => [one.id, describeApp(one)])))
    return printJson(deps, { account: { ...describeAccount(account), ...facts, ...lists } })
  }
  const state = accountState(account, app.core.platform.nowSeconds())
  const lines: readonly (readonly [string, string])[] = [
    ['username', account.username],
    ['name', account.name || '-'],
    [
      'email',
      account.email === ''
        ? '-'
        : `${account.email}, ${account.emailVerified ? 'confirmed' : 'not confirmed'}`,
    ],
    ['groups', account.groups.join(', ') || '-'],
    ['state', account.admin ? `${state}, administrator` : state],
    ['second step', namesOf(own) || 'none'],
    ['passkeys', String(own.counts.passkey)],
    ['recovery codes', `${own.counts['recovery-code']} left`],
    ['trusted devices', String(facts.trustedDevices)],
    ['sessions', String(facts.sessions)],
    ['created', isoTime(account.createdAt)],
    ['last sign-in', isoTime(account.lastSignInAt) || 'never'],
    ...(account.endsAt === null ? [] : [['expires', isoTime(account.endsAt)] as const]),
    ...apps.filter(({ drift }) => drift !== 0).map((one) => ['clock', drifted(one)] as const),
    ...apps.filter(hasShortSecret).map((one) => ['warning', shortSecret(one)] as const),
  ]
  for (const [label, text] of lines) print(deps, `${label.padEnd(16)}${printable(text)}`)
}
