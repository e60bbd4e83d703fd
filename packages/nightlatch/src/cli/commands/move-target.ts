import { dataPlace } from '../../config/data-place.js'
import type { Settings } from '../../config/read.js'
import { settings } from '../../config/settings.js'
import type { CliDeps } from '../framework/deps.js'
import { WrongUsage } from '../framework/errors.js'
import { stdinText } from '../framework/input.js'

type Database = Settings['database']

/** `postgres://…`, a folder, a file, or `-`: what `--to` names. */
export async function moveTarget(deps: CliDeps, given: string): Promise<Database> {
  if (given !== '-') {
    if (hasPassword(given)) throw new WrongUsage(passwordLine(given))
    return databaseOf(given)
  }
  const text = deps.stdin.isTTY
    ? await deps.stdin.ask('Target (postgres://user:password@host/database): ', { hidden: true })
    : await stdinText(deps)
  return databaseOf(text.trim())
}

const hasPassword = (text: string): boolean => /^[a-z]+:\/\/[^/?#]*:[^?#]*@|[?&](?:ssl)?password=/i.test(text)

/** The very call that was meant, without the password. */
function passwordLine(given: string): string {
  const without = given
    .replace(/^([a-z]+:\/\/[^:/?#]*):[^?#]*@/i, '$1@')
    .replace(/([?&](?:ssl)?password=)[^&#]*/gi, '$1…')
  return (
    '--to: must not hold a password, which every user of this machine can see and the shell remembers. ' +
    `Give --to ${without} with the password in PGPASSWORD or ~/.pgpass, ` +
    'or the whole address by standard input: --to -'
  )
}

function databaseOf(text: string): Database {
  if (/^postgres(ql)?:/i.test(text)) {
    const parsed = settings.databaseUrl.parse(text)
    if (parsed.kind === 'value') return { kind: 'postgres', url: parsed.value }
    throw new WrongUsage(`--to: ${parsed.why}.`)
  }
  if (text === '' || /^[a-z][a-z0-9+.-]+:\/\//i.test(text))
    throw new WrongUsage('--to: must be postgres://user@host/database, a folder, or a file ending in .db.')
  return { kind: 'sqlite', file: dataPlace(text).file }
}
