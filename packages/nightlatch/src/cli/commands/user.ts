import { invitationUrl } from '../../compose/links.js'
import * as administration from '../../core/accounts/administration.js'
import type { Account } from '../../core/accounts/account.js'
import type { AccountProblem, AccountInput } from '../../core/accounts/administration.js'
import { hasSecondFactor } from '../../core/factors/factor.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import type { PasswordProblem } from '../../core/accounts/password.js'
import { addSettingFlags, databaseSettings, linkSettings, settingsOf } from '../framework/settings-flags.js'
import type { AddCommands, CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { removedInWords } from './factor-words.js'
import { knownSite } from './known-site.js'
import { confirmByName, newPassword, passwordFromStdin } from '../framework/input.js'
import { isoTime, print, printJson, printTable, tell } from '../framework/output.js'
import { describeAccount, printAccount } from './user-show.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

type Options = Readonly<Record<string, unknown>>

export const addUserCommands: AddCommands = (program, deps) => {
  const user = program.command('user').description('Accounts: add, look at, disable, rescue.')
  user.example('nightlatch user add ada --email ada@example.org', 'nightlatch user list --json')
  addAdd(user, deps)
  addList(user, deps)
  addShow(user, deps)
  addSwitches(user, deps)
  addRemove(user, deps)
  addPassword(user, deps)
  addResetMfa(user, deps)
}

function addAdd(user: CliCommand, deps: CliDeps): void {
  const add = user
    .command('add <name>')
    .description('Adds an account and prints a one-time link with which its owner chooses a password.')
    .example(
      'nightlatch user add ada --email ada@example.org',
      'pass ada | nightlatch user add ada --password-stdin',
    )
    .option('--password-stdin', 'Take the password from standard input instead of printing a link.')
    .option('--email <address>', 'Where notices go; it is also a name to sign in with.')
    .option('--name <name>', "The person's name, as shown.")
    .option('--admin', 'An administrator.')
    .option('--json', 'Print JSON.')
  addSettingFlags(add, linkSettings).action(async (username: string, options: Options) => {
    const settings = settingsOf(deps, options)
    const password = options['passwordStdin'] === true ? await passwordFromStdin(deps) : null
    const wishes = {
      username,
      email: options['email'] as string | undefined,
      name: options['name'] as string | undefined,
      admin: options['admin'] === true,
    }
    await withApp(deps, {
      settings,
      work: (app) =>
        password === null
          ? invite(deps, app, { wishes, options })
          : addOne(deps, app, { wishes, options, password }),
    })
  })
}

interface Adding {
  readonly wishes: AccountInput
  readonly options: Options
}

async function invite(deps: CliDeps, app: Nightlatch, { wishes, options }: Adding): Promise<void> {
  const invited = await administration.inviteAccount(app.core, wishes)
  if (invited.kind === 'refused') throw accountRefused(invited.why, wishes)
  const url = invitationUrl((await knownSite(app)).settings, invited.token)
  const expiresAt = isoTime(invited.expiresAt)
  if (options['json'] === true)
    return printJson(deps, { account: describeAccount(invited.account), invitation: { url, expiresAt } })
  print(deps, url)
  tell(
    deps,
    `Added ${invited.account.username}. The link chooses the password, works once, until ${expiresAt}.`,
  )
}

async function addOne(
  deps: CliDeps,
  app: Nightlatch,
  adding: Adding & { readonly password: string },
): Promise<void> {
  const { wishes, options, password } = adding
  const added = await administration.addAccount(app.core, wishes, { password })
  if (added.kind === 'refused') throw accountRefused(added.why, wishes)
  if (added.kind === 'bad-password') throw new Refused(passwordProblem(app, added.why), 'bad-password')
  if (added.kind === 'busy') throw new Refused(busy)
  if (options['json'] === true) return printJson(deps, { account: describeAccount(added.account) })
  print(deps, added.account.username)
  tell(deps, `Added ${added.account.username}. The first sign-in sets up the second step.`)
}

/** A link that works once; where it leads follows the origin, never a request. */
function addList(user: CliCommand, deps: CliDeps): void {
  const list = user
    .command('list')
    .description('Lists the accounts.')
    .example('nightlatch user list', 'nightlatch user list --json')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action(async (options: Options) => {
    await onDatabase(deps, options, async (app) => {
      const accounts = [...(await app.core.queries.accounts.list())].sort(byName)
      if (options['json'] === true) return printJson(deps, { accounts: accounts.map(describeAccount) })
      const head = ['NAME', 'EMAIL', 'SECOND STEP', 'STATE', 'LAST SIGN-IN']
      printTable(deps, head, accounts.map(rowOf))
      if (accounts.length === 0) tell(deps, 'There is no account yet: nightlatch user add NAME')
    })
  })
}

const byName = (one: Account, other: Account): number => one.username.localeCompare(other.username, 'en')

const rowOf = (account: Account): readonly string[] => [
  account.username,
  account.email || '-',
  hasSecondFactor(account) ? 'yes' : 'no',
  account.disabled ? 'disabled' : account.admin ? 'admin' : 'active',
  isoTime(account.lastSignInAt) || 'never',
]

interface AccountCommand {
  readonly name: string
  readonly description: string
  readonly example: string
  readonly extend?: (command: CliCommand) => void
  /** Before the database is opened: what comes by standard input. */
  readonly prepare?: (options: Options) => Promise<string>
  /** @returns one line about what was changed, or null when the command has printed what it is for */
  run(
    app: Nightlatch,
    account: Account,
    given: { readonly options: Options; readonly prepared: string },
  ): Promise<string | null>
}

/** A command about one account that exists. */
function addAccountCommand(user: CliCommand, deps: CliDeps, about: AccountCommand): void {
  const command = user.command(`${about.name} <name>`).description(about.description).example(about.example)
  about.extend?.(command)
  command.option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (name: string, options: Options) => {
    const prepared = (await about.prepare?.(options)) ?? ''
    await onDatabase(deps, options, async (app) => {
      const account = await find(app, name)
      const changed = await about.run(app, account, { options, prepared })
      if (changed === null) return
      if (options['json'] !== true) return tell(deps, changed)
      const now = await app.core.queries.accounts.find(account.id)
      printJson(deps, { account: describeAccount(now ?? account) })
    })
  })
}

