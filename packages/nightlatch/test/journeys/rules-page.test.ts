import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { parseAccessRules } from '../../src/core/access/rules-file.js'
import type { AccessRules } from '../../src/core/access/rules.js'
import { serve } from '../../src/compose/http-server.js'
import { elements, words } from '../pages/read.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp } from '../support/app.js'
import { accountOf } from '../support/attack.js'
import type { Browser } from '../support/browser.js'
import { startProtected } from '../support/protected.js'

const file = JSON.stringify({
  rules: [
    { host: 'status.example.test', access: 'public', name: 'Status', launch: 'https://status.example.test/' },
    {
      host: 'wiki.example.test',
      path: '/admin/*',
      group: 'admins',
      name: 'Wiki administration',
      launch: 'https://wiki.example.test/admin/',
    },
    { host: 'wiki.example.test', access: 'one-factor', name: 'Wiki', launch: 'https://wiki.example.test' },
    { host: 'closed.example.test', access: 'deny', launch: 'https://closed.example.test/' },
    { path: '/drafts/*', method: ['GET'], group: ['Crew', 'staff'], access: 'two-factors' },
    {
      host: 'vault.example.test',
      access: 'phishing-resistant',
      name: 'Vault <b>',
      launch: 'https://vault.example.test/a?b=c',
    },
  ],
})
const read = parseAccessRules(file, 'two-factors')
const rules: AccessRules = read.kind === 'rules' ? read.rules : { rules: [], otherwise: 'deny' }

let app: TestApp
let chief: Enrolled
let ada: Enrolled

const edit = async (username: string, wish: Parameters<typeof editAccount>[2]['edit']): Promise<void> => {
  const account = await accountOf(app, username)
  const edited = await editAccount(app.nightlatch.core, account, { edit: wish, actor: atTheCommandLine })
  expect(edited.kind).toBe('edited')
}

beforeAll(async () => {
  app = await startApp({
    serve: (nightlatch, log) => serve(nightlatch, log, rules),
    env: {
      NIGHTLATCH_ORIGIN: 'https://auth.example.test',
      NIGHTLATCH_COOKIE_DOMAIN: 'example.test',
      NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
    },
  })
  chief = await enrolledPerson(app, 'chief')
  ada = await enrolledPerson(app, 'ada')
  await edit('chief', { admin: true, groups: ['admins'] })
})
afterAll(() => app.close())

/** The links of the list of applications, in their order. */
function applications(body: string): string[] {
  const [nav = ''] = /<nav class="applications"[\s\S]*?<\/nav>/.exec(body) ?? []
  return elements(nav, 'a').map(({ attributes }) => attributes['href'] ?? '')
}

const hrefs = async (browser: Browser): Promise<string[]> => applications((await browser.get('/')).body)

describe('the home of applications', () => {
  it('shows what the person may open, by name, before everything else on the page', async () => {
    const { body } = await chief.browser.get('/')
    expect(applications(body)).toEqual([
      'https://status.example.test/',
      'https://vault.example.test/a?b=c',
      'https://wiki.example.test',
      'https://wiki.example.test/admin/',
    ])
    const main = body.slice(body.indexOf('<main'))
    const [first] = elements(main, 'a')
    expect(first?.attributes['href']).toBe('https://status.example.test/')
    expect(body).toContain('Vault &lt;b&gt;')
  })

  it('shows nothing that the rules would refuse, from the next request on', async () => {
    const open = [
      'https://status.example.test/',
      'https://vault.example.test/a?b=c',
      'https://wiki.example.test',
    ]
    expect(await hrefs(ada.browser)).toEqual(open)
    await edit('ada', { addGroups: ['ADMINS'] })
    expect(await hrefs(ada.browser)).toEqual([...open, 'https://wiki.example.test/admin/'])
    await edit('ada', { removeGroups: ['admins'] })
    expect(await hrefs(ada.browser)).toEqual(open)
    for (const href of open) {
      const { host, pathname } = new URL(href)
      const reply = await ada.browser.get('/forward-auth', {
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': pathname,
      })
      expect([href, reply.status]).not.toEqual([href, 403])
    }
  })

  it('says when the account ends, two weeks before and not earlier', async () => {
    const day = 86_400
    await edit('ada', { endsAt: app.clock.seconds + 15 * day })
    expect((await ada.browser.get('/')).body).not.toContain('Your account ends on')
    await edit('ada', { endsAt: app.clock.seconds + 14 * day + 60 })
    expect((await ada.browser.get('/')).body).not.toContain('Your account ends on')
    app.clock.advance(120)
    expect((await ada.browser.get('/')).body).toContain('Your account ends on')
    await edit('ada', { endsAt: null })
    expect((await ada.browser.get('/')).body).not.toContain('Your account ends on')
  })

  it('is there under protect as well, with paths of its own origin', async () => {
    const wiki = {
      hosts: null,
      paths: ['/wiki/*'],
      methods: null,
      groups: ['admins'],
      access: 'two-factors',
    } as const
    const own: AccessRules = {
      otherwise: 'two-factors',
      rules: [
        { ...wiki, name: 'Wiki', launch: '/wiki/' },
        { ...wiki, paths: ['/about'], groups: null, launch: '/about' },
      ],
    }
    const protectedApp = await startProtected(undefined, { rules: own })
    const person = await enrolledPerson(protectedApp, 'eve')
    const home = await person.browser.get('/_nightlatch/')
    expect(applications(home.body)).toEqual(['/about'])
    await protectedApp.close()
  })
})

