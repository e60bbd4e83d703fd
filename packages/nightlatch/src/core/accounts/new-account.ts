import type { LoginName, NewAccount } from './account.js'
import { parseDisplayName, parseEmail, parseNewName } from './account.js'
import type { Core } from '../core.js'
import type { Group } from './groups.js'
import { parseGroups } from './groups.js'
import { newAccount } from '../sign-in/password-check.js'

export interface AccountInput {
  readonly groups?: readonly string[] | undefined
  /** Unix seconds; null or left out: it does not end. */
  readonly endsAt?: number | null | undefined
  readonly username: string
  readonly email?: string | undefined
  /** An administrator vouches for the address. */
  readonly emailVerified?: boolean | undefined
  readonly name?: string | undefined
  readonly admin: boolean
}

export type AccountProblem =
  'bad-username' | 'bad-email' | 'no-email' | 'bad-name' | 'bad-group' | 'too-many-groups' | 'name-taken'

export interface AccountRefusal {
  readonly kind: 'refused'
  readonly why: AccountProblem
  /** Which group cannot be one. */
  readonly group?: string
}

type ParsedAccountInput = ({ readonly kind: 'parsed' } & PreparedAccount) | AccountRefusal

export interface PreparedAccount extends NewAccount {
  readonly groups: readonly Group[]
}

const refuse = (why: AccountProblem): AccountRefusal => ({ kind: 'refused', why })

/** What an administrator (or the first person) asks for → an account that is not stored yet. */
export function parseAccountInput(core: Core, input: AccountInput): ParsedAccountInput {
  const username = parseNewName(core.platform, input.username)
  if (username.kind === 'refused') return refuse('bad-username')
  const email = parseWishedEmail(core, input)
  if (typeof email === 'string') return refuse(email)
  const name = parseDisplayName(input.name ?? '')
  if (name === null) return refuse('bad-name')
  const parsed = parseGroups(input.groups ?? [])
  if (parsed.kind === 'refused') return { ...refuse('bad-group'), group: parsed.text }
  const { groups } = parsed
  if (groups.length > core.policy.groups.most) return refuse('too-many-groups')
  return { kind: 'parsed', ...preparedAccount(core, { username, email, name, groups, input }) }
}

/** null: none is wished for. */
function parseWishedEmail(
  core: Core,
  { email: text = '', emailVerified }: AccountInput,
): Shown | null | AccountProblem {
  if (text === '') return emailVerified === true ? 'no-email' : null
  const email = parseEmail(core.platform, text)
  return email.kind === 'refused' ? 'bad-email' : email
}

interface Shown {
  readonly shown: string
  readonly key: LoginName
}

interface Parts {
  readonly username: Shown
  readonly email: Shown | null
  readonly name: string
  readonly groups: readonly Group[]
  readonly input: AccountInput
}

function preparedAccount(core: Core, { username, email, name, groups, input }: Parts): PreparedAccount {
  const profile = {
    username: username.shown,
    name,
    email: email === null ? '' : email.shown,
    groups: groups.map((group) => group.name),
  }
  const account = {
    ...newAccount(core, profile),
    admin: input.admin,
    endsAt: input.endsAt ?? null,
    emailVerified: input.emailVerified === true,
  }
  return {
    account,
    loginNames: [...new Set(email === null ? [username.key] : [username.key, email.key])],
    groups,
  }
}
