import { hearNotices } from '../../compose/hear-notices.js'
import { isMissing } from '../../config/data-place.js'
import type { Settings } from '../../config/read.js'
import type { Log } from '../../log/log.js'
import { requestLog } from '../../log/request-log.js'
import type { CliDeps, Nightlatch, OpenOptions } from './deps.js'
import { Refused } from './errors.js'
import { wantsColour } from './output.js'

export async function logOf(deps: CliDeps, settings: Settings): Promise<Log> {
  const { createLog } = await import('../../log/log.js')
  const { stderr, env } = deps
  return createLog({ level: settings.logLevel, stream: stderr, colour: wantsColour(stderr, env) })
}

/** A typing mistake in the data folder must not quietly make a new, empty database. */
export function mustHaveDatabase({ database }: Settings): void {
  if (database.kind === 'sqlite' && isMissing(database.file))
    throw new Refused(
      `there is no database at ${database.file}: give its folder with --data, or start \`nightlatch serve\` once`,
      'no-database',
    )
}

const place = 'NIGHTLATCH_DATA or NIGHTLATCH_DATABASE_URL'
/** By what went wrong, where the sentence about it does not say what to do. */
const advices: Readonly<Record<string, string>> = {
  unavailable: `see that it runs, and look at ${place}`,
  'no-access': `look at ${place}, and at the rights of this user`,
  'read-only': `let this user write there, or look at ${place}`,
  full: 'make room',
}

/** Opens the database of the settings, or says why not and what to do. */
export async function openDatabase(
  deps: CliDeps,
  settings: Settings,
  options?: OpenOptions,
): Promise<Nightlatch> {
  try {
    return await deps.open(settings, options)
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'StorageError' || !('code' in error)) throw error
    const advice = advices[String(error.code)]
    throw advice === undefined ? error : new Refused(`${error.message}: ${advice}`, 'database')
  }
}

interface Wanted<T> extends OpenOptions {
  readonly settings: Settings
  work(app: Nightlatch): Promise<T>
}

/** Opens the database, does the work, and closes it again. Mails are written down with the work; the server sends them. */
export async function withApp<T>(deps: CliDeps, { settings, work, ...options }: Wanted<T>): Promise<T> {
  const app = await openDatabase(deps, settings, options)
  try {
    if (options.serves !== true) hearNotices(app, requestLog(await logOf(deps, settings)))
    return await work(app)
  } finally {
    await app.close()
  }
}
