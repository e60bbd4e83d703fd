import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttemptKey } from '../../src/core/rate-limits/attempts.js'
import { openStorage, type OpenStorage } from '../../src/storage/index.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { lineTo } from '../support/line.js'
import { usualLimits } from '../../src/core/policy.js'

const { code: codePolicy } = usualLimits.attempts

describe('when PostgreSQL is lost', () => {
  let database: TestDatabase
  let line: Awaited<ReturnType<typeof lineTo>>
  let storage: OpenStorage
  beforeAll(async () => {
    database = await databases[1]!.create()
    line = await lineTo(new URL(String(database.location)))
    storage = await openStorage(line.url)
  })
  afterAll(async () => {
    await storage.close()
    await line.down()
    await database.remove()
  })

  it('a read is asked again on a new connection', async () => {
    await storage.stores.facts.put('kept', 'yes')
    for (let round = 0; round < 5; round += 1) {
      line.cut()
      expect(await storage.stores.facts.get('kept')).toBe('yes')
    }
  })

  it('a transaction that lost its connection before the end runs again, and is kept once', async () => {
    let runs = 0
    await storage.atomically(async ({ facts, audit }) => {
      runs += 1
      await facts.put('again', String(runs))
      await audit.add({
        at: 1,
        event: 'session.ended',
        account: null,
        address: '',
        userAgent: '',
        details: {},
      })
      if (runs === 1) line.cut()
      await facts.put('again too', String(runs))
    })
    expect(runs).toBe(2)
    expect(await storage.stores.facts.get('again')).toBe('2')
    expect(await storage.stores.audit.list({ limit: 10 })).toHaveLength(1)
  })

  it('a transaction that found the server read-only, as after a failover, runs again elsewhere', async () => {
    await database.sql('CREATE SEQUENCE turns')
    await database.sql(`CREATE FUNCTION steps_down() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      IF nextval('turns') = 1 THEN RAISE EXCEPTION 'stepped down' USING ERRCODE = '25006'; END IF;
      RETURN NEW; END $$`)
    await database.sql(
      'CREATE TRIGGER steps_down BEFORE INSERT ON fact FOR EACH ROW EXECUTE FUNCTION steps_down()',
    )
    let runs = 0
    await storage.atomically(async ({ facts }) => {
      runs += 1
      await facts.put('elsewhere', String(runs))
    })
    expect(await storage.stores.facts.get('elsewhere')).toBe('2')
    await database.sql('DROP FUNCTION steps_down CASCADE')
  })

  it('a transaction that lost its connection at its very beginning runs again, and is kept once', async () => {
    const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED\0'
    const append = async () => {
      await storage.atomically(async ({ facts }) => {
        const before = await facts.get('begun')
        await facts.put('begun', `${before ?? ''}x`)
      })
    }
    expect(await line.cutAfter(begin, append, 1)).toBe(1)
    expect(await storage.stores.facts.get('begun')).toBe('x')
  })

  it('what only reads is asked together with the beginning of its transaction, and a write when it has begun', async () => {
    const begin = 'BEGIN ISOLATION LEVEL READ COMMITTED\0'
    const read = () => storage.atomically(({ facts }) => facts.get('only-a-question'))
    expect(await line.saidWith(begin, read)).toContain('only-a-question')
    const write = () => storage.atomically(({ facts }) => facts.put('a-change', 'x'))
    expect(await line.saidWith(begin, write)).not.toContain('a-change')
    const both = () =>
      storage.atomically(({ facts }) =>
        Promise.all([facts.get('only-a-question'), facts.put('a-change', 'x')]),
      )
    const said = await line.saidWith(begin, both)
    expect([said.includes('only-a-question'), said.includes('a-change')]).toEqual([true, false])
  })

  const refused = { name: 'StorageError', code: 'unavailable' }

  it('a transaction that lost its connection at the very end does not run again', async () => {
    const said = await line.cutAfter('COMMIT\0', () =>
      expect(storage.atomically(({ facts }) => facts.put('who knows', 'x'))).rejects.toMatchObject(refused),
    )
    expect(said).toBe(1)
    await storage.check()
  })

  it('a write that lost its connection is not repeated', async () => {
    const key = 'counted' as AttemptKey
    const said = await line.cutAfter('counted', () =>
      expect(storage.stores.attempts.reserve(key, codePolicy, 1)).rejects.toMatchObject(refused),
    )
    expect(said).toBe(1)
    await storage.check()
  })

  it('everything is unavailable, and comes back without a restart', async () => {
    await line.down()
    await expect(storage.stores.facts.get('kept')).rejects.toMatchObject(refused)
    await expect(storage.stores.facts.put('lost', 'yes')).rejects.toMatchObject(refused)
    await expect(storage.atomically(({ facts }) => facts.get('kept'))).rejects.toMatchObject(refused)
    await expect(storage.check()).rejects.toMatchObject(refused)
    await line.up()
    await storage.check()
    expect(await storage.stores.facts.get('kept')).toBe('yes')
    expect(await storage.stores.facts.get('lost')).toBeNull()
  })

  it('a connection that breaks while nobody uses it is heard of and replaced', async () => {
    const heard: Error[] = []
    const other = await openStorage(line.url, { onLost: (error) => heard.push(error) })
    await other.check()
    line.cut()
    for (let waited = 0; heard.length === 0 && waited < 100; waited += 1) await sleep(10)
    expect(heard).not.toHaveLength(0)
    await other.check()
    await other.close()
  })
})

