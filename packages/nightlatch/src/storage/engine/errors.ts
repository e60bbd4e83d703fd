/** What went wrong, as far as anybody can act on it. */
export type StorageProblem =
  /** Not reachable, busy or restarting: the same request may work in a moment. */
  | 'unavailable'
  | 'full'
  | 'read-only'
  /** The file or a page of it is not what was written. */
  | 'damaged'
  /** A newer version of the program has changed this database. */
  | 'newer-version'
  /** It is being moved to another database: no changes for the moment. */
  | 'moving'
  /** It was moved to another database, which is the one to use. */
  | 'moved'
  /** No such database, wrong password, or no rights. */
  | 'no-access'
  /** Text that no database keeps unchanged: NUL, or half of a surrogate pair. */
  | 'not-text'
  | 'failed'

export const movingSentence =
  'the installation is being moved to another database: nothing can be changed until that is done'
export const movedSentence = 'the installation has moved to another database, which is the one to use'

/** Every error of this folder: one sentence for people, the database's own error as the cause. */
export class StorageError extends Error {
  readonly code: StorageProblem

  constructor(code: StorageProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StorageError'
    this.code = code
  }
}
