import { randomUUID } from 'node:crypto'
import { auditStore } from '../stores/audit.js'
import { counted } from '../stores/rows.js'
import { copyTable, contentOf, sumsOf, type Content, type OnRows } from './copy.js'
import type { Database, Db } from '../engine/database.js'
import { StorageError } from '../engine/errors.js'
import { BarrierLease, markOf, putUp, seal, takeDown, type Mark } from './write-barrier.js'
import { mustBeFree, mustBeWhole, ready, setCounter, switchTriggers } from './target.js'
import { movePrefix, tables } from './tables.js'

export interface MoveOptions {
  /** The two databases in words, without a password. */
  readonly from: string
  readonly to: string
  readonly nowSeconds: number
  /** Hears how far it is: every row is copied once and looked at once more. */
  onProgress(done: number, total: number): void
  /** Throws when it is to end; nothing is kept then. */
  mustGoOn(): void
}

export interface Moved {
  /** False when an earlier run had copied everything, and only the end was missing. */
  readonly isNew: boolean
  readonly tables: readonly (Content & { readonly name: string })[]
}

interface Sides {
  readonly source: Database
  readonly target: Database
}

/**
 * Moves everything to another database. The source is behind a fence meanwhile; the copy is one transaction, so that
 * the target has all or nothing; and what is decided last, in the source, is that nobody works there any more.
 */
export async function moveAll(sides: Sides, options: MoveOptions): Promise<Moved> {
  const before = await markOf(sides.source.db)
  if (before !== null && before.state !== 'moving') {
    const finished = await finish(sides, before, options)
    if (finished !== null) return finished
  }
  await mustBeFree(sides.target.db)
  await mustBeWhole(sides.source.db)
  const id = randomUUID()
  await putUp(sides.source, { id, to: options.to })
  return new Move(sides, id, options).run()
}

/** What an earlier run has begun and not ended. @returns null when it left nothing in the target */
async function finish(sides: Sides, before: Mark, { to }: MoveOptions): Promise<Moved | null> {
  if (before.to !== to)
    throw new StorageError('moved', `this installation has moved to ${before.to} already, not to ${to}`)
  if (await arrived(sides.target, before.id)) {
    if (before.state === 'decided') await seal(sides.source)
    return { isNew: false, tables: [] }
  }
  if (before.state === 'moved')
    throw new StorageError(
      'moved',
      `this installation has moved to ${to} already, but that is not there any more`,
    )
  return null
}

/** Whether the copy of this move is there. Waits for a transaction of a dead mover's to end. */
const arrived = (target: Database, id: string): Promise<boolean> =>
  target.patiently((patient) =>
    patient.atomic(async (db) => {
      await ready(db)
      const row = await db.one<{ value: string }>('SELECT value FROM fact WHERE name = $1', [
        `${movePrefix}in`,
      ])
      return row?.value === id
    }),
  )

class Move {
  readonly #sides: Sides
  readonly #id: string
  readonly #options: MoveOptions
  readonly #lease: BarrierLease
  #total = 0
  #done = 0
  #isDecided = false

  constructor(sides: Sides, id: string, options: MoveOptions) {
    this.#sides = sides
    this.#id = id
    this.#options = options
    this.#lease = new BarrierLease(sides.source, id)
  }

  async run(): Promise<Moved> {
    const { source, target } = this.#sides
    let contents: Moved['tables'] = []
    try {
      if ((await markOf(target.db))?.id === this.#id)
        throw new StorageError('failed', 'the target is the same database')
      await target.patiently((patient) =>
        patient.atomic(async (db) => {
          contents = await this.#fill(db)
        }),
      )
    } catch (error) {
      if (!this.#isDecided || !(await this.#hasArrived(error))) {
        await open(source, this.#id)
        throw error
      }
    }
    await seal(source)
    return { isNew: true, tables: contents }
  }

  /** After the word COMMIT only the target knows. */
  async #hasArrived(error: unknown): Promise<boolean> {
    try {
      return await arrived(this.#sides.target, this.#id)
    } catch {
      throw new StorageError(
        'unavailable',
        'the target was lost at the very end, and may have kept everything: run the same command again when it is ' +
          'back, which finishes the move; until then this installation takes no changes',
        error,
      )
    }
  }

  async #fill(db: Db): Promise<Moved['tables']> {
    this.#done = 0
    await ready(db)
    await mustBeFree(db)
    await switchTriggers(db, 'DISABLE')
    for (const table of [...tables].reverse()) await db.run(`DELETE FROM "${table.name}"`, [])
    await this.#count()
    const contents = await this.#copy(db)
    await this.#compare(db, contents)
    await setCounter(this.#sides.source.db, db)
    await this.#sign(db, contents)
    await switchTriggers(db, 'ENABLE')
    this.#options.mustGoOn()
    await this.#lease.decide()
    this.#isDecided = true
    return contents
  }

  readonly #onRows: OnRows = async (rows) => {
    this.#done += rows
    this.#options.onProgress(this.#done, this.#total)
    this.#options.mustGoOn()
    await this.#lease.renewInTime()
  }

  async #count(): Promise<void> {
    this.#total = 0
    for (const { name } of tables) {
      this.#total += 2 * (await counted(this.#sides.source.db, `SELECT count(*) AS n FROM ${name}`, []))
    }
  }

  async #copy(db: Db): Promise<Moved['tables']> {
    const contents: (Content & { name: string })[] = []
    for (const table of tables) {
      const copying = { table, onRows: this.#onRows }
      const content = await naming(table.name, () => copyTable(this.#sides.source.db, db, copying))
      contents.push({ name: table.name, ...content })
    }
    return contents
  }

  /** Row by row as it was read, and as each database sums it up by itself. */
  async #compare(db: Db, contents: Moved['tables']): Promise<void> {
    for (const [index, table] of tables.entries()) {
      const there = await naming(table.name, () => contentOf(db, { table, onRows: this.#onRows }))
      const sums = [await this.#sumsOfSource(table), await sumsOf(db, table)]
      const isSame =
        there.sha256 === contents[index]?.sha256 && JSON.stringify(sums[0]) === JSON.stringify(sums[1])
      if (!isSame)
        throw new StorageError(
          'damaged',
          `the table ${table.name} is not the same on both sides, so nothing was moved: ` +
            'a row of it is damaged (`nightlatch doctor`; restore a backup)',
        )
    }
  }

  async #sumsOfSource(table: (typeof tables)[number]): Promise<unknown> {
    return this.#sides.source.patiently((db) => sumsOf(db, table))
  }

  async #sign(db: Db, contents: Moved['tables']): Promise<void> {
    const { from, to, nowSeconds: at } = this.#options
    const rows = contents.reduce((sum, content) => sum + content.rows, 0)
    await db.run('INSERT INTO fact (name, value) VALUES ($1, $2)', [`${movePrefix}in`, this.#id])
    const event = { at, event: 'installation.moved', account: null, address: '', userAgent: '' } as const
    await auditStore(db).add({ ...event, details: { from, to, rows } })
  }
}

/** Everything goes on as before. When even that fails, the fence falls by itself after a minute. */
async function open(source: Database, id: string): Promise<void> {
  const mine = async (db: Db): Promise<void> => {
    if ((await markOf(db))?.id === id) await takeDown(db)
  }
  await source.patiently((patient) => patient.atomic(mine)).catch(() => undefined)
}

async function naming<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    throw new StorageError(error.code, `the table ${table} was not copied: ${error.message}`, error.cause)
  }
}
