import { expect, it } from 'vitest'
import { Disk } from '../../../../src/storage/engine/sqlite/disk.js'

/** A disk whose every sync ends when the test says so. */
function slowDisk() {
  const syncs: { resolve(): void; reject(error: Error): void }[] = []
  const sync = () => new Promise<void>((resolve, reject) => syncs.push({ resolve, reject }))
  const disk = new Disk({ sync, close: () => Promise.resolve() })
  const told: string[] = []
  const commit = (name: string) =>
    disk.hasAll().then(
      () => told.push(name),
      () => told.push(`not ${name}`),
    )
  return { disk, syncs, told, commit }
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

it('nobody hears of a commit before a sync that began after it has ended', async () => {
  const { syncs, told, commit } = slowDisk()
  void commit('first')
  await turn()
  void commit('too late for the first sync')
  await turn()
  expect([told, syncs.length]).toEqual([[], 1])
  syncs[0]!.resolve()
  await turn()
  expect([told, syncs.length]).toEqual([['first'], 2])
  syncs[1]!.resolve()
  await turn()
  expect(told).toEqual(['first', 'too late for the first sync'])
})

it('one sync serves all who have committed before it began', async () => {
  const { syncs, told, commit } = slowDisk()
  void commit('first')
  await turn()
  for (let number = 0; number < 50; number += 1) void commit(`number ${number}`)
  await turn()
  syncs[0]!.resolve()
  await turn()
  syncs[1]!.resolve()
  await turn()
  expect([told.length, syncs.length]).toEqual([51, 2])
})

it('after a sync that failed nobody is told that anything is kept, and nothing more is written', async () => {
  const { disk, syncs, told, commit } = slowDisk()
  expect(disk.failure).toBeNull()
  void commit('first')
  await turn()
  void commit('second')
  syncs[0]!.reject(new Error('EIO'))
  await turn()
  void commit('third')
  await turn()
  expect(told).toEqual(['not first', 'not second', 'not third'])
  expect(syncs).toHaveLength(1)
  expect(disk.failure?.message).toMatch(/the disk did not take what was written/)
})

it('it is closed when the last sync is over', async () => {
  const { disk, syncs, told, commit } = slowDisk()
  void commit('first')
  await turn()
  let isClosed = false
  const closed = disk.close().then(() => (isClosed = true))
  await turn()
  expect(isClosed).toBe(false)
  syncs[0]!.resolve()
  await closed
  expect(told).toEqual(['first'])
})
