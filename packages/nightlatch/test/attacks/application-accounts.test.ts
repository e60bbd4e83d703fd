import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ApplicationAccount } from '../../src/core/core.js'
import type { TestApp } from '../support/app.js'
import { Phone, setUpKey } from '../support/app.js'
import { databases } from '../support/databases.js'
import { startAppOn } from '../support/kinds.js'

const password = 'open sesame'

/** Whoever it is to the application, however loosely that compares. */
const people: Record<string, string> = {
  ada: 'ada',
  Ada: 'ada',
  ADA: 'ada',
  ' ada': 'ada',
  'ada ': 'ada',
  'ad\u00e1': 'ada',
  'ada@example.org': 'ada',
  'Ada@Example.org': 'ada',
  'bob@example.org': 'bob@example.org',
  bob: 'bob@example.org',
  'jos\u00e9': 'jos\u00e9',
  'jose\u0301': 'jos\u00e9',
  'JOS\u00c9': 'jos\u00e9',
  '\u03c0\u03b1\u03c3': '\u03c0\u03b1\u03c3',
  '\u03c0\u03b1\u03c2': '\u03c0\u03b1\u03c3',
  ' dora': 'dora',
  'dora ': 'dora',
  'rene\u0301': 'ren\u00e9',
  carol: 'carol',
  'carol.work': 'carol',
  'c@example.org': 'carol',
}

type HttpResponse = ApplicationAccount | boolean | null

describe.each(databases)('an application that keeps the accounts, on $name', (kind) => {
  const application = (answer: (name: string) => HttpResponse, canonical = false) => ({
    verifyPassword: (username: string, given: string): Promise<HttpResponse> => {
      const whose = people[username]
      return Promise.resolve(whose !== undefined && given === password ? answer(whose) : null)
    },
    ...(canonical ? { canonicalName: (username: string) => people[username] ?? null } : {}),
  })
  const saysTrue = application(() => true)
  const saysWho = application((username) => ({ username }))
  const tellsNames = application((username) => ({ username }), true)

  const opened: TestApp[] = []
  const unclear: string[] = []
  const start = async (applicationAccounts: ReturnType<typeof application>): Promise<TestApp> => {
    const onUnclearAnswer = (): void => void unclear.push('unclear')
    const app = await startAppOn(kind, { parts: { applicationAccounts, onUnclearAnswer } })
    opened.push(app)
    return app
  }
  let yes: TestApp
  let who: TestApp
  let named: TestApp
  beforeAll(async () => {
    yes = await start(saysTrue)
    who = await start(saysWho)
    named = await start(tellsNames)
  })
  afterAll(async () => {
    for (const app of opened) await app.close()
  })

  const give = (app: TestApp, username: string, given = password) =>
    app.browser().post('/login', { username, password: given })

  async function enrol(app: TestApp, username: string): Promise<void> {
    const browser = app.browser()
    await browser.submit('/login', { username, password })
    const phone = new Phone(setUpKey((await browser.get('/mfa/setup')).body), app.clock)
    const reply = await browser.post('/mfa/setup', { otp: phone.code() })
    if (reply.status !== 303) throw new Error(`set-up: ${String(reply.status)}`)
  }

  const namesOf = async (app: TestApp): Promise<string[]> =>
    (await app.nightlatch.storage.stores.accounts.list()).map(({ username }) => username)

  it.each([
    ['ada', ['Ada', 'ADA', ' ada', 'ada ', 'ad\u00e1', 'ada@example.org', 'Ada@Example.org']],
    ['bob@example.org', ['bob']],
    ['jos\u00e9', ['jose\u0301', 'JOS\u00c9']],
    ['\u03c0\u03b1\u03c3', ['\u03c0\u03b1\u03c2']],
  ])(
    'APP-1 true to another spelling of %j makes no second account without a second factor',
    async (own, others) => {
      await enrol(yes, own)
      const before = await namesOf(yes)
      for (const other of others) {
        const told = unclear.length
        expect((await give(yes, other)).status, JSON.stringify(other)).toBe(401)
        expect(unclear.length, JSON.stringify(other)).toBe(told + 1)
      }
      expect(await namesOf(yes)).toEqual(before)
      expect((await give(yes, own)).location).toBe('/mfa/verify')
    },
  )

  it.each([' dora', 'dora ', 'rene\u0301'])(
    'APP-1 true to %j, which is no name as we keep it, makes no account of somebody who was never here',
    async (typed) => {
      const [told, before] = [unclear.length, await namesOf(yes)]
      expect((await give(yes, typed)).status).toBe(401)
      expect([unclear.length, await namesOf(yes)]).toEqual([told + 1, before])
    },
  )

  it.each([
    ['ada', ['Ada', ' ada', 'ad\u00e1', 'ada@example.org']],
    ['carol', ['carol.work', 'c@example.org']],
  ])('APP-2 an answer that says who it is leads every name of %j to the one account', async (own, others) => {
    await enrol(who, own)
    for (const other of others) expect((await give(who, other)).location, other).toBe('/mfa/verify')
    expect((await namesOf(who)).filter((name) => name === own)).toHaveLength(1)
  })

  it('APP-3 with the canonical name known, all names of a person have one count', async () => {
    const names = ['carol', 'carol.work', 'c@example.org']
    await enrol(named, 'carol')
    const statuses: number[] = []
    for (let guess = 0; guess < 12; guess += 1)
      statuses.push((await give(named, names[guess % 3]!, `guess ${String(guess)}`)).status)
    expect(statuses).toEqual([...Array<number>(10).fill(401), 429, 429])
    expect((await give(named, 'ada', 'wrong')).status).toBe(401)
  })

  it('APP-3 also for somebody who never signed in here', async () => {
    const names = ['ada', 'Ada', 'ada@example.org']
    const fresh = await start(tellsNames)
    const statuses: number[] = []
    for (let guess = 0; guess < 11; guess += 1)
      statuses.push((await give(fresh, names[guess % 3]!, 'wrong')).status)
    expect(statuses.at(-1)).toBe(429)
  })
})
