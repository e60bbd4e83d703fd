import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage, StorageError } from '../../src/storage/index.js'
import { hasNodeSqlite } from '../../src/storage/engine/sqlite/driver.js'
import { sqliteError } from '../../src/storage/engine/sqlite/errors.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { asSuperuser, databases, type TestDatabase } from '../support/databases.js'
import { anId } from './things.js'

const [sqlite, postgres] = databases as [(typeof databases)[0], (typeof databases)[0]]

describe('an SQLite file', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-opening-'))
  })
  afterAll(() => {
    rmSync(folder, { recursive: true })
  })

  it('is made with its folder, for its owner only', async () => {
    const file = join(folder, 'new', 'deeper', 'nightlatch.sqlite')
    const storage = await openStorage({ sqliteFile: file })
    await storage.stores.facts.put('a', 'b')
    for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600)
    expect(statSync(dirname(file)).mode & 0o777).toBe(0o700)
    await storage.close()
  })

  it.each([0o644, 0o660, 0o606, 0o640])(
    'that others could read or write (%o) is for its owner only',
    async (mode) => {
      const file = join(folder, `open-${mode}.sqlite`)
      await (await openStorage({ sqliteFile: file })).close()
      chmodSync(file, mode)
      const storage = await openStorage({ sqliteFile: file })
      await storage.stores.facts.put('a', 'b')
      for (const name of [file, `${file}-wal`, `${file}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600)
      await storage.close()
    },
  )

  it('writes ahead, checks references, and trusts no schema', async () => {
    const database = await openSqlite(join(folder, 'settings.sqlite'))
    const value = async (name: string) =>
      Object.values((await database.db.one<object>(`PRAGMA ${name}`, []))!)[0]
    expect(await value('journal_mode')).toBe('wal')
    // A commit itself does not wait for the disk: who asked for it does.
    expect(await value('synchronous')).toBe(1)
    expect(await value('foreign_keys')).toBe(1)
    expect(await value('trusted_schema')).toBe(0)
    await database.close()
  })

  it('that is something else is refused and left as it is', async () => {
    const file = join(folder, 'letter.txt')
    writeFileSync(file, 'Dear reader, '.repeat(1000), { mode: 0o644 })
    await expect(openStorage({ sqliteFile: file })).rejects.toMatchObject({
      code: 'damaged',
      message: `the database ${file} cannot be opened: the file is not a database of Nightlatch`,
    })
    expect(readFileSync(file, 'utf8')).toMatch(/^Dear reader/)
    expect(statSync(file).mode & 0o777).toBe(0o644)
  })

  it('below a file, or where a folder is, is refused in one sentence', async () => {
    const file = join(folder, 'file')
    writeFileSync(file, '')
    mkdirSync(join(folder, 'a-folder'))
    for (const path of [join(file, 'nightlatch.sqlite'), join(folder, 'a-folder')])
      await expect(openStorage({ sqliteFile: path })).rejects.toMatchObject({
        code: 'no-access',
        message: expect.stringMatching(/^the database .* cannot be opened: [^\n]+$/) as string,
      })
  })

  it.skipIf(process.getuid?.() === 0)('in a folder that is not ours is refused', async () => {
    const closed = join(folder, 'closed')
    mkdirSync(closed, { mode: 0o500 })
    await expect(openStorage({ sqliteFile: join(closed, 'n.sqlite') })).rejects.toMatchObject({
      code: 'no-access',
      message: expect.stringContaining('this user may not write there') as string,
    })
  })

  it('with a damaged page says so and keeps on answering', async () => {
    const file = join(folder, 'damaged.sqlite')
    const storage = await openStorage({ sqliteFile: file })
    const event = { at: 1, event: 'session.ended', account: null, address: '', details: {} } as const
    for (let index = 0; index < 400; index += 1)
      await storage.stores.audit.add({ ...event, userAgent: 'x'.repeat(200) })
    await storage.close()
    const bytes = readFileSync(file)
    bytes.fill(0xaa, bytes.length - 4096 * 10)
    writeFileSync(file, bytes)
    const damaged = await openStorage({ sqliteFile: file })
    await expect(damaged.stores.audit.list({ limit: 1000 })).rejects.toMatchObject({ code: 'damaged' })
    expect(await damaged.stores.accounts.list()).toHaveLength(0)
    await damaged.close()
  })

  it('that is taken away while it is open is noticed', async () => {
    const file = join(folder, 'taken.sqlite')
    const storage = await openStorage({ sqliteFile: file })
    await storage.check()
    rmSync(file)
    await expect(storage.check()).rejects.toMatchObject({ code: 'unavailable' })
    await storage.close()
  })

  it('is copied whole while it is written to, for its owner only', async () => {
    const storage = await openStorage({ sqliteFile: join(folder, 'busy.sqlite') })
    const pair = (index: number) =>
      storage.atomically(async ({ facts }) => {
        await facts.put(`a-${index}`, 'x'.repeat(1000))
        await facts.put(`b-${index}`, 'x'.repeat(1000))
      })
    for (let index = 0; index < 200; index += 1) await pair(index)
    const copy = join(folder, 'copy.sqlite')
    let over = false
    const backup = storage.backupTo(copy).finally(() => (over = true))
    for (let index = 200; !over; index += 1) {
      await pair(index)
      // The driver is synchronous: only between two turns of the event loop can the copy report its end.
      await nextTurn()
    }
    await backup
    expect(statSync(copy).mode & 0o777).toBe(0o600)
    expect(existsSync(`${copy}.partial`)).toBe(false)
    await expect(storage.backupTo(copy)).rejects.toThrow('is there already')
    await expect(storage.backupTo(join(folder, 'nowhere', 'copy'))).rejects.toThrow('there is no such folder')
    await storage.close()
    const copied = await openStorage({ sqliteFile: copy })
    const halves = await Promise.all(['a-', 'b-'].map((prefix) => copied.stores.facts.list(prefix)))
    expect(halves[0]!.length).toBeGreaterThanOrEqual(200)
    expect(halves[0]!.length).toBe(halves[1]!.length)
    await copied.close()
  })

  it.each([
    [5, 'unavailable'],
    [261, 'unavailable'],
    [8, 'read-only'],
    [10, 'unavailable'],
    [11, 'damaged'],
    [13, 'full'],
    [14, 'no-access'],
    [19, 'failed'],
  ])('answers with result code %i as %s', (errcode, code) => {
    const cause = Object.assign(new Error('detail'), { errcode })
    expect(sqliteError(cause)).toMatchObject({ code, cause })
  })

  it('that fails while rows are read, where the driver gives no code, says what it is all the same', () => {
    expect(sqliteError(new Error('database is locked'))).toMatchObject({ code: 'unavailable' })
    expect(sqliteError(new Error('database or disk is full'))).toMatchObject({ code: 'full' })
    expect(sqliteError(new Error('something else'))).toMatchObject({ code: 'failed' })
  })

  it.each([
    ['20.20.2', false],
    ['22.13.0', false],
    ['24.15.0', false],
    ['24.16.0', true],
    ['25.9.0', false],
    ['26.0.0', false],
    ['26.1.0', true],
    ['27.0.0', true],
  ])('is opened on Node %s by its own SQLite: %s', (version, own) => {
    expect(hasNodeSqlite(version)).toBe(own)
  })
})

describe('a PostgreSQL address', () => {
  let database: TestDatabase
  let url = ''
  beforeAll(async () => {
    database = await postgres.create()
    url = String(database.location)
  })
  afterAll(() => database.remove())

  const changed = (change: (url: URL) => void): string => {
    const other = new URL(url)
    change(other)
    return other.href
  }

  it.each([
    ['mysql://localhost/db'],
    ['localhost'],
    ['postgres://a:p#w@host/db'],
    ['postgres://host:port/db'],
    ['postgres://host/db?connect_timeout=soon'],
    ['postgres://host/db?target_session_attrs=standby'],
    ['postgres://host/db?sslmode=verify-ful'],
    ['postgres://host/db?sslmode='],
    ['postgres://host/db?ssl=yes'],
  ])('like %s is refused without being tried', async (wrong) => {
    await expect(openStorage(wrong)).rejects.toMatchObject({
      name: 'StorageError',
      code: 'no-access',
      message: expect.stringContaining('the database address is not right') as string,
    })
  })

  it('never shows its password', async () => {
    const secret = changed((other) => {
      other.password = 'hunter2'
      other.port = '1'
    })
    const error: unknown = await openStorage(secret).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(StorageError)
    expect((error as Error).message).toBe(`the database cannot be reached (${new URL(secret).host})`)
  })

  it('of a database or user that is not there is refused', async () => {
    const noDatabase = changed((other) => (other.pathname = '/nightlatch_nowhere'))
    await expect(openStorage(noDatabase)).rejects.toMatchObject({ code: 'no-access' })
    const noUser = changed((other) => (other.username = 'nightlatch_nobody'))
    await expect(openStorage(noUser)).rejects.toMatchObject({ code: 'no-access' })
  })

  it('of a user without rights is refused', async () => {
    const [role, empty] = [`nightlatch_${anId()}`, await postgres.create({ empty: true })]
    await asSuperuser(null, [`CREATE ROLE ${role} LOGIN PASSWORD 'x'`])
    const other = new URL(String(empty.location))
    other.username = role
    other.password = 'x'
    await expect(openStorage(other.href)).rejects.toMatchObject({
      code: 'no-access',
      message: expect.stringContaining('lacks rights') as string,
    })
    await empty.remove()
    await asSuperuser(null, [`DROP ROLE ${role}`])
  })

  it('of nothing but a replica is refused', async () => {
    const replica = await postgres.create()
    const name = new URL(String(replica.location)).pathname.slice(1)
    await asSuperuser(null, [`ALTER DATABASE ${name} SET default_transaction_read_only = on`])
    await expect(replica.open()).rejects.toMatchObject({
      code: 'read-only',
      message: expect.stringContaining('takes no writes') as string,
    })
    await replica.remove()
  })

  it('of a database that cannot hold every name is refused', async () => {
    const name = `nightlatch_${anId()}`
    await asSuperuser(null, [`CREATE DATABASE ${name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0`])
    const latin = changed((other) => (other.pathname = `/${name}`))
    await expect(openStorage(latin)).rejects.toThrow('must be UTF8')
    await asSuperuser(null, [`DROP DATABASE ${name}`])
  })

  it('that wants TLS from a server without it is refused', async () => {
    const tls = changed((other) => other.searchParams.set('sslmode', 'verify-full'))
    await expect(openStorage(tls)).rejects.toMatchObject({ code: 'no-access' })
    const file = changed((other) => other.searchParams.set('sslrootcert', '/nowhere/ca.pem'))
    await expect(openStorage(file)).rejects.toThrow('certificate file')
  })

  it('without TLS is opened, however that is said', async () => {
    for (const words of ['ssl=false', 'ssl=0', 'sslmode=disable'])
      await (await openStorage(`${url}?${words}`)).close()
  })

  it('with several hosts opens the first that serves, past one that is closed and one that is silent', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const { host } = new URL(url)
    const hosts = url.replace(`@${host}`, `@127.0.0.1:1,127.0.0.1:${port},${host}`)
    const storage = await openStorage(`${hosts}?target_session_attrs=read-write&connect_timeout=0.2`)
    await storage.stores.facts.put('found', 'yes')
    expect(await storage.stores.facts.get('found')).toBe('yes')
    await storage.close()
    silent.close()
  })

  it('is backed up by other means, and says which', async () => {
    const storage = await database.open()
    await expect(storage.backupTo('/nowhere')).rejects.toThrow('pg_dump')
  })
})

it('both kinds of database are tested', () => {
  expect([sqlite.name, postgres.name]).toEqual(['sqlite', 'postgres'])
})
