import { Totp } from '@nightlatch/otp'
import type { Actor } from '../../../accounts/actor.js'
import { atTheCommandLine, by } from '../../../accounts/actor.js'
import { note } from '../../../audit/audit.js'
import type { Core } from '../../../core.js'
import type { Stores } from '../../../ports/stores.js'
import { Rollback, storage } from '../../../ports/stores.js'
import type { Otp } from '../store.js'
import type { HardwareToken, SerialKey } from './store.js'
import { parseSerial, tokenContext } from './store.js'

/** A token as its maker's file says. */
export interface TokenSaid extends Otp {
  /** For messages: `entry 4`. */
  readonly place: string
  readonly serial: string
  readonly maker: string
  readonly secret: Uint8Array
  /** By how many steps its clock was found to be off. */
  readonly drift: number
}

export interface TokenProblem {
  readonly place: string
  readonly serial: string
  readonly why: 'bad-serial' | 'same-serial-twice' | 'serial-taken'
}

export interface PlannedToken extends TokenSaid {
  readonly key: SerialKey
  readonly action: 'add' | 'skip'
}

type DrawerPlan =
  | { readonly kind: 'refused'; readonly problems: readonly TokenProblem[] }
  | { readonly kind: 'planned'; readonly tokens: readonly PlannedToken[] }

/** What of a maker's file will be put into the drawer, or everything that is in the way. Writes nothing. */
export async function planTokens(
  core: Core,
  said: readonly TokenSaid[],
  onConflict: 'stop' | 'skip',
): Promise<DrawerPlan> {
  const problems: TokenProblem[] = []
  const planned = new Map<SerialKey, PlannedToken>()
  const here = await serialsHere(core)
  for (const one of said) {
    const { place, serial } = one
    const parsed = parseSerial(serial)
    const refuse = (why: TokenProblem['why']): void => void problems.push({ place, serial, why })
    if (parsed === null) refuse('bad-serial')
    else if (planned.has(parsed.key)) refuse('same-serial-twice')
    else if (here.has(parsed.key) && onConflict === 'stop') refuse('serial-taken')
    else {
      const action = here.has(parsed.key) ? 'skip' : 'add'
      planned.set(parsed.key, { ...one, serial: parsed.shown, key: parsed.key, action })
    }
  }
  return problems.length > 0
    ? { kind: 'refused', problems }
    : { kind: 'planned', tokens: [...planned.values()] }
}

const pageRows = 1000

async function serialsHere(core: Core): Promise<ReadonlySet<SerialKey>> {
  const { hardwareTokens } = core[storage].stores
  const all = new Set<SerialKey>()
  for (let after: SerialKey | '' = '', found = pageRows; found === pageRows;) {
    const page = await hardwareTokens.list(after, pageRows)
    for (const { key } of page) all.add(key)
    after = page.at(-1)?.key ?? ''
    found = page.length
  }
  return all
}

/** All of them, or, where one of the numbers was taken meanwhile, none. Pairs of codes of time steps that have ended are spent. */
export async function addTokens(
  core: Core,
  planned: readonly PlannedToken[],
  actor: Actor = atTheCommandLine,
): Promise<'added' | 'serial-taken'> {
  return core[storage].patiently(async (stores) =>
    (await writeTokens(core, stores, { planned, actor })) ? 'added' : new Rollback('serial-taken' as const),
  )
}

export async function writeTokens(
  core: Core,
  stores: Stores,
  { planned, actor }: { readonly planned: readonly PlannedToken[]; readonly actor: Actor },
): Promise<boolean> {
  const wanted = planned.filter(({ action }) => action === 'add')
  if (wanted.length === 0) return true
  const added = await stores.hardwareTokens.add(wanted.map((one) => tokenOf(core, one)))
  const details = { tokens: added, ...by(actor) }
  await note(core, stores, { account: null, event: 'token.imported', client: actor.client, details })
  return added === wanted.length
}

/** Two codes are asked for: of a pair that ends with the present one, the first is of the step before. */
const stepsOfPair = 2

function tokenOf(core: Core, one: PlannedToken): HardwareToken {
  const { key, serial, maker, secret, algorithm, digits, period, counter, drift } = one
  const now = core.platform.nowSeconds()
  const totp = new Totp({ secret, algorithm, digits, periodSeconds: period })
  return {
    ...{ key, serial, maker, algorithm, digits, period, counter },
    drift: counter === null ? drift : 0,
    lastStep: counter === null ? Math.max(-1, totp.stepAt(now) + Math.min(0, drift) - stepsOfPair) : -1,
    sealed: core.box.seal(secret, tokenContext(key)),
    addedAt: now,
  }
}

/** One that was lost or is worn out; false where somebody has it, or there is none. */
export function removeToken(core: Core, key: SerialKey, actor: Actor = atTheCommandLine): Promise<boolean> {
  return core[storage].atomically(async (stores) => {
    const found = await stores.hardwareTokens.find(key)
    if (found === null || !(await stores.hardwareTokens.remove(key))) return false
    const details = { serial: found.serial, ...by(actor) }
    await note(core, stores, { account: null, event: 'token.removed', client: actor.client, details })
    return true
  })
}
