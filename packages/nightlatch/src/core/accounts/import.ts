import { Totp } from '@nightlatch/otp'
import { auditEvent, noClient, note } from '../audit/audit.js'
import type { Core } from '../core.js'
import { totp } from '../factors/totp/factor.js'
import type { AuthenticatorSecret } from '../factors/totp/store.js'
import type { PlannedToken } from '../factors/totp/tokens/drawer.js'
import { writeTokens } from '../factors/totp/tokens/drawer.js'
import { sealContext } from '../factors/totp/verify.js'
import type { AuthenticatorId, InvitationId } from '../ids.js'
import { newId } from '../ids.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import type { Token } from '../tokens.js'
import { hashToken, newToken } from '../tokens.js'
import type { Account } from './account.js'
import { atTheCommandLine } from './actor.js'
import type { ImportedAuthenticator, ImportPlan, PlannedPerson } from './import-plan.js'
import { NameTaken, plannedPeople } from './import-plan.js'
import { OldHashCosts } from './old-hashes.js'
import type { Newcomer } from './newcomers.js'
import { entryOf, indexAccount } from './people.js'

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
  onPlanned: (some: readonly PlannedPerson[]) => void = () => undefined,
): Promise<Preparing> {
  const [hashes, links] = [new Map<number, string>(), new Map<number, ImportLink>()]
  try {
    for await (const some of plannedPeople(core, plan)) {
      for (const one of some) if (one.password === 'needs-link') links.set(one.number, linkFor(core, one))
      const weak = some.filter((one) => keptHash(one) !== '' && core.passwords.isWeak(keptHash(one)))
      for (let at = 0; at < weak.length; at += atOnce)
        await Promise.all(
          weak.slice(at, at + atOnce).map(async (one) => hashes.set(one.number, await adopted(core, one))),
        )
      onPlanned(some)
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
  readonly hash: string
  readonly link: ImportLink | null
}

async function withPrepared(
  core: Core,
  one: PlannedPerson,
  { hashes, links }: PreparedImport,
): Promise<Prepared> {
  const hash = hashes.get(one.number) ?? (keptHash(one) === '' ? '' : await adopted(core, one))
  return { ...one, hash, link: links.get(one.number) ?? null }
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
  for (const one of people) {
    if (one.action === 'merge') await writeMerged(core, stores, one)
    if (one.link !== null) await writeLink(core, stores, { account: one.account, link: one.link })
  }
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

/** The account is held, and looked at again: what it got meanwhile is not overwritten. */
async function writeMerged(core: Core, stores: Stores, one: Prepared): Promise<void> {
  const { id } = one.account
  const now = await stores.accounts.hold(id)
  if (now === null) throw new NameTaken(one.account.username)
  const { account, person } = one
  const { name } = account
  await stores.accounts.setProfile(id, { ...now, name })
  if (person.emailVerified && person.email === now.email) await stores.accounts.setEmailVerified(id, true)
  const groups = await stores.groups.setOf(id, one.groups, core.platform.nowSeconds())
  await indexAccount(stores, { ...now, name, groups })
  if (one.hash !== '' && now.passwordHash === '') await stores.accounts.setPasswordHash(id, one.hash)
  for (let left = one.authenticators.length; left > 0; left -= 1)
    if (!(await stores.accounts.countFactorUp(id, totp.kind, { atMost: totp.most(core.policy) })))
      throw new NameTaken(one.account.username)
  for (const authenticator of authenticatorsOf(core, one)) await stores.authenticators.add(authenticator)
  await note(core, stores, {
    account: id,
    event: 'account.imported',
    client: noClient,
    details: { password: one.hash !== '', authenticators: one.authenticators.length },
  })
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
  const { secret, name, ...otp } = authenticator
  const id = newId<AuthenticatorId>(core.platform.randomBytes)
  const now = core.platform.nowSeconds()
  const { algorithm, digits, period, counter } = otp
  const isTimed = counter === null
  return {
    ...otp,
    id,
    account: account.id,
    // Its entry in the app is the old system's.
    entryNumber: 0,
    drift: 0,
    serial: null,
    name: name === '' ? (index === 0 ? 'Authenticator app' : `Authenticator app ${index + 1}`) : name,
    createdAt: now,
    lastUsedAt: 0,
    sealed: core.box.seal(secret, sealContext({ id, account: account.id })),
    lastStep: isTimed ? new Totp({ secret, algorithm, digits, periodSeconds: period }).stepAt(now) - 1 : -1,
  }
}
