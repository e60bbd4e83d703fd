import { signingKeySecrets } from '../applications/signing-keys.js'
import type { Core } from '../core.js'
import { allFactors } from '../factors/registry.js'
import { findInstallation } from '../maintenance/installation.js'
import type { SecretBox } from './secret-box.js'
import { resealMailLinks } from '../notify/mail-links.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import { asciiBytes } from '../text.js'

/**
 * Every root key that ever sealed something here leaves a check: a known text, sealed. At the start at least one
 * of the keys given must open one of the checks, or the database belongs to another key; and every secret must lie
 * under a key that was given, unless its key was declared lost.
 */
const prefix = 'key-check:'
const checkText = 'nightlatch'

type KeyCheck =
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
  if (!checks.some((check) => keyIdOf(check) === box.keyId)) await leaveCheck(box, stores)
  return { kind: 'fits', keyId: box.keyId, unreadable }
}

function leaveCheck(box: SecretBox, stores: Stores): Promise<void> {
  const name = prefix + box.keyId
  return stores.facts.put(name, box.seal(asciiBytes(checkText), name))
}

const keyIdOf = ({ name }: { readonly name: string }): string => name.slice(prefix.length)

async function countNotSealedUnder(stores: Stores, keyIds: readonly string[]): Promise<number> {
  let count = await signingKeySecrets.countNotSealedUnder(stores, keyIds)
  for (const { secrets } of allFactors) count += (await secrets?.countNotSealedUnder(stores, keyIds)) ?? 0
  return count
}

/** Seals up to `limit` secrets of each kind anew under the newest key. @returns how many were done */
export async function resealSome(box: SecretBox, stores: Stores, limit: number): Promise<number> {
  let done = await signingKeySecrets.resealSome(box, stores, limit)
  for (const { secrets } of allFactors) done += (await secrets?.resealSome(box, stores, limit)) ?? 0
  done += await resealMailLinks(box, stores, limit)
  return done
}

export interface KnownKey {
  readonly id: string
  /** The key is at hand. */
  readonly here: boolean
  /** So many secrets lie under it. */
  readonly secrets: number
}

type Keyed = Pick<Core, 'box' | typeof storage>

/** Keys that sealed something here, oldest knowledge included. */
export async function listKeys(box: SecretBox, stores: Stores): Promise<readonly KnownKey[]> {
  const checks = await stores.facts.list(prefix)
  const ids = checks.map(keyIdOf)
  const keys: KnownKey[] = []
  for (const check of checks) {
    const id = keyIdOf(check)
    const here = box.open(check.value, check.name).kind === 'opened'
    keys.push({ id, here, secrets: await countSealedUnder(stores, id, ids) })
  }
  return keys
}

async function countSealedUnder(stores: Stores, id: string, ids: readonly string[]): Promise<number> {
  const others = ids.filter((one) => one !== id)
  const [without, elsewhere] = await Promise.all([
    countNotSealedUnder(stores, others),
    countNotSealedUnder(stores, ids),
  ])
  return without - elsewhere
}

/** Keys that are not at hand, and under which something lies. What lies under ours is not counted. */
export async function listMissingKeys(box: SecretBox, stores: Stores): Promise<readonly string[]> {
  const checks = await stores.facts.list(prefix)
  const missing = checks.filter((check) => box.open(check.value, check.name).kind !== 'opened').map(keyIdOf)
  const counts = await Promise.all(missing.map((id) => countSealedUnder(stores, id, checks.map(keyIdOf))))
  return missing.filter((_id, at) => (counts[at] ?? 0) > 0)
}

/** A key that is not at hand and under which nothing lies is done with. @returns the ids of those that were forgotten */
export async function forgetUnusedKeys(core: Keyed): Promise<readonly string[]> {
  const { box } = core
  const { stores } = core[storage]
  const unused = (await listKeys(box, stores)).filter(({ here, secrets }) => !here && secrets === 0)
  for (const { id } of unused) await stores.facts.remove(prefix + id)
  // Whoever seals has a check: nobody with another key may start here as if the database were theirs.
  if (unused.length > 0) await leaveCheck(box, stores)
  return unused.map(({ id }) => id)
}

type Retirement =
  | { readonly kind: 'ready'; readonly resealed: number }
  /** The server that was started last seals under another key: it would go on doing so. */
  | { readonly kind: 'not-in-use' }
  | { readonly kind: 'still-needed'; readonly keyIds: readonly string[] }

/** Seals everything under the newest key; then those before it can go. */
export async function retireOldKeys(core: Keyed): Promise<Retirement> {
  const { box } = core
  const { stores } = core[storage]
  const running = await findInstallation(stores)
  if (running !== null && running.keyId !== box.keyId) return { kind: 'not-in-use' }
  let resealed = 0
  for (let some = -1; some !== 0; resealed += some) some = await resealSome(box, stores, 100)
  const needed = (await listKeys(box, stores)).filter(({ id, secrets }) => id !== box.keyId && secrets > 0)
  return needed.length === 0
    ? { kind: 'ready', resealed }
    : { kind: 'still-needed', keyIds: needed.map(({ id }) => id) }
}

/** Declares every key that is not at hand as lost. What it sealed stays sealed: codes fail, recovery codes work. */
export async function forgetLostKeys(core: Keyed): Promise<number> {
  const { box } = core
  const { stores } = core[storage]
  const lost = (await listKeys(box, stores)).filter((key) => !key.here)
  for (const key of lost) await stores.facts.remove(prefix + key.id)
  return lost.length
}

/** Whether this database was ever opened with a key. */
export const knowsKeys = async (stores: Stores): Promise<boolean> =>
  (await stores.facts.list(prefix)).length > 0
