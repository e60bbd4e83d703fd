import { Totp } from '@nightlatch/otp'
import { auditEvent, noClient } from '../audit/audit.js'
import type { Core } from '../core.js'
import { countOf } from '../factors/registry.js'
import { totp } from '../factors/totp/factor.js'
import type { AuthenticatorSecret } from '../factors/totp/store.js'
import type { PlannedToken } from '../factors/totp/tokens/drawer.js'
import { writeTokens } from '../factors/totp/tokens/drawer.js'
import { sealContext } from '../factors/totp/verify.js'
import type { AccountId, AuthenticatorId, InvitationId } from '../ids.js'
import { newId } from '../ids.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'
import type { Account } from './account.js'
import { atTheCommandLine } from './actor.js'
import { isClosedBy } from './import-one.js'
import type { ImportedAuthenticator, ImportPlan, PlannedPerson } from './import-plan.js'
import { NameTaken } from './import-owners.js'
import { plannedPeople } from './import-plan.js'
import { OldHashCosts } from './old-hashes.js'
import type { Merge, Newcomer } from './newcomers.js'
import { entryOf } from './people.js'

/** A link for somebody whose password could not be taken over. */
export interface ImportLink {
  readonly username: string
  readonly token: Token
  readonly expiresAt: number
}

/** What took its time, by the numbers of those whom it is about. */
interface PreparedImport {
  readonly plan: ImportPlan
  /** Weak ones, wrapped. Those that are kept as they are, are rewritten when they are written. */
  readonly hashes: ReadonlyMap<number, string>
  readonly links: ReadonlyMap<number, ImportLink>
}

type Preparing =
  | ({ readonly kind: 'prepared' } & PreparedImport)
  | { readonly kind: 'name-taken'; readonly username: string }

const atOnce = 16

/** Wraps the passwords that need it, and makes the links. Nothing is written yet, because this takes its time. */
export async function prepareImport(
  core: Core,
  plan: ImportPlan,
  onPrepared: (some: readonly PlannedPerson[]) => void = () => undefined,
): Promise<Preparing> {
  const [hashes, links] = [new Map<number, string>(), new Map<number, ImportLink>()]
  if (!plan.needsPreparing) return { kind: 'prepared', plan, hashes, links }
  try {
    for await (const some of plannedPeople(core, plan)) {
      for (const one of some) if (one.password === 'needs-link') links.set(one.number, linkFor(core, one))
      const weak = some.filter((one) => keptHash(one) !== '' && core.passwords.isWeak(keptHash(one)))
      for (let at = 0; at < weak.length; at += atOnce)
        await Promise.all(
          weak.slice(at, at + atOnce).map(async (one) => hashes.set(one.number, await adopted(core, one))),
        )
      onPrepared(some)
    }
  } catch (problem) {
    return nameTaken(problem)
  }
  return { kind: 'prepared', plan, hashes, links }
}

function nameTaken(problem: unknown): { readonly kind: 'name-taken'; readonly username: string } {
  if (problem instanceof NameTaken) return { kind: 'name-taken', username: problem.username }
  throw problem
}

const linkFor = (core: Core, { account: { username } }: PlannedPerson): ImportLink => ({
  username,
  token: newToken(core.platform),
  expiresAt: core.platform.nowSeconds() + core.policy.invitationSeconds,
})

const keptHash = ({ password, person }: PlannedPerson): string =>
  password === 'kept' ? (person.passwordHash ?? '') : ''

async function adopted(core: Core, planned: PlannedPerson): Promise<string> {
  for (;;) {
    const hash = await core.passwords.adopt(keptHash(planned))
    if (hash === null) throw new Error('a hash that could be taken over cannot be taken over')
    if (hash !== 'busy') return hash
  }
}

interface Prepared extends PlannedPerson {
  readonly account: Account
  readonly hash: string
  readonly link: ImportLink | null
}

async function withPrepared(
  core: Core,
  one: PlannedPerson,
  { hashes, links }: PreparedImport,
): Promise<Prepared> {
  const hash = hashes.get(one.number) ?? (keptHash(one) === '' ? '' : await adopted(core, one))
  const id = one.account.id ?? newId<AccountId>(core.platform.randomBytes)
  const account = { ...one.account, id }
  return { ...one, account, hash, link: links.get(one.number) ?? null }
}

type ImportOutcome =
  | { readonly kind: 'imported' }
  | { readonly kind: 'name-taken'; readonly username: string }
  | { readonly kind: 'serial-taken' }

/** All of it in one transaction, or nothing. Codes of time steps that have ended are spent. */
export async function carryOutImport(
  core: Core,
  { tokens = [], ...prepared }: PreparedImport & { readonly tokens?: readonly PlannedToken[] },
): Promise<ImportOutcome> {
  try {
    return await core[storage].patiently<ImportOutcome>(async (stores) => {
      await stores.groups.hold()
      await writeAll(core, stores, prepared)
      return (await writeTokens(core, stores, { planned: tokens, actor: atTheCommandLine }))
        ? { kind: 'imported' }
        : new Rollback<ImportOutcome>({ kind: 'serial-taken' })
    })
  } catch (problem) {
    return nameTaken(problem)
  }
}

