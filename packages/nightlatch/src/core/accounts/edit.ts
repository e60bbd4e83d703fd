import type { Account, LoginName } from './account.js'
import { isOpen, parseDisplayName, parseEmail, parseLoginName, parseNewName } from './account.js'
import type { Actor } from './actor.js'
import { by } from './actor.js'
import type { AccountProblem, AccountRefusal } from './new-account.js'
import type { AuditEventName } from '../audit/audit.js'
import { noClient, note } from '../audit/audit.js'
import { tellOwner } from '../notify/notices.js'
import type { Core } from '../core.js'
import type { Group } from './groups.js'
import { groupKey, parseGroups } from './groups.js'
import { mayLoseAdministrator } from './last-administrator.js'
import { indexAccount } from './people.js'
import { findInstallation } from '../maintenance/installation.js'
import type { Stores } from '../ports/stores.js'
import { Rollback, storage } from '../ports/stores.js'
import { endEverything } from '../sign-in/start-session.js'
import { endMailedLinks } from './set-email.js'

/** What is to be different; a part that is left out stays. */
export interface AccountEdit {
  readonly username?: string | undefined
  /** '' takes it away. */
  readonly email?: string | undefined
  /** Of the address that the account has then: an administrator vouches for it, or does so no longer. */
  readonly emailVerified?: boolean | undefined
  readonly name?: string | undefined
  readonly admin?: boolean | undefined
  readonly addGroups?: readonly string[] | undefined
  readonly removeGroups?: readonly string[] | undefined
  /** Exactly these, in the place of those that there are. */
  readonly groups?: readonly string[] | undefined
  /** Unix seconds; null: it does not end. */
  readonly endsAt?: number | null | undefined
}

export type EditOutcome =
  | { readonly kind: 'edited'; readonly account: Account; readonly changed: readonly EditedPart[] }
  | AccountRefusal
  /** Nobody could administer this installation any more. */
  | { readonly kind: 'last-administrator' }
  | { readonly kind: 'not-there' }
  /** The application keeps names, addresses and groups. */
  | { readonly kind: 'kept-elsewhere' }

type Edited = Extract<EditOutcome, { readonly kind: 'edited' }>

export type EditedPart = 'username' | 'email' | 'emailVerified' | 'name' | 'admin' | 'groups' | 'ends'

interface Parsed {
  readonly username: { readonly shown: string; readonly key: LoginName } | null
  readonly email: { readonly shown: string; readonly key: LoginName | null } | null
  readonly name: string | null
  readonly add: readonly Group[]
  readonly remove: ReadonlySet<string>
  readonly exactly: boolean
}

const refuse = (why: AccountProblem): AccountRefusal => ({ kind: 'refused', why })

type ParsedEmail = Parsed['email'] | AccountRefusal

function parseNewEmail(core: Core, text: string | undefined): ParsedEmail {
  if (text === undefined) return null
  if (text === '') return { shown: '', key: null }
  const email = parseEmail(core.platform, text)
  return email.kind === 'refused' ? refuse('bad-email') : email
}

const isRefusal = (parsed: object | null): parsed is AccountRefusal =>
  parsed !== null && 'kind' in parsed && parsed.kind === 'refused'

function parseEdit(core: Core, edit: AccountEdit): Parsed | AccountRefusal {
  const username = edit.username === undefined ? null : parseNewName(core.platform, edit.username)
  if (username?.kind === 'refused') return refuse('bad-username')
  const email = parseNewEmail(core, edit.email)
  if (isRefusal(email)) return email
  const name = edit.name === undefined ? null : parseDisplayName(edit.name)
  if (edit.name !== undefined && name === null) return refuse('bad-name')
  const add = parseGroups([...(edit.groups ?? []), ...(edit.addGroups ?? [])])
  if (add.kind === 'refused') return { ...refuse('bad-group'), group: add.text }
  const remove = new Set((edit.removeGroups ?? []).map(groupKey))
  return { username, email, name, add: add.groups, remove, exactly: edit.groups !== undefined }
}

interface Editing {
  readonly edit: AccountEdit
  readonly actor: Actor
}

