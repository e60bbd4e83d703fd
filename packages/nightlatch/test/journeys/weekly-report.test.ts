import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startHousekeeping } from '../../src/compose/housekeeping.js'
import { weeklyReport } from '../../src/compose/weekly-report.js'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { day } from '../../src/core/ports/platform.js'
import { words } from '../pages/read.js'
import { enrolledPerson, startApp, type Enrolled, type TestApp } from '../support/app.js'
import { accountOf } from '../support/attack.js'
import { runMailServer, textOf, withMail, type MailServer } from '../support/mail-server.js'
import { until } from '../support/until.js'

describe('what administrators are told once a week', () => {
  let server: MailServer
  let app: TestApp
  let root: Enrolled

  beforeAll(async () => {
    server = await runMailServer()
    app = await startApp({ env: withMail(server) })
    root = await enrolledPerson(app, 'root')
    const edit = { admin: true, email: 'root@example.org' }
    await editAccount(app.nightlatch.core, await accountOf(app, 'root'), { edit, actor: atTheCommandLine })
    await server.got(1) // that the account was changed
    await app.person('ada')
  })
  afterAll(async () => {
    await app.close()
    await server.down()
  })

  it('comes from whichever server keeps house, once, in plain words and as HTML', async () => {
    const { nightlatch } = app
    const alsoDue = weeklyReport(nightlatch, app.server.settings)
    const log = { warn: () => undefined, error: () => undefined }
    const keeping = [1, 2].map(() =>
      startHousekeeping({ core: nightlatch.core, alsoDue }, log, { everyMs: 2, pauseMs: 1 }),
    )
    const { facts } = nightlatch.storage.stores
    await until(async () => (await facts.get('weekly-report')) !== null)
    await app.browser().refused('/login', { username: 'ada', password: 'quite wrong' })
    app.clock.advance(7 * day)
    await server.got(2)
    const mail = server.mails.find(({ subject }) => subject === 'Nightlatch: The week at a glance')!
    expect(mail.to).toBe('root@example.org')
    const text = textOf(mail)
    expect(text).toMatch(/Wrong passwords: +1\r?\n/)
    expect(text).toMatch(/New people: +1\r?\n/)
    expect(text).toMatch(/People without a second step: +1\r?\n/)
    expect(text).toContain(`${app.server.settings.origin}/admin?state=no-second-factor`)
    expect(text).toContain('They are asked to set one up when they next sign in.')
    expect(text).toContain('NIGHTLATCH_WEEKLY_REPORT=off')
    expect(mail.raw).toContain('Content-Type: text/html')
    await Promise.all(keeping.map((stop) => stop()))
    expect(server.mails.filter(({ subject }) => subject.includes('week'))).toHaveLength(1)
  })

  it('stands on the first page of the administration, and only where nothing is looked for', async () => {
    await root.browser.submit('/login', { username: 'root', password: root.password })
    await root.browser.submit('/mfa/verify', { otp: root.phone.code() })
    const shown = words((await root.browser.get('/admin')).body)
    expect(shown).toMatch(/The last seven days\s+Wrong passwords\s+\d/)
    expect(shown).toMatch(/People without a second step\s+1/)
    expect(words((await root.browser.get('/admin?q=ada')).body)).not.toContain('The last seven days')
  })

  it.each([
    ['the setting says so', { NIGHTLATCH_WEEKLY_REPORT: 'off' }],
    ['there is no mail server', { NIGHTLATCH_SMTP_URL: '', NIGHTLATCH_MAIL_FROM: '' }],
  ])('is off where %s', async (_why, env) => {
    const other = await startApp({ env: { ...withMail(server), ...env } })
    await weeklyReport(other.nightlatch, other.server.settings)()
    expect(await other.nightlatch.storage.stores.facts.get('weekly-report')).toBeNull()
    await other.close()
  })
})
