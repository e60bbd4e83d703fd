/** The command was understood and is refused: exit status 1, one line that says why and what to do. */
export class Refused extends Error {
  override readonly name = 'Refused'
}

/** The command was not understood: exit status 2. Each line names one problem. */
export class WrongUsage extends Error {
  override readonly name = 'WrongUsage'
  readonly lines: readonly string[]

  constructor(...lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

export interface Ending {
  readonly status: 0 | 1 | 2
  readonly lines: readonly string[]
}

/** What an error means for the person at the terminal. No stack: the place of a bug is enough to report it. */
export function explain(error: unknown): Ending {
  if (error instanceof WrongUsage) return { status: 2, lines: error.lines }
  if (error instanceof Refused) return refused(error.message)
  if (!(error instanceof Error)) return refused('something went wrong that should not: please report it')
  // Errors of the storage, the start and the codes are sentences for people.
  if (/^(Storage|Start|Otp)Error$/.test(error.name)) return refused(error.message)
  const code = 'code' in error ? String(error.code) : ''
  const known = 'port' in error ? listenProblems[code] : undefined
  if (known !== undefined) return refused(known)
  if ('syscall' in error) return refused(error.message)
  const place = /\n\s+at ([^\n]+)/.exec(error.stack ?? '')?.[1] ?? 'an unknown place'
  return refused(`something went wrong that should not (${error.name} at ${place}): please report it`)
}

const listenProblems: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is taken: stop the other server, or choose another one with --port',
  EADDRNOTAVAIL: 'this machine has no such address: choose another one with --host',
  EACCES: 'this port is only for root: choose one above 1023 with --port',
}

const refused = (text: string): Ending => ({ status: 1, lines: [oneLine(text)] })
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
