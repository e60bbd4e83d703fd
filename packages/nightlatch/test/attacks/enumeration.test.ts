import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { disableAccount, inviteAccount } from '../../src/core/accounts/administration.js'
import type { Enrolled, TestApp } from '../support/app.js'
import { enrolledPerson, startApp, testPassword } from '../support/app.js'
import { accountOf, inDatabase, withoutChallenge, withPassword } from '../support/attack.js'
import type { Reply } from '../support/browser.js'

let addresses = 0
const newAddress = (): Record<string, string> => {
  addresses += 1
  return { 'x-forwarded-for': `10.9.${String(addresses >> 8)}.${String(addresses & 255)}` }
}

/** Everything of an answer but its date and the name that was typed. */
const shape = (reply: Reply, typed: string): unknown => {
  const cookies = [reply.headers['set-cookie'] ?? []].flat().map((line) => line.replace(/=[^;]*/, '='))
  const headers = { ...reply.headers, date: '', 'content-length': '', 'set-cookie': cookies }
  return [reply.status, headers, withoutChallenge(reply.body).replaceAll(typed, 'NAME')]
}

describe('whether a name is known', () => {
  let app: TestApp
  let ada: Enrolled
  const states = ['unknown', 'plain', 'ada', 'disabled', 'invited', 'locked-codes', 'not a name!', 'x@y.test']
  beforeAll(async () => {
    app = await startApp({ env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' } })
    await app.person('plain')
    ada = await enrolledPerson(app, 'ada')
    await disableAccount(app.nightlatch.core, await app.person('disabled'))
    await inviteAccount(app.nightlatch.core, { username: 'invited', admin: false })
    const locked = await enrolledPerson(app, 'locked-codes')
    const half = await withPassword(app, locked)
    for (let time = 0; time < 6; time += 1)
      await half.refused('/mfa/verify', { otp: locked.phone.wrongCode() })
  })
  afterAll(() => app.close())

  const guess = (username: string, password = 'not the password', headers = newAddress()) =>
    app.browser(headers).post('/login', { username, password })

  it('ENUM-1 is not told by the answer to a wrong password', async () => {
    const reference = shape(await guess('unknown'), 'unknown')
    for (const name of states) expect(shape(await guess(name), name), name).toEqual(reference)
    // A disabled account says no more, even to the right password.
    expect(shape(await guess('disabled', testPassword), 'disabled')).toEqual(reference)
  })

  it('ENUM-8 is not told by the waits either: an unknown name has the same ones', async () => {
    const replies: Record<string, unknown[]> = {}
    for (const name of ['unknown2', 'plain', 'disabled', 'invited']) {
      await inDatabase(app, 'DELETE FROM attempt')
      const seen: unknown[] = []
      for (let time = 0; time < 12; time += 1) {
        const reply = await guess(name)
        seen.push([reply.status, reply.headers['retry-after']])
      }
      replies[name] = seen
    }
    const [reference, ...others] = Object.values(replies)
    for (const other of others) expect(other).toEqual(reference)
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('ENUM-8 all spellings of an unknown address share one count, as those of a known one do', async () => {
    for (const spelling of ['nobody@bücher.test', 'nobody@xn--bcher-kva.test']) {
      for (let time = 0; time < 5; time += 1) expect((await guess(spelling)).status).toBe(401)
    }
    expect((await guess('NOBODY@BÜCHER.test')).status).toBe(429)
    await inDatabase(app, 'DELETE FROM attempt')
  })

  it('ENUM-2 is not told by the time: every guess costs exactly one hash of one setting', async () => {
    const { passwords } = app.nightlatch.core
    const costs: Record<string, string[]> = {}
    const verify = passwords.verify.bind(passwords)
    const spy = vi.spyOn(passwords, 'verify')
    try {
      for (const name of [...states, 'ｎｏｂｏｄｙ', 'a'.repeat(300)]) {
        const cost: string[] = []
        spy.mockImplementation((hash, password) => {
          cost.push(hash.split('$').slice(1, 4).join('$'))
          return verify(hash, password)
        })
        await guess(name)
        costs[name] = cost
      }
    } finally {
      spy.mockRestore()
    }
    const reference = costs['unknown']!
    expect(reference).toHaveLength(1)
    for (const [name, cost] of Object.entries(costs)) expect(cost, name).toEqual(reference)
  })

  it('ENUM-7 the page of the second step says nothing that was not typed', async () => {
    const half = await withPassword(app, ada)
    const { body } = await half.get('/mfa/verify')
    const [authenticator] = await app.nightlatch.storage.stores.authenticators.listOf(
      (await accountOf(app, 'ada')).id,
    )
    for (const secret of [authenticator!.name, authenticator!.id, ...ada.recoveryCodes])
      expect(body).not.toContain(secret)
  })

  it('ENUM-8 has no side door', async () => {
    for (const path of [
      '/users/ada',
      '/ada',
      '/avatar/ada',
      '/.well-known/webfinger?resource=acct:ada@localhost',
      '/login/ada',
    ])
      expect((await app.browser().get(path)).status, path).toBe(404)
    const known = await app.browser().get('/login?username=ada&login_hint=ada')
    const unknown = await app.browser().get('/login?username=nobody&login_hint=nobody')
    expect(withoutChallenge(known.body)).toBe(withoutChallenge(unknown.body))
  })
})

describe('the time of an answer', () => {
  it('ENUM-2 with the real hash, known and unknown names have the same median', async () => {
    const setting = { memory: 19_456, passes: 2, lanes: 1 }
    const app = await startApp({
      env: { NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' },
      parts: { unsafeArgon2Setting: setting },
    })
    try {
      await app.person('known')
      const times: Record<string, number[]> = { known: [], unknown: [] }
      for (let round = 0; round < 15; round += 1) {
        await inDatabase(app, 'DELETE FROM attempt')
        for (const name of round % 2 === 0 ? ['known', 'unknown'] : ['unknown', 'known']) {
          const started = performance.now()
          await app.browser(newAddress()).refused('/login', { username: name, password: 'not it' })
          times[name]!.push(performance.now() - started)
        }
      }
      const median = (all: number[]): number => [...all].sort((a, b) => a - b)[all.length >> 1]!
      const fastest = (all: number[]): number => Math.min(...all)
      // Without a hash for the unknown name one of them would be ten times the other, on however busy a machine.
      const ratio = median(times['known']!) / median(times['unknown']!)
      expect(ratio).toBeGreaterThan(0.5)
      expect(ratio).toBeLessThan(2)
      const best = fastest(times['known']!) / fastest(times['unknown']!)
      expect(best).toBeGreaterThan(0.5)
      expect(best).toBeLessThan(2)
    } finally {
      await app.close()
    }
  })
})
