import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { createClient } from '../../src/client/index.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { accepted, api } from '../support/api.js'
import { accountOf, isSignedIn, proveAgain, withPassword } from '../support/attack.js'
import type { Browser } from '../support/browser.js'

let app: TestApp
let chief: Enrolled

beforeAll(async () => {
  app = await startApp()
  chief = await enrolledPerson(app, 'chief')
  const edit = { admin: true }
  await editAccount(app.nightlatch.core, await accountOf(app, 'chief'), { edit, actor: atTheCommandLine })
})
afterAll(() => app.close())

const freshChief = async (): Promise<Browser> => {
  await proveAgain(app, chief)
  return chief.browser
}

const placeOf = async (username: string): Promise<string> =>
  `/admin/people/${(await accountOf(app, username)).id}`

interface Person {
  readonly id: string
  readonly username: string
}
const names = (value: Record<string, unknown>): string[] =>
  (value['people'] as Person[]).map(({ username }) => username)

describe('people by the JSON interface', () => {
  it('are listed, searched and filtered, a page at a time; a page beyond the end is empty', async () => {
    for (let number = 0; number < 60; number += 1) await app.person(`listed-${100 + number}`)
    const first = await accepted(chief.browser, 'GET /admin/people?q=listed')
    expect(names(first.value)).toHaveLength(50)
    const next = String(first.value['next'])
    const second = await accepted(chief.browser, `GET /admin/people?q=listed&after=${next}`)
    expect(names(second.value)).toHaveLength(10)
    expect(second.value['next']).toBeNull()
    const some = await accepted(chief.browser, 'GET /admin/people?q=listed&limit=3')
    expect(names(some.value)).toEqual(names(first.value).slice(0, 3))
    for (const beyond of ['after=zzzz', 'q=nobody-at-all', 'group=no-such', 'state=expired'])
      expect((await accepted(chief.browser, `GET /admin/people?${beyond}`)).value).toEqual({
        people: [],
        next: null,
      })
    const administrators = await accepted(chief.browser, 'GET /admin/people?state=admin')
    expect(names(administrators.value)).toEqual(['chief'])
  })

  it.each(['limit=0', 'limit=1001', 'limit=many', 'limit=', 'state=asleep', 'state='])(
    'asked for with ?%s are refused with the name of what is wrong',
    async (query) => {
      const refused = await api(chief.browser, `GET /admin/people?${query}`)
      const [name] = query.split('=')
      expect([refused.status, refused.code]).toEqual([422, 'invalid-query'])
      expect(refused.value['errors']).toMatchObject([{ pointer: `/${name}` }])
    },
  )

  it('are added with a link that is shown once, edited and removed', async () => {
    const browser = await freshChief()
    const added = await accepted(browser, 'POST /admin/people', {
      username: 'newcomer',
      email: 'new@example.org',
      name: 'New Comer',
      groups: ['crew'],
      expiresAt: '2099-03-01',
    })
    const { person, invitation } = added.value as { person: Person; invitation: { url: string } }
    expect(person).toMatchObject({
      username: 'newcomer',
      state: 'invited',
      groups: ['crew'],
      admin: false,
      expiresAt: '2099-03-01T00:00:00.000Z',
      hasSecondFactor: false,
      lastSignInAt: null,
    })
    const link = new URL(invitation.url)
    const invited = app.browser()
    await invited.get(link.pathname + link.search)
    const chosen = await invited.submit('/invitation', { new_password: 'quite another battery' })
    expect(chosen.location).toBe('/mfa/setup')

    const place = `/admin/people/${person.id}`
    const edited = await accepted(browser, `PATCH ${place}`, {
      username: 'comer',
      email: '',
      addGroups: ['staff'],
      removeGroups: ['crew'],
      expiresAt: null,
    })
    expect(edited.value).toMatchObject({ username: 'comer', email: '', groups: ['staff'], expiresAt: null })
    expect((await accepted(browser, `PATCH ${place}`, {})).value).toEqual(edited.value)
    const shown = await accepted(browser, `GET ${place}`)
    expect(shown.value).toMatchObject({ name: 'New Comer', factors: [], sessions: 0, state: 'active' })
    await accepted(browser, `DELETE ${place}`)
    expect((await api(browser, `GET ${place}`)).code).toBe('not-found')
    expect((await api(browser, `DELETE ${place}`)).code).toBe('not-found')
    const [event] = await app.nightlatch.core.queries.audit.list({ limit: 1 })
    const by = (await accountOf(app, 'chief')).id
    expect(event).toMatchObject({ event: 'account.removed', address: '127.0.0.1', details: { by } })
  })

  it('are not changed by what cannot be, and what is wrong is named without being repeated', async () => {
    await app.person('held')
    const taken = await accountOf(app, 'held')
    await editAccount(app.nightlatch.core, taken, {
      edit: { email: 'held@example.org' },
      actor: atTheCommandLine,
    })
    await app.person('wronged')
    const place = await placeOf('wronged')
    const before = await accountOf(app, 'wronged')
    const browser = await freshChief()
    const cases: readonly (readonly [Record<string, unknown>, string, string, string])[] = [
      [{ username: 'held' }, 'name-taken', '/username', ''],
      [{ email: 'held@example.org' }, 'name-taken', '/email', ''],
      [{ username: 'a b' }, 'bad-person', '/username', 'bad-username'],
      [{ email: 'nowhere' }, 'bad-person', '/email', 'bad-email'],
      [{ name: 'a\u202eb' }, 'bad-person', '/name', 'bad-name'],
      [{ name: 'Good', addGroups: ['a,b'] }, 'bad-person', '/groups', 'bad-group'],
      [
        { groups: Array.from({ length: 101 }, (_, at) => `g${at}`) },
        'bad-person',
        '/groups',
        'too-many-groups',
      ],
      [{ name: 'Good', expiresAt: '2027-02-30' }, 'bad-person', '/expiresAt', 'bad-end'],
    ]
    for (const [body, code, pointer, reason] of cases) {
      const refused = await api(browser, `PATCH ${place}`, body)
      expect([refused.status, refused.code], JSON.stringify(body)).toEqual([422, code])
      expect(refused.value['errors']).toMatchObject([{ pointer }])
      if (reason !== '') expect(refused.value['reason']).toBe(reason)
      expect(JSON.stringify(refused.value)).not.toContain('held')
      expect(await accountOf(app, 'wronged')).toEqual(before)
    }
    for (const body of [{ admin: 'yes' }, { groups: 'crew' }, { expiresAt: 7 }, { name: null }])
      expect((await api(browser, `PATCH ${place}`, body)).code, JSON.stringify(body)).toBe('invalid-body')
    expect((await api(browser, 'POST /admin/people', {})).code).toBe('invalid-body')
    const added = await api(browser, 'POST /admin/people', { username: 'fresh', email: 'HELD@example.org' })
    expect([added.status, added.code]).toEqual([422, 'name-taken'])
  })

  it('are blocked, opened, signed out, rescued, invited and reset', async () => {
    const ada = await enrolledPerson(app, 'handled')
    const place = await placeOf('handled')
    const browser = await freshChief()
    const sessions = await accepted(browser, `GET ${place}/sessions`)
    expect(sessions.value['sessions']).toMatchObject([{ address: '127.0.0.1' }])
    expect((await accepted(browser, `DELETE ${place}/sessions`)).value).toEqual({ ended: 1 })
    expect(await isSignedIn(ada.browser)).toBe(false)

    const { code } = (await accepted(browser, `POST ${place}/rescue`)).value as { code: string }
    const helped = await withPassword(app, ada)
    expect((await helped.post('/mfa/recovery', { recovery_code: code })).status).toBe(303)
    expect(await isSignedIn(helped)).toBe(true)

    expect((await accepted(browser, `POST ${place}/disable`)).value).toMatchObject({ state: 'disabled' })
    expect(await isSignedIn(helped)).toBe(false)
    for (const act of ['invite', 'rescue']) {
      const refused = await api(browser, `POST ${place}/${act}`)
      expect([refused.status, refused.code], act).toEqual([409, 'account-closed'])
    }
    expect((await accepted(browser, `POST ${place}/enable`)).value).toMatchObject({ state: 'active' })
    expect((await accepted(browser, `POST ${place}/invite`)).value['url']).toMatch(/\/invitation\?token=/)
    const reset = await accepted(browser, `POST ${place}/reset-mfa`)
    expect(reset.value).toMatchObject({ hasSecondFactor: false })
    expect((await api(browser, `POST ${place}/rescue`)).code).toBe('no-second-factor')
  })

  it('keep their last administrator', async () => {
    const browser = await freshChief()
    const own = await placeOf('chief')
    for (const [call, body] of [
      [`PATCH ${own}`, { admin: false }],
      [`PATCH ${own}`, { expiresAt: '2099-01-01' }],
      [`POST ${own}/disable`, undefined],
      [`DELETE ${own}`, undefined],
    ] as const) {
      const refused = await api(browser, call, body)
      expect([refused.status, refused.code], call).toEqual([409, 'last-administrator'])
    }
    expect(await accountOf(app, 'chief')).toMatchObject({ admin: true, disabled: false, endsAt: null })
  })
})

