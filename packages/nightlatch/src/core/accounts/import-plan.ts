import type { Core } from '../core.js'
import type { Otp } from '../factors/totp/store.js'
import type { Stores } from '../ports/stores.js'
import { storage } from '../ports/stores.js'
import type { AccountId } from '../ids.js'
import type { Account, LoginName } from './account.js'
import type { Group } from './groups.js'
import { EmptyPasswords } from './import-empty.js'
import type { Named, Numbered } from './import-one.js'
import { keysOf, nameOne, planOne, standingOf } from './import-one.js'
import type { Owners } from './import-owners.js'
import { NameTaken, SeenNames } from './import-owners.js'

/** An authenticator app that codes were asked of elsewhere. */
export interface ImportedAuthenticator extends Otp {
  readonly name: string
  /** What the app calls the entry; null: what this installation is called. */
  readonly issuer: string | null
  readonly secret: Uint8Array
  /** By how many time steps its clock was found to be off there; above zero: fast. */
  readonly drift?: number
}

/** Somebody as another system knows them. */
export interface ImportedPerson {
  /** For messages: `line 4`, `user 2`. */
  readonly place: string
  readonly username: string
  readonly name: string
  readonly email: string
  /** The other system knows that the address is theirs. */
  readonly emailVerified: boolean
  readonly groups: readonly string[]
  readonly disabled: boolean
  /** As the other system wrote it; null where there is none that can be read. */
  readonly passwordHash: string | null
  readonly authenticators: readonly ImportedAuthenticator[]
  readonly warnings: readonly string[]
}

/**
 * Everybody whom a source names, in the same order as often as it is asked. Nobody is held on to: a hundred thousand cost
 * the memory of a few hundred, and each pass the reading again.
 */
export type People = () => Iterable<ImportedPerson> | AsyncIterable<ImportedPerson>

/** What to do with somebody who has an account here. */
export type OnConflict = 'stop' | 'skip' | 'merge'

export interface ImportProblem {
  readonly place: string
  readonly username: string
  readonly why: 'bad-username' | 'same-name-twice' | 'name-taken' | 'email-taken'
  /** Whose name it is, of those that are taken over, or that are here. */
  readonly other: string
}

/** Who is only planned has no id yet. */
type PlannedAccount = Omit<Account, 'id'> & { readonly id: AccountId | null }

export interface PlannedPerson {
  /** The how-manieth of the source. */
  readonly number: number
  readonly person: ImportedPerson
  readonly action: 'add' | 'merge' | 'skip'
  /** What it will be, or, to merge, what it is. */
  readonly account: PlannedAccount
  readonly groups: readonly Group[]
  readonly loginNames: readonly LoginName[]
  readonly password: 'kept' | 'needs-link' | 'unchanged'
  readonly authenticators: readonly ImportedAuthenticator[]
  readonly warnings: readonly string[]
}

/**
 * So many are looked up, and written, at once: a round trip to the database for each would take longer than all else, and of more
 * the engine keeps half, as if they were there to stay.
 */
const atOnce = 64

async function* batchesOf(people: People): AsyncGenerator<readonly Numbered[]> {
  let some: Numbered[] = []
  let number = 0
  for await (const person of people()) {
    some.push({ number, person })
    number += 1
    if (some.length < atOnce) continue
    yield some
    some = []
  }
  if (some.length > 0) yield some
}

/** Who is concerned by what, by their numbers: what is planned of each is worked out anew in each pass. */
export interface ImportPlan {
  readonly people: People
  readonly onConflict: OnConflict
  readonly count: number
  /** Who has an account here. */
  readonly here: ReadonlySet<number>
  readonly ofNothing: ReadonlySet<number>
  /** Whether somebody needs a link, or has a hash that has to be wrapped. */
  readonly needsPreparing: boolean
}

type Planning =
  | { readonly kind: 'refused'; readonly problems: readonly ImportProblem[] }
  | { readonly kind: 'planned'; readonly plan: ImportPlan }

interface ImportWish {
  readonly people: People
  readonly onConflict: OnConflict
  /**
   * Is told of everybody on the way, so that one pass is enough to say what would be. Whoever turns out to have an empty password
   * was told otherwise: where `ofNothing` has somebody, `plannedPeople` says it anew.
   */
  readonly onPlanned?: (some: readonly PlannedPerson[]) => void
  /** What was told does not count: all of it is told anew. */
  readonly onAgain?: () => void
}