/** Changes what an administrator may change of an account: all of it or nothing. It counts at the next request, everywhere. */
export async function editAccount(core: Core, account: Account, editing: Editing): Promise<EditOutcome> {
  const parsed = parseEdit(core, editing.edit)
  if (isRefusal(parsed)) return parsed
  return core[storage].atomically<EditOutcome>(async (stores) => {
    if (isIdentity(parsed) && (await areKeptElsewhere(core, stores))) return { kind: 'kept-elsewhere' }
    const held = await holdForEdit(core, stores, { account, parsed, ...editing })
    if (typeof held === 'string') return { kind: held }
    const why = await write(core, stores, { held, parsed, edit: editing.edit })
    if (why !== null) return new Rollback<EditOutcome>(refuse(why))
    const edited = (await stores.accounts.find(held.id)) ?? held
    await indexAccount(stores, edited)
    await endWhatIsOver(core, stores, { before: held, after: edited })
    const changed = partsChanged(held, edited)
    for (const part of changed)
      await noteEdit(core, stores, { before: held, after: edited, part, actor: editing.actor })
    if (changed.length > 0) await tellOfEdit(core, stores, { before: held, after: edited, changed })
    return { kind: 'edited', account: edited, changed }
  })
}

/**
 * An account that has come to its end, or comes back from it, has nobody signed in. With the address goes whatever was
 * mailed to it: also what would put that address back.
 */
async function endWhatIsOver(
  core: Core,
  stores: Stores,
  { before, after }: Pick<EditedOne, 'before' | 'after'>,
): Promise<void> {
  const now = core.platform.nowSeconds()
  if (!isOpen(before, now) || !isOpen(after, now)) await endEverything(stores, after.id)
  if (before.email === '' || before.email === after.email) return
  await endMailedLinks(stores, after.id)
  await stores.mailLinks.removeAllOf(after.id, 'undo')
}

/** Whoever had the address hears of it as well as whoever has it now. */
async function tellOfEdit(
  core: Core,
  stores: Stores,
  { before, after: account, changed }: Pick<EditedOne, 'before' | 'after'> & Pick<Edited, 'changed'>,
): Promise<void> {
  const parts = changed.map((part) => partWords[part]).join(', ')
  const notice = { kind: 'account-changed', client: noClient, details: { parts } } as const
  await tellOwner(core, stores, { ...notice, account })
  if (before.email !== account.email && before.email !== '')
    await tellOwner(core, stores, { ...notice, account: before })
}

const partWords: Readonly<Record<EditedPart, string>> = {
  username: 'user name',
  email: 'email address',
  emailVerified: 'confirmation of the email address',
  name: 'name',
  admin: 'rights',
  groups: 'groups',
  ends: 'end of the account',
}

/** Everything that must not change meanwhile, in the one order of locks: administrators, groups, the account. */
async function holdForEdit(
  core: Core,
  stores: Stores,
  { account, parsed, edit, actor }: Editing & { readonly account: Account; readonly parsed: Parsed },
): Promise<Account | 'last-administrator' | 'not-there'> {
  const losesAdministrator = edit.admin === false || typeof edit.endsAt === 'number'
  const now = core.platform.nowSeconds()
  if (losesAdministrator && !(await mayLoseAdministrator(stores, account, { actor, now })))
    return 'last-administrator'
  if (groupsAreMeant(parsed)) await stores.groups.hold()
  return (await stores.accounts.hold(account.id)) ?? 'not-there'
}

/** @returns why nothing may be kept of it, or null */
async function write(
  core: Core,
  stores: Stores,
  { held, parsed, edit }: { readonly held: Account; readonly parsed: Parsed; readonly edit: AccountEdit },
): Promise<AccountProblem | null> {
  if (!(await writeProfile(core, stores, { held, parsed }))) return 'name-taken'
  if (edit.emailVerified !== undefined) {
    if (edit.emailVerified && (parsed.email?.shown ?? held.email) === '') return 'no-email'
    await stores.accounts.setEmailVerified(held.id, edit.emailVerified)
  }
  if (edit.admin !== undefined) await stores.accounts.setAdmin(held.id, edit.admin)
  if (edit.endsAt !== undefined) await stores.accounts.setEnd(held.id, edit.endsAt)
  if (!groupsAreMeant(parsed)) return null
  const groups = groupsAfter(held, parsed)
  if (groups.length > core.policy.groups.most) return 'too-many-groups'
  await stores.groups.setOf(held.id, groups, core.platform.nowSeconds())
  return null
}