describe('groups by the JSON interface', () => {
  it('are counted, renamed and removed, whatever they are called', async () => {
    await app.person('grouped')
    const browser = await freshChief()
    const odd = 'Küche & Keller/50 %'
    await accepted(browser, `PATCH ${await placeOf('grouped')}`, { groups: [odd, 'plain'] })
    const place = `/admin/groups/${encodeURIComponent(odd)}`
    expect((await accepted(browser, `GET ${place}`)).value).toEqual({ name: odd, members: 1 })
    const all = await accepted(browser, 'GET /admin/groups')
    expect(all.value['groups']).toEqual(expect.arrayContaining([{ name: odd, members: 1 }]))
    for (const [name, reason] of [
      ['PLAIN', 'taken'],
      ['a,b', 'not-allowed'],
      [' ', 'empty'],
      ['x'.repeat(65), 'too-long'],
    ]) {
      const refused = await api(browser, `PATCH ${place}`, { name })
      expect([refused.status, refused.code, refused.value['reason']]).toEqual([422, 'bad-name', reason])
    }
    const id = 'a'.repeat(26)
    const renamed = await accepted(browser, `PATCH ${place}`, { name: id })
    expect(renamed.value).toEqual({ name: id, members: 1 })
    expect((await accepted(browser, `GET /admin/people?group=${id}`)).value['people']).toHaveLength(1)
    const removed = await browser.json('DELETE', `/api/v1/admin/groups/${id}`)
    expect(removed.status).toBe(204)
    expect((await accountOf(app, 'grouped')).groups).toEqual(['plain'])
  })

  it.each(['nowhere', '%ZZ', '%00', 'a%00b', '%ff'])('%s is not there', async (name) => {
    const browser = await freshChief()
    for (const [method, body] of [
      ['GET', undefined],
      ['PATCH', { name: 'x' }],
      ['DELETE', undefined],
    ] as const)
      expect((await browser.json(method, `/api/v1/admin/groups/${name}`, body)).status, method).toBe(404)
  })
})

describe('the typed client', () => {
  it('asks for people and groups with what the address says', async () => {
    const browser = await freshChief()
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const fetch = (url: string, init: RequestInit): Promise<Response> =>
      globalThis.fetch(url, { ...init, headers: { ...(init.headers as object), cookie } })
    const nightlatch = createClient({ origin: app.origin, fetch })
    const found = await nightlatch.people({ q: 'grouped', limit: '5' })
    if (!found.ok) throw new Error(found.problem.code)
    expect(found.value.people).toMatchObject([{ username: 'grouped', groups: ['plain'] }])
    expect(await nightlatch.people()).toMatchObject({ ok: true })
    expect(await nightlatch.renameGroup('plain', { name: 'a/b ?' })).toMatchObject({ ok: true })
    expect(await nightlatch.group('a/b ?')).toMatchObject({ ok: true, value: { members: 1 } })
    expect(await nightlatch.group('../people')).toMatchObject({ ok: false, problem: { code: 'not-found' } })
  })
})
