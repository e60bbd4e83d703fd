import { forgetLostKeys, listKeys } from '../core/keys.js'
import type { AddCommands, CliCommand } from './command.js'
import type { CliDeps } from './deps.js'
import { WrongUsage } from './errors.js'
import { printJson, printTable, tell } from './output.js'
import { addSettingFlags, databaseSettings, settingsOf } from './settings-flags.js'
import { mustHaveDatabase, withApp } from './with-app.js'

type Options = Readonly<Record<string, unknown>>

export const addKeyCommands: AddCommands = (program, deps) => {
  const key = program
    .command('key')
    .description('Root keys: which ones the database knows, and what if one is lost.')
  key.example('nightlatch key list')
  addList(key, deps)
  addForgetLost(key, deps)
}

function addList(key: CliCommand, deps: CliDeps): void {
  const list = key
    .command('list')
    .description('Lists the root keys that sealed something in this database; never a key itself.')
    .example('nightlatch key list', 'nightlatch key list --json')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      lostKey: true,
      async work({ core }) {
        const keys = await listKeys(core.box, core.storage.stores)
        const described = keys.map(({ id, here }) => ({ id, here, newest: id === core.box.keyId }))
        if (options['json'] === true) return printJson(deps, { keys: described })
        const rows = described.map(({ id, here, newest }) => [
          id,
          here ? (newest ? 'newest' : 'here') : 'not here',
        ])
        printTable(deps, ['KEY', 'STATE'], rows)
      },
    })
  })
}

function addForgetLost(key: CliCommand, deps: CliDeps): void {
  const forget = key
    .command('forget-lost')
    .description(
      'Declares every root key that is not at hand as lost for good. Nobody gets in without a second factor: ' +
        'the codes of the authenticators it sealed no longer work, recovery codes and a reset still do.',
    )
    .example('nightlatch key list', 'nightlatch key forget-lost --confirm')
    .option('--confirm', 'The keys are really lost.')
    .option('--json', 'Print JSON.')
  addSettingFlags(forget, databaseSettings).action(async (options: Options) => {
    if (options['confirm'] !== true)
      throw new WrongUsage('this cannot be undone: add --confirm when the key is really lost')
    const settings = settingsOf(deps, options)
    mustHaveDatabase(settings)
    await withApp(deps, {
      settings,
      lostKey: true,
      async work({ core }) {
        const count = await forgetLostKeys(core.box, core.storage.stores)
        if (options['json'] === true) return printJson(deps, { forgotten: count })
        const forgotten = count === 1 ? '1 key' : `${count} keys`
        tell(deps, count === 0 ? 'Every key is at hand: nothing was changed.' : `Forgot ${forgotten}.`)
      },
    })
  })
}
