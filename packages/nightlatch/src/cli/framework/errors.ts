/** What a script can tell refusals apart by (`--json`), where it may want to go on differently. */
export const refusalCodes = {
  'no-such-account': 'nobody has that name',
  'no-such-group': 'there is no group of that name',
  'no-such-invitation': 'there is none of that id, or it was withdrawn',
  'no-such-client': 'there is no application of that id',
  'client-exists': 'there is an application of that id already',
  'bad-application':
    '`client add`, `client edit`: a name, an address, a group, an id or a secret that cannot be used',
  'account-closed': 'the account is disabled or has ended: nothing lets anybody in',
  'no-address': '`--mail`: the account has no mail address',
  'no-mail-server': 'nobody has said which mail server it is',
  'mail-failed': '`mail test`: the mail server does not take us, or not this mail',
  'no-second-factor': '`user rescue`: there is nothing to be rescued from',
  'last-administrator': 'nobody could administer the installation any more',
  'kept-elsewhere': 'the application keeps the names, addresses and groups',
  'no-such-passkey': 'the account has no passkey of that id',
  'no-such-authenticator': 'the account has none of that name',
  'no-such-token': 'there is no hardware token of that number',
  'serial-taken': 'a token of that number is in the drawer already, or twice in the file',
  'token-in-use': 'somebody has it',
  'wrong-code': 'two codes in a row: they do not fit, or one was used before',
  'too-many-attempts': 'too many wrong codes: nothing is looked at for a while',
  'last-second-factor': 'the account would be left without a second factor',
  'name-taken': 'somebody has that name or address already',
  'bad-password': 'the password is too short, too long, too common or the name itself',
  'code-does-not-match': '`otp verify`: another code, or another time',
  'checks-failed': '`doctor`: what it found is on standard output',
  'file-exists': '`backup` writes over nothing',
  'no-database': 'there is none in that folder',
  database: 'it cannot be opened, reached, read or written',
  'root-key': 'it is missing, damaged, or of another database',
  'cannot-listen': 'the port is taken or not allowed, or the address is not of this machine',
  refused: 'everything else',
  bug: 'our mistake: please report it',
} as const

export type RefusalCode = keyof typeof refusalCodes

/** The command was understood and is refused: exit status 1, one line that says why and what to do. */
export class Refused extends Error {
  override readonly name = 'Refused'
  readonly code: RefusalCode

  constructor(message: string, code: RefusalCode = 'refused') {
    super(message)
    this.code = code
  }
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
  readonly code: RefusalCode | 'wrong-usage'
  readonly lines: readonly string[]
}

/** What an error means for the person at the terminal. No stack: the place of a bug is enough to report it. */
export function explain(error: unknown): Ending {
  if (error instanceof WrongUsage) return { status: 2, code: 'wrong-usage', lines: error.lines }
  if (error instanceof Refused) return refused(error.message, error.code)
  if (!(error instanceof Error))
    return refused('something went wrong that should not: please report it', 'bug')
  if (error.name === 'WorkerFailed' && 'status' in error) return toldElsewhere(error.status)
  const ours = ourErrors[error.name]
  if (ours !== undefined) return refused(error.message, ours)
  const notListening = listenProblem(error)
  if (notListening !== undefined) return refused(notListening, 'cannot-listen')
  if ('syscall' in error) return refused(error.message)
  const place = /\n\s+at ([^\n]+)/.exec(error.stack ?? '')?.[1] ?? 'an unknown place'
  return refused(`something went wrong that should not (${error.name} at ${place}): please report it`, 'bug')
}

/** A worker has said it, on the standard error that all share. */
const toldElsewhere = (status: unknown): Ending => ({
  status: status === 2 ? 2 : 1,
  code: 'refused',
  lines: [],
})

/** Errors of the storage, the start and the codes are sentences for people. */
const ourErrors: Readonly<Record<string, RefusalCode>> = {
  StorageError: 'database',
  StartError: 'root-key',
  OtpError: 'refused',
}

const another = 'choose another one with NIGHTLATCH_HOST or --host'
const listenProblems: Readonly<Record<string, (port: number) => string>> = {
  EADDRINUSE: (port) =>
    `the port ${port} is taken: stop the server that has it, or choose another one with NIGHTLATCH_PORT=${port < 65_000 ? port + 100 : 3000} before the command`,
  EADDRNOTAVAIL: () => `this machine has no such address: ${another}`,
  EACCES: (port) =>
    `the port ${port} is only for root: choose one above 1023 with NIGHTLATCH_PORT=3000 before the command`,
}

function listenProblem(error: Error): string | undefined {
  if ('hostname' in error) return `there is no host ${String(error.hostname)}: ${another}`
  return 'port' in error && 'code' in error
    ? listenProblems[String(error.code)]?.(Number(error.port))
    : undefined
}

const refused = (text: string, code: RefusalCode = 'refused'): Ending => ({
  status: 1,
  code,
  lines: [oneLine(text)],
})
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()
