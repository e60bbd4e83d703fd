import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { dataPlace } from '../../config/data-place.js'
import type { Settings } from '../../config/read.js'
import { printClosed } from './after-restore.js'
import type { AddCommands } from '../framework/command.js'
import type { CliDeps, MoveOutcome } from '../framework/deps.js'
import { Refused, WrongUsage } from '../framework/errors.js'
import { moveTarget } from './move-target.js'
import { printJson, printTable, tell } from '../framework/output.js'
import { Progress } from '../framework/progress.js'
import { addSettingFlags, databaseSettings, settingsOf } from '../framework/settings-flags.js'
import { mustHaveDatabase } from '../framework/with-app.js'

interface Options {
  readonly [setting: string]: unknown
  readonly to?: string
  readonly undo?: true
  readonly json?: true
}

type Database = Settings['database']

export const addMoveCommand: AddCommands = (program, deps) => {
  const move = program
    .command('move')
    .description(
      'Moves the installation to another database: from the embedded one to PostgreSQL, or back. Servers may run: ' +
        'they change nothing meanwhile, and nothing at all afterwards. All is moved, or nothing.',
    )
    .example(
      'nightlatch move --to postgres://nightlatch@db.example.org/nightlatch',
      'nightlatch move --to - < file-with-the-address',
      'nightlatch move --to /var/lib/nightlatch',
      'nightlatch move --undo',
    )
    .option(
      '--to <target>',
      'postgres://user@host/database, a folder, or a file ending in .db; - takes it from standard input. ' +
        'The password comes from there, from PGPASSWORD or from ~/.pgpass.',
    )
    .option('--undo', 'Open the installation again that has moved away; everybody signs in anew.')
    .option('--json', 'Print JSON.')
  addSettingFlags(move, databaseSettings).action(async (options: Options) => {
    const settings = settingsOf(deps, options)
    if ((options.to === undefined) === (options.undo === undefined))
      throw new WrongUsage('Give either --to with a target, or --undo. Try --help.')
    if (options.to === undefined) return undo(deps, settings, options)
    const target = await moveTarget(deps, options.to)
    mustHaveDatabase(settings)
    const began = deps.now()
    const moved = await moving(deps, { settings, target, json: options.json === true })
    const seconds = Math.round((deps.now() - began) * 10) / 10
    if (options.json === true) return printMoved(deps, moved, seconds)
    if (moved.isNew)
      printTable(
        deps,
        ['TABLE', 'ROWS', 'SHA-256'],
        moved.tables.map(({ name, rows, sha256 }) => [name, String(rows), sha256.slice(0, 16)]),
      )
    for (const line of nextSteps(moved, settings, target)) tell(deps, line)
  })
}

interface Wanted {
  readonly settings: Settings
  readonly target: Database
  readonly json: boolean
}

async function moving(deps: CliDeps, { settings, target, json }: Wanted): Promise<MoveOutcome> {
  let signal: string | null = null
  void deps.stopSignal().then((name) => (signal = name))
  const progress = new Progress(deps, 'Moving')
  try {
    return await deps.move(settings, target, {
      onProgress: (done, total) => {
        if (!json) progress.show(done, total)
      },
      mustGoOn() {
        if (signal !== null)
          throw new Refused(
            `stopped by ${String(signal)}: nothing was moved, and everything goes on as before`,
          )
      },
    })
  } finally {
    progress.end()
  }
}

function printMoved(deps: CliDeps, { isNew, from, to, tables }: MoveOutcome, seconds: number): void {
  const rows = tables.reduce((sum, table) => sum + table.rows, 0)
  printJson(deps, { moved: { from, to, finishedEarlierMove: !isNew, rows, seconds, tables } })
}

/** What the operator does now, with the names of this installation. */
function nextSteps(moved: MoveOutcome, settings: Settings, target: Database): readonly string[] {
  const { rootKey } = settings
  const done = moved.isNew ? 'Everything is the same on both sides.' : 'The move was finished.'
  const key = rootKey.kind === 'file' ? `the root key ${rootKey.path}` : 'the root key that you give now'
  const start =
    target.kind === 'postgres'
      ? `Start the server with NIGHTLATCH_DATABASE_URL for ${moved.to} and ${key}.`
      : `Start the server with NIGHTLATCH_DATA=${placeName(target.file)}, without NIGHTLATCH_DATABASE_URL, and with ${key}.`
  return [
    `${done} ${moved.from} takes nothing any more.`,
    start,
    ...(target.kind === 'sqlite' ? hintsOf(target.file, rootKey) : []),
  ]
}

/** The folder, where the file has its usual name in it. */
const placeName = (file: string): string => (dataPlace(dirname(file)).file === file ? dirname(file) : file)

function hintsOf(file: string, rootKey: Settings['rootKey']): readonly string[] {
  const wanted = join(dirname(file), 'root-key')
  const isElsewhere = rootKey.kind === 'file' && rootKey.path !== wanted && !existsSync(wanted)
  return isElsewhere ? [`Put the root key there first: cp ${rootKey.path} ${wanted}`] : []
}

async function undo(deps: CliDeps, settings: Settings, options: Options): Promise<void> {
  mustHaveDatabase(settings)
  const undone = await deps.undoMove(settings)
  const closed = undone.kind === 'closed' ? undone.closed : null
  if (options.json === true) return printJson(deps, { undone: undone.kind !== 'nothing', closed })
  if (undone.kind === 'nothing') return tell(deps, 'There was no move: nothing was changed.')
  tell(deps, 'The installation is open again.')
  if (undone.kind !== 'closed') return
  tell(deps, `Let nobody use ${undone.to} any more. What may have been used there is closed here:`)
  printClosed(deps, undone.closed)
  tell(
    deps,
    'What was changed there (passwords, authenticators, accounts, used recovery codes) is not known here: ' +
      'look into its audit trail, and at `nightlatch after-restore --help`.',
  )
}
