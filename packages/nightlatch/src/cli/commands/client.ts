import { atTheCommandLine } from '../../core/accounts/actor.js'
import type { Application } from '../../core/applications/application.js'
import { blankApplication, withEdit } from '../../core/applications/changes.js'
import { discoveryOf } from '../../core/applications/discovery.js'
import {
  addApplication,
  editApplication,
  findApplication,
  listApplications,
  removeApplication,
  rotateSecret,
} from '../../core/applications/registration.js'
import type { CliCommand } from '../framework/command.js'
import type { AddCommands } from '../framework/command.js'
import type { CliDeps, Nightlatch } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { confirmByName, stdinText } from '../framework/input.js'
import { isoTime, print, printJson, printTable, tell } from '../framework/output.js'
import { addSettingFlags, databaseSettings, linkSettings, settingsOf } from '../framework/settings-flags.js'
import { withApp } from '../framework/with-app.js'
import type { Options } from './account-command.js'
import { onDatabase } from './account-command.js'
import {
  addApplicationOptions,
  describeApplication,
  durationOption,
  editIn,
  refusedApplication,
} from './client-options.js'
import { addTry } from './client-try.js'
import { knownSite } from './known-site.js'

/** Applications that sign people in here with OpenID Connect: clients, as they are called there. */
export const addClientCommands: AddCommands = (program, deps) => {
  const client = program
    .command('client')
    .description(
      'Applications that sign people in here with OpenID Connect: add, list, show, edit, try, remove.',
    )
  client.example('nightlatch client add Grafana --redirect https://grafana.example.org/login/generic_oauth')
  addAdd(client, deps)
  addList(client, deps)
  addShow(client, deps)
  addEdit(client, deps)
  addRotate(client, deps)
  addTry(client, deps)
  addRemove(client, deps)
}

function addAdd(client: CliCommand, deps: CliDeps): void {
  const add = client
    .command('add <name>')
    .description(
      'Registers an application, and prints the id and the secret that it is given. The secret is shown once.',
    )
    .example(
      'nightlatch client add Grafana --redirect https://grafana.example.org/login/generic_oauth --group admins',
      'nightlatch client add "My app" --public --redirect org.example.app:/callback',
    )
  addApplicationOptions(add)
    .option('--public', 'It keeps no secret: it runs in a browser or on a phone. PKCE is required then.')
    .option('--id <id>', 'The id that it knows itself by; made here unless told.')
    .option('--secret-stdin', 'Read the secret from standard input; made here unless told.')
    .option('--json', 'Print JSON.')
  addSettingFlags(add, linkSettings).action(async (name: string, options: Options) => {
    if (options['public'] === true && options['secretStdin'] === true)
      throw new WrongUsage('a public application has no secret: leave --secret-stdin out')
    const secret = options['secretStdin'] === true ? await stdinText(deps) : undefined
    const settings = settingsOf(deps, options)
    const work = async (app: Nightlatch): Promise<void> => {
      const outcome = await addApplication(app.core, {
        input: withEdit({ ...blankApplication, name, isPublic: options['public'] === true }, editIn(options)),
        id: options['id'] as string | undefined,
        secret,
        actor: atTheCommandLine,
      })
      if (outcome.kind === 'taken')
        throw new Refused(`there is a client of that id already: choose another one`, 'client-exists')
      if (outcome.kind === 'refused') throw refusedApplication(outcome.problem)
      await show(deps, app, { ...outcome, secret: outcome.secret?.reveal() ?? null, options })
    }
    await withApp(deps, { settings, work })
  })
}

interface Shown {
  readonly application: Application
  readonly secret: string | null
  readonly options: Options
}

/** What is pasted into the application. */
async function show(deps: CliDeps, app: Nightlatch, { application, secret, options }: Shown): Promise<void> {
  const { origin, basePath } = (await knownSite(app)).settings
  const issuer = origin + basePath
  const { id } = application
  const discovery = discoveryOf(issuer)
  if (options['json'] === true)
    return printJson(deps, { client: describeApplication(application), id, secret, issuer, discovery })
  const rows = [
    ['Client ID', id],
    ...(secret === null ? [] : [['Client secret', secret]]),
    ['Issuer', issuer],
    ['Discovery', discovery],
    ['Authorization', `${issuer}/oidc/authorize`],
    ['Token', `${issuer}/oidc/token`],
    ['User info', `${issuer}/oidc/userinfo`],
    ['Sign-out', `${issuer}/oidc/logout`],
    ['Scopes', 'openid profile email groups offline_access'],
  ]
  for (const [name = '', value = ''] of rows) print(deps, `${`${name}:`.padEnd(16)}${value}`)
  if (secret !== null) tell(deps, 'The secret is shown this once: put it into the application now.')
  tell(deps, `See what it will receive: nightlatch client try ${id} --user NAME`)
}

async function mustFindClient(app: Nightlatch, id: string): Promise<Application> {
  const found = await findApplication(app.core, id)
  if (found === null) throw noSuchClient(id)
  return found
}

const noSuchClient = (id: string): Refused =>
  new Refused(
    `there is no client ${JSON.stringify(id)}: nightlatch client list shows them all`,
    'no-such-client',
  )

