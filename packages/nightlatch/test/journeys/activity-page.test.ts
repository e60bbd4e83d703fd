import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { note } from '../../src/core/audit/audit.js'
import { searchTrail } from '../../src/core/audit/search.js'
import { elements, words } from '../pages/read.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { accountOf, inDatabase, withPassword } from '../support/attack.js'

let app: TestApp
let chief: Enrolled

beforeAll(async () => {
  app = await startApp()
  chief = await enrolledPerson(app, 'chief')
  await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), {
    edit: { admin: true },
    actor: atTheCommandLine,
  })
  const ada = await enrolledPerson(app, 'ada')
  const half = await withPassword(app, ada)
  for (let time = 0; time < 3; time += 1) await half.refused('/mfa/verify', { otp: ada.phone.wrongCode() })
})
afterAll(() => app.close())

const ask = async (query: string): Promise<{ status: number; list: string; body: string }> => {
  const { status, body } = await chief.browser.get(`/admin/activity${query}`)
  return { status, body, list: words(/<ol class="rows"[\s\S]*?<\/ol>/.exec(body)?.[0] ?? '') }
}

describe('the health of the server on the pages', () => {
  it('is what the doctor finds, with what is wrong first, and nobody else sees it', async () => {
    const { status, body } = await chief.browser.get('/admin/findings')
    const said = words(body)
    expect(status).toBe(200)
    for (const part of [
      'Database in order sqlite, reachable and migrated',
      'Root key in order',
      'Mails that wait in order',
    ])
      expect(said).toContain(part)
    expect(said).toMatch(
      /Mail server look at it there is no mail server.*What to do: set NIGHTLATCH_SMTP_URL/,
    )
    expect(said.indexOf('Mail server')).toBeLessThan(said.indexOf('Database'))
    expect((await app.browser().get('/admin/findings')).status).toBe(404)
  })
})

describe('the trail on the pages', () => {
  it('says first what attackers tried in the last week, and how many people have no second step', async () => {
    await app.person('bare')
    const said = words((await ask('')).body)
    expect(said).toMatch(/Wrong 6-digit code 3 times, at 1 account, from 1 address/)
    expect(said).toMatch(/Without a second step 1 person/)
    app.clock.advance(8 * 86_400)
    const again = await chief.browser.get('/admin/activity')
    expect(again.status).toBe(404) // a week ends every session
    await chief.browser.submit('/login', { username: 'chief', password: chief.password })
    await chief.browser.submit('/mfa/verify', { otp: chief.phone.code() })
    app.clock.advance(30)
    expect(words((await ask('')).body)).not.toContain('3 times')
  })

  it('is narrowed by person, event, time and address, and keeps what was asked on the way back', async () => {
    expect((await ask('?event=code.refused')).list.match(/ada ?: Wrong 6-digit code/g)).toHaveLength(3)
    expect((await ask('?who=chief&event=code.refused')).list).toBe('')
    expect((await ask('?who=ADA')).list).not.toContain('chief')
    expect((await ask('?event=code.refused&since=1d')).list).toBe('')
    expect((await ask('?event=code.refused&since=30d')).list).not.toBe('')
    expect((await ask('?event=code.refused&address=192.0.2.1')).list).toBe('')
    expect((await ask('?event=code.refused&address=127.0.0.1')).list).not.toBe('')
    expect((await ask('?event=no.such')).list).not.toBe('')
    const core = app.nightlatch.core
    const account = (await accountOf(app, 'ada')).id
    for (let number = 0; number < 60; number += 1)
      await note(core, app.nightlatch.storage.stores, {
        event: 'session.ended',
        account,
        client: { address: '192.0.2.44', userAgent: '' },
      })
    const first = await ask('?event=session.ended&address=192.0.2.44')
    const older = elements(first.body, 'a').find(({ attributes }) => attributes['href']?.includes('before='))
    expect(older?.attributes['href']).toMatch(
      /^\/admin\/activity\?event=session\.ended&address=192\.0\.2\.44&before=\d+$/,
    )
    const second = await chief.browser.get(older!.attributes['href']!)
    expect(second.body.match(/192\.0\.2\.44<\/bdi>/g)).toHaveLength(10)
    expect(second.body).toContain('value="192.0.2.44"')
  })

  it.each([
    ['?since=soon', 'Enter a date'],
    ['?who=nobody-at-all', 'There is no account of that name'],
    ['?who=%3Cscript%3E', 'There is no account of that name'],
  ])('refuses %s at its field', async (query, answer) => {
    const { status, body } = await ask(query)
    expect([status, words(body).includes(answer), body.includes('<script>')]).toEqual([422, true, false])
  })

  it('looks at so many events for a page, and says that older ones may fit', async () => {
    const { core } = app.nightlatch
    app.clock.advance(120)
    const [{ newest }] = (await inDatabase(app, 'SELECT max(sequence) AS newest FROM audit')) as [
      { newest: number },
    ]
    await inDatabase(
      app,
      `INSERT INTO audit (at, event, account, address, user_agent, details)
        WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)
        SELECT ${app.clock.seconds}, 'session.signed-out', NULL, '', '', '{}' FROM n`,
    )
    const found = await searchTrail(core, { event: 'code.refused', limit: 50 })
    expect([found.records, found.isCutShort, found.next]).toEqual([[], true, newest + 1])
    const more = await searchTrail(core, { event: 'code.refused', limit: 50, before: found.next! })
    expect([more.records.length, more.isCutShort, more.next]).toEqual([3, false, null])
    const page = await ask('?event=code.refused')
    expect(words(page.body)).toContain('Nothing more fits among the latest events')
    const since = await searchTrail(core, { event: 'code.refused', since: app.clock.seconds - 60, limit: 50 })
    expect([since.records, since.isCutShort]).toEqual([[], false])
  })
})
