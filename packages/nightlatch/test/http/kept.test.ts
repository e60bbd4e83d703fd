import { describe, expect, it } from 'vitest'
import type { SignedIn } from '../../src/core/sessions/session.js'
import type { HttpResponse } from '../../src/http/request.js'
import { ResponseCache, PreparedResponse } from '../../src/http/response-cache.js'

const plain = { secure: false, hsts: 'host' as const }

const somebody = (): SignedIn => ({}) as SignedIn
const answer = (body = 'hello'): HttpResponse => ({ status: 200, headers: { 'x-a': 'b' }, cookies: [], body })

describe('the answers that are kept', () => {
  it('are found again by the same session and by no other', () => {
    const answers = new ResponseCache(plain)
    const [ada, bob] = [somebody(), somebody()]
    const kept = answers.keep(ada, answer())
    expect(answers.of(ada)).toBe(kept)
    expect(answers.of(bob)).toBeUndefined()
  })

  it('are a thousand at most: whoever was not asked for is dropped', () => {
    const answers = new ResponseCache(plain)
    const allAccounts = Array.from({ length: 5000 }, somebody)
    for (const one of allAccounts) answers.keep(one, answer())
    const found = allAccounts.filter((one) => answers.of(one) !== undefined)
    expect(found.length).toBeLessThanOrEqual(1000)
    expect(found.length).toBeGreaterThanOrEqual(500)
    expect(answers.of(allAccounts[0]!)).toBeUndefined()
    expect(answers.of(allAccounts.at(-1)!)).toBeDefined()
  })

  it('stay as long as they are asked for', () => {
    const answers = new ResponseCache(plain)
    const ada = somebody()
    const kept = answers.keep(ada, answer())
    for (let number = 0; number < 5000; number += 1) {
      answers.keep(somebody(), answer())
      expect(answers.of(ada)).toBe(kept)
    }
  })
})

describe('an answer that is prepared', () => {
  it.each([
    ['short', 'grüße'],
    ['long', 'ü'.repeat(4000)],
  ])('has its bytes and their number, also when it is %s', (_name, body) => {
    const { wire, bytes } = new PreparedResponse(answer(body), plain)
    const sent = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : Buffer.from(bytes)
    expect(sent.toString()).toBe(body)
    expect(wire).toEqual(['x-a', 'b', 'content-length', String(Buffer.byteLength(body))])
  })

  it('tells browsers to come by https where we are there', () => {
    const names = (secure: boolean) =>
      new PreparedResponse(answer(), { ...plain, secure }).wire.map((one) => one.toLowerCase())
    expect(names(true)).toContain('strict-transport-security')
    expect(names(false)).not.toContain('strict-transport-security')
  })
})
