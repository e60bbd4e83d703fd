import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword } from '../support/app.js'
import { accountOf, isSignedIn, proveAgain, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'

let app: TestApp
let chief: Enrolled

const placeOf = async (username: string): Promise<string> =>
  `/admin/people/${(await accountOf(app, username)).id}`

beforeAll(async () => {
  app = await startApp()
  chief = await enrolledPerson(app, 'chief')
  const edit = { admin: true }
  await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
})
afterAll(() => app.close())

/** A proof that is fresh for the tests that follow. */
const freshChief = async (): Promise<Browser> => {
  await proveAgain(app, chief)
  return chief.browser
}

describe('the administration', () => {
  const everyPage = async () => [
    '/admin',
    '/admin/groups',
    '/admin/groups/rename?group=x',
    '/admin/activity',
    await placeOf('chief'),
    `${await placeOf('chief')}/edit`,
    `${await placeOf('chief')}/remove`,
  ]

  it('is not there for anybody else: signed in, half signed in or a stranger, and no form is taken', async () => {
    const ada = await enrolledPerson(app, 'ada')
    await app.person('half')
    const half = await withPassword(app, { username: 'half', password: testPassword })
    for (const browser of [ada.browser, half, app.browser()]) {
      for (const path of await everyPage()) expect((await browser.get(path)).status, path).toBe(404)
      const place = await placeOf('chief')
      for (const path of [`${place}/disable`, `${place}/edit`, `${place}/invite`, '/admin/groups/remove'])
        expect((await browser.post(path, { group: 'x', admin: '' })).status, path).toBe(404)
    }
    expect((await accountOf(app, 'chief')).disabled).toBe(false)
    expect((await (await freshChief()).get('/admin')).status).toBe(200)
  })

  it('shows who fits, page by page; a page beyond the end is empty', async () => {
    for (let number = 0; number < 60; number += 1) await app.person(`many-${100 + number}`)
    const first = await chief.browser.get('/admin?q=many')
    expect(first.body.match(/href="\/admin\/people\/\w{26}"/g)).toHaveLength(50)
    const more = /href="(\/admin\?[^"]*after=[^"]*)"/.exec(first.body)?.[1]?.replaceAll('&amp;', '&')
    const second = await chief.browser.get(more!)
    expect(second.body.match(/href="\/admin\/people\/\w{26}"/g)).toHaveLength(10)
    const beyond = await chief.browser.get('/admin?after=zzzz')
    expect([beyond.status, beyond.body.includes('Nobody fits')]).toEqual([200, true])
    const none = await chief.browser.get('/admin?q=%3Cscript%3E&state=asleep&group=no-such')
    expect([none.status, none.body.includes('<script>')]).toEqual([200, false])
  })

  it('asks for a fresh proof before each change, and loses nothing of what was typed', async () => {
    await app.person('typed')
    const place = await placeOf('typed')
    app.clock.advance(11 * 60)
    const fields = { username: 'typed', name: 'A & B', email: '', groups: 'crew, staff', ends: '' }
    const refused = await chief.browser.post(`${place}/edit`, fields)
    const back = `${place}/edit?username=typed&name=A%20%26%20B&email=&groups=crew%2C%20staff&ends=`
    expect(refused.location).toBe(`/account/confirm?next=${encodeURIComponent(back)}`)
    expect((await accountOf(app, 'typed')).name).toBe('')
    const browser = await freshChief()
    const shown = await browser.get(back)
    expect(shown.body).toContain('value="A &amp; B"')
    expect(shown.body).toContain('value="crew, staff"')
    expect((await browser.submit(`${place}/edit`, fields)).location).toBe(place)
    expect(await accountOf(app, 'typed')).toMatchObject({ name: 'A & B', groups: ['crew', 'staff'] })
  })

  it('invites somebody, who gets in with the link that is shown once', async () => {
    const browser = await freshChief()
    const fields = { username: 'newcomer', name: 'New', email: '', groups: 'crew', ends: '' }
    const taken = await browser.post('/admin/people/new', { ...fields, username: 'chief' })
    expect([taken.status, taken.body.includes('value="crew"')]).toEqual([422, true])
    const added = await browser.post('/admin/people/new', fields)
    const link = new URL(/<code class="handed"[^>]*>([^<]+)</.exec(added.body)![1]!)
    expect(await accountOf(app, 'newcomer')).toMatchObject({ name: 'New', groups: ['crew'], admin: false })
    const invited = app.browser()
    await invited.get(link.pathname + link.search)
    const chosen = await invited.submit('/invitation', { new_password: 'quite another battery' })
    expect(chosen.location).toBe('/mfa/setup')
  })

  it('edits a person: what cannot be is said at its field, and nothing is changed', async () => {
    await app.person('edited')
    const place = await placeOf('edited')
    const browser = await freshChief()
    const before = await accountOf(app, 'edited')
    const fields = { username: 'edited', name: 'Ed', email: '', groups: '', ends: '' }
    for (const [wrong, words] of [
      [{ username: 'chief' }, 'belongs to another account'],
      [{ username: 'a b' }, 'Choose a user name'],
      [{ email: 'nowhere' }, 'Enter an email address'],
      [{ groups: 'a\u202eb' }, 'A group has 1 to 64 characters'],
      [{ ends: '2027-02-30' }, 'Enter a date'],
      [{ ends: 'soon' }, 'Enter a date'],
    ] as const) {
      const reply = await browser.post(`${place}/edit`, { ...fields, ...wrong })
      expect([reply.status, reply.body.includes(words)], JSON.stringify(wrong)).toEqual([422, true])
      expect(await accountOf(app, 'edited')).toEqual(before)
    }
    const right = { ...fields, email: 'ed@example.org', groups: 'Crew,new', ends: '2099-03-01', admin: 'yes' }
    expect((await browser.submit(`${place}/edit`, right)).location).toBe(place)
    expect(await accountOf(app, 'edited')).toMatchObject({
      name: 'Ed',
      email: 'ed@example.org',
      groups: ['crew', 'new'],
      admin: true,
      endsAt: Date.UTC(2099, 2, 1) / 1000,
    })
    const [event] = await app.nightlatch.storage.stores.audit.list({ account: before.id, limit: 1 })
    expect(event).toMatchObject({ address: '127.0.0.1', details: { by: (await accountOf(app, 'chief')).id } })
    expect(app.notices.at(-1)).toMatchObject({ kind: 'account-changed' })
  })

  it('blocks, opens, signs out and resets, each asked about first', async () => {
    const ada = await enrolledPerson(app, 'handled')
    const place = await placeOf('handled')
    const browser = await freshChief()
    expect((await browser.submit(`${place}/end-sessions`)).location).toBe(place)
    expect(await isSignedIn(ada.browser)).toBe(false)
    expect((await browser.submit(`${place}/disable`)).location).toBe(place)
    expect((await accountOf(app, 'handled')).disabled).toBe(true)
    expect((await browser.get(place)).body).toContain('is blocked and signed out everywhere')
    const closed = await browser.post(`${place}/invite`)
    expect([closed.status, closed.body.includes('blocked or has ended')]).toEqual([422, true])
    expect((await browser.submit(`${place}/enable`)).location).toBe(place)
    expect((await browser.submit(`${place}/reset-mfa`)).location).toBe(place)
    expect((await accountOf(app, 'handled')).factorCounts).toEqual({ totp: 0 })
  })

  it('makes a link and a rescue code, each shown once, that do what they say', async () => {
    const ada = await enrolledPerson(app, 'helped')
    const place = await placeOf('helped')
    const browser = await freshChief()
    const code = /<code class="handed"[^>]*>([\w-]{19})</.exec((await browser.post(`${place}/rescue`)).body)
    const helped = await withPassword(app, ada)
    expect((await helped.post('/mfa/recovery', { recovery_code: code![1]! })).status).toBe(303)
    expect(await isSignedIn(helped)).toBe(true)
    const link = /<code class="handed"[^>]*>([^<]+)</.exec((await browser.post(`${place}/invite`)).body)
    const { pathname, search } = new URL(link![1]!)
    const invited = app.browser()
    await invited.get(pathname + search)
    const chosen = await invited.submit('/invitation', { new_password: 'quite another battery' })
    expect(chosen.location).toBe('/mfa/verify')
    for (const path of [place, `${place}/invite`, `${place}/rescue`, '/admin/activity']) {
      const { body } = await browser.get(path)
      expect(body.includes(code![1]!) || body.includes(search), path).toBe(false)
    }
  })

  it('removes only who is named, and never the last administrator', async () => {
    await app.person('removed')
    const place = await placeOf('removed')
    const browser = await freshChief()
    expect((await browser.post(`${place}/remove`, { confirm_name: 'remove' })).status).toBe(422)
    expect((await browser.submit(`${place}/remove`, { confirm_name: 'removed' })).location).toBe('/admin')
    expect((await browser.get(place)).status).toBe(404)
    await editAccount(app.nightlatch.core, await accountOf(app, 'edited'), {
      edit: { admin: false },
      actor: atTheCommandLine,
    })
    const own = await placeOf('chief')
    const words = 'the last administrator who can sign in'
    for (const act of ['disable', 'remove']) {
      const reply = await browser.post(`${own}/${act}`, { confirm_name: 'chief' })
      expect([reply.status, reply.body.includes(words)], act).toEqual([422, true])
    }
    const fields = { username: 'chief', name: '', email: '', groups: '', ends: '' }
    expect((await browser.post(`${own}/edit`, fields)).status).toBe(422)
    expect(await accountOf(app, 'chief')).toMatchObject({ admin: true, disabled: false })
  })

  it('renames and removes groups', async () => {
    const browser = await freshChief()
    expect((await browser.get('/admin/groups')).body).toContain('crew')
    const taken = await browser.post('/admin/groups/rename', { group: 'crew', name: 'STAFF' })
    expect([taken.status, taken.body.includes('There is a group of that name')]).toEqual([422, true])
    const renamed = await browser.submit('/admin/groups/rename', { group: 'crew', name: 'Sailors & co' })
    expect(renamed.location).toBe('/admin/groups')
    expect((await accountOf(app, 'typed')).groups).toEqual(['Sailors & co', 'staff'])
    const removed = await browser.submit('/admin/groups/remove', { group: 'sailors & co' })
    expect(removed.location).toBe('/admin/groups')
    expect((await accountOf(app, 'typed')).groups).toEqual(['staff'])
    expect((await browser.get('/admin/groups/remove?group=sailors')).status).toBe(404)
  })

  it('shows what happened, to whom and by whom', async () => {
    const { body } = await (await freshChief()).get('/admin/activity')
    expect(body).toContain('Group removed')
    expect(body).toMatch(/by <bdi>chief<\/bdi>/)
  })
})
