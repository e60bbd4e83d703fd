import type {
  Account,
  AccountStore,
  FactorLimit,
  LoginName,
  NewAccount,
} from '../../core/accounts/account.js'
import type { Person } from '../../core/applications/claims.js'
import type { AccountId } from '../../core/ids.js'
import type { FactorCounts } from '../../core/factors/factor.js'
import { Rollback } from '../../core/ports/stores.js'
import type { Db, Param } from '../engine/database.js'
import { addNames, namesOf, removeFreed, setLoginNames } from './login-names.js'
import { byDialect, marks, valuesList } from './rows.js'
import { defineStore } from './store.js'

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
const columns = `${newAccountColumns}, password_due`

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
const countsOf = ({ authenticator_count: totp, factor_counts: others }: CountColumns): FactorCounts =>
  others === '{}' ? { totp } : { ...(JSON.parse(others) as FactorCounts), totp }

function othersOf(counts: FactorCounts): string {
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

const insert = `INSERT INTO account (${newAccountColumns}) VALUES ${valuesList(1, 15)}`
const insertFirst = `INSERT INTO account (${newAccountColumns})
  SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, CAST($13 AS bigint), $14, $15 WHERE NOT EXISTS (SELECT 1 FROM account)`

async function add(db: Db, account: NewAccount): Promise<boolean | Rollback<boolean>> {
  await db.run(insert, valuesOfAccount(account.account))
  return (await addNames(db, namesOf(account))) || new Rollback(false)
}

async function addFirst(db: Db, account: NewAccount): Promise<boolean | Rollback<boolean>> {
  await db.lock('first account')
  if ((await db.run(insertFirst, valuesOfAccount(account.account))) === 0) return false
  return (await addNames(db, namesOf(account))) || new Rollback(false)
}

const otherAdministrator = `SELECT id FROM account WHERE admin = 1 AND id <> $1 AND disabled = 0
  AND password_hash <> '' AND ends_at IS NULL LIMIT 1`

const find = `SELECT ${columns} FROM account WHERE id = $1`
const byName = `SELECT ${columns} FROM account WHERE id = (SELECT account FROM login_name
  WHERE name = $1 AND held_until IS NULL)`
/** As many names a statement as the databases take; the statements of each number stay prepared. */
const namesAtOnce = 512

async function findAll(db: Db, names: readonly LoginName[]): Promise<ReadonlyMap<LoginName, Account>> {
  const found = new Map<LoginName, Account>()
  for (let at = 0; at < names.length; at += namesAtOnce) {
    const some = names.slice(at, at + namesAtOnce)
    // A name twice finds nothing more, and every statement has one of a few lengths.
    const size = 2 ** Math.ceil(Math.log2(some.length))
    const padded = Array.from({ length: size }, (_none, index) => some[index] ?? some[0] ?? '')
    const rows = await db.all<AccountRow & { readonly login: LoginName }>(byNames(size), padded)
    for (const row of rows) found.set(row.login, accountOf(row))
  }
  return found
}

const byNames = (count: number): string => `SELECT login_name.name AS login, ${accountColumns} FROM login_name
  JOIN account ON account.id = login_name.account WHERE login_name.held_until IS NULL
  AND login_name.name IN (${marks(count)})`

const localPart = 'SELECT name FROM login_name WHERE name > $1 AND name < $2 AND held_until IS NULL LIMIT 1'
const pageRows = 1000
const page = `SELECT ${columns} FROM account WHERE id > $1 ORDER BY id LIMIT ${pageRows}`

/** Page by page: no statement takes long, however many there are. The oldest come first. */
async function listAll(db: Db): Promise<readonly Account[]> {
  const all: Account[] = []
  for (let last = '', found = pageRows; found === pageRows;) {
    const rows = await db.all<AccountRow>(page, [last])
    all.push(...rows.map(accountOf))
    last = rows.at(-1)?.id ?? ''
    found = rows.length
  }
  const isBefore = (one: Account, other: Account): boolean => one.id < other.id
  return all.sort((one, other) => one.createdAt - other.createdAt || (isBefore(one, other) ? -1 : 1))
}

/** What is decided from the row stays true to the end. SQLite holds the whole database. */
const hold = byDialect((dialect) => (dialect === 'postgres' ? `${find} FOR NO KEY UPDATE` : find))

// What people are found by is made anew when one of its parts has changed.
const setProfile = `UPDATE account SET username = $2, name = $3, email = $4, group_names = $5,
  verified_email = CASE WHEN email = $4 THEN verified_email ELSE '' END,
  sort_key = CASE WHEN username = $2 AND name = $3 AND email = $4 THEN sort_key ELSE '' END WHERE id = $1`

const setEmailVerified =
  "UPDATE account SET verified_email = CASE WHEN $2 = 1 THEN email ELSE '' END WHERE id = $1"

const recount = `UPDATE account SET authenticator_count = $2, factor_counts = $3
  WHERE id = $1 AND authenticator_count = $4 AND factor_counts = $5`

/** The row is held meanwhile, and the write decides: it finds the counts as they were read, or changes nothing. */
async function change(
  db: Db,
  id: AccountId,
  next: (now: FactorCounts) => FactorCounts | null,
): Promise<Account | null> {
  const row = await db.one<AccountRow>(hold[db.dialect], [id])
  const counts = row === null ? null : next(countsOf(row))
  if (row === null || counts === null) return null
  const was = [row.authenticator_count, row.factor_counts]
  const written = await db.run(recount, [id, counts.totp, othersOf(counts), ...was])
  return written === 0 ? null : { ...accountOf(row), factorCounts: counts }
}

const total = (counts: FactorCounts): number =>
  Object.values(counts).reduce<number>((sum, n = 0) => sum + n, 0)

function countedUp(now: FactorCounts, kind: string, limit: FactorLimit): FactorCounts | null {
  const has = now[kind] ?? 0
  const hasRoom = limit === 'first' ? total(now) === 0 : has < limit.atMost
  return hasRoom ? { ...now, [kind]: has + 1 } : null
}

function countedDown(now: FactorCounts, kind: string, atLeast: number): FactorCounts | null {
  const has = now[kind] ?? 0
  return has > 0 && total(now) > atLeast ? { ...now, [kind]: has - 1 } : null
}

export const accountStore = defineStore<AccountStore>({
  async find(id) {
    const row = await this.db.one<AccountRow>(find, [id])
    return row && accountOf(row)
  },
  async hold(id) {
    const row = await this.db.one<AccountRow>(hold[this.db.dialect], [id])
    return row && accountOf(row)
  },
  async findByLoginName(name) {
    const row = await this.db.one<AccountRow>(byName, [name])
    return row && accountOf(row)
  },
  findByLoginNames(names) {
    return findAll(this.db, names)
  },
  // 'A' follows '@' in both databases' order.
  async isLocalPart(name) {
    return (await this.db.one(localPart, [`${name}@`, `${name}A`])) !== null
  },
  list() {
    return listAll(this.db)
  },
  async isEmpty() {
    return (await this.db.one('SELECT id FROM account LIMIT 1', [])) === null
  },
  add(account) {
    return this.db.atomic((part) => add(part, account))
  },
  addFirst(account) {
    return this.db.atomic((part) => addFirst(part, account))
  },
  remove(id) {
    return this.db.wrote('DELETE FROM account WHERE id = $1', [id])
  },
  async noteSignIn(id, at) {
    await this.db.run('UPDATE account SET last_sign_in_at = $2 WHERE id = $1', [id, at])
  },
  setDisabled(id, disabled) {
    const set = 'UPDATE account SET disabled = $2, waiting = 0 WHERE id = $1'
    return this.db.wrote(set, [id, Number(disabled)])
  },
  setPasswordHash(id, hash) {
    return this.db.wrote('UPDATE account SET password_hash = $2, password_due = 0 WHERE id = $1', [id, hash])
  },
  async setPasswordDue(id) {
    await this.db.run('UPDATE account SET password_due = 1 WHERE id = $1', [id])
  },
  renewPasswordHash(id, { from, to }) {
    return this.db.wrote('UPDATE account SET password_hash = $3 WHERE id = $1 AND password_hash = $2', [
      id,
      from,
      to,
    ])
  },
  async hasPasswordHash(prefix) {
    const found = 'SELECT id FROM account WHERE substr(password_hash, 1, $2) = $1 LIMIT 1'
    return (await this.db.one(found, [prefix, prefix.length])) !== null
  },
  async setProfile(id, { username, name, email, groups }) {
    await this.db.run(setProfile, [id, username, name, email, JSON.stringify(groups)])
  },
  async setEmailVerified(id, verified) {
    await this.db.run(setEmailVerified, [id, Number(verified)])
  },
  setLoginNames(id, names) {
    return this.db.atomic((part) => setLoginNames(part, id, names))
  },
  removeFreedNames(now, limit) {
    return this.db.run(removeFreed[this.db.dialect], [now, limit])
  },
  setAdmin(id, admin) {
    return this.db.wrote('UPDATE account SET admin = $2 WHERE id = $1', [id, Number(admin)])
  },
  setEnd(id, endsAt) {
    return this.db.wrote('UPDATE account SET ends_at = $2 WHERE id = $1', [id, endsAt])
  },
  holdAdministrators() {
    return this.db.lock('administrators')
  },
  async hasOtherAdministrator(id) {
    return (await this.db.one(otherAdministrator, [id])) !== null
  },
  countFactorUp(id, kind, limit) {
    return change(this.db, id, (now) => countedUp(now, kind, limit))
  },
  async countFactorDown(id, kind, atLeast) {
    return (await change(this.db, id, (now) => countedDown(now, kind, atLeast))) !== null
  },
  async resetFactorCounts(id) {
    await this.db.run("UPDATE account SET authenticator_count = 0, factor_counts = '{}' WHERE id = $1", [id])
  },
})
