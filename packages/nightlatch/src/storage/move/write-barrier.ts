import type { SessionStore } from '../../core/sessions/session.js'
import { nowIn } from '../engine/clock.js'
import type { Database, Db, Dialect } from '../engine/database.js'
import { StorageError } from '../engine/errors.js'
import { alone } from '../stores/all-accounts.js'
import { overriding } from '../stores/store.js'
import { movePrefix, tables } from './tables.js'

/**
 * The fence stands in the database itself: while it is up, no server of any version, and no program at all, changes
 * anything there. It is up until a moment that the mover puts off again and again: when the mover dies, the fence
 * falls by itself, and everything goes on as if nothing had been. Once the move is decided it stays up.
 */
export interface Mark {
  readonly id: string
  /** Where to, for people. */
  readonly to: string
  /** `decided`: the copy may be in use already. `moved`: it is. */
  readonly state: 'moving' | 'decided' | 'moved'
  /** False when the mover has not been heard of for too long. */
  readonly isUp: boolean
}

/** So long the fence stays up without a word of the mover's, and so much must be left when it comes. */
const leaseSeconds = 60
const marginSeconds = 30
const renewEveryMs = 10_000
const forGood = String(Number.MAX_SAFE_INTEGER)

const number: Readonly<Record<Dialect, string>> = { sqlite: 'INTEGER', postgres: 'bigint' }

const fact = (name: string): string => `(SELECT value FROM fact WHERE name = '${movePrefix}${name}')`
const isUp = (dialect: Dialect): string => `CAST(${fact('until')} AS ${number[dialect]}) > ${nowIn[dialect]}`

const operations = ['INSERT', 'UPDATE', 'DELETE'] as const
const events = tables.flatMap(({ name: table }) => operations.map((operation) => ({ table, operation })))
type Event = (typeof events)[number]

const triggerName = ({ table, operation }: Event): string =>
  `nightlatch_fence_${table}_${operation.toLowerCase()}`

function trigger(dialect: Dialect, event: Event): string {
  const { table, operation } = event
  const row = operation === 'INSERT' ? 'NEW' : 'OLD'
  const when =
    table === 'fact' ? `WHEN (substr(${row}.name, 1, ${movePrefix.length}) <> '${movePrefix}')` : ''
  const head = `CREATE TRIGGER ${triggerName(event)} BEFORE ${operation} ON ${table} FOR EACH ROW ${when}`
  if (dialect === 'postgres') return `${head} EXECUTE FUNCTION nightlatch_fence()`
  return `${head} BEGIN
    SELECT RAISE(ABORT, 'nightlatch has moved') WHERE ${fact('state')} = 'moved';
    SELECT RAISE(ABORT, 'nightlatch is being moved') WHERE ${isUp(dialect)};
  END`
}

const fenceFunction = `CREATE OR REPLACE FUNCTION nightlatch_fence() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF ${fact('state')} = 'moved' THEN RAISE EXCEPTION 'nightlatch has moved' USING ERRCODE = 'NLM02'; END IF;
  IF ${isUp('postgres')} THEN RAISE EXCEPTION 'nightlatch is being moved' USING ERRCODE = 'NLM01'; END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$`

export async function markOf(db: Db): Promise<Mark | null> {
  const row = await db.one<{ id: string | null; to_: string; state: Mark['state']; up: number }>(
    `SELECT ${fact('id')} AS id, ${fact('to')} AS to_, ${fact('state')} AS state,
      CASE WHEN ${isUp(db.dialect)} THEN 1 ELSE 0 END AS up`,
    [],
  )
  return row === null || row.id === null
    ? null
    : { id: row.id, to: row.to_, state: row.state, isUp: row.up === 1 }
}

const put = (db: Db, name: string, value: string): Promise<number> =>
  db.run(
    'INSERT INTO fact (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
    [movePrefix + name, value],
  )

/** Puts the fence up. Whoever is writing at this moment finishes first; nobody begins after. */
export function putUp(source: Database, mark: Pick<Mark, 'id' | 'to'>): Promise<void> {
  return source.patiently((patient) =>
    patient.atomic(async (db) => {
      await alone(db)
      if ((await markOf(db)) !== null) await takeDown(db)
      if (db.dialect === 'postgres') await db.run(fenceFunction, [])
      for (const event of events) await db.run(trigger(db.dialect, event), [])
      await put(db, 'id', mark.id)
      await put(db, 'to', mark.to)
      await put(db, 'state', 'moving')
      await db.run(
        `INSERT INTO fact (name, value) VALUES ($1, CAST(${nowIn[db.dialect]} + ${leaseSeconds} AS text))`,
        [`${movePrefix}until`],
      )
    }),
  )
}

