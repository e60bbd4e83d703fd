import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorage } from '../../src/storage/index.js'
import { enrolledPerson, startApp, type Enrolled, type TestApp } from '../support/app.js'
import { anotherSession, everythingKept, inDatabase, isSignedIn, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { run, startCli, type Ran, type RunOptions } from '../support/cli.js'
import { asSuperuser, databases, type DatabaseKind, type TestDatabase } from '../support/databases.js'
import { lineTo } from '../support/line.js'

const never = { stopSignal: () => new Promise<string>(() => undefined) }
const [sqlite, postgres] = databases as readonly [DatabaseKind, DatabaseKind]

/** Where an installation is, for settings and for `--to`. */
interface Place {
  readonly env: Record<string, string>
  readonly to: string
}

let folder: string
const made: TestDatabase[] = []
const apps: TestApp[] = []
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'nightlatch-move-'))
})
afterEach(async () => {
  for (const app of apps.splice(0)) {
    await app.server.stop(1000)
    await app.nightlatch.close()
  }
  for (const database of made.splice(0)) await database.remove()
  rmSync(folder, { recursive: true, force: true })
})

async function place(kind: DatabaseKind, name: string): Promise<Place> {
  const data = join(folder, name)
  if (kind.name === 'sqlite') return { env: { NIGHTLATCH_DATA: data }, to: data }
  const database = await kind.create({ empty: true })
  made.push(database)
  const url = String(database.location)
  return { env: { NIGHTLATCH_DATA: data, NIGHTLATCH_DATABASE_URL: url }, to: url }
}

