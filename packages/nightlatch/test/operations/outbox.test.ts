import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { openNightlatch, type OpenNightlatch } from '../../src/compose/open.js'
import { startPostOffice } from '../../src/compose/post-office.js'
import { readSettings, type Settings } from '../../src/config/read.js'
import { addAccount, findAccount, inviteAgain, setPassword } from '../../src/core/accounts/administration.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { quickArgon2, testPassword, TestClock } from '../support/app.js'
import { run, startCli } from '../support/cli.js'
import { databases, patiently, type DatabaseKind, type TestDatabase } from '../support/databases.js'
import { linkIn, startMailServer, textOf, withMail, type MailServer } from '../support/mail-server.js'
import { startStoppable } from '../support/stoppable.js'
import { until } from '../support/until.js'

/** As quickly as a test likes it; what stands in the database goes by the test's clock. */
const quick = { everyMs: 20, awayMs: 30, patienceMs: 500 }

/** An installation with people in it, and post offices on it. */
class Installation {
  readonly clock = new TestClock()
  readonly folder = mkdtempSync(join(tmpdir(), 'nightlatch-outbox-'))
  readonly logged: string[] = []
  readonly #kind: DatabaseKind
  #database: TestDatabase | null = null
  #opened: OpenNightlatch[] = []

  constructor(kind: DatabaseKind) {
    this.#kind = kind
  }

  async create(): Promise<void> {
    this.#database = await this.#kind.create()
  }

