import { invitationUrl } from '../../compose/links.js'
import * as administration from '../../core/accounts/administration.js'
import type { AccountInput } from '../../core/accounts/new-account.js'
import { atTheCommandLine } from '../../core/accounts/actor.js'
import { shortestHere } from '../../core/accounts/new-password.js'
import type { PasswordProblem } from '../../core/accounts/password.js'
import { addSettingFlags, linkSettings, settingsOf } from '../framework/settings-flags.js'
import type { AddCommands, CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { addAccountCommand, type Options } from './account-command.js'
import { byMailHelp, mailedInWords, mustBeMailable } from './by-mail.js'
import { removedInWords } from './factor-words.js'
import { knownSite } from './known-site.js'
import { confirmByName, newPassword, passwordFromStdin } from '../framework/input.js'
import { isoTime, print, printJson, tell } from '../framework/output.js'
import { addUserAccess } from './user-access.js'
import { addUserResynchronise } from './user-resynchronise.js'
import {
  accountRefused,
  actorOf,
  addUserEdit,
  emailVerifiedHelp,
  endHelp,
  evenTheLast,
  groupsOption,
  lastAdministrator,
  momentOption,
} from './user-edit.js'
import { addUserList } from './user-list.js'
import { addPasskeyCommands } from './user-passkey.js'
import { describeAccount, printAccount } from './user-show.js'
import { withApp } from '../framework/with-app.js'

export const addUserCommands: AddCommands = (program, deps) => {
  const user = program.command('user').description('Accounts: add, look at, disable, rescue.')
  user.example('nightlatch user add ada --email ada@example.org', 'nightlatch user list --json')
  addAdd(user, deps)
  addUserList(user, deps)
  addShow(user, deps)
  addUserEdit(user, deps)
  addUserAccess(user, deps)
  addUserResynchronise(user, deps)
  addSwitches(user, deps)
  addRemove(user, deps)
  addPassword(user, deps)
  addResetMfa(user, deps)
  addPasskeyCommands(user, deps)
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
    .option('--email-verified', emailVerifiedHelp)
    .option('--name <name>', "The person's name, as shown.")
    .option('--admin', 'An administrator.')
    .addOption(groupsOption('--group <name...>', 'Groups to be in; one that is not there is made.'))
    .addOption(momentOption('--expires <date>', endHelp, deps))
    .option('--mail', byMailHelp)
    .option('--json', 'Print JSON.')
  addSettingFlags(add, linkSettings).action(async (username: string, options: Options) => {
    const settings = settingsOf(deps, options)
    if (options['passwordStdin'] === true && options['mail'] === true)
      throw new WrongUsage('--mail sends a link, and with --password-stdin there is none: give one of them.')
    const password = options['passwordStdin'] === true ? await passwordFromStdin(deps) : null
    const wishes = {
      username,
      email: options['email'] as string | undefined,
      emailVerified: options['emailVerified'] as boolean | undefined,
      name: options['name'] as string | undefined,
      admin: options['admin'] === true,
      groups: options['group'] as readonly string[] | undefined,
      endsAt: options['expires'] as number | undefined,
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
  const byMail = options['mail'] === true
  if (byMail) await mustBeMailable(app, wishes)
  const invited = await administration.inviteAccount(app.core, wishes, { ...atTheCommandLine, byMail })
  if (invited.kind === 'refused') throw accountRefused(invited, wishes)
  const url = invitationUrl((await knownSite(app)).settings, invited.token)
  const [expiresAt, { mailedTo }] = [isoTime(invited.expiresAt), invited]
  if (options['json'] === true) {
    const invitation = { url, expiresAt, mailedTo }
    return printJson(deps, { account: describeAccount(invited.account), invitation })
  }
  print(deps, url)
  tell(
    deps,
    `Added ${invited.account.username}. The link chooses the password, works once, until ${expiresAt}.` +
      (byMail ? ` ${mailedInWords(invited)}` : ''),
  )
}

async function addOne(
  deps: CliDeps,
  app: Nightlatch,
  adding: Adding & { readonly password: string },
): Promise<void> {
  const { wishes, options, password } = adding
  const added = await administration.addAccount(app.core, wishes, { password })
  if (added.kind === 'refused') throw accountRefused(added, wishes)
  if (added.kind === 'bad-password') throw new Refused(passwordProblem(app, added.why), 'bad-password')
  if (added.kind === 'busy') throw new Refused(busy)
  if (options['json'] === true) return printJson(deps, { account: describeAccount(added.account) })
  print(deps, added.account.username)
  tell(deps, `Added ${added.account.username}. The first sign-in sets up the second step.`)
}

function addShow(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'show',
    description: 'Shows one account, without any secret.',
    examples: ['nightlatch user show ada'],
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
    examples: ['nightlatch user disable ada'],
    extend: (command) => command.option('--even-the-last', evenTheLast),
    async run(app, account, { options }) {
      const { username } = account
      const outcome = await administration.disableAccount(app.core, account, actorOf(options))
      if (outcome.kind === 'last-administrator') throw lastAdministrator(username)
      return `Disabled ${username}; its sessions have ended. Undo: nightlatch user enable ${username}`
    },
  })
  addAccountCommand(user, deps, {
    name: 'enable',
    description: 'Lets a disabled account sign in again.',
    examples: ['nightlatch user enable ada'],
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
    examples: ['nightlatch user remove ada'],
    extend: (command) =>
      command.option('--yes', 'Do not ask; a script is never asked.').option('--even-the-last', evenTheLast),
    async run(app, account, { options }) {
      const effect = `This removes ${account.username}, its second step and its sessions for good.`
      if (options['yes'] !== true) await confirmByName(deps, effect, account.username)
      const outcome = await administration.removeAccount(app.core, account, actorOf(options))
      if (outcome.kind === 'last-administrator') throw lastAdministrator(account.username)
      return `Removed ${account.username}.`
    },
  })
}

function addPassword(user: CliCommand, deps: CliDeps): void {
  addAccountCommand(user, deps, {
    name: 'password',
    description: 'Sets a password and ends the sessions of the account.',
    examples: ['pass ada | nightlatch user password ada --password-stdin'],
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
    examples: ['nightlatch user reset-mfa ada'],
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

const busy = 'too many passwords are being hashed: try again in a moment'

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
