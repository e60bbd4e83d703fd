import { CommanderError } from 'commander'
import { addAfterRestoreCommand } from './after-restore.js'
import { addAuditCommand } from './audit.js'
import { addBackupCommand } from './backup.js'
import { CliCommand, type AddCommands } from './command.js'
import { addCompletionCommand } from './completion.js'
import type { CliDeps } from './deps.js'
import { addDoctorCommand } from './doctor.js'
import { explain, WrongUsage } from './errors.js'
import { addKeyCommands } from './key.js'
import { addMoveCommand } from './move.js'
import { addOtpCommands } from './otp.js'
import { addProtectCommand } from './protect.js'
import { addServeCommand } from './serve.js'
import { addUserCommands } from './user.js'

/** Every command, in the order of the help. */
const all: readonly AddCommands[] = [
  addServeCommand,
  addProtectCommand,
  addUserCommands,
  addOtpCommands,
  addBackupCommand,
  addAfterRestoreCommand,
  addMoveCommand,
  addDoctorCommand,
  addAuditCommand,
  addKeyCommands,
  addCompletionCommand,
]

export function buildProgram(deps: CliDeps): CliCommand {
  const program = new CliCommand('nightlatch')
    .description('The second lock on the door: sign-in with a second factor for any web application.')
    .version(deps.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
  program.example('nightlatch serve', 'nightlatch user add ada --email ada@example.org', 'nightlatch doctor')
  for (const add of all) add(program as CliCommand, deps)
  forEachCommand(program as CliCommand, (command) => {
    command
      .exitOverride()
      .helpOption('-h, --help', 'Print this help.')
      .showSuggestionAfterError()
      .configureOutput({
        writeOut: (text) => void deps.stdout.write(text),
        writeErr: (text) => void deps.stderr.write(text),
        // What commander says is collected and said by us, in one line.
        outputError: () => undefined,
        getOutHelpWidth: () => Math.min(deps.stdout.columns ?? 100, 100),
        getErrHelpWidth: () => Math.min(deps.stderr.columns ?? 100, 100),
        getOutHasColors: () => false,
        getErrHasColors: () => false,
      })
  })
  return program as CliCommand
}

export function forEachCommand(command: CliCommand, visit: (command: CliCommand) => void): void {
  visit(command)
  for (const one of command.commands) forEachCommand(one as CliCommand, visit)
}

const intro = `Nightlatch: the second lock on the door. Sign-in with a second factor for any web application.

  nightlatch serve             start the server; the first start prints a link that creates the first account
  nightlatch protect URL       the same in front of an application: only signed-in people reach it
  nightlatch user add NAME     add an account
  nightlatch otp code SECRET   the code of a secret

Start here: nightlatch serve        All commands: nightlatch --help`

/** Runs one command. @returns the exit status: 0 done, 1 refused, 2 wrong usage */
export async function runCli(args: readonly string[], deps: CliDeps): Promise<0 | 1 | 2> {
  if (args.length === 0) {
    deps.stdout.write(`${intro}\n`)
    return 0
  }
  try {
    await buildProgram(deps).parseAsync([...args], { from: 'user' })
    return 0
  } catch (error) {
    const ending = endingOf(error)
    for (const line of ending.lines) deps.stderr.write(errorLine(line, args))
    return ending.status
  }
}

function endingOf(error: unknown): ReturnType<typeof explain> {
  if (!(error instanceof CommanderError)) return explain(error)
  if (error.exitCode === 0) return { status: 0, lines: [] }
  // A command that only holds others printed its help to standard error already.
  if (error.code === 'commander.help') return { status: 2, lines: [] }
  const text = error.message.replace(/^error: /, '').replace(/\s+/g, ' ')
  return explain(new WrongUsage(`${text}${/[.)?]$/.test(text) ? '' : '.'} Try --help.`))
}

/** One line for people; one object for whoever asked for JSON. */
function errorLine(message: string, args: readonly string[]): string {
  return args.includes('--json') ? `${JSON.stringify({ error: { message } })}\n` : `nightlatch: ${message}\n`
}