function addShow(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'show',
    description: 'Shows one account, without any secret.',
    example: 'nightlatch user show ada',
    async run(app, account, { options }) {
      await printAccount(deps, app, { account, json: options['json'] === true })
      return null
    },
  })
}

function addSwitches(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'disable',
    description: 'Ends all sessions of an account and lets nobody sign in to it.',
    example: 'nightlatch user disable ada',
    async run(app, account) {
      await administration.disableAccount(app.core, account)
      const { username } = account
      return `Disabled ${username}; its sessions have ended. Undo: nightlatch user enable ${username}`
    },
  })
  addAccountCommand(user, deps, {
    name: 'enable',
    description: 'Lets a disabled account sign in again.',
    example: 'nightlatch user enable ada',
    async run(app, account) {
      await administration.enableAccount(app.core, account)
      return `Enabled ${account.username}.`
    },
  })
}

function addRemove(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'remove',
    description: 'Removes an account and everything of it, for good.',
    example: 'nightlatch user remove ada',
    extend: (command) => command.option('--yes', 'Do not ask; a script is never asked.'),
    async run(app, account, { options }) {
      const effect = `This removes ${account.username}, its second step and its sessions for good.`
      if (options['yes'] !== true) await confirmByName(deps, effect, account.username)
      await administration.removeAccount(app.core, account)
      return `Removed ${account.username}.`
    },
  })
}

function addPassword(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'password',
    description: 'Sets a password and ends the sessions of the account.',
    example: 'pass ada | nightlatch user password ada --password-stdin',
    extend: (command) =>
      command.option('--password-stdin', 'Take the password from standard input instead of asking for it.'),
    prepare: (options) => newPassword(deps, options['passwordStdin'] === true),
    async run(app, account, { prepared }) {
      const set = await administration.setPassword(app.core, account, prepared)
      if (set.kind === 'bad-password') throw new Refused(passwordProblem(app, set.why), 'bad-password')
      if (set.kind === 'busy') throw new Refused(busy)
      return `Set the password of ${account.username}; its sessions have ended.`
    },
  })
}

function addResetMfa(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'reset-mfa',
    description:
      'Removes every second factor and trusted device, ends the sessions; the next sign-in sets up anew.',
    example: 'nightlatch user reset-mfa ada',
    extend: (command) => command.option('--yes', 'Do not ask; a script is never asked.'),
    async run(app, account, { options }) {
      const effect =
        `This removes every second factor, recovery code and remembered device of ${account.username} and ends ` +
        'its sessions. Be sure that it is really they who ask.'
      if (options['yes'] !== true) await confirmByName(deps, effect, account.username)
      const removed = removedInWords(await administration.resetSecondFactor(app.core, account))
      return `Removed ${removed} of ${account.username}; the next sign-in sets up a new one.`
    },
  })
}

async function onDatabase(
  deps: CliDeps,
  options: Options,
  work: (app: Nightlatch) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(deps, options)
  mustHaveDatabase(settings)
  await withApp(deps, { settings, work })
}

async function find(app: Nightlatch, name: string): Promise<Account> {
  const account = await administration.findAccount(app.core, name)
  if (account !== null) return account
  throw new Refused(
    `there is no account ${JSON.stringify(name)}: nightlatch user list shows them all`,
    'no-such-account',
  )
}

const busy = 'too many passwords are being hashed: try again in a moment'

const accountRefused = (why: AccountProblem, wishes: AccountInput): Refused =>
  new Refused(accountProblems[why](wishes), why === 'name-taken' ? why : 'refused')

const accountProblems: Readonly<Record<AccountProblem, (wishes: AccountInput) => string>> = {
  'bad-username': ({ username }) =>
    `${JSON.stringify(username)} cannot be a username: use letters, digits and . _ - + @, and begin with a letter or digit`,
  'bad-email': ({ email }) => `${JSON.stringify(email)} is no email address such as ada@example.org`,
  'bad-name': () => 'the name must be one printable line of at most 100 characters',
  'name-taken': ({ username, email }) =>
    `the name ${JSON.stringify(username)}${email === undefined ? '' : ` or ${JSON.stringify(email)}`} is taken: choose another one`,
}

function passwordProblem(app: Nightlatch, why: PasswordProblem): string {
  const problems: Readonly<Record<PasswordProblem, string>> = {
    'too-short': `the password is too short: it needs ${shortestHere(app.core)} characters`,
    'too-long': 'the password is too long: at most 256 characters',
    'not-allowed': 'the password has a character that is not text',
    common: 'the password is one of the commonest: choose another one',
    'own-name': 'the password is the name of the account or of this service: choose another one',
  }
  return problems[why]
}