const isIdentity = (parsed: Parsed): boolean =>
  parsed.username !== null || parsed.email !== null || parsed.name !== null || groupsAreMeant(parsed)

const groupsAreMeant = ({ exactly, add, remove }: Parsed): boolean =>
  exactly || add.length > 0 || remove.size > 0

/** The application tells names, address and groups anew at each sign-in. The command line asks what the server noted. */
const areKeptElsewhere = async (core: Core, stores: Stores): Promise<boolean> =>
  core.applicationAccounts !== null || (await findInstallation(stores))?.accounts === 'application'

function groupsAfter(held: Account, { add, remove, exactly }: Parsed): readonly Group[] {
  const groups = new Map<string, Group>()
  const before = exactly ? [] : held.groups.map((name) => ({ name, key: groupKey(name) }))
  for (const group of [...before, ...add]) if (!groups.has(group.key)) groups.set(group.key, group)
  for (const key of remove) groups.delete(key)
  return [...groups.values()]
}

/** @returns false when one of the names is somebody else's */
async function writeProfile(
  core: Core,
  stores: Stores,
  { held, parsed }: { readonly held: Account; readonly parsed: Parsed },
): Promise<boolean> {
  const profile = {
    username: parsed.username?.shown ?? held.username,
    name: parsed.name ?? held.name,
    email: parsed.email === null ? held.email : parsed.email.shown,
    groups: held.groups,
  }
  if (parsed.username !== null || parsed.email !== null) {
    const names = [profile.username, profile.email].filter((name) => name !== '')
    const loginNames = names.flatMap((name) => {
      const one = parseLoginName(core.platform, name)
      return one.kind === 'name' ? [one.key] : []
    })
    const now = core.platform.nowSeconds()
    const kept = await stores.accounts.setLoginNames(held.id, {
      loginNames: [...new Set(loginNames)],
      heldUntil: now + core.policy.heldNameSeconds,
      now,
    })
    if (!kept) return false
  }
  await stores.accounts.setProfile(held.id, profile)
  return true
}

const sameList = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((text, at) => text === other[at])

function partsChanged(before: Account, after: Account): readonly EditedPart[] {
  const parts: readonly (readonly [EditedPart, boolean])[] = [
    ['username', before.username === after.username],
    ['email', before.email === after.email],
    // That another address is confirmed by nobody goes without saying.
    [
      'emailVerified',
      before.emailVerified === after.emailVerified || (before.email !== after.email && !after.emailVerified),
    ],
    ['name', before.name === after.name],
    ['admin', before.admin === after.admin],
    ['groups', sameList(before.groups, after.groups)],
    ['ends', before.endsAt === after.endsAt],
  ]
  return parts.filter(([, same]) => !same).map(([part]) => part)
}

const eventOf: Readonly<Record<EditedPart, AuditEventName>> = {
  username: 'account.renamed',
  email: 'account.email-changed',
  emailVerified: 'account.email-vouched',
  name: 'account.name-changed',
  admin: 'account.rights-changed',
  groups: 'account.groups-changed',
  ends: 'account.end-changed',
}

interface EditedOne {
  readonly before: Account
  readonly after: Account
  readonly part: EditedPart
  readonly actor: Actor
}

/** One event a part, with what it was and what it is; people's names and addresses are no secrets of the trail. */
async function noteEdit(
  core: Core,
  stores: Stores,
  { before, after, part, actor }: EditedOne,
): Promise<void> {
  const values: Readonly<Record<EditedPart, (account: Account) => string | boolean | number>> = {
    username: ({ username }) => username,
    email: ({ email }) => email,
    emailVerified: ({ emailVerified }) => emailVerified,
    name: ({ name }) => name,
    admin: ({ admin }) => admin,
    groups: ({ groups }) => groups.join(', '),
    ends: ({ endsAt }) => endsAt ?? 'never',
  }
  const details = { from: values[part](before), to: values[part](after), ...by(actor) }
  await note(core, stores, { account: after.id, event: eventOf[part], client: actor.client, details })
}
