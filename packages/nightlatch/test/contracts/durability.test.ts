import { pbkdf2 } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AttemptKey } from '../../src/core/rate-limits/attempts.js'
import type { Commit } from '../../src/core/ports/stores.js'
import { openStorage } from '../../src/storage/index.js'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { databases } from '../support/databases.js'
import { compiledStorage, otherProcess } from './other-process.js'
import { usualLimits } from '../../src/core/policy.js'

const { code: codePolicy } = usualLimits.attempts

/** Writes single facts and pairs, and says each one when it was acknowledged. */
const writer = (name: string) => `
  const { facts } = storage.stores
  for (let index = 0; ; index += 1) {
    await facts.put('single-${name}-' + index, 'x')
    say('single-${name}-' + index)
    await storage.atomically(async ({ facts }) => {
      await facts.put('left-${name}-' + index, 'x')
      await facts.put('right-${name}-' + index, 'x')
    })
    say('left-${name}-' + index)
    await new Promise(setImmediate)
  }`

const hashSlowly = () => promisify(pbkdf2)('a', 'b', 300_000, 32, 'sha512')

describe('an SQLite file that several processes use', () => {
  let folder = ''
  let compiled: ReturnType<typeof compiledStorage>
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-durability-'))
    compiled = compiledStorage()
  })
  afterAll(() => {
    compiled.remove()
    rmSync(folder, { recursive: true })
  })

  it('has everything that was acknowledged after kill -9, and no half of anything', async () => {
    const file = join(folder, 'killed.sqlite')
    const acknowledged: string[] = []
    for (let round = 0; round < 5; round += 1) {
      const processes = ['a', 'b'].map((name) =>
        otherProcess(compiled.folder, file, writer(`${round}${name}`)),
      )
      await Promise.all(processes.map((one) => one.started))
      await sleep(20 + Math.random() * 150)
      for (const one of processes) one.kill()
      await Promise.all(processes.map((one) => one.ended))
      acknowledged.push(...processes.flatMap((one) => one.lines))
    }
    const storage = await openStorage({ sqliteFile: file })
    const kept = new Set((await storage.stores.facts.list('')).map((fact) => fact.name))
    await storage.close()
    expect(acknowledged.length).toBeGreaterThan(20)
    expect(acknowledged.filter((name) => !kept.has(name))).toEqual([])
    const halves = (side: string) =>
      [...kept].filter((name) => name.startsWith(side)).map((name) => name.slice(side.length))
    expect(halves('left')).toEqual(halves('right'))
    const database = await openSqlite(file)
    expect(await database.db.all('PRAGMA integrity_check', [])).toEqual([{ integrity_check: 'ok' }])
    await database.close()
  })

  it('is waited for only by those who are told that the disk has it', async () => {
    const storage = await openStorage({ sqliteFile: join(folder, 'slow.sqlite') })
    const order: string[] = []
    const put = async (commit: Commit) => {
      await storage.atomically(({ facts }) => facts.put(commit, 'x'), commit)
      order.push(commit)
    }
    await put('synchronous')
    // As long as every thread that could wait for the disk is at work, nothing reaches it.
    const isFull = Promise.all(Array.from({ length: 4 }, () => hashSlowly()))
    const isKept = put('synchronous')
    await put('asynchronous')
    order.push('the threads are still at work')
    await isFull
    await isKept
    await storage.close()
    expect(order).toEqual(['synchronous', 'asynchronous', 'the threads are still at work', 'synchronous'])
  })

  it('counts every attempt once, whichever process makes it', async () => {
    const file = join(folder, 'shared.sqlite')
    const policy = { ...codePolicy, waitFrom: 1000, lockAt: null }
    const script = `
      for (let count = 0; count < 40; count += 1) {
        const answer = await storage.stores.attempts.reserve('shared', ${JSON.stringify(policy)}, 1000)
        say(String(answer.failures))
        await new Promise(setImmediate)
      }
      await storage.close()`
    const processes = Array.from({ length: 3 }, () => otherProcess(compiled.folder, file, script))
    await Promise.all(processes.map((one) => one.ended))
    const counts = processes.flatMap((one) => one.lines).map(Number)
    expect(counts.sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_one, index) => index + 1))
    const storage = await openStorage({ sqliteFile: file })
    expect(await storage.stores.attempts.reserve('shared' as AttemptKey, policy, 1000)).toEqual({
      kind: 'reserved',
      failures: 121,
    })
    await storage.close()
  })
})

describe('PostgreSQL', () => {
  it('waits for its disk at the end of every transaction but an asynchronous one', async () => {
    const database = await databases[1]!.create()
    const options = { poolSize: 1, statementMs: 5000, onLost: () => undefined }
    const opened = await openPostgres(String(database.location), options)
    const waits = (commit?: Commit) =>
      opened.db.atomic(
        (part) => part.one(`SELECT current_setting('synchronous_commit') AS waits`, []),
        commit,
      )
    expect(await waits('asynchronous')).toEqual({ waits: 'off' })
    for (const commit of [undefined, 'synchronous'] as const)
      expect(await waits(commit)).toEqual({ waits: 'on' })
    await opened.close()
    await database.remove()
  })
})
