import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AttemptKey, codePolicy } from '../../src/core/attempts.js'
import { openStorage } from '../../src/storage/index.js'
import { openSqlite } from '../../src/storage/sqlite.js'
import { compiledStorage, otherProcess } from './other-process.js'

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

  test('has everything that was acknowledged after kill -9, and no half of anything', async () => {
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

  test('counts every attempt once, whichever process makes it', async () => {
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
