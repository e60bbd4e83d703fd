import { chmodSync, existsSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { AddCommands } from '../framework/command.js'
import { Refused } from '../framework/errors.js'
import { print, printJson, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase, withApp } from '../framework/with-app.js'

export const addBackupCommand: AddCommands = (program, deps) => {
  const backup = program
    .command('backup <file>')
    .description('Writes a consistent copy of the database to a new file, also while the server runs.')
    .example('nightlatch backup /backups/nightlatch-$(date +%F).db')
    .option('--json', 'Print JSON.')
  addSettingFlags(backup, databaseSettings).action(
    async (file: string, options: Readonly<Record<string, unknown>>) => {
      const settings = settingsOf(deps, options)
      mustHaveDatabase(settings)
      mustBeNew(file)
      await withApp(deps, { settings, work: (app) => copy(file, (to) => app.storage.backupTo(to)) })
      if (options['json'] === true) return printJson(deps, { file: resolve(file) })
      print(deps, resolve(file))
      tell(deps, 'The root key is not in it: keep a copy of it too, in another place.')
    },
  )
}

function mustBeNew(file: string): void {
  const there = statSync(file, { throwIfNoEntry: false })
  if (there?.isDirectory() === true)
    throw new Refused(
      `${file} is a folder: name the file, ${join(file, 'nightlatch.db')} for example`,
      'file-exists',
    )
  if (there !== undefined)
    throw new Refused(`${file} exists already: choose another name, or remove it first`, 'file-exists')
  const folder = dirname(resolve(file))
  if (!existsSync(folder))
    throw new Refused(`there is no folder ${folder}: make it first, or choose another one`)
}

/** A copy that ended half-way must not be taken for one. */
async function copy(file: string, backupTo: (file: string) => Promise<void>): Promise<void> {
  try {
    await backupTo(file)
    chmodSync(file, 0o600)
  } catch (error) {
    rmSync(file, { force: true })
    throw error
  }
}
