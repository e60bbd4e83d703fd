import { connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openStorage, type OpenStorage } from '../../src/storage/index.js'
import { asSuperuser, databases, type TestDatabase } from '../support/databases.js'
import { lineTo } from '../support/line.js'

/** A host in front of a database that can stand still: it still takes connections, and nothing is ever said on them. */
async function hostOf(target: URL) {
  const sockets = new Set<Socket>()
  let stands = false
  let taken = 0
  const server = createServer((near) => {
    taken += 1
    sockets.add(near)
    near.on('error', () => undefined)
    if (stands) return
    const far = connect(Number(target.port), target.hostname)
    sockets.add(far)
    far.on('error', () => undefined)
    near.on('data', (chunk) => stands || far.write(chunk))
    far.on('data', (chunk) => stands || near.write(chunk))
    near.on('close', () => far.destroy())
    far.on('close', () => stands || near.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as { port: number }).port}`,
    /** How many connections it has taken. */
    taken: () => taken,
    standStill() {
      stands = true
    },
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Asks at a steady pace, whether or not those before were answered. @returns what ends it */
function askSteadily(ask: () => Promise<unknown>): () => Promise<void> {
  const underWay: Promise<unknown>[] = []
  const timer = setInterval(() => underWay.push(ask().catch(() => undefined)), 5)
  return async () => {
    clearInterval(timer)
    await Promise.all(underWay)
  }
}

async function until(holds: () => boolean): Promise<boolean> {
  const late = performance.now() + 4000
  while (!holds() && performance.now() < late) await sleep(5)
  return holds()
}

interface TwoHosts {
  readonly database: TestDatabase
  readonly first: Awaited<ReturnType<typeof hostOf>>
  readonly storage: OpenStorage
  close(): Promise<void>
}

async function twoHosts(statementMs: number): Promise<TwoHosts> {
  const database = await databases[1]!.create()
  const url = new URL(String(database.location))
  const [first, second] = [await hostOf(url), await hostOf(url)]
  const hosts = url.href.replace(url.host, `${first.address},${second.address}`)
  const storage = await openStorage(`${hosts}?connect_timeout=0.2`, { poolSize: 3, statementMs })
  await storage.stores.facts.put('kept', 'yes')
  return {
    database,
    first,
    storage,
    async close() {
      await first.close()
      await storage.close()
      await second.close()
      await database.remove()
    },
  }
}

describe('of two PostgreSQL hosts, one stands still', () => {
  it('the other one is found as soon as it takes writes, however many wait for a connection', async () => {
    const { database, first, storage, close } = await twoHosts(6000)
    const name = new URL(String(database.location)).pathname.slice(1)
    const readOnly = (value: 'on' | 'off') =>
      asSuperuser(null, [`ALTER DATABASE ${name} SET default_transaction_read_only = ${value}`])
    first.standStill()
    await readOnly('on')
    let answered = 0
    const stop = askSteadily(async () => {
      if ((await storage.stores.facts.get('kept')) === 'yes') answered += 1
    })
    // They have been round both hosts many times, and whoever comes next finds a pool that is full.
    expect(await until(() => first.taken() > 20)).toBe(true)
    await readOnly('off')
    expect(await until(() => answered > 0)).toBe(true)
    await Promise.all([close(), stop()])
  })

  it('a transaction that hears nothing any more is tried at the other one after one wait', async () => {
    const { first, storage, close } = await twoHosts(500)
    const waits: number[] = []
    const began = performance.now()
    await storage.atomically(async ({ facts }) => {
      waits.push(performance.now() - began)
      if (waits.length === 1) first.standStill()
      await facts.put('kept', 'still')
    })
    expect(waits).toHaveLength(2)
    // Half a second for the statement and two until the client gives up; a ROLLBACK would wait as long again.
    expect(waits[1]).toBeLessThan(4500)
    await close()
  })
})

/** A PostgreSQL that lets nobody in: a standby that is being set up anew, say. */
async function refusingHost() {
  const fields = ['SFATAL', 'C28000', 'Mno pg_hba.conf entry'].map((field) => `${field}\0`).join('')
  const refusal = Buffer.from(`E____${fields}\0`)
  refusal.writeInt32BE(refusal.length - 1, 1)
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', () => socket.end(refusal))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { address: `127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}

describe('of two PostgreSQL hosts, one lets nobody in', () => {
  it('the other one serves, also after it was away for a moment', async () => {
    const database = await databases[1]!.create()
    const line = await lineTo(new URL(String(database.location)))
    const refusing = await refusingHost()
    const { host } = new URL(line.url)
    const storage = await openStorage(line.url.replace(host, `${refusing.address},${host}`))
    await storage.stores.facts.put('kept', 'yes')
    await line.down()
    await expect(storage.stores.facts.get('kept')).rejects.toMatchObject({
      code: 'no-access',
      message: expect.stringContaining(`(${refusing.address})`) as string,
    })
    await line.up()
    expect(await storage.stores.facts.get('kept')).toBe('yes')
    await storage.close()
    await line.down()
    await refusing.close()
    await database.remove()
  })
})
