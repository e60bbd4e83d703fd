import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTrail } from '../../src/cli/commands/audit-trail.js'
import type { AuditEvent } from '../../src/core/audit/audit.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { run, temporaryFolder } from '../support/cli.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { until } from '../support/until.js'
import { overriding } from '../../src/storage/stores/store.js'

const event = (name: string): AuditEvent => ({
  at: 1000,
  event: 'session.ended',
  account: null,
  address: '',
  userAgent: '',
  details: { name },
})

/** A transaction that has written an event, and ends when it is told to. */
async function openTransaction(storage: OpenStorage, name: string, undo = false) {
  let end: () => void = () => undefined
  const told = new Promise<void>((resolve) => (end = resolve))
  let hasWritten: () => void = () => undefined
  const written = new Promise<void>((resolve) => (hasWritten = resolve))
  const ended = storage
    .atomically(async ({ audit }) => {
      await audit.add(event(name))
      hasWritten()
      await told
      if (undo) throw new Error('undone')
    })
    .catch(() => undefined)
  await written
  return async () => {
    end()
    await ended
  }
}

describe('events whose transactions end in another order than they wrote', () => {
  let database: TestDatabase
  let storage: OpenStorage
  beforeAll(async () => {
    database = await databases[1]!.create()
    storage = await database.open()
  })
  afterAll(() => database.remove())
  const names = (records: readonly AuditEvent[]) => records.map(({ details }) => details['name'])

  it('are all told by audit --follow, each once, also those that were on their way when it began', async () => {
    const commitFirst = await openTransaction(storage, 'first')
    await storage.stores.audit.add(event('second'))
    let out = ''
    let stop: (signal: string) => void = () => undefined
    const stopped = new Promise<string>((resolve) => (stop = resolve))
    const following = run(['audit', '--follow', '--json', '--limit', '1'], {
      env: {
        NIGHTLATCH_DATABASE_URL: String(database.location),
        NIGHTLATCH_SECRET: randomBytes(32).toString('base64'),
        NIGHTLATCH_DATA: temporaryFolder(),
      },
      deps: { stdout: { write: (text) => (out += String(text)) }, stopSignal: () => stopped },
    })
    const told = () => [...out.matchAll(/"name":"(\w+)"/g)].map((match) => match[1])
    await until(() => told().includes('second'))
    const commitThird = await openTransaction(storage, 'third')
    await storage.stores.audit.add(event('fourth'))
    await until(() => told().includes('fourth'))
    expect(told()).toEqual(['second', 'fourth'])
    await commitThird()
    await until(() => told().includes('third'))
    await commitFirst()
    await until(() => told().includes('first'))
    await storage.stores.audit.add(event('fifth'))
    await until(() => told().includes('fifth'))
    stop('SIGINT')
    expect(await following).toMatchObject({ status: 0, err: '' })
    expect(told()).toEqual(['second', 'fourth', 'third', 'first', 'fifth'])
  })

  it('many writers at once: the trail has each event once', async () => {
    const trail = await openTrail(storage.stores.audit)
    const seen: unknown[] = []
    let over = false
    const writers = Array.from({ length: 8 }, async (_one, writer) => {
      for (let count = 0; count < 60; count += 1)
        await storage.atomically(async ({ audit, facts }) => {
          await audit.add(event(`w${writer}n${count}`))
          await facts.get('a moment')
        })
    })
    const reader = (async () => {
      while (!over) seen.push(...names(await trail.next()))
    })()
    await Promise.all(writers)
    over = true
    await reader
    seen.push(...names(await trail.next()))
    expect(seen).toHaveLength(8 * 60)
    expect(new Set(seen).size).toBe(8 * 60)
  })

  it('a number whose transaction was undone is not looked for forever', async () => {
    let now = 0
    let looked = 0
    const { audit } = storage.stores
    const listThese: typeof audit.listThese = (sequences) => {
      looked += sequences.length
      return audit.listThese(sequences)
    }
    const trail = await openTrail(overriding(audit, { listThese }), () => now)
    now = 61_000
    await trail.next()
    expect(looked).toBe(0)
    const undo = await openTransaction(storage, 'never', true)
    await audit.add(event('behind it'))
    expect(names(await trail.next())).toEqual(['behind it'])
    await undo()
    expect(await trail.next()).toEqual([])
    expect(looked).toBe(1)
    now = 130_000
    await trail.next()
    expect(looked).toBe(1)
  })
})
