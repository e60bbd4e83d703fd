import { type Commit, Rollback } from '../../core/ports/stores.js'
import { StorageError } from './errors.js'

export type Param = string | number | null
export type Dialect = 'sqlite' | 'postgres'

/**
 * What the queries of this folder need from a database. They are written once, in the SQL that SQLite and
 * PostgreSQL share, with parameters `$1…$n`.
 */
export interface Db {
  readonly dialect: Dialect
  /** @returns how many rows were written: with a conditional write, the answer. */
  run(sql: string, params: readonly Param[]): Promise<number>
  /** Whether any was. */
  wrote(sql: string, params: readonly Param[]): Promise<boolean>
  /** The row that a conditional write with RETURNING has written: null when it wrote none. */
  returning<Row>(sql: string, params: readonly Param[]): Promise<Row | null>
  /** These two only read. */
  all<Row>(sql: string, params: readonly Param[]): Promise<readonly Row[]>
  one<Row>(sql: string, params: readonly Param[]): Promise<Row | null>
  /** One transaction; inside of one, a part of it that can be undone alone. One after the other, never two at once. */
  atomic<T>(work: (db: Db) => Promise<T | Rollback<T>>, commit?: Commit): Promise<T>
  /** Until the transaction ends, nobody else passes this line with the same name. */
  lock(name: string): Promise<void>
}

/** A statement that changes what administrators register. */
export const changesSeldom = /^(?:INSERT INTO|UPDATE|DELETE FROM) (?:application|signing_key)\b/

/** How long what was read stays true. */
export interface Freshness {
  /**
   * Names an epoch: what was read in it stays true in it, but for the accounts that `onChange` has named
   * since. null: nobody knows just now, so ask the database. A promise is worth waiting for: it costs less.
   */
  epoch(): number | null | Promise<number | null>
  /** The same for tables that are written seldom (`changesSeldom`): what is written elsewhere begins no new one. */
  seldomEpoch(): number | null | Promise<number | null>
  /** Hears the id of each account of which something was changed; null: perhaps of all. */
  onChange: (account: string | null) => void
}

/** A database that is open: what is needed besides the queries. */
export interface Database {
  readonly db: Db
  readonly freshness: Freshness
  /** For work that may take minutes (migrations): no time-out cuts it short. */
  patiently<T>(work: (db: Db) => Promise<T>): Promise<T>
  /** Throws when it cannot be reached. */
  ping(): Promise<void>
  backupTo(file: string): Promise<void>
  close(): Promise<void>
}

/** One connection, as a transaction uses it: the parameters have been looked at. */
export interface Connection extends Pick<Db, 'dialect' | 'run' | 'returning' | 'all' | 'one' | 'lock'> {
  /** BEGIN. Where that failed, the first statement fails. */
  begin(sql: string): Promise<void>
  /** Another statement without parameters or rows: COMMIT, SAVEPOINT. */
  control(sql: string): Promise<void>
}

type Work<T> = (db: Db) => Promise<T | Rollback<T>>

/** The three statements of a transaction, or of a part of one. */
interface Words {
  readonly keep: string
  readonly undo: readonly string[]
}

/** Runs `work` in a transaction that `begin` starts on this connection, which nobody else uses meanwhile. */
export async function transact<T>(connection: Connection, begin: string, work: Work<T>): Promise<T> {
  await connection.begin(begin)
  return settle(new Scope(connection, 0), { keep: 'COMMIT', undo: ['ROLLBACK'] }, work)
}

async function settle<T>(scope: Scope, words: Words, work: Work<T>): Promise<T> {
  let outcome: T | Rollback<T>
  try {
    outcome = await work(scope)
    scope.mustBeWhole()
    if (!(outcome instanceof Rollback)) await scope.connection.control(words.keep)
  } catch (error) {
    await undo(scope, words).catch(() => undefined)
    throw error
  } finally {
    scope.isOver = true
  }
  if (!(outcome instanceof Rollback)) return outcome
  await undo(scope, words)
  return outcome.outcome
}

async function undo(scope: Scope, words: Words): Promise<void> {
  for (const statement of words.undo) await scope.connection.control(statement)
}

class Scope implements Db {
  readonly connection: Connection
  readonly dialect: Dialect
  readonly #depth: number
  #failure: Error | null = null
  isOver = false

  constructor(connection: Connection, depth: number) {
    this.connection = connection
    this.dialect = connection.dialect
    this.#depth = depth
  }

  run(sql: string, params: readonly Param[]): Promise<number> {
    return this.#watch(() => this.connection.run(sql, params), params)
  }

  async wrote(sql: string, params: readonly Param[]): Promise<boolean> {
    return (await this.run(sql, params)) > 0
  }

  returning<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.#watch(() => this.connection.returning<Row>(sql, params), params)
  }

  all<Row>(sql: string, params: readonly Param[]): Promise<readonly Row[]> {
    return this.#watch(() => this.connection.all<Row>(sql, params), params)
  }

  one<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.#watch(() => this.connection.one<Row>(sql, params), params)
  }

  lock(name: string): Promise<void> {
    return this.#watch(() => this.connection.lock(name))
  }

  async atomic<T>(work: Work<T>): Promise<T> {
    const name = `part_${this.#depth + 1}`
    await this.#watch(() => this.connection.control(`SAVEPOINT ${name}`))
    const words = { keep: `RELEASE ${name}`, undo: [`ROLLBACK TO ${name}`, `RELEASE ${name}`] }
    return settle(new Scope(this.connection, this.#depth + 1), words, work)
  }

  /** PostgreSQL keeps nothing after a failed statement, even when `work` goes on; SQLite must not either. */
  mustBeWhole(): void {
    if (this.#failure !== null) throw this.#failure
  }

  async #watch<T>(statement: () => Promise<T>, params: readonly Param[] = []): Promise<T> {
    if (this.isOver) throw new StorageError('failed', 'a store was used after its transaction had ended')
    try {
      mustBeText(params)
      return await statement()
    } catch (error) {
      this.#failure ??= error instanceof Error ? error : new Error(String(error))
      throw error
    }
  }
}

/** The databases disagree about such text, so neither gets to see it. */
export function mustBeText(params: readonly Param[]): void {
  for (const param of params)
    if (typeof param === 'string' && (param.includes('\0') || !param.isWellFormed()))
      throw new StorageError('not-text', 'text with NUL or half of a surrogate pair cannot be kept')
}
