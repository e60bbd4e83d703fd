import { isMissing } from '../../config/data-place.js'
import type { Settings } from '../../config/read.js'
import type { Log } from '../../log/log.js'
import type { CliDeps, Nightlatch, OpenOptions } from './deps.js'
import type { Notices } from '../../core/notify/notices.js'
import { Refused } from './errors.js'
import { knownSite } from '../commands/known-site.js'
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

interface Wanted<T> extends Omit<OpenOptions, 'notices'> {
  readonly settings: Settings
  /** It is the server itself: what it was told counts, and not what one before it was told. */
  readonly serves?: true
  work(app: Nightlatch): Promise<T>
}

/** Opens the database, does the work, tells people what they should know, and closes it again. */
export async function withApp<T>(
  deps: CliDeps,
  { settings, serves, work, ...options }: Wanted<T>,
): Promise<T> {
  let notices: Awaited<ReturnType<CliDeps['notices']>> | null = null
  const later: Notices = { send: (notice) => notices?.send(notice) }
  const app = await openDatabase(deps, settings, { ...options, notices: later })
  try {
    // Links in mails lead to where the server is, which the database knows.
    const site = serves === true ? settings : (await knownSite(app)).settings
    notices = await deps.notices(site, await logOf(deps, settings))
    return await work(app)
  } finally {
    await notices?.close()
    await app.close()
  }
}
