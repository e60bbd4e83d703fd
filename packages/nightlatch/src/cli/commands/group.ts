import { listGroups, findGroup, removeGroup, renameGroup } from '../../core/accounts/group-changes.js'
import { atTheCommandLine } from '../../core/accounts/actor.js'
import type { GroupWithCount } from '../../core/accounts/groups.js'
import { listPeople } from '../../core/accounts/people.js'
import { onDatabase, type Options } from './account-command.js'
import { wholeNumber, type AddCommands, type CliCommand } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { confirmByName } from '../framework/input.js'
import { print, printable, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings } from '../framework/settings-flags.js'

export const addGroupCommands: AddCommands = (program, deps) => {
  const group = program
    .command('group')
    .description('Groups of accounts, which rules ask for: list, show, rename, remove.')
  group.example('nightlatch user edit ada --add-group admins', 'nightlatch group list')
  addList(group, deps)
  addShow(group, deps)
  addRename(group, deps)
  addRemove(group, deps)
}

const describe = ({ name, members }: GroupWithCount) => ({ name, members })

interface Given {
  /** What stands behind the command. */
  readonly names: readonly string[]
  readonly options: Options
}

interface GroupCommand {
  /** With what stands behind it: `rename <group> <name>`. */
  readonly usage: string
  readonly description: string
  readonly example: string
  readonly extend?: (command: CliCommand) => void
  run(app: Nightlatch, given: Given): Promise<void>
}

/** What every command about groups has. */
function addGroupCommand(group: CliCommand, deps: CliDeps, about: GroupCommand): void {
  const command = group.command(about.usage).description(about.description).example(about.example)
  about.extend?.(command)
  command.option('--json', 'Print JSON.')
  addSettingFlags(command, databaseSettings).action(async (...given: readonly unknown[]) => {
    // Behind the names come the options and the command itself.
    const names = given.slice(0, -2) as readonly string[]
    const options = given.at(-2) as Options
    await onDatabase(deps, options, (app) => about.run(app, { names, options }))
  })
}

function addList(group: CliCommand, deps: CliDeps): void {
  addGroupCommand(group, deps, {
    usage: 'list',
    description: 'Lists the groups and how many accounts are in each.',
    example: 'nightlatch group list',
    async run(app, { options }) {
      const groups = await listGroups(app.core)
      if (options['json'] === true) return printJson(deps, { groups: groups.map(describe) })
      printTable(
        deps,
        ['GROUP', 'ACCOUNTS'],
        groups.map(({ name, members }) => [name, String(members)]),
      )
      if (groups.length === 0)
        tell(deps, 'There is no group yet: nightlatch user edit NAME --add-group GROUP makes one.')
    },
  })
}

function addShow(group: CliCommand, deps: CliDeps): void {
  addGroupCommand(group, deps, {
    usage: 'show <group>',
    description: 'Lists the accounts of a group.',
    example: 'nightlatch group show admins',
    extend: (command) =>
      command
        .option('--limit <number>', 'So many at most.', wholeNumber(1, 10_000), 1000)
        .option('--after <name>', 'Those behind this user name.'),
    async run(app, { names: [name = ''], options }) {
      const found = await mustFind(app, name)
      const { people, next } = await listPeople(app.core, {
        group: name,
        limit: options['limit'] as number,
        after: options['after'] as string | undefined,
      })
      const accounts = people.map(({ username }) => username)
      if (options['json'] === true) return printJson(deps, { group: describe(found), accounts, next })
      for (const username of accounts) print(deps, printable(username))
      if (next !== null) tell(deps, `There are more: add --after ${next}`)
      if (found.members === 0) tell(deps, `Nobody is in ${found.name}.`)
    },
  })
}

async function mustFind(app: Nightlatch, name: string): Promise<GroupWithCount> {
  const found = await findGroup(app.core, name)
  if (found !== null) return found
  throw noSuchGroup(name)
}

const noSuchGroup = (name: string): Refused =>
  new Refused(
    `there is no group ${JSON.stringify(name)}: nightlatch group list shows them all`,
    'no-such-group',
  )

function addRename(group: CliCommand, deps: CliDeps): void {
  addGroupCommand(group, deps, {
    usage: 'rename <group> <name>',
    description: 'Gives a group another name, for all its accounts; rules that name it have to follow.',
    example: 'nightlatch group rename admins administrators',
    async run(app, { names: [name = '', next = ''], options }) {
      const outcome = await renameGroup(app.core, { name, next, actor: atTheCommandLine })
      if (outcome.kind === 'not-there') throw noSuchGroup(name)
      if (outcome.kind === 'taken')
        throw new Refused(
          `there is a group ${JSON.stringify(next)} already: choose another name`,
          'name-taken',
        )
      if (outcome.kind === 'bad-group')
        throw new Refused(
          `${JSON.stringify(next)} cannot be a group: its name is one printable line of 1 to 64 characters, without a comma`,
        )
      const renamed = await mustFind(app, outcome.name)
      if (options['json'] === true) return printJson(deps, { group: describe(renamed) })
      tell(deps, `Renamed ${name} to ${outcome.name}. Rules that ask for ${name} have to be changed.`)
    },
  })
}

function addRemove(group: CliCommand, deps: CliDeps): void {
  addGroupCommand(group, deps, {
    usage: 'remove <group>',
    description: 'Removes a group; its accounts stay.',
    example: 'nightlatch group remove guests',
    extend: (command) => command.option('--yes', 'Do not ask; a script is never asked.'),
    async run(app, { names: [name = ''], options }) {
      const found = await mustFind(app, name)
      const effect = `This takes ${found.members} accounts out of ${found.name}; rules that ask for it let them pass no more.`
      if (options['yes'] !== true && found.members > 0) await confirmByName(deps, effect, found.name)
      const members = await removeGroup(app.core, { name, actor: atTheCommandLine })
      if (members === null) throw noSuchGroup(name)
      if (options['json'] === true) return printJson(deps, { group: { ...describe(found), members } })
      tell(
        deps,
        `Removed ${found.name}; ${members} ${members === 1 ? 'account was' : 'accounts were'} in it.`,
      )
    },
  })
}
