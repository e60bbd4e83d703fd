import { readSettings, type Settings } from '../../config/read.js'
import { flagOf, settings, settingNames, type SettingName } from '../../config/settings.js'
import type { CliCommand } from './command.js'
import type { CliDeps } from './deps.js'
import { WrongUsage } from './errors.js'

/** What every command that opens the database may be told. */
export const databaseSettings: readonly SettingName[] = [
  'data',
  'databaseUrl',
  'databaseUrlFile',
  'secretFile',
]
/** And what goes into a link. */
export const linkSettings: readonly SettingName[] = [...databaseSettings, 'origin', 'port', 'basePath']

/** A flag of the same name for each setting that is no secret. */
export function addSettingFlags(
  command: CliCommand,
  names: readonly SettingName[] = settingNames,
): CliCommand {
  for (const name of names) {
    const { placeholder, help, shownDefault } = settings[name]
    if (placeholder === null) continue
    command.option(`${flagOf(name)} <${placeholder}>`, `${help} Default: ${shownDefault}.`)
  }
  return command
}

/** What another command needs to find the same database: ` --data '/var/lib/nightlatch'`, or ''. */
export function placeFlags(options: Readonly<Record<string, unknown>>): string {
  const given = databaseSettings.flatMap((name) => {
    const text = options[name]
    return typeof text === 'string' ? [` ${flagOf(name)} ${inShell(text)}`] : []
  })
  return given.join('')
}

const inShell = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

interface Command {
  /** It serves: what only a server needs is looked at, too. */
  readonly serves?: true
  /** What the command itself has found wrong. */
  readonly found?: readonly string[]
}

/** The settings, or every problem at once. */
export function settingsOf(
  deps: CliDeps,
  options: Readonly<Record<string, unknown>>,
  { serves, found = [] }: Command = {},
): Settings {
  const flags: Partial<Record<SettingName, string>> = {}
  for (const name of settingNames) {
    const given = options[name]
    if (typeof given === 'string') flags[name] = given
  }
  const read = readSettings({ env: deps.env, flags, serves: serves === true })
  if (read.kind === 'problems') throw new WrongUsage(...found, ...read.problems)
  if (found.length > 0) throw new WrongUsage(...found)
  return read.settings
}
