import { movedSentence, movingSentence, StorageError, type StorageProblem } from '../errors.js'

// Where the driver gives no code (errors while rows are read), SQLite's own sentence has to do.
const sentences: Readonly<Record<string, number>> = {
  'database is locked': 5,
  'database table is locked': 6,
  'attempt to write a readonly database': 8,
  'disk I/O error': 10,
  'database disk image is malformed': 11,
  'database or disk is full': 13,
  'unable to open database file': 14,
  'file is not a database': 26,
}

function codeOf(error: unknown): number {
  if (!(error instanceof Error)) return 0
  if ('errcode' in error && typeof error.errcode === 'number') return error.errcode & 0xff
  return sentences[error.message] ?? 0
}

/** Another connection is writing just now. */
export const isBusy = (error: unknown): boolean => codeOf(error) === 5 || codeOf(error) === 6

// https://www.sqlite.org/rescode.html
const problems: Readonly<Record<number, readonly [StorageProblem, string]>> = {
  3: ['no-access', 'the database file may not be opened'],
  5: ['unavailable', 'the database is busy: another process keeps writing to it'],
  6: ['unavailable', 'the database is busy: another process keeps writing to it'],
  8: ['read-only', 'the database file or its folder is read-only'],
  10: ['unavailable', 'the disk did not read or write the database'],
  11: ['damaged', 'the database file is damaged: restore a backup'],
  13: ['full', 'the disk is full'],
  14: ['no-access', 'the database file cannot be opened'],
  23: ['no-access', 'the database file may not be opened'],
  26: ['damaged', 'the file is not a database of Nightlatch'],
}

/** What the triggers of a fence say. */
const fences: Readonly<Record<string, readonly [StorageProblem, string]>> = {
  'nightlatch is being moved': ['moving', movingSentence],
  'nightlatch has moved': ['moved', movedSentence],
}

export function sqliteError(error: unknown): StorageError {
  if (error instanceof StorageError) return error
  const fence = error instanceof Error ? fences[error.message] : undefined
  if (fence !== undefined) return new StorageError(fence[0], fence[1], error)
  const [problem, sentence] = problems[codeOf(error)] ?? ['failed', 'the database refused a statement']
  return new StorageError(problem, sentence, error)
}
