import { existsSync, rmSync } from 'node:fs'
import { invitationUrl } from '../../../compose/links.js'
import { carryOutImport, prepareImport, type ImportLink } from '../../../core/accounts/import.js'
import type {
  ImportPlan,
  ImportProblem,
  OnConflict,
  PlannedPerson,
} from '../../../core/accounts/import-plan.js'
import type { Core } from '../../../core/core.js'
import { NameTaken } from '../../../core/accounts/import-owners.js'
import { plannedPeople, planImport } from '../../../core/accounts/import-plan.js'
import type { PlannedToken } from '../../../core/factors/totp/tokens/drawer.js'
import { planTokens } from '../../../core/factors/totp/tokens/drawer.js'
import type { Settings } from '../../../config/read.js'
import type { AddCommands } from '../../framework/command.js'
import type { CliDeps, Nightlatch } from '../../framework/deps.js'
import { Refused, WrongUsage } from '../../framework/errors.js'
import { describeToken, printTokens, tokenProblemsInWords } from '../token-words.js'
import { isoTime, printJsonList, tell } from '../../framework/output.js'
import { Progress } from '../../framework/progress.js'
import { writeSecretFile } from '../../framework/secret-file.js'
import { addSettingFlags, linkSettings, settingsOf } from '../../framework/settings-flags.js'
import { withApp } from '../../framework/with-app.js'
import { knownSite } from '../known-site.js'
import { usernameRule } from '../user-edit.js'
import { inEmptyInstallation, isInstalled } from './plan-only.js'
import { Report, type ImportCounts } from './report.js'
import { readSource, serverNames, sourceNames, type Read } from './sources.js'

interface Options {
  readonly [setting: string]: unknown
  readonly dryRun?: true
  readonly onConflict: string
  readonly links?: string
  readonly map?: string
  readonly json?: true
}

const conflicts: readonly string[] = ['stop', 'skip', 'merge'] satisfies readonly OnConflict[]

export const addImportCommand: AddCommands = (program, deps) => {
  const command = program
    .command('import <source> <file...>')
    .description(
      `Takes over people, passwords and authenticator apps from another system: ${sourceNames.join(', ')}. All of them, or ` +
        'nothing. Old passwords go on working, and are hashed anew at the first sign-in; whose cannot be taken over gets a ' +
        'link. The passphrase of an encrypted file comes by standard input.',
    )
    .example(
      'nightlatch import authelia users_database.yml totp.yml --dry-run',
      'nightlatch import htpasswd .htpasswd --links links.tsv',
      'nightlatch import aegis export.json --map people.csv --on-conflict merge < passphrase',
    )
    .option('--dry-run', 'Say who would be taken over, and change nothing.')
    .option('--on-conflict <what>', 'With who is here already: stop, skip, or merge what is missing.', 'stop')
    .option('--links <file>', 'Write the links of those who need one to a file that only you can read.')
    .option('--map <csv>', 'Whose the accounts of an app are: account in the file, name here.')
    .option('--json', 'Print JSON.')
  addSettingFlags(command, linkSettings).action(
    async (source: string, files: readonly string[], options: Options) => {
      if (!conflicts.includes(options.onConflict))
        throw new WrongUsage(`--on-conflict is one of ${conflicts.join(', ')}`)
      if (options.links === '-')
        throw new WrongUsage('--links takes the name of a file: the table goes to standard output')
      const settings = settingsOf(deps, options)
      const isDry = options.dryRun === true
      if (!isDry && options.links !== undefined) mustBeNew(options.links)
      const read = await readSource(deps, source, { files, mapFile: options.map })
      const report = new Report(options.json === true)
      try {
        await importWhatWasRead({ deps, source, read, options, report }, settings)
      } finally {
        report.remove()
        await read.end?.()
      }
    },
  )
}

async function importWhatWasRead(work: Import, settings: Settings): Promise<void> {
  if (await isInstalled(settings)) return planAndCarryOut(work, settings)
  // Nothing is made where nothing is to be kept: neither by a dry run nor by an import that is refused.
  if (work.options.dryRun === true)
    return inEmptyInstallation(settings, (empty) => planAndCarryOut(work, empty))
  const plan = await inEmptyInstallation(settings, (empty) => planOnly(work, empty))
  await withApp(work.deps, { settings, work: (app) => carryOut(work.deps, app, { ...work, ...plan }) })
}

interface Import {
  readonly deps: CliDeps
  readonly source: string
  readonly read: Read
  readonly options: Options
  readonly report: Report
}

interface Planned {
  readonly plan: ImportPlan
  readonly tokens: readonly PlannedToken[]
}

async function planned({ core }: Nightlatch, work: Import): Promise<Planned> {
  const { deps, source, read, options, report } = work
  const { people, notes, tokens = [] } = read
  const onPlanned = (some: readonly PlannedPerson[]): void => report.add(some)
  const onConflict = options.onConflict as OnConflict
  const onAgain = (): void => report.clear()
  const planning = await planImport(core, { people, onConflict, onPlanned, onAgain })
  if (planning.kind === 'refused') throw new Refused(problemsInWords(planning.problems, source), 'name-taken')
  if (planning.plan.count === 0 && tokens.length === 0)
    throw new Refused(`there is nobody in it${reasons(notes)}`)
  const drawer = await planTokens(core, tokens, options.onConflict === 'stop' ? 'stop' : 'skip')
  if (drawer.kind === 'refused') throw new Refused(tokenProblemsInWords(drawer.problems), 'serial-taken')
  if (planning.plan.ofNothing.size > 0) await reportAnew(core, planning.plan, report)
  for (const note of notes) tell(deps, note)
  return { plan: planning.plan, tokens: drawer.tokens }
}

