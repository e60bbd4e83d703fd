import { InvalidArgumentError, Option } from 'commander'
import type { Actor } from '../../core/accounts/actor.js'
import { atTheCommandLine } from '../../core/accounts/actor.js'
import type { AccountInput, AccountProblem, AccountRefusal } from '../../core/accounts/new-account.js'
import { editAccount, type EditedPart, type EditOutcome } from '../../core/accounts/edit.js'
import { parseEnd } from '../../core/accounts/end.js'
import { day } from '../../core/ports/platform.js'
import { addAccountCommand, type Options } from './account-command.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'

export const evenTheLast = 'Also when nobody could administer this installation any more.'
export const emailVerifiedHelp = 'The address is theirs: you vouch for it to applications.'
export const endHelp = 'When it ends: a date (its beginning, UTC), a moment (2027-03-01T18:00:00Z), or 90d.'

export const actorOf = (options: Options): Actor => ({
  ...atTheCommandLine,
  evenTheLast: options['evenTheLast'] === true,
})

export const lastAdministrator = (username: string): Refused =>
  new Refused(
    `${username} is the last administrator who can sign in: make somebody else one first ` +
      '(nightlatch user edit NAME --admin), or add --even-the-last',
    'last-administrator',
  )

/** Several after one flag, separated by commas, or the flag several times. */
export const groupsOption = (flags: string, description: string): Option =>
  new Option(flags, description).argParser((text: string, before: readonly string[] | undefined) => [
    ...(before ?? []),
    ...text.split(','),
  ])

export const momentOption = (flags: string, description: string, deps: CliDeps): Option =>
  new Option(flags, description).argParser((text) => {
    const at = parseEnd(text, Math.floor(deps.now()))
    if (at !== null) return at
    throw new InvalidArgumentError('Write 2027-03-01, 2027-03-01T18:00:00Z, or 90d for in 90 days.')
  })

export function addUserEdit(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'edit',
    description: 'Changes name, address, rights, groups or end of an account; it counts at the next request.',
    examples: [
      'nightlatch user edit ada --add-group admins',
      'nightlatch user edit ada --email ada@example.org --expires 2027-03-01',
    ],
    extend: (command) =>
      command
        .option('--username <name>', 'Another name to sign in with; the old one is held back for 30 days.')
        .option('--email <address>', 'Where notices go; it is also a name to sign in with.')
        .option('--no-email', 'Without an address.')
        .option('--email-verified', emailVerifiedHelp)
        .option('--no-email-verified', 'Nobody has confirmed the address.')
        .option('--name <name>', "The person's name, as shown.")
        .option('--admin', 'An administrator.')
        .option('--no-admin', 'No administrator.')
        .addOption(groupsOption('--add-group <name...>', 'Groups to be in; one that is not there is made.'))
        .addOption(groupsOption('--remove-group <name...>', 'Groups not to be in.'))
        .addOption(momentOption('--expires <date>', endHelp, deps))
        .option('--no-expiry', 'The account does not end.')
        .option('--even-the-last', evenTheLast),
    async run(app, account, { options }) {
      const edit = editOf(options)
      const outcome = await editAccount(app.core, account, { edit, actor: actorOf(options) })
      if (outcome.kind !== 'edited') throw editRefused(outcome, { username: account.username, edit })
      const { username } = outcome.account
      if (outcome.changed.length === 0) return `Nothing of ${username} is different.`
      return `Changed ${partsInWords(outcome.changed)} of ${username}.${afterwards(outcome.changed, account.username, app.core.policy.heldNameSeconds / day)}`
    },
  })
}

type Edit = Parameters<typeof editAccount>[2]['edit']

function editOf(options: Options): Edit {
  if (options['expires'] !== undefined && options['expiry'] === false)
    throw new WrongUsage('--expires and --no-expiry say the opposite of each other: give one of them.')
  const edit = {
    username: options['username'] as string | undefined,
    email: options['email'] === false ? '' : (options['email'] as string | undefined),
    emailVerified: options['emailVerified'] as boolean | undefined,
    name: options['name'] as string | undefined,
    admin: options['admin'] as boolean | undefined,
    addGroups: options['addGroup'] as readonly string[] | undefined,
    removeGroups: options['removeGroup'] as readonly string[] | undefined,
    endsAt: options['expiry'] === false ? null : (options['expires'] as number | undefined),
  }
  if (Object.values(edit).every((part) => part === undefined))
    throw new WrongUsage('say what is to be different: nightlatch user edit --help shows the flags.')
  return edit
}

const words: Readonly<Record<EditedPart, string>> = {
  username: 'the user name',
  email: 'the address',
  emailVerified: 'the confirmation of the address',
  name: 'the name',
  admin: 'the rights',
  groups: 'the groups',
  ends: 'the end',
}

const partsInWords = (parts: readonly EditedPart[]): string =>
  parts
    .map((part) => words[part])
    .join(', ')
    .replace(/, ([^,]*)$/, ' and $1')

const afterwards = (parts: readonly EditedPart[], before: string, heldDays: number): string =>
  parts.includes('username')
    ? ` ${before} is held back for ${heldDays} days; applications now hear the new name.`
    : ''

type Refusal = Exclude<EditOutcome, { kind: 'edited' }>

function editRefused(outcome: Refusal, { username, edit }: { username: string; edit: Edit }): Error {
  if (outcome.kind === 'last-administrator') return lastAdministrator(username)
  if (outcome.kind === 'not-there')
    return new Refused(`there is no account ${JSON.stringify(username)} any more`, 'no-such-account')
  if (outcome.kind === 'kept-elsewhere')
    return new Refused(
      'the application keeps names, addresses and groups: change them there',
      'kept-elsewhere',
    )
  const { email, name, addGroups: groups } = edit
  return accountRefused(outcome, { username: edit.username ?? username, email, name, groups })
}

type Wishes = Pick<AccountInput, 'username' | 'email' | 'name' | 'groups'>

export const accountRefused = ({ why, group }: AccountRefusal, wishes: Wishes): Refused =>
  new Refused(
    accountProblems[why](group === undefined ? wishes : { ...wishes, groups: [group] }),
    why === 'name-taken' ? why : 'refused',
  )

export const usernameRule = 'use letters, digits and . _ - + @, and begin with a letter or digit'

const accountProblems: Readonly<Record<AccountProblem, (wishes: Wishes) => string>> = {
  'bad-username': ({ username }) => `${JSON.stringify(username)} cannot be a username: ${usernameRule}`,
  'bad-email': ({ email }) => `${JSON.stringify(email)} is no email address such as ada@example.org`,
  'no-email': () => 'there is no address that could be confirmed: give one with --email',
  'bad-name': () => 'the name must be one printable line of at most 100 characters',
  'bad-group': ({ groups }) =>
    `${(groups ?? []).map((group) => JSON.stringify(group)).join(' or ')} cannot be a group: its name is one printable line of 1 to 64 characters, without a comma`,
  'too-many-groups': () => 'these are more groups than an account can be in',
  'name-taken': ({ username, email }) =>
    `the name ${JSON.stringify(username)}${email === undefined ? '' : ` or ${JSON.stringify(email)}`} is taken: choose another one`,
}