function addList(client: CliCommand, deps: CliDeps): void {
  const list = client
    .command('list')
    .description('Lists the applications.')
    .example('nightlatch client list')
    .option('--json', 'Print JSON.')
  addSettingFlags(list, databaseSettings).action((options: Options) =>
    onDatabase(deps, options, async (app) => {
      const all = await listApplications(app.core)
      if (options['json'] === true) return printJson(deps, { clients: all.map(describeApplication) })
      const rows = all.map((one) => [
        one.id,
        one.name,
        one.isPublic ? 'public' : 'secret',
        one.access,
        one.groups === null ? 'everybody' : one.groups.join(', '),
        isoTime(one.createdAt),
      ])
      printTable(deps, ['ID', 'NAME', 'KIND', 'ACCESS', 'FOR', 'ADDED'], rows)
      if (all.length === 0)
        tell(deps, 'There is no client yet: nightlatch client add NAME --redirect URI makes one.')
    }),
  )
}

function addShow(client: CliCommand, deps: CliDeps): void {
  const one = client
    .command('show <id>')
    .description('Shows an application; never a secret.')
    .example('nightlatch client show grafana')
    .option('--json', 'Print JSON.')
  addSettingFlags(one, databaseSettings).action((id: string, options: Options) =>
    onDatabase(deps, options, async (app) => {
      const described = describeApplication(await mustFindClient(app, id))
      if (options['json'] === true) return printJson(deps, { client: described })
      for (const [name, value] of Object.entries(described))
        print(deps, `${`${name}:`.padEnd(22)}${textOf(value)}`)
    }),
  )
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (Array.isArray(value)) return value.length === 0 ? '–' : value.map(textOf).join(' ')
  if (typeof value === 'object')
    return Object.entries(value)
      .map(([name, one]) => `${name} ${textOf(one)}`)
      .join(', ')
  return String(value as string | number | boolean)
}

function addEdit(client: CliCommand, deps: CliDeps): void {
  const edit = client
    .command('edit <id>')
    .description('Changes an application; what is not named stays. It counts at the next request.')
    .example(
      'nightlatch client edit grafana --access two-factors',
      'nightlatch client edit grafana --add-redirect https://grafana.example.org:3000/login/generic_oauth',
    )
  addApplicationOptions(edit)
    .option('--name <name>', 'Its name, as people see it.')
    .option('--add-redirect <uri...>', 'One more address that it sends people back to.')
    .option('--remove-redirect <uri...>', 'One less.')
    .option('--everybody', 'For everybody, whatever their groups.')
    .option('--no-skip-consent', 'Its people are asked.')
    .option('--no-device', 'No screens without a keyboard.')
    .option('--json', 'Print JSON.')
  addSettingFlags(edit, databaseSettings).action((id: string, options: Options) =>
    onDatabase(deps, options, async (app) => {
      const outcome = await editApplication(app.core, {
        id,
        actor: atTheCommandLine,
        change: (now) => withEdit(now, editIn(options)),
      })
      if (outcome.kind === 'not-there') throw noSuchClient(id)
      if (outcome.kind === 'refused') throw refusedApplication(outcome.problem)
      if (options['json'] === true)
        return printJson(deps, { client: describeApplication(outcome.application) })
      tell(deps, `Changed ${outcome.application.name}.`)
    }),
  )
}

function addRotate(client: CliCommand, deps: CliDeps): void {
  const rotate = client
    .command('rotate-secret <id>')
    .description(
      'Makes a new secret. The old one ends at once, or later, so that the application can be changed first.',
    )
    .example('nightlatch client rotate-secret grafana --keep-old 7d')
    .option('--keep-old <time>', 'So long the old one works beside it: 7d, 12h, 30m.', durationOption, 0)
    .option('--json', 'Print JSON.')
  addSettingFlags(rotate, linkSettings).action((id: string, options: Options) =>
    onDatabase(deps, options, async (app) => {
      const keepOldSeconds = options['keepOld'] as number
      const outcome = await rotateSecret(app.core, { id, keepOldSeconds, actor: atTheCommandLine })
      if (outcome.kind === 'not-there') throw noSuchClient(id)
      if (outcome.kind === 'public') throw new Refused('a public client has no secret')
      await show(deps, app, { ...outcome, secret: outcome.secret.reveal(), options })
    }),
  )
}

function addRemove(client: CliCommand, deps: CliDeps): void {
  const remove = client
    .command('remove <id>')
    .description('Removes an application. What it was given ends at once.')
    .example('nightlatch client remove grafana')
    .option('--yes', 'Do not ask; a script is never asked.')
    .option('--json', 'Print JSON.')
  addSettingFlags(remove, databaseSettings).action((id: string, options: Options) =>
    onDatabase(deps, options, async (app) => {
      const found = await mustFindClient(app, id)
      if (options['yes'] !== true)
        await confirmByName(deps, `Nobody can sign in to ${found.name} with this any more.`, found.id)
      const removed = await removeApplication(app.core, { id, actor: atTheCommandLine })
      if (removed === null) throw noSuchClient(id)
      if (options['json'] === true) return printJson(deps, { client: describeApplication(removed) })
      tell(deps, `Removed ${removed.name}.`)
    }),
  )
}