describe('when PostgreSQL is busy', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await databases[1]!.create()
    await (await database.open()).stores.facts.put('wanted', 'by two')
  })
  afterAll(() => database.remove())

  it('a statement gives up after its time', async () => {
    const holder = await database.open()
    const hasty = await openStorage(database.location, { statementMs: 100 })
    await holder.atomically(async ({ facts }) => {
      await facts.put('wanted', 'held')
      await expect(hasty.stores.facts.put('wanted', 'too')).rejects.toMatchObject({ code: 'unavailable' })
    })
    await hasty.stores.facts.put('wanted', 'now')
    await hasty.close()
  })

  it('a transaction that the server gave up while this process stood still is no bug', async () => {
    const hasty = await openStorage(database.location, { statementMs: 100 })
    const stoodStill = hasty.atomically(async ({ facts }) => {
      await facts.put('stood', 'still')
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
      await facts.put('stood', 'too long')
    })
    await expect(stoodStill).rejects.toMatchObject({ name: 'StorageError', code: 'unavailable' })
    expect(await hasty.stores.facts.get('stood')).toBeNull()
    await hasty.close()
  })

  it('a pool that has run dry says so, and works again', async () => {
    const small = await openStorage(`${String(database.location)}?connect_timeout=0.1`, { poolSize: 1 })
    await small.atomically(async ({ facts }) => {
      await facts.put('alone', 'yes')
      await expect(small.stores.facts.get('alone')).rejects.toMatchObject({
        code: 'unavailable',
        message: 'no database connection is free',
      })
    })
    expect(await small.stores.facts.get('alone')).toBe('yes')
    await small.close()
  })

  it('two transactions that wait for each other both succeed, one after the other', async () => {
    const servers = [await database.open(), await database.open()] as const
    let arrived = 0
    const cross = (server: OpenStorage, names: readonly [string, string]) =>
      server.atomically(async ({ facts }) => {
        await facts.put(names[0], 'x')
        arrived += 1
        for (let waited = 0; arrived < 2 && waited < 200; waited += 1) await sleep(10)
        await facts.put(names[1], 'x')
        return 'done'
      })
    const outcomes = await Promise.all([cross(servers[0], ['p', 'q']), cross(servers[1], ['q', 'p'])])
    expect(outcomes).toEqual(['done', 'done'])
    expect(arrived).toBe(3)
  })
})
