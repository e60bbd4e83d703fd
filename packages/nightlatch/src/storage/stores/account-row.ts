import type { Account } from '../../core/accounts/account.js'
import type { Person } from '../../core/applications/claims.js'
import type { FactorCounts } from '../../core/factors/factor.js'
import type { AccountId } from '../../core/ids.js'
import type { Param } from '../engine/database.js'

export interface AccountRow {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly email: string
  readonly group_names: string
  readonly admin: number
  readonly disabled: number
  readonly waiting: number
  readonly password_hash: string
  readonly authenticator_count: number
  readonly factor_counts: string
  readonly created_at: number
  readonly last_sign_in_at: number
  readonly ends_at: number | null
  readonly password_due: number
  readonly verified_email: string
}

/** What `valuesOfAccount` gives; the rest has its default in a new row. */
export const newAccountColumns = `id, username, name, email, group_names, admin, disabled, password_hash, authenticator_count,
  factor_counts, created_at, last_sign_in_at, ends_at, waiting, verified_email`
export const columns = `${newAccountColumns}, password_due`

/** Beside columns of another table. By name: a column that a newer version adds changes no answer. */
export const accountColumns = columns.replace(/\w+/g, 'account.$&')

/** What applications are told of somebody. */
export type PersonRow = Pick<
  AccountRow,
  'id' | 'username' | 'name' | 'email' | 'verified_email' | 'group_names' | 'disabled' | 'ends_at'
>
export const personColumns = `account.id, username, name, email, verified_email, group_names, disabled, ends_at`

const noGroups: readonly string[] = []

export const personOf = (row: PersonRow): Person => ({
  id: row.id as AccountId,
  username: row.username,
  name: row.name,
  email: row.email,
  emailVerified: row.email !== '' && row.verified_email === row.email,
  groups: row.group_names === '[]' ? noGroups : (JSON.parse(row.group_names) as string[]),
  disabled: row.disabled === 1,
  endsAt: row.ends_at,
})

type CountColumns = Pick<AccountRow, 'authenticator_count' | 'factor_counts'>

/** TOTP has a column; every other kind is in the text, also what a newer version put there. */
export const countsOf = ({ authenticator_count: totp, factor_counts: others }: CountColumns): FactorCounts =>
  others === '{}' ? { totp } : { ...(JSON.parse(others) as FactorCounts), totp }

export function othersOf(counts: FactorCounts): string {
  const others = Object.entries(counts).filter(([kind, count = 0]) => kind !== 'totp' && count > 0)
  return JSON.stringify(Object.fromEntries(others))
}

/** Spelled out: ten thousand are remembered, and one that is spread together takes half as much again. */
export function accountOf(row: AccountRow): Account {
  const { id, username, name, email, emailVerified, groups, disabled, endsAt } = personOf(row)
  const account: Account = {
    id,
    username,
    name,
    email,
    emailVerified,
    groups,
    disabled,
    endsAt,
    admin: row.admin === 1,
    waiting: row.waiting === 1,
    passwordHash: row.password_hash,
    factorCounts: countsOf(row),
    createdAt: row.created_at,
    lastSignInAt: row.last_sign_in_at,
  }
  return row.password_due === 1 ? { ...account, passwordDue: true } : account
}

export const valuesOfAccount = (account: Account): readonly Param[] => [
  account.id,
  account.username,
  account.name,
  account.email,
  JSON.stringify(account.groups),
  Number(account.admin),
  Number(account.disabled),
  account.passwordHash,
  account.factorCounts.totp,
  othersOf(account.factorCounts),
  account.createdAt,
  account.lastSignInAt,
  account.endsAt,
  Number(account.waiting),
  account.emailVerified ? account.email : '',
]