const seedOf = (core: Core): number =>
  core.platform.randomBytes(4).reduce((seed, byte) => (seed << 8) | byte, 0)

/** Who will be added, and what of them; or everything that stands in the way. Writes nothing. */
export async function planImport(core: Core, wish: ImportWish): Promise<Planning> {
  const seen = new SeenNames(seedOf(core))
  const planning = await planWith(core, wish, seen)
  if (seen.twice.size === 0) return planning
  // Rare enough for another pass, which says whose the names are: whoever hears it has to mend the file.
  wish.onAgain?.()
  return planWith(core, wish, seen.owners())
}

async function planWith(
  core: Core,
  { people, onConflict, onPlanned = () => undefined }: ImportWish,
  owners: Owners,
): Promise<Planning> {
  const { stores } = core[storage]
  const planner = new Planner(core, { onConflict, owners })
  const isEmpty = await stores.accounts.isEmpty()
  let count = 0
  for await (const some of batchesOf(people)) {
    count += some.length
    const named = withNames(core, some, planner.problems)
    const found = isEmpty ? nobody : await stores.accounts.findByLoginNames(named.flatMap(keysOf))
    const planned = named.flatMap((one) => planner.consider(one, found))
    // What is refused is told of nobody.
    if (planner.problems.length === 0) onPlanned(planned)
  }
  const { problems, here } = planner
  if (problems.length > 0) return { kind: 'refused', problems }
  const ofNothing = await planner.passwords.find()
  const needsPreparing = planner.needsPreparing || ofNothing.size > 0
  return { kind: 'planned', plan: { people, onConflict, count, here, ofNothing, needsPreparing } }
}

/** What was found out so far of everybody. */
class Planner {
  readonly #core: Core
  readonly #onConflict: OnConflict
  readonly #owners: Owners
  readonly problems: ImportProblem[] = []
  readonly here = new Set<number>()
  readonly passwords: EmptyPasswords
  needsPreparing = false

  constructor(
    core: Core,
    { onConflict, owners }: { readonly onConflict: OnConflict; readonly owners: Owners },
  ) {
    this.#core = core
    this.#onConflict = onConflict
    this.#owners = owners
    this.passwords = new EmptyPasswords(core)
  }

  consider(one: Named, found: ReadonlyMap<LoginName, Account>): readonly PlannedPerson[] {
    const { place, username, passwordHash } = one.person
    const onConflict = this.#onConflict
    const other = this.#owners.take(one.person, keysOf(one))
    if (other !== undefined) this.problems.push({ place, username, why: 'same-name-twice', other })
    const standing = standingOf(one, { found, onConflict })
    if (standing !== null && 'why' in standing) this.problems.push(standing)
    this.passwords.consider(one.number, passwordHash)
    if (standing !== null && 'why' in standing) return []
    if (standing !== null) this.here.add(one.number)
    const planned = planOne(this.#core, one, { standing, onConflict, isOfNothing: false })
    // Asked while the hash is known: it is not read twice.
    this.needsPreparing ||= isToPrepare(this.#core, planned)
    return [planned]
  }
}

const isToPrepare = (core: Core, { password, person }: PlannedPerson): boolean =>
  password === 'needs-link' || (password === 'kept' && core.passwords.isWeak(person.passwordHash ?? ''))

const nobody: ReadonlyMap<LoginName, Account> = new Map()

function withNames(core: Core, some: readonly Numbered[], problems: ImportProblem[]): readonly Named[] {
  return some.flatMap((numbered) => {
    const one = nameOne(core, numbered)
    if (!('why' in one)) return [one]
    problems.push(one)
    return []
  })
}

/** What is planned of everybody, some at a time. Throws NameTaken where it is not as it was when it was planned. */
export async function* plannedPeople(
  core: Core,
  { people, onConflict, here, ofNothing }: ImportPlan,
  stores: Stores = core[storage].stores,
): AsyncGenerator<readonly PlannedPerson[]> {
  for await (const some of batchesOf(people)) {
    const named = withNames(core, some, [])
    const known = named.filter(({ number }) => here.has(number))
    const names = known.flatMap(keysOf)
    const found = known.length === 0 ? nobody : await stores.accounts.findByLoginNames(names)
    yield named.map((one) => {
      const standing = standingOf(one, { found, onConflict })
      if (standing !== null && 'why' in standing) throw new NameTaken(one.person.username)
      return planOne(core, one, { standing, onConflict, isOfNothing: ofNothing.has(one.number) })
    })
  }
}
