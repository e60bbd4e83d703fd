import { CommanderError } from 'commander'
import { asCalled } from './framework/called.js'
import { flagOf, settingNames } from '../config/settings.js'
import { CliCommand, type AddCommands } from './framework/command.js'
import type { CliDeps } from './framework/deps.js'
import { addProtectCommand } from './commands/protect.js'
import { addServeCommand } from './commands/serve.js'
import { explain, WrongUsage, type Ending } from './framework/errors.js'

/** What stays for as long as the server does carries nothing of the other commands. */
const servers: Readonly<Record<string, AddCommands>> = { serve: addServeCommand, protect: addProtectCommand }

async function commandsFor([first = '']: readonly string[]): Promise<readonly AddCommands[]> {
  const server = Object.hasOwn(servers, first) ? servers[first] : undefined
  return server === undefined ? (await import('./commands/all.js')).all : [server]
}

export function buildProgram(deps: CliDeps, commands: readonly AddCommands[]): CliCommand {
  const program = new CliCommand('nightlatch')
    .description('The second lock on the door: sign-in with a second factor for any web application.')
    .version(deps.version, '-V, --version', 'Print the version.')
    .helpOption('-h, --help', 'Print this help.')
    .helpCommand('help [command]', 'Print the help of a command.')
    // Known everywhere, see withoutColour; here for whoever reads the help.
    .option('--no-color', 'No colour, as with NO_COLOR.')
  program.example('nightlatch serve', 'nightlatch user add ada --email ada@example.org', 'nightlatch doctor')
  for (const add of commands) add(program as CliCommand, deps)
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

export function forEachCommand(command: CliCommand, context: (command: CliCommand) => void): void {
  context(command)
  for (const one of command.commands) forEachCommand(one as CliCommand, context)
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
    const given = args.filter((word) => word !== noColour)
    const commands = await commandsFor(given)
    const program = buildProgram(args.includes(noColour) ? withoutColour(deps) : deps, commands)
    const words = asHelpFlag(program, given)
    await program.parseAsync([...words], { from: 'user' })
    return 0
  } catch (error) {
    const ending = endingOf(error, args)
    const { lines } = ending
    const typed = { ...ending, lines: lines.map((line) => asCalled(deps, line)) }
    deps.stderr.write(args.includes('--json') ? errorJson(typed) : errorLines(typed))
    return ending.status
  }
}

const noColour = '--no-color'
const withoutColour = (deps: CliDeps): CliDeps => ({
  ...deps,
  env: { ...deps.env, NO_COLOR: '1', FORCE_COLOR: undefined },
})

/** `help user add` and `user help add` are `user add --help`: commander's own command knows one level only. */
function asHelpFlag(program: CliCommand, args: readonly string[]): readonly string[] {
  const named = (of: CliCommand, name = ''): CliCommand | undefined =>
    of.commands.find((one) => one.name() === name) as CliCommand | undefined
  const at = args[0] === 'help' ? 0 : args[1] === 'help' ? 1 : -1
  if (at < 0 || (at === 1 && (named(program, args[0])?.commands.length ?? 0) === 0)) return args
  const path = args.filter((_word, index) => index !== at)
  let command = program
  for (const [index, name] of path.entries()) {
    if (command.commands.length === 0) return [...path.slice(0, index), '--help']
    const next = named(command, name)
    // Nothing of that name can run, so that it ends with what is wrong with the name.
    if (next === undefined) return path.slice(0, index + 1)
    command = next
  }
  return [...path, '--help']
}

function endingOf(error: unknown, args: readonly string[]): Ending {
  if (!(error instanceof CommanderError)) return explain(error)
  if (error.exitCode === 0) return { status: 0, code: 'refused', lines: [] }
  // A command that only holds others printed its help to standard error already.
  if (error.code === 'commander.help') return { status: 2, code: 'wrong-usage', lines: [] }
  const text = withoutValue(error.message.replace(/^error: /, '').replace(/\s+/g, ' '))
  return explain(
    new WrongUsage(`${text}${/[.)?]$/.test(text) ? '' : '.'} ${hintFor(text, args) ?? 'Try --help.'}`),
  )
}

/** Where commander has nothing to suggest: what people most likely meant. */
function hintFor(text: string, args: readonly string[]): string | undefined {
  if (/Did you mean/.test(text)) return undefined
  const word = /^unknown command '([^']+)'/.exec(text)?.[1]
  if (word !== undefined && Object.hasOwn(otherWords, word)) return `Did you mean ${otherWords[word] ?? ''}?`
  const flag = /^unknown option '([^']+)'/.exec(text)?.[1]
  if (flag === undefined) return undefined
  // Not what was given to it, which may be a secret.
  if (args[0]?.startsWith('-') === true && isFlag(flag))
    return `Flags stand behind the command: nightlatch user list ${flag} …`
  return args[0] === 'otp' ? undefined : secretHints[flag]
}

const isFlag = (flag: string): boolean => settingNames.some((name) => flagOf(name) === flag)

/** As other programs call it. */
const otherWords: Readonly<Record<string, string>> = {
  delete: 'remove',
  del: 'remove',
  rm: 'remove',
  create: 'add',
  new: 'add',
  ls: 'list',
  passwd: 'password',
  start: 'serve',
  proxy: 'protect',
}

/** What somebody gave to a flag that does not exist may well be a secret. */
const withoutValue = (text: string): string => text.replace(/^(unknown option '[^'=]+)=.*$/, "$1'")

const secretHints: Readonly<Record<string, string>> = {
  '--password': 'A password comes by standard input: --password-stdin.',
  '--secret': 'The root key comes by NIGHTLATCH_SECRET or --secret-file.',
}

/** One line for people, and one more for each further problem. */
const errorLines = ({ lines }: Ending): string => lines.map((line) => `nightlatch: ${line}\n`).join('')

/** One object for whoever asked for JSON. */
function errorJson({ code, lines }: Ending): string {
  if (lines.length === 0) return ''
  const error = { code, message: lines.join(' '), problems: lines }
  return `${JSON.stringify({ schemaVersion: 1, error })}\n`
}
