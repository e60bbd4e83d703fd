import type { LoginName, NewAccount, NewLoginNames } from '../../core/accounts/account.js'
import type { AccountId } from '../../core/ids.js'
import { Rollback } from '../../core/ports/stores.js'
import type { Db } from '../engine/database.js'
import { marks, removeAmong, valuesList } from './rows.js'

/**
 * Sorted, so that two accounts that want the same names wait for each other in the same order. A name that is held back
 * is for the account that gave it up, and for everybody from its moment on.
 */
export async function addNames(db: Db, { id, loginNames, now }: NamesOf): Promise<boolean> {
  const names = [...new Set(loginNames)].sort()
  const at = `$${names.length * 2 + 1}`
  const added = await db.run(
    `INSERT INTO login_name (name, account) VALUES ${valuesList(names.length, 2)}
      ON CONFLICT (name) DO UPDATE SET account = excluded.account, held_until = NULL
      WHERE login_name.account = excluded.account OR login_name.held_until <= CAST(${at} AS bigint)`,
    [...names.flatMap((name) => [name, id]), now],
  )
  return added === names.length
}

interface NamesOf {
  readonly id: AccountId
  readonly loginNames: readonly LoginName[]
  readonly now: number
}

export const namesOf = ({ account, loginNames }: NewAccount): NamesOf => ({
  id: account.id,
  loginNames,
  now: account.createdAt,
})

const giveUp = (names: number): string =>
  `UPDATE login_name SET held_until = $2 WHERE account = $1 AND held_until IS NULL
    AND name NOT IN (${marks(names, 3)})`

export async function setLoginNames(
  db: Db,
  id: AccountId,
  { loginNames, heldUntil, now }: NewLoginNames,
): Promise<boolean | Rollback<boolean>> {
  const names = [...new Set(loginNames)]
  await db.run(giveUp(names.length), [id, heldUntil, ...names])
  return (await addNames(db, { id, loginNames: names, now })) || new Rollback(false)
}

const freed = 'SELECT name FROM login_name WHERE held_until <= $1 ORDER BY held_until LIMIT $2'
export const removeFreed = removeAmong('login_name', 'name', freed)
