import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type pg from 'pg'
import type { Commit } from '../../../core/ports/stores.js'
import { type Connection, type Database, type Db, mustBeText, type Param, transact } from '../database.js'
import { StorageError } from '../errors.js'
import { ChangeChannel } from './change-channel.js'
import { isAborted, isConflict, isLost, isReadOnly, postgresError } from './errors.js'
import { type PostgresOptions, PostgresPool, streamOf } from './pool.js'
import { parsePostgresUrl } from './url.js'

/** How often a transaction runs again after it met another one, or lost its connection before the end. */
const mostTries = 8

// Every conditional write decides by itself, in one statement that sees what is committed at that moment.
const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED'
const beginOf: Readonly<Record<Commit, string>> = {
  synchronous: begin,
  asynchronous: `${begin}; SET LOCAL synchronous_commit TO off`,
}

/** A migration may rewrite a table, or wait for the server that does. */
const patientMs = 600_000

type Reopen = (changed: Partial<PostgresOptions>) => Promise<Database>

export async function openPostgres(url: string, options: PostgresOptions): Promise<Database> {
  const pool = new PostgresPool(parsePostgresUrl(url), options)
  try {
    const client = await pool.acquire()
    client.release()
  } catch (error) {
    await pool.close()
    throw postgresError(error)
  }
  const reopen: Reopen = (changed) => openPostgres(url, { ...options, ...changed })
  return new PostgresDatabase(pool, reopen, options.statementMs)
}

interface Statement {
  readonly name: string
  readonly text: string
  /** Its rows name the accounts of which it has changed something that a session is judged by. */
  readonly tells: boolean
}

const isRead = (sql: string): boolean => sql.startsWith('SELECT')

/** What is read with a session, or shown with it. A new session or account changes nothing that was read before. */
const telling =
  /^(?:(?:UPDATE|DELETE FROM) (session|account)|(?:INSERT INTO|UPDATE|DELETE FROM) (authenticator|passkey|recovery_code(?:_set)?|application|signing_key))\b/

/** Whose a row is; everybody's where a table is not about accounts. */
const accountOf: Readonly<Record<string, string>> = {
  account: 'id',
  application: 'NULL',
  signing_key: 'NULL',
}

function statementOf(sql: string): Statement {
  const found = telling.exec(sql)
  const table = found?.[1] ?? found?.[2] ?? null
  const text = table === null ? sql : `${sql} RETURNING ${accountOf[table] ?? 'account'} AS account`
  return { name: createHash('sha256').update(text).digest('hex').slice(0, 32), text, tells: table !== null }
}

/** A statement is prepared once a connection, under a name of its own. */
class Statements {
  readonly #statements = new Map<string, Statement>()

