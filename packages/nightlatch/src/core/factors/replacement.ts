import type { Account } from '../accounts/account.js'
import type { AccountId } from '../ids.js'
import type { Stores } from '../ports/stores.js'
import type { FactorItem, SecondFactor } from './factor.js'
import { secondFactors } from './registry.js'

/**
 * What is lost may be of another kind than what takes its place: whoever has nothing but passkeys, and has lost them,
 * must be able to go on with an authenticator app, and the other way round.
 */
export type OwnItem = FactorItem & { readonly factor: SecondFactor }

export async function ownItems(stores: Stores, account: AccountId): Promise<readonly OwnItem[]> {
  const lists = await Promise.all(
    secondFactors.map(async (factor) =>
      (await factor.listOf(stores, account)).map((item) => ({ ...item, factor })),
    ),
  )
  return lists.flat()
}

/** What is meant when nobody has said: the only one of the kind, else the only one at all. Null: they must say. */
export function impliedItem(all: readonly OwnItem[], by: SecondFactor): OwnItem | null {
  const alike = all.filter(({ factor }) => factor.kind === by.kind)
  const [only, ...others] = alike.length > 0 ? alike : all
  return others.length > 0 ? null : (only ?? null)
}

interface Replacing {
  readonly account: Account
  readonly item: OwnItem
  readonly by: SecondFactor
  readonly most: number
}

/** Takes it away within the transaction that puts the new one there; the account then has one of those less, and of these more. */
export async function takeOut(
  stores: Stores,
  { account, item, by, most }: Replacing,
): Promise<{ readonly name: string } | null> {
  const { id, name, factor } = item
  if (!(await factor.remove(stores, { id, account: account.id }))) return null
  if (factor.kind === by.kind) return { name }
  await stores.accounts.countFactorDown(account.id, factor.kind, 0)
  await stores.accounts.countFactorUp(account.id, by.kind, { atMost: most })
  return { name }
}