const move = (from: Place, args: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  run(['move', ...args], { env: from.env, deps: never, ...options })

/** A server at this place; the second one has the clock and the root key of the first. */
async function serveAt({ env }: Place, before?: TestApp): Promise<TestApp> {
  const dataFolder = env['NIGHTLATCH_DATA'] ?? ''
  if (before !== undefined && before.dataFolder !== dataFolder) {
    mkdirSync(dataFolder, { recursive: true })
    copyFileSync(join(before.dataFolder, 'root-key'), join(dataFolder, 'root-key'))
  }
  const app = await startApp({ env, dataFolder, ...(before === undefined ? {} : { clock: before.clock }) })
  apps.push(app)
  return app
}

/** The same browser at another server. */
const at = (app: TestApp, browser: Browser): Browser => Object.assign(browser.copy(), { origin: app.origin })

const login = async (app: TestApp): Promise<number> =>
  (await app.browser().post('/login', { username: 'ada', password: 'correct horse battery' })).status

const odd = `quote ' double " back \\ comma, {brace} NULL\nnext line\tü 🚪 `

/** More rows than fit into a batch, with keys of one and of two columns, and text that is awkward to write. */
async function addMuch(app: TestApp): Promise<void> {
  const numbers =
    app.nightlatch.settings.database.kind === 'sqlite'
      ? '(WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500) SELECT i FROM n) AS n'
      : 'generate_series(1, 2500) AS n(i)'
  const text = odd.replaceAll("'", "''")
  await inDatabase(
    app,
    `INSERT INTO known_device SELECT (SELECT id FROM account), 'device' || i, i FROM ${numbers}`,
    `INSERT INTO attempt SELECT 'key' || i, i, 0, i, 0 FROM ${numbers}`,
    `INSERT INTO audit (at, event, account, address, user_agent, details)
      SELECT i, 'session.ended', NULL, '', '${text}', '{}' FROM ${numbers}`,
    `UPDATE account SET name = '${text}', email = ''`,
  )
}

const withoutTrail = (app: TestApp): Promise<string> => everythingKept(app, ['audit'])

describe.each([
  [sqlite, postgres],
  [postgres, sqlite],
  [sqlite, sqlite],
])('nightlatch move from $name to $name', (fromKind, toKind) => {
  it(`carries every person over: same phone, same sessions, nothing twice (${toKind.name})`, async () => {
    const [from, to] = [await place(fromKind, 'old'), await place(toKind, 'new')]
    const old = await serveAt(from)
    const ada = await enrolledPerson(old, 'ada')
    const remembered = await anotherSession(old, ada, { remember: 'yes' })
    const usedCode = ada.phone.code()
    await (await withPassword(old, ada)).submit('/mfa/verify', { otp: usedCode })
    const [usedRecovery = '', goodRecovery = ''] = ada.recoveryCodes
    await (await withPassword(old, ada)).submit('/mfa/recovery', { recovery_code: usedRecovery })
    await addMuch(old)
    const kept = JSON.parse(await everythingKept(old)) as unknown[]
    const [last] = await inDatabase(old, 'SELECT max(sequence) AS n FROM audit')

    const ran = await move(from, ['--to', to.to, '--json'])
    expect(ran.err).toBe('')
    expect(ran.status).toBe(0)
    expect(JSON.parse(ran.out)).toMatchObject({
      moved: {
        finishedEarlierMove: false,
        tables: expect.arrayContaining([
          { name: 'attempt', rows: expect.any(Number), sha256: expect.stringMatching(/^[\da-f]{64}$/) },
        ]),
      },
    })

    const fresh = await serveAt(to, old)
    const events = `SELECT event, sequence FROM audit WHERE sequence > ${Number(last?.['n'])} ORDER BY sequence`
    const [moved] = await inDatabase(fresh, events)
    expect(moved).toMatchObject({ event: 'installation.moved' })
    expect(Number(moved?.['sequence'])).toBe(Number(last?.['n']) + 1)
    await inDatabase(fresh, `DELETE FROM audit WHERE event = 'installation.moved'`)
    expect(sorted(JSON.parse(await everythingKept(fresh)))).toEqual(sorted(kept))

    expect(await isSignedIn(at(fresh, ada.browser))).toBe(true)
    expect((await (await withPassword(fresh, ada)).post('/mfa/verify', { otp: usedCode })).status).toBe(401)
    const recover = async (code: string) =>
      (await (await withPassword(fresh, ada)).post('/mfa/recovery', { recovery_code: code })).status
    expect(await recover(usedRecovery)).toBe(401)
    expect(await recover(goodRecovery)).toBe(303)
    fresh.clock.advance(30)
    await anotherSession(fresh, ada)
    const device = await at(fresh, remembered).post('/login', { username: 'ada', password: ada.password })
    expect(device.location).toBe('/')
    // The server that still runs on the old one lets nobody in and changes nothing.
    const before = await withoutTrail(old)
    expect((await ada.browser.get('/account')).location).toMatch(/^\/login/)
    expect(await login(old)).toBe(503)
    expect((await old.browser().get('/readyz')).status).toBe(503)
    expect(await withoutTrail(old)).toBe(before)
    const refused = await run(['user', 'list'], { env: from.env })
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining('has moved to ') })
  })
})

/** Both databases have the rows in an order of their own, and numbers as they like. */
const sorted = (tables: unknown): unknown =>
  (tables as [string, Record<string, unknown>[]][]).map(([table, rows]) => [
    table,
    rows
      .map((row) =>
        JSON.stringify(
          Object.entries(row)
            .map(([name, value]) => [name, String(value)])
            .sort(),
        ),
      )
      .sort(),
  ])

/** What stands in the way of every change. */
const fences = (app: TestApp) =>
  inDatabase(
    app,
    app.nightlatch.settings.database.kind === 'sqlite'
      ? `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name LIKE 'nightlatch_fence%'`
      : `SELECT tgname FROM pg_trigger WHERE tgname LIKE 'nightlatch_fence%'`,
  )

/** Holds the target, so that the copy has to wait in the middle. */
async function holding(url: string): Promise<() => Promise<void>> {
  await (await openStorage(url)).close()
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined)
  await client.connect()
  await client.query('BEGIN')
  await client.query('LOCK TABLE account IN EXCLUSIVE MODE')
  return async () => {
    await client.query('ROLLBACK').catch(() => undefined)
    await client.end().catch(() => undefined)
  }
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if (await what()) return
    await pause(20)
  }
  throw new Error('it never came')
}

/** Whoever waits for a lock in this database. */
const waiting = `pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`

const count = async (url: string, table: string): Promise<number> => {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query<{ n: string }>(`SELECT count(*) AS n FROM ${table}`)
  await client.end()
  return Number(rows[0]?.n)
}

