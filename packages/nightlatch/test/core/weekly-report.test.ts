import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { addAccount, disableAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { givePassword } from '../../src/core/sign-in/password-step.js'
import type { Core } from '../../src/core/core.js'
import type { Finding } from '../../src/core/maintenance/finding.js'
import { fail, ok, warn } from '../../src/core/maintenance/finding.js'
import { openMail, type Mail } from '../../src/core/notify/mail.js'
import { reportWeek, weekAtAGlance, weekFigures } from '../../src/core/notify/weekly.js'
import { day } from '../../src/core/ports/platform.js'
import { storage } from '../../src/core/ports/stores.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { goodPassword, Here, noon, withStorage } from './people.js'

const sound = [ok('database', 'reachable')]

describe.each(databases)('the weekly report, on $name', (kind) => {
  let database: TestDatabase
  let here: Here
  let servers: readonly [Core, Core]
  beforeAll(async () => {
    database = await kind.create()
    here = new Here()
    const [one, other] = [await database.open(), await database.open()]
    here.open(one)
    const sending = { ...here.core, hasMailServer: () => true }
    servers = [sending, withStorage(sending, other)]
    here.clock.seconds = noon
    for (const name of ['root', 'chief', 'mute', 'gone'])
      await addAccount(
        here.core,
        { username: name, admin: true, email: name === 'mute' ? '' : `${name}@example.org` },
        { password: goodPassword },
      )
    await addAccount(
      here.core,
      { username: 'ada', admin: false, email: 'ada@example.org' },
      { password: goodPassword },
    )
    const gone = await here.stores.accounts.findByLoginName('gone' as never)
    await disableAccount(here.core, gone!)
  })
  afterAll(() => database.remove())
  beforeEach(async () => {
    for (const { id } of await here.stores.outbox.listDue(here.clock.seconds, 1000))
      await here.stores.outbox.remove(id)
  })

  const report = (found: readonly Finding[] = sound, core = servers[0]): Promise<number> =>
    reportWeek(core, () => Promise.resolve(found))

  const waiting = async (): Promise<readonly Mail[]> => {
    const all = await here.stores.outbox.listDue(here.clock.seconds, 1000)
    return all.flatMap((mail) => openMail(here.core, mail) ?? [])
  }

  it('begins to count with the first look, and comes a week later to each administrator who can be written to', async () => {
    expect(await report()).toBe(0)
    here.clock.advance(7 * day - 1)
    expect(await report()).toBe(0)
    here.clock.advance(1)
    expect(await report()).toBe(2)
    const mails = await waiting()
    expect(mails.map(({ to }) => to).sort()).toEqual(['chief@example.org', 'root@example.org'])
    expect(mails[0]).toMatchObject({ kind: 'weekly-report', details: { since: noon, required: 1 } })
    expect(await report()).toBe(0)
    here.clock.advance(6 * day)
    expect(await report()).toBe(0)
  })

  it('says what happened since the one before, and what is found', async () => {
    here.clock.advance(day)
    await report()
    here.clock.advance(5)
    const typed = { username: 'ada', password: 'quite wrong', browser: here.newBrowser() }
    for (let time = 0; time < 3; time += 1)
      expect((await givePassword(servers[0], typed)).kind).toBe('refused')
    await addAccount(here.core, { username: 'bob', admin: false }, { password: goodPassword })
    here.clock.advance(7 * day + 1)
    const found = [warn('mail', 'one\nwaits', 'look at it'), ...sound, fail('key', 'it is lost', 'find it')]
    expect(await report(found)).toBe(2)
    const mail = (await waiting()).find(({ details }) => details['findings'] !== '')
    expect(mail?.details).toMatchObject({
      ...{ wrongPasswords: 3, wrongCodes: 0, resetsAsked: 0, recoveryCodesUsed: 0, newPeople: 1 },
      withoutSecondFactor: await here.stores.people.countWithoutSecondFactor(),
      findings: 'mail: one waits. What to do: look at it\nkey: it is lost. What to do: find it',
    })
    expect(await weekFigures(here.core)).toMatchObject({ wrongPasswords: 0, newPeople: 0 })
    expect(await weekAtAGlance(here.core)).toEqual({ ...(await weekFigures(here.core)), most: 1000 })
    here.clock.advance(-2)
    expect(await weekAtAGlance(here.core)).toEqual({ ...(await weekFigures(here.core)), most: 1000 })
    here.clock.advance(2)
    expect(await weekFigures(here.core, here.clock.seconds - 8 * day)).toMatchObject({ wrongPasswords: 3 })
  })

  it('comes once, however many servers think of it at the same moment', async () => {
    for (let week = 0; week < 5; week += 1) {
      here.clock.advance(7 * day)
      const told = await Promise.all([...servers, ...servers].map((server) => report(sound, server)))
      expect([...told].sort()).toEqual([0, 0, 0, 2])
    }
    expect(await waiting()).toHaveLength(2 * 5)
  })

  it('is not lost with a transaction that fails, and comes with the next look', async () => {
    here.clock.advance(7 * day)
    const broken = withStorage(servers[0], {
      atomically: (work) =>
        servers[0][storage].atomically(async (stores) => {
          await work(stores)
          throw new Error('the disk is full')
        }),
    })
    await expect(report(sound, broken)).rejects.toThrow('the disk is full')
    expect(await waiting()).toEqual([])
    expect(await report()).toBe(2)
  })

  it('begins anew where the clock was ahead', async () => {
    here.clock.advance(-30 * day)
    expect(await report()).toBe(0)
    here.clock.advance(7 * day)
    expect(await report()).toBe(2)
  })

  it('is not sent where it is switched off', async () => {
    here.clock.advance(7 * day)
    const off = { ...servers[0], policy: { ...here.core.policy, reportsWeekly: false } }
    expect(await report(sound, off)).toBe(0)
    expect(await report()).toBe(2)
  })

  it('of a week in which there is nothing to tell nobody hears', async () => {
    for (const account of await here.stores.accounts.list())
      if (!account.admin) await here.stores.accounts.remove(account.id)
      else if (account.username !== 'root')
        await editAccount(here.core, account, { edit: { admin: false }, actor: atTheCommandLine })
    for (const { id, username } of await here.stores.accounts.list())
      if (username === 'root') await here.stores.accounts.countFactorUp(id, 'totp', { atMost: 9 })
      else await here.stores.accounts.remove(id)
    here.clock.advance(7 * day)
    expect(await report([warn('mail', 'away', 'look')])).toBe(1)
    here.clock.advance(7 * day)
    expect(await report()).toBe(0)
    here.clock.advance(7 * day - 1)
    expect(await report([warn('mail', 'away', 'look')])).toBe(0)
  })
})