/** While the database writes some, the next are read. */
async function writeAll(core: Core, stores: Stores, prepared: PreparedImport): Promise<void> {
  const costs = new OldHashCosts(core)
  let written = Promise.resolve()
  for await (const some of plannedPeople(core, prepared.plan, stores)) {
    const people = await Promise.all(some.map((one) => withPrepared(core, one, prepared)))
    for (const { hash } of people) costs.see(hash)
    await written
    written = writeSome(core, stores, people)
    // Whoever waits for it hears of it.
    written.catch(() => undefined)
  }
  await written
  await costs.note(stores)
}

async function writeSome(core: Core, stores: Stores, people: readonly Prepared[]): Promise<void> {
  await writeNew(
    core,
    stores,
    people.filter(({ action }) => action === 'add'),
  )
  await writeMerged(
    core,
    stores,
    people.filter(({ action }) => action === 'merge'),
  )
  // Asked at once, they go there together.
  await Promise.all(
    people.flatMap(({ account, link }) =>
      link === null ? [] : [writeLink(core, stores, { account, link })],
    ),
  )
}

async function writeNew(core: Core, stores: Stores, some: readonly Prepared[]): Promise<void> {
  if (some.length === 0) return
  const newcomers = some.map((one): Newcomer => {
    const account = { ...one.account, passwordHash: one.hash }
    const details = { imported: true, authenticators: one.authenticators.length }
    const told = { at: account.createdAt, account: account.id, client: noClient, details }
    return {
      account,
      loginNames: one.loginNames,
      groups: one.groups,
      entry: entryOf(account),
      authenticators: authenticatorsOf(core, one),
      event: auditEvent('account.created', told),
    }
  })
  const taken = await stores.newcomers.addAll(newcomers)
  if (taken === null) return
  throw new NameTaken(some.find(({ account }) => account.id === taken)?.account.username ?? '')
}

const authenticatorsOf = (
  core: Core,
  { account, authenticators }: Prepared,
): readonly AuthenticatorSecret[] =>
  authenticators.map((authenticator, index) => authenticatorOf(core, account, { authenticator, index }))

/** The accounts are held, and looked at again: what they got meanwhile is not overwritten. */
async function writeMerged(core: Core, stores: Stores, people: readonly Prepared[]): Promise<void> {
  if (people.length === 0) return
  const now = await stores.newcomers.holdAll(people.map(({ account }) => account.id))
  const [first, again] = divided(people)
  await stores.newcomers.mergeAll(first.map((one) => mergeOf(core, one, now.get(one.account.id))))
  // Of two who are one here, by the name and by the address, the second one finds what the first one brought.
  await writeMerged(core, stores, again)
}

function divided(people: readonly Prepared[]): readonly [readonly Prepared[], readonly Prepared[]] {
  const seen = new Set<string>()
  const isFirst = people.map(({ account: { id } }) => !seen.has(id) && seen.add(id) !== undefined)
  return [people.filter((_one, at) => isFirst[at]), people.filter((_one, at) => !isFirst[at])]
}

function mergeOf(core: Core, one: Prepared, now: Account | undefined): Merge {
  const { account, person, authenticators, groups } = one
  const totps = authenticators.length
  if (now === undefined || (totps > 0 && countOf(now, totp.kind) + totps > totp.most(core.policy)))
    throw new NameTaken(account.username)
  const isVerified = now.emailVerified || (person.emailVerified && person.email === now.email)
  const passwordHash = now.passwordHash === '' ? one.hash : now.passwordHash
  const disabled = now.disabled || isClosedBy(person, now)
  const merged = { ...now, name: now.name || account.name, emailVerified: isVerified, passwordHash, disabled }
  const details = { password: one.hash !== '', authenticators: totps }
  const told = { at: core.platform.nowSeconds(), account: now.id, client: noClient, details }
  return {
    account: merged,
    groups,
    entry: entryOf(merged),
    authenticators: authenticatorsOf(core, one),
    event: auditEvent('account.imported', told),
  }
}

async function writeLink(
  core: Core,
  stores: Stores,
  { account, link }: { readonly account: Account; readonly link: ImportLink },
): Promise<void> {
  const id = newId<InvitationId>(core.platform.randomBytes)
  const { expiresAt, token } = link
  const invitation = { id, account: account.id, createdAt: core.platform.nowSeconds(), expiresAt }
  await stores.invitations.add(invitation, hashToken(core.platform, token))
}

function authenticatorOf(
  core: Core,
  account: Account,
  { authenticator, index }: { readonly authenticator: ImportedAuthenticator; readonly index: number },
): AuthenticatorSecret {
  const { secret, name, issuer, algorithm, digits, period, counter, drift = 0 } = authenticator
  const id = newId<AuthenticatorId>(core.platform.randomBytes)
  const now = core.platform.nowSeconds()
  const isTimed = counter === null
  const totp = new Totp({ secret, algorithm, digits, periodSeconds: period })
  return {
    id,
    account: account.id,
    issuer,
    algorithm,
    digits,
    period,
    counter,
    // Its entry in the app is the old system's.
    entryNumber: 0,
    drift: isTimed ? drift : 0,
    serial: null,
    name: name === '' ? (index === 0 ? 'Authenticator app' : `Authenticator app ${index + 1}`) : name,
    createdAt: now,
    lastUsedAt: 0,
    sealed: core.box.seal(secret, sealContext({ id, account: account.id })),
    // By its own clock.
    lastStep: isTimed ? Math.max(-1, totp.stepAt(now) + drift - 1) : -1,
  }
}
