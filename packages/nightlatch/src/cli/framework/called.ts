import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { CliDeps } from './deps.js'

const commands =
  'serve|protect|user|group|invitation|token|client|import|export|otp|backup|after-restore|move|mail|doctor|audit|key|completion|help'
const hint = new RegExp(`(?<![\\w./-]|npx )nightlatch (?=(?:${commands}|--help)\\b)`, 'g')

/** Commands in a sentence as they can be typed where this one was: with `npx` where the shell does not find them. */
export const asCalled = ({ env }: Pick<CliDeps, 'env'>, text: string): string =>
  isFoundByShell(env) ? text : text.replace(hint, 'npx nightlatch ')

/** npm and npx put a project's commands on the path of what they run, not on that of the shell. */
function isFoundByShell(env: CliDeps['env']): boolean {
  if (env['npm_command'] !== undefined) return false
  const path = env['PATH']
  if (path === undefined) return true
  return path.split(delimiter).some((folder) => folder !== '' && existsSync(join(folder, 'nightlatch')))
}
