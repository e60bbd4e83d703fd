import * as administration from '../../core/accounts/administration.js'
import type { Account } from '../../core/accounts/account.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { printJson, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'
import { describeAccount } from './user-show.js'

export type Options = Readonly<Record<string, unknown>>

interface AccountCommand {
  readonly name: string
  readonly description: string
  readonly examples: readonly string[]
  /** Beside those of the database: where the pages are. */
  readonly settings?: Parameters<typeof addSettingFlags>[1]
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
export function addAccountCommand(user: CliCommand, deps: CliDeps, about: AccountCommand): void {
  const command = user
    .command(`${about.name} <name>`)
    .description(about.description)
    .example(...about.examples)
  about.extend?.(command)
  command.option('--json', 'Print JSON.')
  addSettingFlags(command, about.settings ?? databaseSettings).action(
    async (name: string, options: Options) => {
      const prepared = (await about.prepare?.(options)) ?? ''
      await onDatabase(deps, options, async (app) => {
        const account = await find(app, name)
        const changed = await about.run(app, account, { options, prepared })
        if (changed === null) return
        if (options['json'] !== true) return tell(deps, changed)
        const now = await app.core.queries.accounts.find(account.id)
        printJson(deps, { account: describeAccount(now ?? account) })
      })
    },
  )
}

export async function onDatabase(
  deps: CliDeps,
  options: Options,
  work: (app: Nightlatch) => Promise<void>,
): Promise<void> {
  const settings = settingsOf(deps, options)
  mustHaveDatabase(settings)
  await withApp(deps, { settings, work })
}

export async function find(app: Nightlatch, name: string): Promise<Account> {
  const account = await administration.findAccount(app.core, name)
  if (account !== null) return account
  throw new Refused(
    `there is no account ${JSON.stringify(name)}: nightlatch user list shows them all`,
    'no-such-account',
  )
}
