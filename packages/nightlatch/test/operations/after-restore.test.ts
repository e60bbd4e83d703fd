import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openNightlatch } from '../../src/compose/open.js'
import { inviteAccount } from '../../src/core/accounts/administration.js'
import { nodePlatform } from '../../src/crypto/platform.js'
import { enrolledPerson, quickArgon2, startApp, type Enrolled, type TestApp } from '../support/app.js'
import { anotherSession, inDatabase, isSignedIn, withPassword } from '../support/attack.js'
import { run, type Ran } from '../support/cli.js'
import { databases, type TestDatabase } from '../support/databases.js'

/** A tool of PostgreSQL, on the database of this address. */
function tool(name: string, ...args: string[]): void {
  const ran = spawnSync(name, args, { encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`${name}: ${ran.stderr}`)
}

describe.each(databases)('after a restore on $name', (kind) => {
  let folder: string
  let backup: string
  let database: TestDatabase | null
  let app: TestApp
  let ada: Enrolled
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-restore-'))
    backup = join(folder, 'backup')
    database = kind.name === 'postgres' ? await kind.create() : null
    app = await startApp({ env: environment(), dataFolder: join(folder, 'data') })
    ada = await enrolledPerson(app, 'ada')
  })
  afterEach(async () => {
    await app.close()
    await database?.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const environment = (): Record<string, string> =>
    database === null ? {} : { NIGHTLATCH_DATABASE_URL: String(database.location) }

  /** A command on the same installation, at the time of the test. */
  function command(...args: string[]): Promise<Ran> {
    const platform = { ...nodePlatform, nowSeconds: () => app.clock.seconds }
    const open = (settings: Parameters<typeof openNightlatch>[0], parts = {}) =>
      openNightlatch(settings, { ...parts, platform, unsafeArgon2Setting: quickArgon2 })
    return run([...args, '--data', join(folder, 'data')], { env: environment(), deps: { open } })
  }

  async function takeBackup(): Promise<void> {
    if (database === null) expect((await command('backup', backup)).status).toBe(0)
    else tool('pg_dump', '--format=custom', `--file=${backup}`, String(database.location))
  }

  async function restore(): Promise<void> {
    await app.server.stop(1000)
    await app.nightlatch.close()
    if (database === null) {
      const file = join(folder, 'data', 'nightlatch.db')
      for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true })
      copyFileSync(backup, file)
    } else {
      tool('pg_restore', '--clean', '--if-exists', `--dbname=${String(database.location)}`, backup)
    }
    const { clock } = app
    app = await startApp({ env: environment(), dataFolder: join(folder, 'data'), clock })
  }

  const giveCode = async (code: string): Promise<number> => {
    const browser = await withPassword(app, ada)
    return (await browser.post('/mfa/verify', { otp: code })).status
  }

  const opens = async (address: string): Promise<number> => {
    const browser = app.browser()
    const { status, location } = await browser.get(address)
    return status === 303 ? (await browser.get(location)).status : status
  }

  it('OPS-1 a used code works again within its window, until after-restore has closed that', async () => {
    await takeBackup()
    const code = ada.phone.code()
    expect(await giveCode(code)).toBe(303)
    expect(await giveCode(code)).toBe(401)
    await restore()
    expect(await giveCode(code)).toBe(303)
    await restore()
    const closed = await command('after-restore')
    expect(closed).toMatchObject({ status: 0, out: expect.stringMatching(/^authenticators +1 /m) })
    expect(await giveCode(code)).toBe(401)
    app.clock.advance(60)
    expect(await giveCode(ada.phone.code())).toBe(303)
  })

  it('OPS-1 a used code of a phone that is ahead is refused, too', async () => {
    await takeBackup()
    const code = ada.phone.code(30)
    expect(await giveCode(code)).toBe(303)
    await restore()
    await command('after-restore')
    expect(await giveCode(code)).toBe(401)
  })

  it('OPS-1 sessions, sign-ins, devices and invitations of the backup end, those of the server that runs, too', async () => {
    const half = await withPassword(app, ada)
    const trusted = await anotherSession(app, ada, { remember: 'yes' })
    const invited = await inviteAccount(app.nightlatch.core, { username: 'bob', admin: false })
    if (invited.kind !== 'invited') throw new Error(invited.why)
    const address = `/invitation?token=${invited.token.reveal()}`
    await takeBackup()
    await ada.browser.submit('/logout')
    const copies = [ada.browser.copy(), trusted.copy()]
    await restore()
    for (const browser of [...copies, half, trusted]) Object.assign(browser, { origin: app.origin })
    expect(await isSignedIn(copies[1]!)).toBe(true)
    expect(await opens(address)).toBe(200)
    const { status, out } = await command('after-restore', '--json')
    expect(status).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      schemaVersion: 1,
      closed: { sessions: 2, signIns: 1, trustedDevices: 1, invitations: 1, recoveryCodes: null },
      trailEndedAt: expect.stringMatching(/Z$/),
    })
    expect(await isSignedIn(copies[1]!)).toBe(false)
    expect((await half.get('/mfa/verify')).status).toBe(303)
    expect(await opens(address)).not.toBe(200)
    const again = await trusted.post('/login', { username: 'ada', password: ada.password })
    expect(again.location).toBe('/mfa/verify')
    expect(
      await inDatabase(app, `SELECT event FROM audit WHERE event = 'installation.restored'`),
    ).toHaveLength(1)
  })

  it('OPS-1 recovery codes go on request, and a second run finds nothing left to end', async () => {
    await takeBackup()
    const [code = ''] = ada.recoveryCodes
    const recover = async () =>
      (await (await withPassword(app, ada)).post('/mfa/recovery', { recovery_code: code })).status
    expect(await recover()).toBe(303)
    await restore()
    expect(await command('after-restore')).toMatchObject({
      status: 0,
      err: expect.stringContaining('--recovery-codes'),
    })
    expect(await recover()).toBe(303)
    await restore()
    const { out } = await command('after-restore', '--recovery-codes', '--json')
    expect(JSON.parse(out)).toMatchObject({ closed: { recoveryCodes: 10 } })
    expect(await recover()).toBe(401)
    const again = await command('after-restore', '--recovery-codes', '--json')
    expect(JSON.parse(again.out)).toMatchObject({
      closed: { sessions: 0, authenticators: 0, recoveryCodes: 0 },
    })
  })
})
