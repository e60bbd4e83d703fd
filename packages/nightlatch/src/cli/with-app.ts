import { existsSync } from 'node:fs'
import type { Settings } from '../config/read.js'
import type { Log } from '../log/log.js'
import type { CliDeps, Nightlatch, OpenOptions } from './deps.js'
import { Refused } from './errors.js'
import { wantsColour } from './output.js'

export async function logOf(deps: CliDeps, settings: Settings): Promise<Log> {
  const { createLog } = await import('../log/log.js')
  const { stderr, env } = deps
  return createLog({ level: settings.logLevel, stream: stderr, colour: wantsColour(stderr, env) })
}

/** A typing mistake in the data folder must not quietly make a new, empty database. */
export function mustHaveDatabase({ database }: Settings): void {
  if (database.kind === 'sqlite' && !existsSync(database.file))
    throw new Refused(
      `there is no database at ${database.file}: give its folder with --data, or start \`nightlatch serve\` once`,
      'no-database',
    )
}

interface Wanted<T> extends Omit<OpenOptions, 'notices'> {
  readonly settings: Settings
  work(app: Nightlatch): Promise<T>
}

/** Opens the database, does the work, tells people what they should know, and closes it again. */
export async function withApp<T>(deps: CliDeps, { settings, work, ...options }: Wanted<T>): Promise<T> {
  const notices = await deps.notices(settings, await logOf(deps, settings))
  const app = await deps.open(settings, { ...options, notices })
  try {
    return await work(app)
  } finally {
    await notices.close()
    await app.close()
  }
}
