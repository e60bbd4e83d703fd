import type { Account } from '../../core/accounts/account.js'
import { removePasskeyOf } from '../../core/accounts/administration.js'
import { placeOf } from '../../core/factors/passkeys/factor.js'
import type { Passkey } from '../../core/factors/passkeys/store.js'
import type { Options } from './account-command.js'
import { find, onDatabase } from './account-command.js'
import type { CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { isoTime, printJson, printTable, tell, timeOrNull } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'

/** Runs something about one account that exists. */
const onAccount = (
  deps: CliDeps,
  { name, options }: { readonly name: string; readonly options: Options },
  work: (app: Nightlatch, account: Account) => Promise<void>,
): Promise<void> => onDatabase(deps, options, async (app) => work(app, await find(app, name)))

export function addPasskeyCommands(user: CliCommand, deps: CliDeps): void {
  const passkey = user.command('passkey').description('The passkeys of an account: list them, remove one.')
  passkey.example('nightlatch user passkey list ada')
  const list = passkey
    .command('list <name>')
    .description('Lists the passkeys of an account, with the ids that `remove` takes.')
    .example('nightlatch user passkey list ada', 'nightlatch user passkey list ada --json')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action((name: string, options: Options) =>
    onAccount(deps, { name, options }, async ({ core }, account) => {
      const all = await core.queries.passkeys.listOf(account.id)
      if (options['json'] === true) return printJson(deps, { passkeys: all.map(describe) })
      printTable(deps, ['ID', 'NAME', 'WHERE', 'DOMAIN', 'LAST USED'], all.map(rowOf))
      if (all.length === 0) tell(deps, `${account.username} has no passkey.`)
    }),
  )
  const remove = passkey
    .command('remove <name> <id>')
    .description('Removes one passkey of an account and ends its sessions; the last second factor stays.')
    .example('nightlatch user passkey remove ada k4tq…')
    .option('--json', 'Print JSON.')
  addSettingFlags(remove, databaseSettings).action((name: string, id: string, options: Options) =>
    onAccount(deps, { name, options }, async ({ core }, account) => {
      const removed = await removePasskeyOf(core, { account, id })
      if (removed.kind === 'not-there') throw new Refused(notThere(account, id), 'no-such-passkey')
      if (removed.kind === 'last-one') throw new Refused(lastOne(account), 'last-second-factor')
      if (options['json'] === true) return printJson(deps, { removed: { id, name: removed.name } })
      tell(deps, `Removed ${JSON.stringify(removed.name)} of ${account.username}; the sessions have ended.`)
    }),
  )
}

const notThere = ({ username }: Account, id: string): string =>
  `${username} has no passkey ${JSON.stringify(id)}: nightlatch user passkey list ${username} shows them`

const lastOne = ({ username }: Account): string =>
  `it is the only second factor of ${username}: nightlatch user reset-mfa ${username} removes it, and the next ` +
  'sign-in sets up a new one'

const rowOf = (one: Passkey): readonly string[] => [
  one.id,
  one.name,
  placeOf(one) === 'synced' ? 'synced' : 'one device',
  one.rpId,
  isoTime(one.lastUsedAt),
]

/** For scripts. */
const describe = (one: Passkey): Readonly<Record<string, unknown>> => ({
  id: one.id,
  name: one.name,
  synced: placeOf(one) === 'synced',
  backedUp: one.backedUp,
  verifiesUser: one.verifiesUser,
  rpId: one.rpId,
  aaguid: one.aaguid,
  transports: one.transports,
  createdAt: timeOrNull(one.createdAt),
  lastUsedAt: timeOrNull(one.lastUsedAt),
})