  of(sql: string): Statement {
    let statement = this.#statements.get(sql)
    if (statement === undefined) {
      statement = statementOf(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** Under its name where it stays prepared, else anew each time. */
const asked = (
  { name, text }: Statement,
  params: readonly Param[],
  staysPrepared: boolean,
): pg.QueryConfig => ({ ...(staysPrepared ? { name } : {}), text, values: [...params] })

const accountsIn = (result: pg.QueryResult): readonly (string | null)[] =>
  (result.rows as { account: string | null }[]).map((row) => row.account)

type Work<T> = Parameters<typeof transact<T>>[2]

class PostgresDatabase implements Database, Db {
  readonly dialect = 'postgres'
  readonly #pool: PostgresPool
  readonly #reopen: Reopen
  /** Nothing is tried again at the same host after as long as one statement may take: whoever asked has waited enough. */
  readonly #patienceMs: number
  readonly #statements = new Statements()
  readonly freshness: ChangeChannel
  #closed = false

  constructor(pool: PostgresPool, reopen: Reopen, patienceMs: number) {
    this.#pool = pool
    this.#reopen = reopen
    this.#patienceMs = patienceMs
    this.freshness = new ChangeChannel({
      connect: () => pool.connectAlone('nightlatch-changes'),
      isCurrent: (client) => pool.isCurrent(client),
      say: async (channel, text) => {
        await this.one('SELECT pg_notify($1, $2)', [channel, text])
      },
    })
  }

  get db(): Db {
    return this
  }

  async run(sql: string, params: readonly Param[]): Promise<number> {
    return (await this.#query(sql, params)).rowCount ?? 0
  }

  async wrote(sql: string, params: readonly Param[]): Promise<boolean> {
    return (await this.run(sql, params)) > 0
  }

  async returning<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return ((await this.#query(sql, params)).rows[0] as Row | undefined) ?? null
  }

  async all<Row>(sql: string, params: readonly Param[]): Promise<readonly Row[]> {
    return (await this.#query(sql, params)).rows as Row[]
  }

  one<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.returning(sql, params)
  }

  async atomic<T>(work: Work<T>, commit: Commit = 'synchronous'): Promise<T> {
    const deadline = performance.now() + this.#patienceMs
    for (let tries = 1; ; tries += 1) {
      const client = await this.#acquire()
      const staysPrepared = this.#pool.hasOwnBackend(client)
      const connection = new PostgresConnection(client, this.#statements, staysPrepared)
      try {
        const outcome = await transact(connection, beginOf[commit], work)
        this.#pool.release(client, null)
        this.#forget(connection.changed)
        return outcome
      } catch (error) {
        this.#pool.release(client, connection.lastError)
        // It may have been kept all the same.
        this.#forget(connection.changed)
        const cause = error instanceof StorageError ? error.cause : error
        // After the word COMMIT nobody knows whether it was kept: only the caller can find out.
        const isElsewhere = isLost(cause) || isReadOnly(cause)
        const again = isConflict(cause) || (isElsewhere && !connection.mayBeCommitted)
        if (!again || tries >= mostTries || !this.#isWorthIt(client, { tries, deadline })) throw error
      }
      await sleep(tries * 5 * Math.random())
    }
  }

  lock(): Promise<void> {
    return Promise.reject(new StorageError('failed', 'a lock needs a transaction'))
  }

  async patiently<T>(work: (db: Db) => Promise<T>): Promise<T> {
    const patient = await this.#reopen({ poolSize: 1, statementMs: patientMs })
    try {
      return await work(patient.db)
    } finally {
      await patient.close()
    }
  }

  async ping(): Promise<void> {
    await this.one('SELECT 1 AS one', [])
  }

  backupTo(): Promise<void> {
    return Promise.reject(
      new StorageError('failed', 'PostgreSQL is backed up by its own tools: use pg_dump, or archive its log'),
    )
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.freshness.close()
    await this.#pool.close()
  }

  async #query(sql: string, params: readonly Param[]): Promise<pg.QueryResult> {
    mustBeText(params)
    const statement = this.#statements.of(sql)
    const deadline = performance.now() + this.#patienceMs
    for (let tries = 1; ; tries += 1) {
      const client = await this.#acquire()
      try {
        const result = await client.query(asked(statement, params, this.#pool.hasOwnBackend(client)))
        this.#pool.release(client, null)
        if (statement.tells) this.#forget(accountsIn(result))
        return result
      } catch (error) {
        this.#pool.release(client, error)
        if (statement.tells) this.freshness.onChange(null)
        const again = isHarmless(error, sql) && tries < 3 && this.#isWorthIt(client, { tries, deadline })
        if (!again) throw postgresError(error)
      }
    }
  }

  /** Also after a long silence, where there is another host that can be asked. */
  #isWorthIt(client: pg.PoolClient, { tries, deadline }: { tries: number; deadline: number }): boolean {
    return performance.now() <= deadline || (tries === 1 && !this.#pool.isCurrent(client))
  }

  /** Before whoever wrote hears that it is done: from then on nobody here gets the old answer. */
  #forget(accounts: Iterable<string | null>): void {
    for (const account of accounts) this.freshness.onChange(account)
  }

  async #acquire(): Promise<pg.PoolClient> {
    if (this.#closed) throw new StorageError('unavailable', 'the database is closed')
    return this.#pool.acquire()
  }
}

/** A read can be asked again, and a refused write has changed nothing; a lost write may have been kept. */
const isHarmless = (error: unknown, sql: string): boolean =>
  isConflict(error) || isReadOnly(error) || (isLost(error) && isRead(sql))

/** Of more accounts it is only said that something was changed: who changes everybody would keep a name of each. */
const mostNamed = 1000

/**
 * The connection of one transaction. Statements that are asked at once go out together, in the order in which they
 * were asked; BEGIN goes out together with the first one, where that only reads.
 */
class PostgresConnection implements Connection {
  readonly dialect = 'postgres'
  readonly #client: pg.PoolClient
  readonly #statements: Statements
  readonly #staysPrepared: boolean
  #begun: Promise<unknown> | null = null
  #isFirst = true
  #isHeldBack = false
  /** The accounts of which something was changed; null: perhaps of every one. */
  readonly changed = new Set<string | null>()
  lastError: unknown = null
  mayBeCommitted = false

  constructor(client: pg.PoolClient, statements: Statements, staysPrepared: boolean) {
    this.#client = client
    this.#statements = statements
    this.#staysPrepared = staysPrepared
  }

  async run(sql: string, params: readonly Param[]): Promise<number> {
    return (await this.#query(sql, params)).rowCount ?? 0
  }

  async returning<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return ((await this.#query(sql, params)).rows[0] as Row | undefined) ?? null
  }

  async all<Row>(sql: string, params: readonly Param[]): Promise<readonly Row[]> {
    return (await this.#query(sql, params)).rows as Row[]
  }

  one<Row>(sql: string, params: readonly Param[]): Promise<Row | null> {
    return this.returning(sql, params)
  }

  async lock(name: string): Promise<void> {
    await this.#query('SELECT pg_advisory_xact_lock(hashtextextended($1, 1852399468))', [name])
  }

  /** Resolves before the answer is there: it comes with that of the first statement. */
  begin(sql: string): Promise<void> {
    const begun = this.#send(sql).then(() => {
      this.#begun = null
    })
    this.#begun = begun
    // Whoever asks for something next hears of it.
    begun.catch(() => undefined)
    return Promise.resolve()
  }

  async control(sql: string): Promise<void> {
    await this.#begun
    if (sql === 'COMMIT') this.mayBeCommitted = true
    await this.#send(sql)
  }

  async #query(sql: string, params: readonly Param[]): Promise<pg.QueryResult> {
    const statement = this.#statements.of(sql)
    const isFirst = this.#isFirst
    this.#isFirst = false
    // Should it not have begun, then what only reads has done no harm outside of it.
    if (this.#begun !== null && !(isFirst && isRead(sql))) await this.#begun
    const [result] = await Promise.all([
      this.#send(asked(statement, params, this.#staysPrepared)),
      this.#begun,
    ])
    if (statement.tells) this.#note(accountsIn(result))
    return result
  }

  #note(accounts: Iterable<string | null>): void {
    if (this.changed.has(null)) return
    for (const account of accounts) this.changed.add(account)
    if (this.changed.size <= mostNamed) return
    this.changed.clear()
    this.changed.add(null)
  }

  async #send(query: string | pg.QueryConfig): Promise<pg.QueryResult> {
    // A ROLLBACK, say, would only wait behind what was never answered.
    if (isLost(this.lastError)) throw postgresError(this.lastError)
    this.#holdBack()
    try {
      return await this.#client.query(query)
    } catch (error) {
      // What was sent behind a statement that failed fails for the same reason.
      if (!isLost(this.lastError) && !isAborted(error)) this.lastError = error
      throw postgresError(this.lastError ?? error)
    }
  }

  /** Until all that is asked at this moment has been asked: one packet there, and one back. */
  #holdBack(): void {
    if (this.#isHeldBack) return
    this.#isHeldBack = true
    const stream = streamOf(this.#client)
    stream.cork()
    process.nextTick(() => {
      this.#isHeldBack = false
      stream.uncork()
    })
  }
}
