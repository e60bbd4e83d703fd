import { Argument } from 'commander'
import type { AddCommands, CliCommand } from './command.js'
import { print, tell } from './output.js'

type Shell = 'bash' | 'zsh' | 'fish'

const hints: Readonly<Record<Shell, string>> = {
  bash: 'nightlatch completion bash > ~/.local/share/bash-completion/completions/nightlatch',
  zsh: 'nightlatch completion zsh > "${fpath[1]}/_nightlatch"',
  fish: 'nightlatch completion fish > ~/.config/fish/completions/nightlatch.fish',
}

export const addCompletionCommand: AddCommands = (program, deps) => {
  program
    .command('completion')
    .description('Prints a script that lets your shell complete commands and flags.')
    .example(...Object.values(hints))
    .addArgument(new Argument('<shell>', 'Your shell.').choices(['bash', 'zsh', 'fish']))
    .action((shell: Shell) => {
      print(deps, scripts[shell](wordsOf(program)))
      if (deps.stdout.isTTY === true) tell(deps, `Install it with: ${hints[shell]}`)
    })
}

/** What may follow each command: `user add` → its flags. */
type Words = ReadonlyMap<string, readonly string[]>

function wordsOf(program: CliCommand): Words {
  const words = new Map<string, readonly string[]>()
  const context = (command: CliCommand, path: readonly string[]): void => {
    const help = command.createHelp()
    const commands = help.visibleCommands(command).filter((one) => one.name() !== 'help')
    const flags = help.visibleOptions(command).map((option) => option.long ?? option.flags)
    const choices = command.registeredArguments.flatMap((argument) => argument.argChoices ?? [])
    words.set(path.join(' '), [...commands.map((one) => one.name()), ...choices, ...flags])
    for (const one of commands) context(one as CliCommand, [...path, one.name()])
  }
  context(program, [])
  return words
}

const cases = (words: Words): string =>
  [...words].map(([path, next]) => `    '${path}') words='${next.join(' ')}' ;;`).join('\n')

/** The command so far: the first two words, if they are commands. */
const findPath = (list: string): string => `  local path='' words='' word
  for word in ${list}; do
    case "$word" in -*) break ;; esac
    case "$path $word" in${'\n'}`

const scripts: Readonly<Record<Shell, (words: Words) => string>> = {
  bash: (words) => `_nightlatch() {
${findPath('"${COMP_WORDS[@]:1:COMP_CWORD-1}"')}      ${commandPatterns(words)}) path="\${path:+$path }$word" ;;
      *) break ;;
    esac
  done
  case "$path" in
${cases(words)}
  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}")
  [ "\${#COMPREPLY[@]}" -gt 0 ] || compopt -o default
}
complete -F _nightlatch nightlatch`,
  zsh: (words) => `#compdef nightlatch
_nightlatch() {
${findPath('"${(@)words_so_far}"').replace("local path='' words='' word", "local words_so_far=(\"${(@)words[2,CURRENT-1]}\") path_so_far='' next='' word").replaceAll('$path $word', '$path_so_far $word')}      ${commandPatterns(words)}) path_so_far="\${path_so_far:+$path_so_far }$word" ;;
      *) break ;;
    esac
  done
  case "$path_so_far" in
${cases(words).replaceAll(') words=', ') next=')}
  esac
  compadd -- \${=next} || _files
}
compdef _nightlatch nightlatch`,
  fish: (words) => [...words].flatMap(([path, next]) => fishLines(path, next)).join('\n'),
}

const commandPatterns = (words: Words): string =>
  [...words.keys()]
    .filter((path) => path !== '')
    .map((path) => (path.includes(' ') ? `'${path}'` : `' ${path}'`))
    .join('|')

function fishLines(path: string, next: readonly string[]): readonly string[] {
  const [first, second] = path.split(' ')
  const seen = [first, second].filter((word) => word !== undefined && word !== '')
  const when =
    seen.length === 0
      ? '__fish_use_subcommand'
      : seen.map((word) => `__fish_seen_subcommand_from ${word ?? ''}`).join('; and ')
  return next.map((word) =>
    word.startsWith('--')
      ? `complete -c nightlatch -n '${when}' -l ${word.slice(2)}`
      : `complete -c nightlatch -n '${when}' -f -a ${word}`,
  )
}
