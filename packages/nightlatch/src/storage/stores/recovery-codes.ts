import type { AccountId } from '../../core/ids.js'
import type { RecoveryCodeStore } from '../../core/factors/recovery-codes/store.js'
import type { Db } from '../engine/database.js'
import { valuesList } from './rows.js'

/** The set's row comes first: two renewals at once meet there, and the codes of one of them are left. */
async function replaceAll(
  db: Db,
  account: AccountId,
  { salt, hashes }: { readonly salt: string; readonly hashes: readonly string[] },
): Promise<void> {
  await db.run(
    `INSERT INTO recovery_code_set (account, salt) VALUES ($1, $2)
      ON CONFLICT (account) DO UPDATE SET salt = excluded.salt`,
    [account, salt],
  )
  await db.run('DELETE FROM recovery_code WHERE account = $1', [account])
  if (hashes.length === 0) return
  await db.run(
    `INSERT INTO recovery_code (account, hash) VALUES ${valuesList(hashes.length, 2)}`,
    hashes.flatMap((hash) => [account, hash]),
  )
}

const saltOf = 'SELECT salt FROM recovery_code_set WHERE account = $1'
const countLeft = 'SELECT count(*) AS n FROM recovery_code WHERE account = $1'

export function recoveryCodeStore(db: Db): RecoveryCodeStore {
  return {
    replaceAll: (account, set) => db.atomic((part) => replaceAll(part, account, set)),
    saltOf: async (account) => (await db.one<{ salt: string }>(saltOf, [account]))?.salt ?? null,
    take: async (account, hash) =>
      (await db.run('DELETE FROM recovery_code WHERE account = $1 AND hash = $2', [account, hash])) > 0,
    countLeft: async (account) => (await db.one<{ n: number }>(countLeft, [account]))?.n ?? 0,
    removeAllOf: async (account) => {
      await db.run('DELETE FROM recovery_code_set WHERE account = $1', [account])
    },
  }
}