describe('the page of the rules', () => {
  const ask = async (question: Record<string, string>): Promise<{ status: number; said: string }> => {
    const query = new URLSearchParams({ who: '', proof: 'two-factors', method: 'GET', url: '', ...question })
    const { status, body } = await chief.browser.get(`/admin/rules?${query.toString()}`)
    return { status, said: words(body) }
  }

  it('shows them as they were read', async () => {
    const said = words((await chief.browser.get('/admin/rules')).body)
    for (const part of [
      'Wiki administration',
      'wiki.example.test',
      '/admin/*',
      'Crew',
      'Vault <b>',
      'Where no rule fits',
    ])
      expect(said, part).toContain(part)
    expect((await ada.browser.get('/admin/rules')).status).toBe(404)
  })

  it.each([
    [{ url: 'https://status.example.test/x' }, 'It passes: the address is for everybody. Rule 1 says so.'],
    [{ url: 'https://wiki.example.test/' }, 'It is sent to sign-in first. Rule 3 says so.'],
    [{ who: 'ada', url: 'https://wiki.example.test/' }, 'It passes. Rule 3 says so.'],
    [{ who: 'ada', url: 'https://wiki.example.test/admin/x' }, 'It is refused. Rule 2 says so.'],
    [{ who: 'CHIEF', url: 'https://wiki.example.test/admin/x' }, 'It passes. Rule 2 says so.'],
    [{ who: 'chief', url: 'https://closed.example.test/' }, 'It is refused. Rule 4 says so.'],
    [
      { who: 'chief', proof: 'password', url: 'https://wiki.example.test/admin/x' },
      'It is asked for a second step first. Rule 2 says so.',
    ],
    [
      { who: 'chief', url: 'https://vault.example.test/' },
      'It is asked for a passkey first. Rule 6 says so.',
    ],
    [{ who: 'chief', proof: 'passkey', url: 'https://vault.example.test/' }, 'It passes. Rule 6 says so.'],
    [{ who: 'ada', url: '/elsewhere' }, 'It passes. No rule fits.'],
    [{ who: 'ada', method: 'POST', url: '/drafts/1' }, 'It passes. No rule fits.'],
    [{ who: 'ada', url: '/drafts/1' }, 'It is refused. Rule 5 says so.'],
    [
      { who: 'ada', url: '/drafts/../x' },
      'It is refused. Rule 5 says so, with what counts where no rule fits.',
    ],
  ] as const)('answers %j', async (question, answer) => {
    const { status, said } = await ask(question)
    expect([status, said]).toEqual([200, expect.stringContaining(answer)])
  })

  it.each([
    [{ url: '' }, 'Enter an address'],
    [{ url: 'javascript:alert(1)' }, 'Enter an address'],
    [{ url: '//evil.test/' }, 'Enter an address'],
    [{ url: '/x', method: 'get' }, 'Enter a method'],
    [{ url: '/x', who: '<script>alert(1)</script>' }, 'There is no account of that name'],
  ])('refuses %j at its field', async (question, answer) => {
    const { status, said } = await ask(question)
    expect([status, said]).toEqual([422, expect.stringContaining(answer)])
  })

  it('says of somebody who is blocked that there is no session', async () => {
    await edit('ada', { endsAt: app.clock.seconds - 1 })
    const { said } = await ask({ who: 'ada', url: 'https://wiki.example.test/' })
    expect(said).toContain('It is sent to sign-in first. The account is blocked, has ended or waits')
    await edit('ada', { endsAt: null })
  })

  it('agrees with what is served, whatever is asked', async () => {
    const pick = <T>(all: readonly T[]): T => all[Math.floor(Math.random() * all.length)]!
    const hosts = ['status', 'wiki', 'closed', 'vault', 'other'].map((name) => `${name}.example.test`)
    const paths = [
      '/',
      '/admin',
      '/admin/x',
      '/ADMIN/',
      '/drafts/1',
      '/drafts/../admin/',
      '//admin/x',
      '/a%2fb',
      '/x;y',
      '/%2e%2e/admin/',
    ]
    const outcomes = {
      'It passes': [200],
      'It is sent to sign-in first': [401],
      'It is refused': [400, 403],
      'It is asked for a passkey first': [401],
    }
    const people: readonly (readonly [string, Browser])[] = [
      ['', app.browser()],
      ['ada', await signedInAgain(ada)],
      ['chief', chief.browser],
    ]
    for (let number = 0; number < 150; number += 1) {
      const [[who, browser], host, path, method] = [
        pick(people),
        pick(hosts),
        pick(paths),
        pick(['GET', 'POST']),
      ]
      const served = await browser.get('/forward-auth', {
        'x-forwarded-method': method,
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': path,
      })
      const { said } = await ask({ who, method, url: `https://${host}${path}` })
      const [, statuses] = Object.entries(outcomes).find(([text]) => said.includes(text)) ?? ['', []]
      expect(statuses, `${who} ${method} ${host}${path}: ${served.status}`).toContain(served.status)
    }
  })

  /** An end in the past has ended the session. */
  async function signedInAgain(person: Enrolled): Promise<Browser> {
    const browser = app.browser()
    await browser.submit('/login', { username: person.username, password: person.password })
    await browser.submit('/mfa/verify', { otp: person.phone.code() })
    app.clock.advance(30)
    return browser
  }
})
