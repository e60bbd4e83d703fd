import pg from 'pg'
import { StorageError } from './errors.js'
import { isLost, isReadOnly, postgresError } from './postgres-errors.js'
import type { PostgresTarget } from './postgres-url.js'

export interface PostgresOptions {
  /** Connections at most. */
  readonly poolSize: number
  readonly statementMs: number
  /** Hears of a connection that was lost while nobody used it. */
  readonly onLost: (error: Error) => void
}

/** int8 as a number: every one of ours is a count or a time. */
const types = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format),
} as pg.CustomTypesConfig

function poolSettings(target: PostgresTarget, options: PostgresOptions): pg.PoolConfig {
  return {
    types,
    max: options.poolSize,
    connectionTimeoutMillis: target.connectMs,
    idleTimeoutMillis: 60_000,
    statement_timeout: options.statementMs,
    // A half-open connection answers nothing at all: the client has to notice by itself.
    query_timeout: options.statementMs + 2000,
    idle_in_transaction_session_timeout: options.statementMs,
    application_name: 'nightlatch',
    keepAlive: true,
    // The pool waits for it, whatever its type says.
    onConnect: mustTakeWrites as (client: pg.ClientBase) => void,
  }
}

/** Connections to the server that takes writes, wherever among the hosts that is just now. */
export class PostgresPool {
  readonly #servers: PostgresTarget['servers']
  readonly #settings: pg.PoolConfig
  readonly #Client: typeof pg.Client
  readonly #pool: pg.Pool
  readonly #serverOf = new WeakMap<pg.ClientBase, number>()
  #current = 0

  constructor(target: PostgresTarget, options: PostgresOptions) {
    this.#servers = target.servers
    this.#settings = poolSettings(target, options)
    this.#Client = this.#clientClass()
    this.#pool = new pg.Pool({ ...this.#settings, Client: this.#Client })
    this.#pool.on('error', options.onLost)
  }

  /** A connection of one's own until it is released; each host is tried once. */
  async acquire(): Promise<pg.PoolClient> {
    for (let left = this.#servers.length; ; left -= 1) {
      const tried = this.#current
      try {
        return await this.#pool.connect()
      } catch (error) {
        if (this.#isDry(error)) throw new StorageError('unavailable', 'no database connection is free', error)
        if (!isLost(error) && !isReadOnly(error)) throw this.#refused(tried, error)
        this.#moveOn(tried)
        if (left <= 1) throw this.#refused(tried, error)
      }
    }
  }

  /** Back to the others; a connection that is of no use any more is closed, and its server left. */
  release(client: pg.PoolClient, error: unknown): void {
    const useless = isLost(error) || isReadOnly(error)
    if (useless) this.#moveOn(this.#serverOf.get(client) ?? this.#current)
    client.release(useless)
  }

  /** A connection beside the pool, to the server that is the current one. */
  async connectAlone(name: string): Promise<pg.Client> {
    const client = new this.#Client({ ...this.#settings, application_name: name })
    await client.connect()
    return client
  }

  isCurrent(client: pg.ClientBase): boolean {
    return this.#serverOf.get(client) === this.#current
  }

  close(): Promise<void> {
    return this.#pool.end()
  }

  /** To the next server, unless somebody has moved on already. */
  #moveOn(from: number): void {
    if (this.#current === from) this.#current = (from + 1) % this.#servers.length
  }

  /** Each new connection goes to the server that is the current one at that moment. */
  #clientClass(): typeof pg.Client {
    const current = () => this.#current
    const servers = this.#servers
    const serverOf = this.#serverOf
    return class extends pg.Client {
      constructor(config: pg.ClientConfig) {
        super({ ...config, connectionString: (servers[current()] ?? servers[0]).url })
        serverOf.set(this, current())
        // A connection may be lost between two statements: the next one says so.
        this.on('error', () => undefined)
      }
    }
  }

  #isDry(error: unknown): boolean {
    return error instanceof Error && error.message.startsWith('timeout exceeded when trying to connect')
  }

  #refused(server: number, error: unknown): StorageError {
    const known = postgresError(error)
    const tried = this.#servers.length === 1 ? [this.#servers[server] ?? this.#servers[0]] : this.#servers
    const names = tried.map((one) => one.name).join(', ')
    return new StorageError(known.code, `${known.message} (${names})`, error)
  }
}

interface ServerState {
  readonly read_only: string
  readonly commit: string
  readonly encoding: string
}

/** Refuses a server that cannot keep what it is given: a replica, or one that acknowledges too early. */
async function mustTakeWrites(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<ServerState>(
    `SELECT current_setting('transaction_read_only') AS read_only,
      current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding`,
  )
  const state = rows[0]
  if (state?.read_only !== 'off')
    throw Object.assign(new Error('the server takes no writes'), { code: '25006' })
  if (state.encoding !== 'UTF8')
    throw new StorageError('no-access', `the database has the encoding ${state.encoding}: it must be UTF8`)
  if (state.commit === 'off') await client.query('SET synchronous_commit TO on')
}
