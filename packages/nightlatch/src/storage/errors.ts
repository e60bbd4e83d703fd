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
  /** No such database, wrong password, or no rights. */
  | 'no-access'
  /** Text that no database keeps unchanged: NUL, or half of a surrogate pair. */
  | 'not-text'
  | 'failed'

/** Every error of this folder: one sentence for people, the database's own error as the cause. */
export class StorageError extends Error {
  readonly code: StorageProblem

  constructor(code: StorageProblem, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'StorageError'
    this.code = code
  }
}