describe.each(databases)('a move from $name that does not come to its end', (kind) => {
  let from: Place
  let to: Place
  let old: TestApp
  let ada: Enrolled
  beforeEach(async () => {
    ;[from, to] = [await place(kind, 'old'), await place(postgres, 'new')]
    old = await serveAt(from)
    ada = await enrolledPerson(old, 'ada')
  })

  const fenceIsUp = () => until(async () => (await login(old)) === 503)

  it('meanwhile the server reads and writes nothing, and no other server starts', async () => {
    const release = await holding(to.to)
    const moving = move(from, ['--to', to.to])
    await fenceIsUp()
    old.clock.advance(120)
    expect(await isSignedIn(ada.browser)).toBe(true)
    expect((await old.browser().get('/readyz')).status).toBe(200)
    const second = await run(['user', 'add', 'eve'], { env: from.env })
    expect(second).toMatchObject({ status: 1, err: expect.stringContaining('being moved to postgres://') })
    await release()
    expect(await moving).toMatchObject({ status: 0 })
    expect(await isSignedIn(at(await serveAt(to, old), ada.browser))).toBe(true)
    expect(await isSignedIn(ada.browser)).toBe(false)
  })

  it('kill -9: the old one goes on by itself, the target is empty, and a second move does it', async () => {
    const release = await holding(to.to)
    const mover = startCli(['move', '--to', to.to], { env: from.env })
    await fenceIsUp()
    await mover.stop('SIGKILL')
    await release()
    expect(await login(old)).toBe(503)
    expect(await count(to.to, 'account')).toBe(0)
    // A minute later.
    await inDatabase(old, `UPDATE fact SET value = '1' WHERE name = 'move:until'`)
    expect(await login(old)).toBe(303)
    expect(await run(['user', 'list'], { env: from.env })).toMatchObject({ status: 0 })
    expect(await fences(old)).toEqual([])
    expect(await move(from, ['--to', to.to])).toMatchObject({ status: 0 })
    expect(await count(to.to, 'account')).toBe(1)
  })

  it('kill -9, and the next move at once takes over', async () => {
    const release = await holding(to.to)
    const mover = startCli(['move', '--to', to.to], { env: from.env })
    await fenceIsUp()
    await mover.stop('SIGKILL')
    await release()
    expect(await move(from, ['--to', to.to])).toMatchObject({ status: 0 })
    expect(await isSignedIn(at(await serveAt(to, old), ada.browser))).toBe(true)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)(
    '%s: nothing is kept, and the old one goes on at once',
    async (signal) => {
      const release = await holding(to.to)
      const mover = startCli(['move', '--to', to.to], { env: from.env })
      await fenceIsUp()
      const ended = mover.stop(signal)
      await release()
      expect(await ended).toBe(1)
      expect(mover.err()).toMatch(
        new RegExp(`^nightlatch: stopped by ${signal}: nothing was moved[^\\n]+\\n$`),
      )
      expect(await login(old)).toBe(303)
      expect(await count(to.to, 'account')).toBe(0)
    },
  )

  it('a line that is lost for good: nothing is kept, and the old one goes on at once', async () => {
    const line = await lineTo(new URL(to.to))
    const release = await holding(to.to)
    const moving = move(from, ['--to', line.url])
    await until(async () => (await count(to.to, waiting)) === 1)
    await line.down()
    const ran = await moving
    expect(ran).toMatchObject({ status: 1, err: expect.stringContaining('cannot be reached') })
    await release()
    expect(await login(old)).toBe(303)
    expect(await count(to.to, 'account')).toBe(0)
    await line.up()
    expect(await move(from, ['--to', line.url])).toMatchObject({ status: 0 })
    await line.down()
  })

  it('a line that is lost for a moment: it begins again and arrives', async () => {
    const line = await lineTo(new URL(to.to))
    const release = await holding(to.to)
    const moving = move(from, ['--to', line.url])
    await until(async () => (await count(to.to, waiting)) === 1)
    line.cut()
    await release()
    expect(await moving).toMatchObject({ status: 0 })
    expect(await count(to.to, 'account')).toBe(1)
    await line.down()
  })

  it('a line that is lost at the very end, for a moment: it finds out what was kept', async () => {
    await (await openStorage(to.to)).close()
    const line = await lineTo(new URL(to.to))
    let ran: Ran | null = null
    const cutting = line.cutAfter(
      'COMMIT\0',
      async () => {
        ran = await move(from, ['--to', line.url])
      },
      1,
    )
    expect(await cutting).toBe(1)
    const isThere = (await count(to.to, 'account')) === 1
    expect(ran).toMatchObject({ status: isThere ? 0 : 1 })
    expect(await login(old)).toBe(isThere ? 503 : 303)
    await line.down()
  })

  it('a line that is lost at the very end, for good: nobody gets in until the same move has finished', async () => {
    await (await openStorage(to.to)).close()
    const line = await lineTo(new URL(to.to))
    const cuts = await line.cutAfter('COMMIT\0', async () => {
      expect(await move(from, ['--to', line.url])).toMatchObject({
        status: 1,
        err: expect.stringContaining('lost at the very end'),
      })
    })
    expect(cuts).toBe(2)
    expect(await login(old)).toBe(503)
    expect(await run(['user', 'list'], { env: from.env })).toMatchObject({ status: 1 })
    expect(await move(from, ['--to', line.url])).toMatchObject({ status: 0 })
    expect(await count(to.to, 'account')).toBe(1)
    expect(await login(old)).toBe(503)
    await line.down()
  })

  it('a mover that dies after the decision: no server starts, and the same move finishes it', async () => {
    expect(await move(from, ['--to', to.to])).toMatchObject({ status: 0 })
    // As it is when it dies between the two commits.
    await inDatabase(old, `UPDATE fact SET value = 'decided' WHERE name = 'move:state'`)
    expect(await run(['user', 'list'], { env: from.env })).toMatchObject({
      status: 1,
      err: expect.stringContaining('run the same `nightlatch move` again'),
    })
    expect(await login(old)).toBe(503)
    const other = await place(postgres, 'other')
    expect(await move(from, ['--to', other.to])).toMatchObject({
      status: 1,
      err: expect.stringContaining('already'),
    })
    const again = await move(from, ['--to', to.to, '--json'])
    expect(JSON.parse(again.out)).toMatchObject({ moved: { finishedEarlierMove: true } })
    expect(await count(to.to, 'account')).toBe(1)
  })

  it('a mover that dies after the decision and before the copy was kept: the same move begins anew', async () => {
    const release = await holding(to.to)
    const mover = startCli(['move', '--to', to.to], { env: from.env })
    await fenceIsUp()
    await mover.stop('SIGKILL')
    await release()
    await inDatabase(
      old,
      `UPDATE fact SET value = 'decided' WHERE name = 'move:state'`,
      `UPDATE fact SET value = '9007199254740991' WHERE name = 'move:until'`,
    )
    expect(await move(from, ['--to', to.to, '--json'])).toMatchObject({ status: 0 })
    expect(await count(to.to, 'account')).toBe(1)
  })

  it('a mover that was held up for longer than the fence stood gives up', async () => {
    const release = await holding(to.to)
    const moving = move(from, ['--to', to.to])
    await fenceIsUp()
    await inDatabase(old, `UPDATE fact SET value = '1' WHERE name = 'move:until'`)
    expect(await login(old)).toBe(303)
    await release()
    expect(await moving).toMatchObject({ status: 1, err: expect.stringContaining('held up for too long') })
    expect(await count(to.to, 'account')).toBe(0)
    expect(await login(old)).toBe(303)
  })

  it('--undo opens the old one again, and closes what may have been used in the new one', async () => {
    const code = ada.phone.code()
    expect(await move(from, ['--to', to.to])).toMatchObject({ status: 0 })
    const fresh = await serveAt(to, old)
    expect((await (await withPassword(fresh, ada)).post('/mfa/verify', { otp: code })).status).toBe(303)
    expect(await move(from, ['--undo'])).toMatchObject({
      status: 0,
      err: expect.stringContaining('open again'),
    })
    expect((await (await withPassword(old, ada)).post('/mfa/verify', { otp: code })).status).toBe(401)
    expect(await isSignedIn(ada.browser)).toBe(false)
    old.clock.advance(60)
    await anotherSession(old, ada)
    expect(await move(from, ['--undo'])).toMatchObject({ status: 0, err: expect.stringContaining('no move') })
  })
})

describe('a move that is refused changes nothing', () => {
  let from: Place
  let old: TestApp
  beforeEach(async () => {
    from = await place(sqlite, 'old')
    old = await serveAt(from)
    await enrolledPerson(old, 'ada')
  })

  async function refuses(target: string, why: string | RegExp, options: RunOptions = {}): Promise<Ran> {
    const before = await everythingKept(old)
    const ran = await move(from, ['--to', target], options)
    expect(ran).toMatchObject({ out: '', err: expect.stringMatching(/^nightlatch: [^\n]+\n$/) })
    expect(ran.err).toMatch(why)
    expect(ran.status).toBe(why instanceof RegExp ? 2 : 1)
    expect(await everythingKept(old)).toBe(before)
    expect(await login(old)).toBe(303)
    return ran
  }

  it.each(databases)('when the target has accounts ($name)', async (kind) => {
    const to = await place(kind, 'new')
    const other = await serveAt(to)
    await other.person('eve')
    await refuses(to.to, 'the target is in use: it has accounts')
    expect(await inDatabase(other, 'SELECT id FROM account')).toHaveLength(1)
  })

  it.each(databases)('when a server runs on the empty target ($name)', async (kind) => {
    const to = await place(kind, 'new')
    await serveAt(to)
    await refuses(to.to, 'the target is in use: a server was started on it')
  })

  it('when the target is where it is', async () => {
    await refuses(from.to, 'the target is in use')
  })

  it.each(databases)('when the target is of a newer version ($name)', async (kind) => {
    const to = await place(kind, 'new')
    const other = await serveAt(to)
    await inDatabase(
      other,
      `INSERT INTO migration (id, name, applied_at) VALUES (7777, 'future', 1) RETURNING id`,
    )
    await refuses(to.to, 'the target: this database is from a newer version')
  })

  it('when the user has no rights in the target', async () => {
    const to = await place(postgres, 'new')
    const url = new URL(to.to)
    const user = `powerless_${url.pathname.slice(-8)}`
    await asSuperuser(url.pathname.slice(1), [
      `CREATE ROLE ${user} LOGIN`,
      'REVOKE CREATE ON SCHEMA public FROM PUBLIC',
    ])
    url.username = user
    try {
      await refuses(url.href, 'the target: the database user lacks rights')
      await (await openStorage(to.to)).close()
      const rights = [`GRANT SELECT, INSERT, DELETE ON ALL TABLES IN SCHEMA public TO ${user}`]
      await asSuperuser(url.pathname.slice(1), rights)
      await refuses(url.href, 'the database user lacks rights')
    } finally {
      await asSuperuser(url.pathname.slice(1), [`DROP OWNED BY ${user}`, `DROP ROLE ${user}`])
    }
  })

  it.each([
    ['postgres://nobody@127.0.0.1:1/nightlatch', 'the target: the database cannot be reached'],
    ['postgres://', /^nightlatch: --to: /],
    ['mysql://root@localhost/x', /^nightlatch: --to: must be postgres/],
    ['', /^nightlatch: --to: must be postgres/],
  ])('when the target is %j', async (target, why) => {
    await refuses(target, why)
  })

  it.each([
    'postgres://nightlatch:hunter2@db.example.org/nightlatch',
    'postgres://nightlatch:hun/ter2@db.example.org/nightlatch',
    'postgresql://nightlatch@db.example.org/nightlatch?password=hunter2',
  ])('when a password stands in the call, and says how to give it: %s', async (target) => {
    const { err } = await refuses(target, /PGPASSWORD or ~\/\.pgpass.*--to -/)
    expect(err).not.toContain('ter2')
    expect(err).toContain('nightlatch@db.example.org/nightlatch')
  })

  it('when standard input names nothing', async () => {
    await refuses('-', /--to: must be/, { stdin: '' })
  })

  it.each([
    [
      'text that is none',
      `UPDATE account SET name = CAST(x'41ff42' AS TEXT)`,
      'the table account is not the same',
    ],
    [
      'a row without its account',
      'PRAGMA foreign_keys = OFF|DELETE FROM account',
      'belongs to something in account',
    ],
  ])('when a row is damaged: %s', async (_what, statements, why) => {
    const to = await place(postgres, 'new')
    const { DatabaseSync } = await (await import('../../src/storage/engine/sqlite/driver.js')).sqliteDriver()
    const handle = new DatabaseSync(join(from.to, 'nightlatch.db'), { timeout: 5000 })
    for (const statement of statements.split('|')) handle.exec(statement)
    handle.close()
    const ran = await move(from, ['--to', to.to])
    expect(ran).toMatchObject({ status: 1, out: '', err: expect.stringContaining(why) })
    expect(await count(to.to, 'login_name')).toBe(0)
    expect(await fences(old)).toEqual([])
  })

  it('when a value arrives as another one, although every sum is right', async () => {
    const to = await place(sqlite, 'new')
    const other = await serveAt(to)
    await inDatabase(
      other,
      'DELETE FROM fact', // as if no server had been there
      `CREATE TRIGGER swap AFTER INSERT ON account BEGIN UPDATE account SET username = 'dda'; END`,
    )
    await refuses(to.to, 'the table account is not the same on both sides')
    expect(await inDatabase(other, 'SELECT id FROM account')).toEqual([])
  })

  it('when neither a target nor --undo is given, or there is no installation', async () => {
    expect(await move(from, [])).toMatchObject({ status: 2 })
    expect(await move(from, ['--undo', '--to', 'x'])).toMatchObject({ status: 2 })
    const nowhere = await place(sqlite, 'nowhere')
    expect(await move(nowhere, ['--to', join(folder, 'x')])).toMatchObject({ status: 1 })
    expect(existsSync(join(folder, 'nowhere'))).toBe(false)
  })
})

describe('what the mover says', () => {
  it('takes the address by standard input, and no password appears anywhere', async () => {
    const [from, to] = [await place(sqlite, 'old'), await place(postgres, 'new')]
    await enrolledPerson(await serveAt(from), 'ada')
    const url = new URL(to.to)
    url.password = 'hunter2'
    const ran = await move(from, ['--to', '-'], { stdin: `${url.href}\n` })
    expect(ran.status).toBe(0)
    expect(ran.out).toMatch(/^account\t1\t[\da-f]{16}$/m)
    expect(ran.out + ran.err).not.toContain('hunter2')
    expect(ran.err).toContain(
      `NIGHTLATCH_DATABASE_URL for postgres://${url.host}${url.pathname} and the root key`,
    )
    const client = new pg.Client({ connectionString: to.to })
    await client.connect()
    const { rows } = await client.query(`SELECT * FROM audit WHERE event = 'installation.moved'`)
    await client.end()
    expect(rows).toHaveLength(1)
    expect(JSON.stringify(rows)).not.toContain('hunter2')
  })

  it.each([
    // eslint-disable-next-line no-control-regex
    [80, /^(\rMoving \[#*-*\] +\d+ %\u001b\[K)+\r\u001b\[K/],
    [undefined, /^(Moving +\d+ %\n)+/],
  ])('it tells how far it is on a terminal or in lines: %#', async (columns, shown) => {
    const from = await place(sqlite, 'old')
    await enrolledPerson(await serveAt(from), 'ada')
    let seconds = 0
    const slowly: RunOptions['deps'] = {
      ...never,
      now: () => seconds,
      move: (_settings, _target, { onProgress }) => {
        for (let done = 1; done <= 3; done += 1) {
          seconds += 1
          onProgress(done * 30, 100)
        }
        return Promise.resolve({ isNew: true, from: 'here', to: 'there', tables: [] })
      },
    }
    const options = columns === undefined ? {} : { columns }
    const { err } = await move(from, ['--to', join(folder, 'new')], { deps: slowly, ...options })
    expect(err).toMatch(shown)
  })

  it('names the command that puts the root key in its new place', async () => {
    const from = await place(sqlite, 'old')
    await enrolledPerson(await serveAt(from), 'ada')
    const { err } = await move(from, ['--to', join(folder, 'new')])
    expect(err).toContain(`cp ${join(folder, 'old', 'root-key')} ${join(folder, 'new', 'root-key')}`)
  })
})
