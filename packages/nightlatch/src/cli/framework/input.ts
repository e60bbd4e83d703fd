import type { CliDeps } from './deps.js'
import { Refused, WrongUsage } from './errors.js'

const longestText = 64 * 1024

/** `-` means standard input, so that a secret need not stand in the list of processes. */
export async function textOrStdin(deps: CliDeps, argument: string): Promise<string> {
  return argument === '-' ? stdinText(deps) : argument
}

export async function stdinText(deps: CliDeps): Promise<string> {
  const bytes = await deps.stdin.read(longestText)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '')
  } catch {
    throw new Refused('what came by standard input is not text in UTF-8')
  }
}

/** A password from a pipe, or typed unseen at a terminal. */
export async function passwordFromStdin(deps: CliDeps): Promise<string> {
  const password = deps.stdin.isTTY
    ? await deps.stdin.ask('Password: ', { hidden: true })
    : await stdinText(deps)
  if (password === '') throw new Refused('no password came by standard input: pipe one in')
  if (/[\r\n]/.test(password))
    throw new Refused(
      'several lines came by standard input: a password is one line, so pipe in that one alone',
    )
  return password
}

/** A new password: typed twice and unseen at a terminal, where nobody could see a slip. */
export async function newPassword(deps: CliDeps, fromStdin: boolean): Promise<string> {
  if (fromStdin) return passwordFromStdin(deps)
  if (!deps.stdin.isTTY)
    throw new WrongUsage('nobody can be asked here: pipe the password in, with --password-stdin')
  const password = await deps.stdin.ask('New password: ', { hidden: true })
  if (password === '') throw new Refused('no password was typed, nothing was changed')
  const again = await deps.stdin.ask('The same once more: ', { hidden: true })
  if (again !== password) throw new Refused('these were two different passwords, nothing was changed')
  return password
}

/** Asks only a person: a script that calls a command means it. */
export async function confirmByName(deps: CliDeps, effect: string, name: string): Promise<void> {
  if (!deps.stdin.isTTY) return
  const typed = await deps.stdin.ask(`${effect}\nType the name ${name} to go on: `, { hidden: false })
  if (typed.trim() !== name) throw new Refused('not confirmed, nothing was changed')
}
