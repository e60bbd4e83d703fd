import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Rollback } from '../../../../src/core/ports/stores.js'
import type { Database, Db } from '../../../../src/storage/engine/database.js'
import { openSqlite } from '../../../../src/storage/engine/sqlite/sqlite.js'
import { storesOn } from '../../../../src/storage/stores/stores-on.js'
import { migrate } from '../../../../src/storage/migrations/migrate.js'
import { anApplication, aSigningKey } from '../../../contracts/things.js'

let folder: string
let file: string
let database: Database
let other: Database

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nightlatch-sqlite-'))
  file = join(folder, 'one.db')
  database = await openSqlite(file)
  await migrate(database)
  other = await openSqlite(file)
})

afterEach(async () => {
  await database.close()
  await other.close()
  rmSync(folder, { recursive: true })
})

const put = (db: Db, name: string) => storesOn(db, {}).facts.put(name, 'x')

/** What others write is looked for once a millisecond. */
async function aWhile(): Promise<void> {
  const until = performance.now() + 3
  while (performance.now() < until) await nextTurn()
}

describe('how long what was read in SQLite stays true', () => {
  it('as long as nobody writes: what is written here is known at once, and elsewhere soon', async () => {
    const epoch = () => database.freshness.epoch()
    const before = epoch()
    expect(before).toEqual(expect.any(Number))
    await database.db.one('SELECT 1 AS one', [])
    await aWhile()
    expect(epoch()).toBe(before)
    await put(database.db, 'here')
    const here = epoch()
    expect(here).not.toBe(before)
    await database.db.atomic((db) => put(db, 'in a transaction'))
    expect(epoch()).not.toBe(here)
    for (let times = 0; times < 20; times += 1) {
      let before: unknown = null
      await database.db.atomic(async (db) => {
        await put(db, `in no time ${String(times)}`)
        before = epoch()
      }, 'asynchronous')
      expect(epoch()).not.toBe(before)
    }
    const last = epoch()
    await put(other.db, 'there')
    await aWhile()
    expect(epoch()).not.toBe(last)
  })

  it('of applications and keys, as long as nobody writes those', async () => {
    const epoch = () => database.freshness.seldomEpoch()
    let last = epoch()
    expect(last).toEqual(expect.any(Number))
    const isAnother = (): boolean => {
      const before = last
      last = epoch()
      return last !== before
    }
    await put(database.db, 'a fact')
    await database.db.atomic((db) => put(db, 'another one'))
    await aWhile()
    expect(isAnother()).toBe(false)
    const { applications, signingKeys } = storesOn(database.db, {})
    const [application, key] = [anApplication(), aSigningKey()]
    await applications.add(application)
    expect(isAnother()).toBe(true)
    await applications.list()
    expect(isAnother()).toBe(false)
    await applications.replace({ ...application, name: 'Other' })
    expect(isAnother()).toBe(true)
    await database.db.atomic((db) => storesOn(db, {}).signingKeys.add(key))
    expect(isAnother()).toBe(true)
    await signingKeys.retire(key.id, 2000)
    expect(isAnother()).toBe(true)
    await applications.remove(application.id)
    expect(isAnother()).toBe(true)
    await put(other.db, 'there')
    await aWhile()
    expect(isAnother()).toBe(true)
  })

  it('nobody knows any more once it is closed', async () => {
    await database.close()
    expect([database.freshness.epoch(), database.freshness.seldomEpoch()]).toEqual([null, null])
  })
})

describe('a database in SQLite', () => {
  it('says why it does nothing', async () => {
    await expect(database.db.lock('one')).rejects.toThrow('a lock needs a transaction')
    await expect(put(database.db, 'a\0b')).rejects.toThrow(
      'text with NUL or half of a surrogate pair cannot be kept',
    )
    await database.close()
    for (const ask of [
      () => put(database.db, 'a'),
      () => database.ping(),
      () => database.db.atomic((db) => put(db, 'a')),
    ])
      await expect(ask()).rejects.toMatchObject({ code: 'unavailable', message: 'the database is closed' })
    rmSync(file)
    await expect(other.ping()).rejects.toThrow(`the database ${file} was removed`)
  })

  it('a part of a transaction is undone alone, also one of a part', async () => {
    const { facts } = storesOn(database.db, {})
    await database.db.atomic(async (db) => {
      await put(db, 'p-whole')
      await db.atomic(async (part) => {
        await put(part, 'p-part')
        await part.atomic(async (inner) => {
          await put(inner, 'p-inner')
          return new Rollback(null)
        })
        await part.atomic((inner) => put(inner, 'p-kept'))
      })
      await db.atomic(async (part) => {
        await put(part, 'p-undone')
        return new Rollback(null)
      })
    })
    expect((await facts.list('p-')).map(({ name }) => name)).toEqual(['p-kept', 'p-part', 'p-whole'])
  })

  it('waits for another process that writes, and reads meanwhile', async () => {
    let isOver = false
    const order: string[] = []
    const long = other.db.atomic(async (db) => {
      await put(db, 'w-first')
      while (!isOver) await nextTurn()
      order.push('first')
    })
    const written = put(database.db, 'w-second').then(() => order.push('second'))
    const { facts } = storesOn(database.db, {})
    for (let times = 0; times < 3; times += 1) {
      await aWhile()
      expect(await facts.list('w-')).toEqual([])
    }
    isOver = true
    await Promise.all([long, written])
    expect(order).toEqual(['first', 'second'])
    expect(await facts.list('w-')).toHaveLength(2)
  })

  it('a row that a write gives back is there or null, and so is one that is asked for', async () => {
    const sql = "UPDATE fact SET value = 'y' WHERE name = $1 RETURNING name, value"
    await put(database.db, 'r')
    const ask = 'SELECT value FROM fact WHERE name = $1'
    const answers = async (db: Db) => [
      ...[await db.returning(sql, ['r']), await db.returning(sql, ['none'])],
      ...[await db.one(ask, ['r']), await db.one(ask, ['none']), await db.all(ask, ['r'])],
    ]
    const expected = [{ name: 'r', value: 'y' }, null, { value: 'y' }, null, [{ value: 'y' }]]
    expect(await answers(database.db)).toEqual(expected)
    expect(await database.db.atomic(answers)).toEqual(expected)
  })
})
