import { Command, Help, InvalidArgumentError } from 'commander'
import type { CliDeps } from './deps.js'

/** A command that begins its help with examples, because that is what people look for. */
export class CliCommand extends Command {
  readonly #examples: string[] = []

  example(...lines: readonly string[]): this {
    this.#examples.push(...lines)
    return this
  }

  get examples(): readonly string[] {
    return this.#examples
  }

  override createCommand(name?: string): CliCommand {
    return new CliCommand(name)
  }

  override createHelp(): Help {
    return new ExamplesFirstHelp()
  }
}

class ExamplesFirstHelp extends Help {
  override formatHelp(command: Command, helper: Help): string {
    const usual = super.formatHelp(command, helper)
    const examples = command instanceof CliCommand ? command.examples : []
    if (examples.length === 0) return usual
    const description = command.description()
    const rest = usual.replace(`${helper.boxWrap(description, helper.helpWidth ?? 80)}\n\n`, '')
    return [description, '', 'Examples:', ...examples.map((line) => `  ${line}`), '', rest].join('\n')
  }
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const number = /^\d{1,16}$/.test(text) ? Number(text) : NaN
    if (number >= least && number <= most) return number
    throw new InvalidArgumentError(
      most === Number.MAX_SAFE_INTEGER
        ? `It must be a whole number, ${least} or more.`
        : `It must be a whole number from ${least} to ${most}.`,
    )
  }
}

/** Adds commands to the tree: each file of commands exports one of these. */
export type AddCommands = (program: CliCommand, deps: CliDeps) => void
