import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Database } from '../../../../src/storage/engine/database.js'
import { openPostgres } from '../../../../src/storage/engine/postgres/postgres.js'
import { storesOn } from '../../../../src/storage/stores/stores-on.js'
import { anApplication, anAuthenticator, anId, aSession, aHash, somebody } from '../../../contracts/things.js'
import { asSuperuser, databases, type TestDatabase } from '../../../support/databases.js'

let test: TestDatabase
let database: Database

beforeAll(async () => {
  test = await databases.find(({ name }) => name === 'postgres')!.create()
  await (await test.open()).close()
  database = await openPostgres(String(test.location), {
    ...{ poolSize: 1, statementMs: 4321, onLost: () => undefined },
  })
})

afterAll(async () => {
  await database.close()
  await test.remove()
})

const settingsOf = async ({ db }: Pick<Database, 'db'>) =>
  db.one<object>(
    `SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS statement,
      current_setting('idle_in_transaction_session_timeout') AS idle,
      current_setting('transaction_isolation') AS isolation, current_setting('synchronous_commit') AS commit`,
    [],
  )

describe('a connection to PostgreSQL', () => {
  it('has its name, and gives up what takes too long', async () => {
    const own = { name: 'nightlatch', isolation: 'read committed', commit: 'on' }
    expect(await settingsOf(database)).toEqual({ ...own, statement: '4321ms', idle: '4321ms' })
    const patient = await database.patiently((db) => settingsOf({ db }))
    expect(patient).toEqual({ ...own, statement: '10min', idle: '10min' })
  })

  it('a transaction waits for the disk, unless it is told not to', async () => {
    const commits: unknown[] = []
    for (const commit of [undefined, 'synchronous', 'asynchronous'] as const)
      commits.push(await database.db.atomic((db) => settingsOf({ db }), commit))
    expect(commits).toMatchObject([{ commit: 'on' }, { commit: 'on' }, { commit: 'off' }])
    expect(await settingsOf(database)).toMatchObject({ commit: 'on' })
  })

  it('waits for the disk also where the database was told not to', async () => {
    const lax = await databases.find(({ name }) => name === 'postgres')!.create()
    const name = new URL(String(lax.location)).pathname.slice(1)
    await asSuperuser(null, [`ALTER DATABASE ${name} SET synchronous_commit = off`])
    const other = await openPostgres(String(lax.location), {
      poolSize: 1,
      statementMs: 1000,
      onLost: () => undefined,
    })
    expect(await settingsOf(other)).toMatchObject({ commit: 'on' })
    expect(await other.db.atomic((db) => settingsOf({ db }))).toMatchObject({ commit: 'on' })
    await other.close()
    await lax.remove()
  })

  it('prepares a statement once, under a name of its own, in a transaction and outside', async () => {
    const [sql, other] = ["SELECT $1 || 'once' AS text", "SELECT $1 || 'twice' AS text"]
    for (const text of [sql, sql, other])
      expect(await database.db.one(text, ['just '])).toEqual({
        text: text === sql ? 'just once' : 'just twice',
      })
    await database.db.atomic((db) => db.all(sql, ['a']))
    const prepared = await database.db.all<{ name: string; statement: string }>(
      'SELECT name, statement FROM pg_prepared_statements',
      [],
    )
    const ours = prepared.filter(({ statement }) => [sql, other].includes(statement))
    expect(ours.map(({ statement }) => statement).sort()).toEqual([sql, other].sort())
    for (const { name } of ours) expect(name).toMatch(/^[0-9a-f]{32}$/)
  })

  it('numbers are numbers, and what is not there is null', async () => {
    const row = { small: 1, large: 4_102_444_800, none: null }
    const asked = 'SELECT 1 AS small, CAST(4102444800 AS bigint) AS large, CAST(NULL AS text) AS none'
    expect(await database.db.one(asked, [])).toEqual(row)
    expect(await database.db.one('SELECT 1 AS one WHERE 1 = 2', [])).toBeNull()
    await database.db.atomic(async (db) => {
      expect([await db.one(asked, []), await db.all(asked, [])]).toEqual([row, [row]])
      expect(await db.one('SELECT 1 AS one WHERE 1 = 2', [])).toBeNull()
    })
  })

  it('a lock is for a transaction', async () => {
    await expect(database.db.lock('one')).rejects.toThrow('a lock needs a transaction')
  })
})

describe('whoever writes to PostgreSQL knows at once of whom', () => {
  const heard: (string | null)[] = []
  const stores = () => storesOn(database.db, {})
  const told = async (act: () => Promise<unknown>) => {
    heard.length = 0
    await act()
    return heard.toSorted()
  }

  beforeAll(() => {
    database.freshness.onChange = (account) => void heard.push(account)
  })

  it('of one account for what is its own, and perhaps of all for what is nobody’s', async () => {
    const [ada, eve] = [await somebody(stores()), await somebody(stores())]
    const session = aSession(ada)
    expect(await told(() => stores().sessions.add(session, aHash()))).toEqual([])
    expect(await told(() => stores().accounts.setAdmin(ada.id, true))).toEqual([ada.id])
    expect(await told(() => stores().accounts.setAdmin(anId(), true))).toEqual([])
    expect(await told(() => stores().sessions.end(session.id, ada.id))).toEqual([ada.id])
    expect(await told(() => stores().authenticators.add(anAuthenticator(eve)))).toEqual([eve.id])
    expect(await told(() => stores().applications.add(anApplication()))).toEqual([null])
    expect(await told(() => stores().facts.put('a', 'b'))).toEqual([])
  })

  it('of several in a transaction when it is over, also where it may not have been kept', async () => {
    const [ada, eve] = [await somebody(stores()), await somebody(stores())]
    const both = () =>
      database.db.atomic(async (db) => {
        const { accounts } = storesOn(db, {})
        for (const { id } of [ada, eve, ada]) await accounts.setAdmin(id, true)
        expect(heard).toEqual([])
      })
    expect(await told(both)).toEqual([ada.id, eve.id].sort())
    const failing = () =>
      database.db.atomic(async (db) => {
        await storesOn(db, {}).accounts.setAdmin(ada.id, false)
        throw new Error('no')
      })
    expect(await told(() => expect(failing()).rejects.toThrow('no'))).toEqual([ada.id])
    const refused = () => stores().accounts.setPasswordHash(ada.id, null as unknown as string)
    expect(await told(() => expect(refused()).rejects.toThrow('refused a statement'))).toEqual([null])
  })

  it('of a thousand each, and of more than that perhaps of all', async () => {
    const { db } = database
    await db.run('DELETE FROM account', [])
    const add = (from: number, to: number) =>
      db.run(
        `INSERT INTO account (id, username, name, email, group_names, admin, disabled, password_hash,
          authenticator_count, created_at, last_sign_in_at)
          SELECT 'id' || n, '', '', '', '[]', 0, 0, '', 0, 0, 0
          FROM generate_series(CAST($1 AS bigint), CAST($2 AS bigint)) AS n`,
        [from, to],
      )
    const changeAll = () => db.atomic((part) => part.run('UPDATE account SET admin = 1', []))
    await add(1, 1000)
    expect(new Set(await told(changeAll)).size).toBe(1000)
    await add(1001, 1001)
    expect(await told(changeAll)).toEqual([null])
  })
})