  settings(more: Record<string, string> = {}): Settings {
    const where =
      this.#kind.name === 'postgres'
        ? { NIGHTLATCH_DATABASE_URL: String(patiently(this.#database!.location)) }
        : {}
    const read = readSettings({ env: { NIGHTLATCH_DATA: this.folder, ...where, ...more } })
    if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
    return read.settings
  }

  async open(settings: Settings): Promise<OpenNightlatch> {
    const opened = await openNightlatch(settings, {
      platform: { ...nodePlatform, nowSeconds: () => this.clock.seconds },
      unsafeArgon2Setting: quickArgon2,
    })
    this.#opened.push(opened)
    return opened
  }

  /** A server's post office, without its doors. */
  office(nightlatch: OpenNightlatch, settings: Settings): () => Promise<void> {
    const note = (message: string, fields: object) =>
      void this.logged.push(`${message} ${JSON.stringify(fields)}`)
    const stop = startPostOffice(
      { nightlatch, settings, log: { info: note, warn: note, error: note } },
      quick,
    )
    onTestFinished(stop)
    return stop
  }

  async remove(): Promise<void> {
    for (const one of this.#opened) await one.close()
    await this.#database?.remove()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

async function addAda(nightlatch: OpenNightlatch, username = 'ada'): Promise<void> {
  const input = { username, email: `${username}@example.org`, admin: false }
  const added = await addAccount(nightlatch.core, input, { password: testPassword })
  expect(added.kind).toBe('added')
}

/** Something that its owner is told of. */
async function tellAda({ core }: OpenNightlatch, username = 'ada'): Promise<void> {
  const set = await setPassword(core, (await findAccount(core, username))!, `${testPassword} staple`)
  expect(set.kind).toBe('set')
}

describe.each(databases)('the outbox of servers on $name', (kind) => {
  const here = new Installation(kind)
  let server: MailServer
  let settings: Settings
  let nightlatch: OpenNightlatch
  beforeAll(() => here.create())
  afterAll(() => here.remove())
  beforeEach(async () => {
    server = await startMailServer()
    settings = here.settings(withMail(server))
    nightlatch = await here.open(settings)
    here.logged.length = 0
    if ((await findAccount(nightlatch.core, 'ada')) === null) await addAda(nightlatch)
    for (const { id } of await nightlatch.storage.stores.outbox.listDue(1e11, 1000))
      await nightlatch.storage.stores.outbox.remove(id)
  })
  const waiting = async () => (await nightlatch.core.queries.outbox.summary()).waiting

  it('a mail goes out once what it tells of is kept, and leaves nothing behind', async () => {
    here.office(nightlatch, settings)
    await tellAda(nightlatch)
    const [mail] = await server.got(1)
    expect(mail).toMatchObject({ to: 'ada@example.org', from: 'auth@example.org' })
    expect(textOf(mail!)).toContain('The password of your account was changed.')
    await until(() => here.logged.length === 1)
    expect(await waiting()).toBe(0)
    expect(here.logged).toEqual([expect.stringMatching(/^mail\.sent /)])
    expect(here.logged.join()).not.toMatch(/example\.org|ada/)
  })

  it('MAIL-2 what waits is sealed: neither address nor link stands in the database', async () => {
    const ada = (await findAccount(nightlatch.core, 'ada'))!
    const invited = await inviteAgain(nightlatch.core, ada, { ...atTheCommandLine, byMail: true })
    const rows = await nightlatch.storage.stores.outbox.listDue(1e11, 10)
    expect(rows).toHaveLength(1)
    if (invited.kind !== 'invited') throw new Error(invited.kind)
    expect(JSON.stringify(rows)).not.toContain(invited.token.reveal())
    expect(JSON.stringify(rows)).not.toContain('example.org')
    here.office(nightlatch, settings)
    const [mail] = await server.got(1)
    // The link in the mail is another one than the link that is handed over: using it shows that mail arrives.
    expect(linkIn(mail!, '/invitation')).toMatch(/[?]token=[\w-]{43}$/)
    expect(linkIn(mail!, '/invitation')).not.toContain(invited.token.reveal())
  })

  it.each([
    ['is greylisted', { recipient: { status: 450, text: '4.7.1 greylisted' } }],
    ['meets a full mailbox', { data: { status: 452, text: '4.2.2 full' } }],
    ['loses the connection in DATA', { closesInData: true }],
  ])('a mail that %s is tried again later, each time later, and arrives once', async (_what, mood) => {
    Object.assign(server.mood, mood)
    here.office(nightlatch, settings)
    await tellAda(nightlatch)
    await until(() => here.logged.length === 1)
    expect(here.logged[0]).toMatch(/^mail\.failed .*"attempt":1/)
    here.clock.advance(19)
    await pause(100)
    expect(server.tries()).toBe(1)
    here.clock.advance(1)
    await until(() => here.logged.length === 2)
    here.clock.advance(39)
    await pause(100)
    expect(server.tries()).toBe(2)
    Object.assign(server.mood, { recipient: undefined, data: undefined, closesInData: false })
    here.clock.advance(1)
    await server.got(1)
    await until(async () => (await waiting()) === 0)
    expect(server.mails).toHaveLength(1)
  })

  it.each([
    ['recipient', { recipient: { status: 550, text: '5.1.1 no such user' } }],
    ['mail', { data: { status: 554, text: '5.7.1 spam' } }],
  ])('a %s that is refused for good is not tried again, and keeps nobody up', async (_what, mood) => {
    Object.assign(server.mood, mood)
    here.office(nightlatch, settings)
    await tellAda(nightlatch)
    await until(() => here.logged.length === 1)
    expect(here.logged[0]).toMatch(/^mail\.dropped /)
    expect(await waiting()).toBe(0)
    Object.assign(server.mood, { recipient: undefined, data: undefined })
    await tellAda(nightlatch)
    await server.got(1)
    expect(server.mails).toHaveLength(1)
  })

  it('while the mail server is down mails wait, and all of them arrive when it is back', async () => {
    await server.down()
    here.office(nightlatch, settings)
    for (let count = 0; count < 6; count += 1) await tellAda(nightlatch)
    await until(() => here.logged.length > 0)
    expect(here.logged[0]).toMatch(/^mail\.failed .*connection failed: nothing listens there/)
    here.clock.advance(3600)
    await pause(100)
    expect(await waiting()).toBe(6)
    await server.up()
    here.clock.advance(10)
    await server.got(6)
    await until(async () => (await waiting()) === 0)
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(6)
  })

  it('what nobody takes for a day is given up', async () => {
    server.mood.recipient = { status: 450 }
    await tellAda(nightlatch)
    here.clock.advance(24 * 3600)
    here.office(nightlatch, settings)
    await until(() => here.logged.length === 1)
    expect(here.logged[0]).toMatch(/^mail\.dropped .*nobody took it in time/)
    expect(await waiting()).toBe(0)
    expect(server.tries()).toBe(0)
  })

  it('a mail server that hangs holds up neither people nor the end of the server', async () => {
    server.mood.hangs = true
    const stop = here.office(nightlatch, settings)
    await tellAda(nightlatch)
    await until(() => server.tries() === 1)
    await stop()
    expect(await waiting()).toBe(1)
    server.mood.hangs = false
    here.clock.advance(20)
    here.office(nightlatch, settings)
    await server.got(1)
    expect(server.mails).toHaveLength(1)
  })

  it('of two servers one sends, each mail once, and the other goes on where it ends', async () => {
    const there = await here.open(settings)
    const stop = here.office(nightlatch, settings)
    here.office(there, settings)
    for (let count = 0; count < 10; count += 1) await tellAda(count % 2 === 0 ? nightlatch : there)
    await server.got(10)
    await stop()
    await tellAda(there)
    await server.got(11)
    await until(async () => (await waiting()) === 0)
    expect(new Set(server.mails.map(({ messageId }) => messageId)).size).toBe(11)
    expect(server.mails).toHaveLength(11)
  })

  it('without a mail server nothing waits, and that a mail was due stands in the log', async () => {
    const bare = here.settings()
    const plain = await here.open(bare)
    here.office(plain, bare)
    await tellAda(plain)
    await until(() => here.logged.length === 1)
    expect(here.logged[0]).toMatch(/^mail\.due .*"kind":"password-changed"/)
    expect(await waiting()).toBe(0)
  })
})

describe('what the command line does', () => {
  let data: string
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), 'nightlatch-outbox-cli-'))
    onTestFinished(() => rmSync(data, { recursive: true, force: true }))
  })

  it('is mailed by the server, although the shell knows of no mail server', async () => {
    const server = await startMailServer()
    const env = { NIGHTLATCH_DATA: data, NIGHTLATCH_PORT: '0' }
    const serving = startCli(['serve'], { env: { ...env, ...withMail(server) } })
    await serving.until(/is at http/)
    const added = await run(['user', 'add', 'ada', '--email', 'ada@example.org', '--mail', '--json'], { env })
    expect(added.err).toBe('')
    const { invitation } = JSON.parse(added.out) as { invitation: { url: string } }
    const [mail] = await server.got(1)
    expect(linkIn(mail!, '/invitation')).not.toBe(invitation.url)
    expect((await fetch(invitation.url, { redirect: 'manual' })).status).toBe(303)
    expect((await fetch(linkIn(mail!, '/invitation'), { redirect: 'manual' })).status).toBe(303)
    await run(['user', 'invite', 'ada', '--mail'], { env })
    await run(['user', 'edit', 'ada', '--name', 'Ada Lovelace'], { env })
    await server.got(3)
    expect(server.mails.map(({ subject }) => subject).toSorted()).toEqual([
      'Nightlatch: Choose your password',
      'Nightlatch: Choose your password',
      'Nightlatch: Your account was changed',
    ])
    await serving.stop('SIGTERM')
  })

  it('waits for a server where none runs, also through a move to another database', async () => {
    const server = await startMailServer()
    const env = { NIGHTLATCH_DATA: data, NIGHTLATCH_PORT: '0' }
    const first = startCli(['serve'], { env: { ...env, ...withMail(server) } })
    await first.until(/is at http/)
    await first.stop('SIGTERM')
    await run(['user', 'add', 'ada', '--email', 'ada@example.org', '--mail'], { env })
    const doctor = await run(['doctor', '--json'], { env })
    expect(doctor.out).toMatch(/"outbox","state":"ok","text":"1 mail waits/)
    const target = join(data, 'moved')
    const moved = await run(['move', '--to', target], {
      env,
      deps: { stopSignal: () => new Promise<string>(() => undefined) },
    })
    expect(moved.status, moved.err).toBe(0)
    copyFileSync(join(data, 'root-key'), join(target, 'root-key'))
    const there = { NIGHTLATCH_DATA: target, NIGHTLATCH_PORT: '0', ...withMail(server) }
    const second = startCli(['serve'], { env: there })
    await second.until(/is at http/)
    await server.got(1)
    await second.stop('SIGTERM')
    expect(server.mails).toHaveLength(1)
  })

  it.each([
    [['user', 'add', 'ada', '--mail'], /ada has no mail address: give one with --email/],
    [
      ['user', 'add', 'ada', '--email', 'ada@example.org', '--mail'],
      /no mail server: set NIGHTLATCH_SMTP_URL/,
    ],
  ])('%j is refused before anything is done', async (args, why) => {
    const env = { NIGHTLATCH_DATA: data }
    const refused = await run(args, { env })
    expect(refused.status).toBe(1)
    expect(refused.err).toMatch(why)
    expect((await run(['user', 'list', '--json'], { env })).out).not.toContain('ada')
  })

  it('mail test sends one mail, or says at which step it failed', async () => {
    const server = await startMailServer()
    const env = { NIGHTLATCH_DATA: data, ...withMail(server) }
    expect(await run(['mail', 'test', 'ada@example.org'], { env })).toMatchObject({ status: 0, out: '' })
    expect(server.mails.map(({ to }) => to)).toEqual(['ada@example.org'])
    server.mood.recipient = { status: 550 }
    const refused = await run(['mail', 'test', 'ada@example.org', '--json'], { env })
    expect(refused.status).toBe(1)
    expect(refused.err).toMatch(/"code":"mail-failed".*RCPT TO failed: /)
    await server.down()
    expect((await run(['mail', 'test', 'ada@example.org'], { env })).err).toMatch(
      /connection failed: nothing listens/,
    )
    for (const address of [
      'ada',
      'a@b.example, c@d.example',
      'Ada <ada@example.org>',
      'ada@example.org\r\nBcc: x@y.example',
    ])
      expect((await run(['mail', 'test', address], { env })).status).toBe(2)
    expect((await run(['mail', 'test', 'ada@example.org'], { env: { NIGHTLATCH_DATA: data } })).err).toMatch(
      /set NIGHTLATCH_SMTP_URL/,
    )
  })
})

const rounds = Number(process.env['SOAK_ROUNDS'] ?? '3')

describe('a server that is killed', () => {
  const timeout = 240_000 + rounds * 5000

  it('between the change and the mail loses none and sends none twice', { timeout }, async () => {
    const data = mkdtempSync(join(tmpdir(), 'nightlatch-outbox-kill-'))
    onTestFinished(() => rmSync(data, { recursive: true, force: true }))
    const server = await startMailServer()
    const env = withMail(server)
    const read = readSettings({ env: { NIGHTLATCH_DATA: data, ...env } })
    if (read.kind === 'problems') throw new Error(read.problems.join('\n'))
    const shell = await openNightlatch(read.settings, { unsafeArgon2Setting: quickArgon2 })
    await addAda(shell)
    let told = 0
    for (let round = 0; round < rounds; round += 1) {
      const serving = await startStoppable(data, { env })
      for (let count = 0; count < 3; count += 1) {
        await tellAda(shell)
        told += 1
      }
      await pause(Math.random() * 2200)
      await serving.end('SIGKILL')
    }
    await shell.close()
    const last = await startStoppable(data, { env })
    const different = () => new Set(server.mails.map(({ messageId }) => messageId)).size
    await until(() => different() >= told, 120_000)
    await last.end('SIGTERM')
    expect(different()).toBe(told)
    // Only a kill between the server's answer and our write sends one twice, under one name.
    expect(server.mails.length).toBeLessThanOrEqual(told + rounds)
  })
})