async function reportAnew(core: Core, plan: ImportPlan, report: Report): Promise<void> {
  report.clear()
  try {
    for await (const some of plannedPeople(core, plan)) report.add(some)
  } catch (problem) {
    throw problem instanceof NameTaken ? addedMeanwhile(problem) : problem
  }
}

const planOnly = (work: Import, settings: Settings): Promise<Planned> =>
  withApp(work.deps, { settings, work: (app) => planned(app, work) })

const planAndCarryOut = (work: Import, settings: Settings): Promise<void> =>
  withApp(work.deps, {
    settings,
    work: async (app) => carryOut(work.deps, app, { ...work, ...(await planned(app, work)) }),
  })

const reasons = (notes: readonly string[]): string =>
  notes.length === 0 ? '' : `: ${notes.slice(0, 3).join(' ').replace(/\.$/, '')}`

const why: Readonly<Record<ImportProblem['why'], (problem: ImportProblem) => string>> = {
  'bad-username': () => 'cannot be a username',
  'same-name-twice': ({ other }) => `is the same name or address as ${other}`,
  'name-taken': ({ other }) => `is here already${other === '' ? '' : `, as ${other}`}`,
  'email-taken': ({ other }) => `has the address of ${other}, who is here already`,
}

/** Servers know what somebody is called; an app knows what its owner wrote. */
const remedyOf = (source: string): string =>
  serverNames.includes(source)
    ? `For a name, ${usernameRule}`
    : `Say with --map whose it is; for a name, ${usernameRule}`

/** Every one of them: whoever mends the file wants to do it once. */
function problemsInWords(problems: readonly ImportProblem[], source: string): string {
  const lines = problems.map((one) => `${one.place}: ${JSON.stringify(one.username)} ${why[one.why](one)}`)
  const isBad = problems.some(({ why }) => why === 'bad-username')
  return `nothing was imported: ${lines.join('; ')}${isBad ? `. ${remedyOf(source)}` : ''}`
}

interface Work extends Planned {
  readonly source: string
  readonly options: Options
  readonly report: Report
}

async function carryOut(deps: CliDeps, app: Nightlatch, work: Work): Promise<void> {
  if (work.options.dryRun !== true) await importAll(deps, app, work)
  tellAll(deps, work)
}

function tellAll(deps: CliDeps, { source, tokens, options, report }: Work): void {
  const isDry = options.dryRun === true
  const counts = {
    ...report.counts,
    tokens: tokens.filter(({ action }) => action === 'add').length,
  }
  if (options.json === true)
    printJsonList(deps, {
      before: { source, dryRun: isDry, counts },
      name: 'people',
      list: report.rows,
      behind: { tokens: tokens.map(describeToken), links: options.links ?? null },
    })
  else {
    report.printTable(deps)
    if (tokens.length > 0) printTokens(deps, tokens)
  }
  tell(deps, summary(counts, isDry))
  if (counts.needLink > 0 && options.links === undefined)
    tell(
      deps,
      isDry
        ? 'Who needs a link gets one with --links FILE.'
        : 'Nobody has their links: the same command with --on-conflict merge --links FILE makes new ones.',
    )
}

async function importAll(deps: CliDeps, app: Nightlatch, { plan, tokens, options }: Work): Promise<void> {
  const progress = new Progress(deps, 'Reading')
  let count = 0
  const prepared = await prepareImport(app.core, plan, (some) => {
    count += some.length
    if (options.json !== true) progress.show(count, plan.count)
  })
  progress.end()
  if (prepared.kind === 'name-taken') throw addedMeanwhile(prepared)
  const { settings } = await knownSite(app)
  const file = options.links
  // Before anything is changed: a link that nobody has is worth nothing.
  if (file !== undefined) mustBeNew(file)
  if (file !== undefined) writeSecretFile(file, linksOf(settings, [...prepared.links.values()]))
  const outcome = await carryOutImport(app.core, { ...prepared, tokens }).catch((problem: unknown) => {
    if (file !== undefined) rmSync(file, { force: true })
    throw problem
  })
  if (outcome.kind === 'imported') return
  if (file !== undefined) rmSync(file, { force: true })
  throw outcome.kind === 'serial-taken'
    ? new Refused('nothing was imported: a token of one of the numbers was added meanwhile', outcome.kind)
    : addedMeanwhile(outcome)
}

const addedMeanwhile = ({ username }: { readonly username: string }): Refused =>
  new Refused(`nothing was imported: ${JSON.stringify(username)} was added meanwhile`, 'name-taken')

function mustBeNew(file: string): void {
  if (existsSync(file))
    throw new Refused(`${file} is there already: name another file for the links`, 'file-exists')
}

const linksOf = (settings: Settings, links: readonly ImportLink[]): string =>
  links
    .map(
      ({ username, token, expiresAt }) =>
        `${username}\t${invitationUrl(settings, token)}\t${isoTime(expiresAt)}\n`,
    )
    .join('')

type Counts = ImportCounts & { readonly tokens: number }

function summary(counts: Counts, isDry: boolean): string {
  const { added, merged, skipped, passwordsKept, needLink, factors, tokens } = counts
  const what = `${added} added, ${merged} merged, ${skipped} skipped; ${passwordsKept} passwords kept, ${needLink} need a link, ${factors} authenticators${tokens > 0 ? `, ${tokens} tokens in the drawer` : ''}`
  return isDry ? `Nothing was changed. It would be: ${what}.` : `${what}.`
}
