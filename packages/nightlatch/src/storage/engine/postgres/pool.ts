import type { Socket } from 'node:net'
import pg from 'pg'
import { StorageError } from '../errors.js'
import { isLost, isReadOnly, postgresError } from './errors.js'
import type { PostgresTarget } from './url.js'

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
    // What is asked at once is sent at once, and answered in turn.
    pipeline: true,
  }
}

const farewellMs = 1000

/** Connections to one server. */
interface Source {
  readonly pool: pg.Pool
  readonly Client: typeof pg.Client
}

/**
 * Connections to the server that takes writes, wherever among the hosts that is just now. Each host has a pool of its
 * own: connections that hang on one that stands still take nobody's place at the next.
 */
export class PostgresPool {
  readonly #servers: PostgresTarget['servers']
  readonly #settings: pg.PoolConfig
  readonly #sources: readonly Source[]
  readonly #serverOf = new WeakMap<pg.ClientBase, number>()
  readonly #ownBackends = new WeakSet<pg.ClientBase>()
  #current = 0

  constructor(target: PostgresTarget, options: PostgresOptions) {
    this.#servers = target.servers
    this.#settings = poolSettings(target, options)
    this.#sources = target.servers.map(({ url }, server) => this.#sourceOf(url, server))
    for (const { pool } of this.#sources) pool.on('error', options.onLost)
  }

  /** A connection of one's own until it is released; each host is tried once. */
  async acquire(): Promise<pg.PoolClient> {
    // Of several hosts the one that somebody has to mend says more than one that is only away.
    let refusal: StorageError | null = null
    for (let left = this.#servers.length; ; left -= 1) {
      const tried = this.#current
      try {
        return await this.#source.pool.connect()
      } catch (error) {
        // Whoever waited in vain at a host that was left meanwhile knows nothing of the next one.
        if (this.#isDry(error) && this.#current === tried)
          throw new StorageError('unavailable', 'no database connection is free', error)
        this.#moveOn(tried)
        const said = this.#refused(tried, error)
        if (!isUseless(error)) refusal ??= said
        if (left <= 1) throw refusal ?? said
      }
    }
  }

  /** Back to the others; a connection that is of no use any more is closed, and its server left. */
  release(client: pg.PoolClient, error: unknown): void {
    this.#leave(this.#serverOf.get(client) ?? this.#current, error)
    client.release(isUseless(error))
  }

  /** A connection beside the pool, to the server that is the current one; a pooler has none to give away. */
  async connectAlone(name: string): Promise<pg.Client> {
    const client = new this.#source.Client({ ...this.#settings, application_name: name })
    await client.connect()
    const { rows } = await client.query<ServerState>(serverState)
    if (isBackendOf(client, rows[0]?.pid) && rows[0]?.read_only === 'off') return client
    await client.end()
    throw new StorageError('unavailable', 'a pooler or a replica hears of no change')
  }

  /** False behind a pooler that may give each transaction another connection to the database: nothing stays prepared. */
  hasOwnBackend(client: pg.ClientBase): boolean {
    return this.#ownBackends.has(client)
  }

  isCurrent(client: pg.ClientBase): boolean {
    return this.#serverOf.get(client) === this.#current
  }

  async close(): Promise<void> {
    await Promise.all(this.#sources.map(({ pool }) => pool.end()))
  }

  get #source(): Source {
    const source = this.#sources[this.#current]
    if (source === undefined) throw new Error('there is no such server')
    return source
  }

  /** To the next server, unless somebody has moved on already. */
  #leave(server: number, error: unknown): void {
    if (isUseless(error)) this.#moveOn(server)
  }

  #moveOn(server: number): void {
    if (this.#current === server) this.#current = (server + 1) % this.#servers.length
  }

  #sourceOf(url: string, server: number): Source {
    const leave = (error: unknown): void => {
      this.#leave(server, error)
    }
    const Client = clientOf(url, { leave, opened: (client) => this.#serverOf.set(client, server) })
    const onConnect = async (client: pg.ClientBase): Promise<void> => {
      try {
        if (await mustTakeWrites(client)) this.#ownBackends.add(client)
      } catch (error) {
        leave(error)
        throw error
      }
    }
    // The pool waits for it, whatever its type says.
    const hook = onConnect as (client: pg.ClientBase) => void
    return { Client, pool: new pg.Pool({ ...this.#settings, Client, onConnect: hook }) }
  }

  #isDry(error: unknown): boolean {
    return error instanceof Error && error.message.startsWith('timeout exceeded when trying to connect')
  }

  #refused(server: number, error: unknown): StorageError {
    const known = postgresError(error)
    const tried = isUseless(error) ? this.#servers : [this.#servers[server] ?? this.#servers[0]]
    const names = tried.map((one) => one.name).join(', ')
    return new StorageError(known.code, `${known.message} (${names})`, error)
  }
}

const isUseless = (error: unknown): boolean => isLost(error) || isReadOnly(error)

interface ClientEvents {
  readonly leave: (error: unknown) => void
  readonly opened: (client: pg.Client) => void
}

/**
 * Connections to one address. They say themselves that they could not be opened: the pool tells only who still waits,
 * and at a host that stands still nobody waits that long once all places are taken.
 */
function clientOf(url: string, { leave, opened }: ClientEvents): typeof pg.Client {
  return class extends pg.Client {
    constructor(config: pg.ClientConfig) {
      super({ ...config, connectionString: url })
      opened(this)
      // A connection may be lost between two statements: the next one says so.
      this.on('error', () => undefined)
    }

    override connect(): Promise<pg.Client>
    override connect(done: (error: Error) => void): void
    override connect(done?: (error: Error) => void): unknown {
      if (done === undefined)
        return super.connect().catch((error: unknown) => {
          leave(error)
          throw error
        })
      return super.connect((error: Error) => {
        leave(error)
        done(error)
      })
    }

    override end(): Promise<void>
    override end(done: (error: Error) => void): void
    override end(done?: (error: Error) => void): unknown {
      cutLater(this)
      return done === undefined ? super.end() : super.end(done)
    }
  }
}

/** What a connection is written to. */
export const streamOf = (client: pg.ClientBase): Socket =>
  (client as pg.ClientBase & { readonly connection: { readonly stream: Socket } }).connection.stream

/** A server that stands still never says goodbye: nobody stops because of that, and no process stays for it. */
function cutLater(client: pg.Client): void {
  const late = setTimeout(() => streamOf(client).destroy(), farewellMs)
  late.unref()
  client.once('end', () => {
    clearTimeout(late)
  })
}

interface ServerState {
  readonly pid: number
  readonly read_only: string
  readonly commit: string
  readonly encoding: string
}

const serverState = `SELECT pg_backend_pid() AS pid, current_setting('transaction_read_only') AS read_only,
  current_setting('synchronous_commit') AS commit, current_setting('server_encoding') AS encoding`

/**
 * Refuses a server that cannot keep what it is given: a replica, or one that acknowledges too early.
 * @returns whether it is the server itself that answers, and no pooler before it
 */
async function mustTakeWrites(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<ServerState>(serverState)
  const state = rows[0]
  if (state?.read_only !== 'off')
    throw Object.assign(new Error('the server takes no writes'), { code: '25006' })
  if (state.encoding !== 'UTF8')
    throw new StorageError('no-access', `the database has the encoding ${state.encoding}: it must be UTF8`)
  const isOwn = isBackendOf(client, state.pid)
  if (state.commit === 'off') await insist(client, isOwn)
  return isOwn
}

/** A pooler shows each of its clients a number of its own. */
const isBackendOf = (client: pg.ClientBase, pid: number | undefined): boolean =>
  pid === (client as pg.ClientBase & { readonly processID: number | null }).processID

/** Behind a pooler the next transaction may have another connection, where this was never said. */
async function insist(client: pg.ClientBase, isOwn: boolean): Promise<void> {
  if (isOwn) await client.query('SET synchronous_commit TO on')
  else
    throw new StorageError(
      'no-access',
      'the database has synchronous_commit off: behind a connection pooler set it to on there (ALTER DATABASE … SET …)',
    )
}
