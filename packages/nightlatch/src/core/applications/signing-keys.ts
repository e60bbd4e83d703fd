import { noClient, note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { newId } from '../ids.js'
import type { SigningKeyId } from '../ids.js'
import type { SecretBox } from '../keys/secret-box.js'
import { Secret } from '../secret.js'
import { asciiBytes, asciiText } from '../text.js'
import { day, minute } from '../ports/platform.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { SigningAlgorithm } from './application.js'
import { signingAlgorithms } from './application.js'

/** A key that tokens are signed with; its private half lies sealed under the root key. */
export interface SigningKey {
  readonly id: SigningKeyId
  readonly algorithm: SigningAlgorithm
  readonly publicJwk: string
  readonly sealed: string
  readonly createdAt: number
  /** It is shown before, and signs from then on. */
  readonly activeFrom: number
  /** No token that it signed is alive any more; null: it is the newest. */
  readonly retiresAt: number | null
}

export interface SigningKeyStore {
  list(): Promise<readonly SigningKey[]>
  /** Until the transaction ends nobody else makes or changes one. */
  hold(): Promise<void>
  add(key: SigningKey): Promise<void>
  retire(id: SigningKeyId, at: number): Promise<void>
  removeRetired(now: number): Promise<number>
  countNotSealedUnder(keyIds: readonly string[]): Promise<number>
  listNotSealedUnder(keyId: string, limit: number): Promise<readonly Pick<SigningKey, 'id' | 'sealed'>[]>
  /** False when it was sealed anew meanwhile. */
  replaceSealed(id: SigningKeyId, sealed: { readonly from: string; readonly to: string }): Promise<boolean>
}

/** So long a key is shown before it signs: whoever keeps our keys for a day has it by then. */
const shownBeforeSeconds = day
/** A key that is needed at once is shown for a moment, all the same. */
const atOnceSeconds = 0
/** Tokens live an hour; the clocks of applications differ. */
const shownAfterSeconds = day

const contextOf = (id: string): string => `signing-key:${id}`

/** Those that are shown to applications, oldest first. */
export const listSigningKeys = (core: Core): Promise<readonly SigningKey[]> =>
  core[storage].stores.signingKeys.list()

/** The one of an algorithm that signs now: of two that were made in the same second, the one that is not retired. */
export function activeKey(
  keys: readonly SigningKey[],
  algorithm: SigningAlgorithm,
  now: number,
): SigningKey | undefined {
  const ready = keys.filter((one) => one.algorithm === algorithm && one.activeFrom <= now)
  const longest = Math.max(...ready.map(shownUntil))
  return ready.filter((one) => shownUntil(one) === longest).at(-1)
}

const shownUntil = ({ retiresAt }: SigningKey): number => retiresAt ?? Infinity

/** Makes what is missing: an application that is registered needs a key. */
export async function ensureSigningKeys(core: Core): Promise<void> {
  const now = core.platform.nowSeconds()
  const missing = missingIn(core, await listSigningKeys(core))
  if (missing.length === 0) return
  const made = await Promise.all(missing.map((algorithm) => makeKey(core, algorithm, now)))
  await core[storage].atomically(async (stores) => {
    await stores.signingKeys.hold()
    const still = missingIn(core, await stores.signingKeys.list())
    for (const key of made) if (still.includes(key.algorithm)) await stores.signingKeys.add(key)
  })
}

function missingIn(core: Core, keys: readonly SigningKey[]): readonly SigningAlgorithm[] {
  const now = core.platform.nowSeconds()
  const there = usable(core.box, keys)
  return signingAlgorithms.filter((algorithm) => activeKey(there, algorithm, now) === undefined)
}

/** A key that was sealed under a lost root key signs nothing any more. */
const usable = (box: SecretBox, keys: readonly SigningKey[]): readonly SigningKey[] =>
  keys.filter((one) => box.open(one.sealed, contextOf(one.id)).kind === 'opened')

async function makeKey(core: Core, algorithm: SigningAlgorithm, activeFrom: number): Promise<SigningKey> {
  const id = newId<SigningKeyId>(core.platform.randomBytes)
  const { publicJwk, privateJwk } = await core.keyMaker.make(algorithm, id)
  const sealed = core.box.seal(asciiBytes(privateJwk), contextOf(id))
  const createdAt = core.platform.nowSeconds()
  return { id, algorithm, publicJwk, sealed, createdAt, activeFrom, retiresAt: null }
}

interface Rotated {
  readonly keys: readonly Pick<SigningKey, 'id' | 'algorithm' | 'activeFrom'>[]
  /** Until then tokens of the keys before are still taken. */
  readonly retiresAt: number
}

/**
 * New keys, one an algorithm: shown from now on, and in use in a day, or at once where the old one is not to be trusted
 * any more. The old ones are shown as long as a token of theirs lives.
 */
export async function rotateSigningKeys(
  core: Core,
  { atOnce }: { readonly atOnce: boolean },
): Promise<Rotated> {
  const now = core.platform.nowSeconds()
  const activeFrom = now + (atOnce ? atOnceSeconds : shownBeforeSeconds)
  const keys = await Promise.all(signingAlgorithms.map((algorithm) => makeKey(core, algorithm, activeFrom)))
  const retiresAt = activeFrom + shownAfterSeconds
  await core[storage].atomically(async (stores) => {
    await stores.signingKeys.hold()
    for (const old of await stores.signingKeys.list())
      if (old.retiresAt === null || old.retiresAt > retiresAt)
        await stores.signingKeys.retire(old.id, atOnce ? now + minute : retiresAt)
    for (const key of keys) await stores.signingKeys.add(key)
    const details = { keys: keys.length, activeFrom }
    await note(core, stores, { event: 'signing-key.rotated', account: null, client: noClient, details })
  })
  return {
    keys: keys.map(({ id, algorithm }) => ({ id, algorithm, activeFrom })),
    retiresAt: atOnce ? now + minute : retiresAt,
  }
}

/** What a server signs and checks with: the key that signs first of its algorithm. Those that cannot be opened are left out. */
export function openSigningKeys(
  core: Pick<Core, 'box' | 'platform'>,
  keys: readonly SigningKey[],
): readonly Secret<string>[] {
  const now = core.platform.nowSeconds()
  const active = new Set(signingAlgorithms.map((algorithm) => activeKey(keys, algorithm, now)?.id))
  const sorted = [...keys].sort((one, other) => Number(active.has(other.id)) - Number(active.has(one.id)))
  return sorted.flatMap(({ id, sealed }) => {
    const opened = core.box.open(sealed, contextOf(id))
    return opened.kind === 'opened' ? [new Secret(asciiText(opened.plain))] : []
  })
}

/** Sealed secrets beside those of the factors: what root keys are counted and rotated by. */
export const signingKeySecrets = {
  countNotSealedUnder: (stores: Stores, keyIds: readonly string[]): Promise<number> =>
    stores.signingKeys.countNotSealedUnder(keyIds),
  async resealSome(box: SecretBox, stores: Stores, limit: number): Promise<number> {
    let done = 0
    for (const { id, sealed } of await stores.signingKeys.listNotSealedUnder(box.keyId, limit)) {
      const opened = box.open(sealed, contextOf(id))
      if (opened.kind !== 'opened') continue
      const to = box.seal(opened.plain, contextOf(id))
      if (await stores.signingKeys.replaceSealed(id, { from: sealed, to })) done += 1
    }
    return done
  },
}
