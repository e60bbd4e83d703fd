import { allFactors } from './factors/registry.js'
import type { SecretBox } from './sealing.js'
import type { Stores } from './stores.js'
import { asciiBytes } from './text.js'

/**
 * Every root key that ever sealed something here leaves a check: a known text, sealed. At the start at least one
 * of the keys given must open one of the checks, or the database belongs to another key; and every secret must lie
 * under a key that was given, unless its key was declared lost.
 */
const prefix = 'key-check:'
const checkText = 'nightlatch'

export type KeyCheck =
  | { readonly kind: 'fits'; readonly keyId: string; readonly unreadable: number }
  | { readonly kind: 'does-not-fit' }
  /** `secrets` lie under keys that the database knows and nobody gave. */
  | { readonly kind: 'key-missing'; readonly keyIds: readonly string[]; readonly secrets: number }

export async function checkRootKeys(box: SecretBox, stores: Stores): Promise<KeyCheck> {
  const checks = await stores.facts.list(prefix)
  const opened = checks.filter((check) => box.open(check.value, check.name).kind === 'opened')
  if (checks.length > 0 && opened.length === 0) return { kind: 'does-not-fit' }
  const keyIds = [box.keyId, ...opened.map(keyIdOf)]
  const missing = checks.map(keyIdOf).filter((id) => !keyIds.includes(id))
  const unreadable = await countNotSealedUnder(stores, keyIds)
  const lost =
    unreadable === 0 || missing.length === 0
      ? unreadable
      : await countNotSealedUnder(stores, [...keyIds, ...missing])
  if (unreadable > lost) return { kind: 'key-missing', keyIds: missing, secrets: unreadable - lost }
  const name = prefix + box.keyId
  if (!checks.some((check) => check.name === name))
    await stores.facts.put(name, box.seal(asciiBytes(checkText), name))
  return { kind: 'fits', keyId: box.keyId, unreadable }
}

const keyIdOf = ({ name }: { readonly name: string }): string => name.slice(prefix.length)

async function countNotSealedUnder(stores: Stores, keyIds: readonly string[]): Promise<number> {
  let count = 0
  for (const { secrets } of allFactors) count += (await secrets?.countNotSealedUnder(stores, keyIds)) ?? 0
  return count
}

/** Seals up to `limit` secrets of each kind anew under the newest key. @returns how many were done */
export async function resealSome(box: SecretBox, stores: Stores, limit: number): Promise<number> {
  let done = 0
  for (const { secrets } of allFactors) done += (await secrets?.resealSome(box, stores, limit)) ?? 0
  return done
}

/** Keys that sealed something here, oldest knowledge included; `here` tells whether the key is at hand. */
export async function listKeys(
  box: SecretBox,
  stores: Stores,
): Promise<readonly { id: string; here: boolean }[]> {
  const checks = await stores.facts.list(prefix)
  return checks.map((check) => ({
    id: keyIdOf(check),
    here: box.open(check.value, check.name).kind === 'opened',
  }))
}

/** Declares every key that is not at hand as lost. What it sealed stays sealed: codes fail, recovery codes work. */
export async function forgetLostKeys(box: SecretBox, stores: Stores): Promise<number> {
  const lost = (await listKeys(box, stores)).filter((key) => !key.here)
  for (const key of lost) await stores.facts.remove(prefix + key.id)
  return lost.length
}

/** Whether this database was ever opened with a key. */
export const knowsKeys = async (stores: Stores): Promise<boolean> =>
  (await stores.facts.list(prefix)).length > 0
