import { movedSentence, movingSentence, StorageError, type StorageProblem } from '../errors.js'

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Of a file that the address names (a certificate), not of the connection. */
const isFile = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && error.syscall === 'open'

/** Two transactions met; nothing of this one was kept, so it can simply run again. */
export const isConflict = (error: unknown): boolean => {
  const code = codeOf(error)
  return code === '40001' || code === '40P01'
}

/** Another statement of the transaction has failed before. */
export const isAborted = (error: unknown): boolean => codeOf(error) === '25P02'

/** The server takes no writes (any more): another one may. */
export const isReadOnly = (error: unknown): boolean => codeOf(error) === '25006'

// With 25P03 and 25P04 the server has given up a transaction that stood still, and the connection with it.
const lostStates = /^(08...|57P0[1-5]|25P0[34])$/
const lostCodes = /^(ECONN|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN)/
const lostWords =
  /^(Connection terminated|timeout exceeded|timeout expired|Query read timeout|Client has encountered a connection error|Client was closed)/

/** The connection is gone or useless, whatever became of the statement. */
export function isLost(error: unknown): boolean {
  const code = codeOf(error)
  if (lostStates.test(code) || lostCodes.test(code)) return true
  // The socket of a server that is not running.
  if (code === 'ENOENT') return !isFile(error)
  if (error instanceof AggregateError) return error.errors.some(isLost)
  return error instanceof Error && code === '' && lostWords.test(error.message)
}

// https://www.postgresql.org/docs/current/errcodes-appendix.html
const problems: Readonly<Record<string, readonly [StorageProblem, string]>> = {
  NLM01: ['moving', movingSentence],
  NLM02: ['moved', movedSentence],
  '25006': ['read-only', 'the database takes no writes: it is a replica, or set to read-only'],
  '28000': ['no-access', 'the database refuses this user'],
  '28P01': ['no-access', 'the database refuses the user name or the password'],
  '3D000': ['no-access', 'the server has no database of that name'],
  '42P01': ['unavailable', 'the database lacks a table: it is being restored, or is not the one that it was'],
  '42501': ['no-access', 'the database user lacks rights: it needs CREATE on the schema and owns the tables'],
  '53100': ['full', "the database's disk is full"],
  '53200': ['unavailable', 'the database is out of memory'],
  '53300': ['unavailable', 'the database has no connection left'],
  '42P07': ['failed', 'the database has tables of another program by the same names: give it one of its own'],
  '55P03': ['unavailable', 'the database is busy: a lock was not free in time'],
  '57014': ['unavailable', 'the database took too long'],
  XX001: ['damaged', 'the database is damaged: restore a backup'],
  XX002: ['damaged', 'the database is damaged: restore a backup'],
}

/** Out of something, or its disk cannot be read: nothing that was asked is to blame. */
const unwell = /^(53...|54000|58...)$/

/** PgBouncer's, unless it is told otherwise. */
const isPoolerRefusal = (error: unknown): boolean =>
  error instanceof Error && /^unsupported startup parameter/.test(error.message)

const poolerSentence =
  'a connection pooler refuses our time-outs: put statement_timeout and idle_in_transaction_session_timeout ' +
  'into its ignore_startup_parameters'

const certificate = /certificate|self.signed|SSL|TLS|altnames/i

export function postgresError(error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const known = problems[codeOf(error)]
  if (known !== undefined) return new StorageError(known[0], known[1], error)
  if (isFile(error))
    return new StorageError('no-access', 'a certificate file of the database address cannot be read', error)
  if (unwell.test(codeOf(error))) return new StorageError('unavailable', 'the database is not well', error)
  if (isPoolerRefusal(error)) return new StorageError('no-access', poolerSentence, error)
  if (isConflict(error)) return new StorageError('unavailable', 'the database is busy with conflicts', error)
  if (isLost(error)) return new StorageError('unavailable', 'the database cannot be reached', error)
  if (error instanceof Error && certificate.test(`${codeOf(error)} ${error.message}`))
    return new StorageError('no-access', `no trusted connection to the database: ${error.message}`, error)
  return new StorageError('failed', 'the database refused a statement', error)
}
