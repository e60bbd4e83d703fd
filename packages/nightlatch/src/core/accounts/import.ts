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
import type { ImportedAuthenticator, PlannedPerson } from './import-plan.js'
import { noteOldHashes } from './old-hashes.js'
import type { Newcomer } from './newcomers.js'
import { entryOf, indexAccount } from './people.js'

/** A link for somebody whose password could not be taken over. */
export interface ImportLink {
  readonly username: string
  readonly token: Token
  readonly expiresAt: number
}

interface Prepared extends PlannedPerson {
  readonly hash: string
  readonly link: ImportLink | null
}

interface PreparedImport {
  readonly people: readonly Prepared[]
  readonly links: readonly ImportLink[]
}

const atOnce = 16

/** Wraps the passwords that need it, and makes the links. Nothing is written yet, because this takes its time. */
export async function prepareImport(
  core: Core,
  people: readonly PlannedPerson[],
  onProgress: (done: number) => void = () => undefined,
): Promise<PreparedImport> {
  const prepared: Prepared[] = []
  for (let at = 0; at < people.length; at += atOnce) {
    prepared.push(...(await Promise.all(people.slice(at, at + atOnce).map((one) => prepare(core, one)))))
    onProgress(prepared.length)
  }
  return { people: prepared, links: prepared.flatMap(({ link }) => (link === null ? [] : [link])) }
}

async function prepare(core: Core, planned: PlannedPerson): Promise<Prepared> {
  const { person, password, account } = planned
  const link =
    password === 'needs-link'
      ? {
          username: account.username,
          token: newToken(core.platform),
          expiresAt: core.platform.nowSeconds() + core.policy.invitationSeconds,
        }
      : null
  if (password !== 'kept' || person.passwordHash === null) return { ...planned, hash: '', link }
  for (;;) {
    const hash = await core.passwords.adopt(person.passwordHash)
    if (hash === null) throw new Error('a hash that could be taken over cannot be taken over')
    if (hash !== 'busy') return { ...planned, hash, link }
  }
}

/** Somebody took one of the names meanwhile: nothing is kept. */
class NameTaken extends Error {
  readonly username: string
  constructor(username: string) {
    super('a name was taken meanwhile')
    this.username = username
  }
}

type ImportOutcome =
  | { readonly kind: 'imported' }
  | { readonly kind: 'name-taken'; readonly username: string }
  | { readonly kind: 'serial-taken' }

/** All of it in one transaction, or nothing. Codes of time steps that have ended are spent. */
export async function carryOutImport(
  core: Core,
  { people, tokens = [] }: Pick<PreparedImport, 'people'> & { readonly tokens?: readonly PlannedToken[] },
): Promise<ImportOutcome> {
  try {
    return await core[storage].patiently<ImportOutcome>(async (stores) => {
      await stores.groups.hold()
      await noteOldHashes(
        core,
        stores,
        people.map(({ hash }) => hash),
      )
      await writeAll(core, stores, people)
      return (await writeTokens(core, stores, { planned: tokens, actor: atTheCommandLine }))
        ? { kind: 'imported' }
        : new Rollback<ImportOutcome>({ kind: 'serial-taken' })
    })
  } catch (problem) {
    if (problem instanceof NameTaken) return { kind: 'name-taken', username: problem.username }
    throw problem
  }
}

/** So many are written at once: a round trip to the database for each would take longer than everything else. */
const newAtOnce = 250

async function writeAll(core: Core, stores: Stores, people: readonly Prepared[]): Promise<void> {
  const added = people.filter(({ action }) => action === 'add')
  for (let at = 0; at < added.length; at += newAtOnce)
    await writeNew(core, stores, added.slice(at, at + newAtOnce))
  for (const one of people) {
    if (one.action === 'merge') await writeMerged(core, stores, one)
    if (one.link !== null) await writeLink(core, stores, { account: one.account, link: one.link })
  }
}

async function writeNew(core: Core, stores: Stores, some: readonly Prepared[]): Promise<void> {
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