/** Inside of a transaction. */
export async function takeDown(db: Db): Promise<void> {
  await alone(db)
  for (const event of events)
    await db.run(
      `DROP TRIGGER IF EXISTS ${triggerName(event)}${db.dialect === 'postgres' ? ` ON ${event.table}` : ''}`,
      [],
    )
  if (db.dialect === 'postgres') await db.run('DROP FUNCTION IF EXISTS nightlatch_fence()', [])
  for (const name of ['id', 'to', 'state', 'until'])
    await db.run('DELETE FROM fact WHERE name = $1', [movePrefix + name])
}

/** What keeps the fence up: the mover renews it. */
export class BarrierLease {
  readonly #source: Database
  readonly #id: string
  #renewedAt = performance.now()

  constructor(source: Database, id: string) {
    this.#source = source
    this.#id = id
  }

  async renewInTime(): Promise<void> {
    if (performance.now() - this.#renewedAt < renewEveryMs) return
    const { db } = this.#source
    await this.#put(db, `CAST(${nowIn[db.dialect]} + ${leaseSeconds} AS text)`)
  }

  /** From now on the fence stays, whatever becomes of the mover: the copy may be in use in a moment. */
  decide(): Promise<void> {
    return this.#source.db.atomic(async (db) => {
      await this.#put(db, `'${forGood}'`)
      await put(db, 'state', 'decided')
    })
  }

  /** Only a fence that was never down may go on. The margin is more than a statement may take. */
  async #put(db: Db, until: string): Promise<void> {
    const renewed = await db.run(
      `UPDATE fact SET value = ${until} WHERE name = $1 AND ${fact('id')} = $2
        AND CAST(value AS ${number[db.dialect]}) > ${nowIn[db.dialect]} + ${marginSeconds}`,
      [`${movePrefix}until`, this.#id],
    )
    if (renewed !== 1)
      throw new StorageError('failed', 'the move was held up for too long, or undone: run it again')
    this.#renewedAt = performance.now()
  }
}

/** The copy is in use: what lived here lives there now, and nothing of it is worth anything here. */
export function seal(source: Database): Promise<void> {
  return source.patiently((patient) =>
    patient.atomic(async (db) => {
      await alone(db)
      await put(db, 'until', '0')
      for (const table of ['sign_in', 'set_up', 'trusted_device', 'known_device', 'invitation', 'session'])
        await db.run(`DELETE FROM ${table}`, [])
      await put(db, 'until', forGood)
      await put(db, 'state', 'moved')
    }),
  )
}

/** Throws when this is not (any more) the database to work on. What a dead mover left is cleared away. */
export async function mustBeHere(database: Database): Promise<void> {
  const mark = await markOf(database.db)
  if (mark === null) return
  if (mark.state !== 'moving') throw hasMoved(mark)
  if (mark.isUp)
    throw new StorageError(
      'moving',
      `this installation is being moved to ${mark.to} just now: wait until that is done ` +
        '(it ends by itself within a minute if the mover was killed)',
    )
  await database.patiently((patient) =>
    patient.atomic(async (db) => {
      const still = await markOf(db)
      if (still?.state === 'moving' && !still.isUp) await takeDown(db)
    }),
  )
}

/** The same for a server that runs: during the move it goes on reading. */
export async function mustNotHaveMoved(db: Db): Promise<void> {
  const mark = await markOf(db)
  if (mark !== null && mark.state !== 'moving') throw hasMoved(mark)
}

const hasMoved = ({ to, state }: Mark): StorageError =>
  new StorageError(
    'moved',
    state === 'moved'
      ? `this installation has moved to ${to}: start the server with that database ` +
          '(`nightlatch move --undo` opens this one again)'
      : `this installation was being moved to ${to} when the mover was cut off at the very end: ` +
          'run the same `nightlatch move` again, which finishes it, or `nightlatch move --undo`',
  )

/** Whoever is signed in stays so during a move, although "last seen" cannot be written. */
export const unlessMoving = (sessions: SessionStore): SessionStore =>
  overriding(sessions, {
    touch: (id, at) =>
      sessions.touch(id, at).catch((error: unknown) => {
        if (!(error instanceof StorageError) || error.code !== 'moving') throw error
      }),
  })
