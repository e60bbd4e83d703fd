import { safeParse } from 'valibot'
import type { GenericSchema } from 'valibot'
import { expect } from 'vitest'
import { endpoints, problemsOf } from '../../src/http/api/endpoints.js'
import { apiPath, operationIds, operations } from '../../src/http/api/operations.js'
import type { OperationId } from '../../src/http/api/operations.js'
import { problems } from '../../src/http/problems.js'
import type { ProblemCode } from '../../src/http/problems.js'
import type { Browser, Reply } from './browser.js'
import type { Enrolled, TestApp } from './app.js'
import { Phone, testPassword } from './app.js'

export interface ApiReply {
  readonly status: number
  readonly headers: Reply['headers']
  /** The parsed body, {} where there is none. */
  readonly value: Record<string, unknown>
  /** The problem's code, or ''. */
  readonly code: string
}

/** Calls the JSON interface; every answer must be one that the table foresees. */
export async function api(browser: Browser, call: string, body?: unknown): Promise<ApiReply> {
  const [method = '', path = ''] = call.split(' ')
  const reply = await browser.json(method, apiPath + path, body)
  const read = asApiReply(reply)
  expectForeseen(operationOf(method, path), read)
  return read
}

/** A call that is to be accepted: a problem ends the test. */
export async function accepted(...call: Parameters<typeof api>): Promise<ApiReply> {
  const reply = await api(...call)
  if (reply.code !== '') throw new Error(`${call[1]} was not accepted: ${JSON.stringify(reply.value)}`)
  return reply
}

export function asApiReply(reply: Reply): ApiReply {
  const value = reply.body === '' ? {} : (JSON.parse(reply.body) as Record<string, unknown>)
  const isProblem = String(reply.headers['content-type']).startsWith('application/problem+json')
  return {
    status: reply.status,
    headers: reply.headers,
    value,
    code: isProblem ? String(value['code']) : '',
  }
}

function operationOf(method: string, path: string): OperationId {
  const [plain = ''] = path.split('?')
  const template = plain
    .replace(/\/[a-z2-7]{26}(?=\/|$)/, '/:id')
    .replace(/(\/groups|\/tokens|\/applications)\/[^/]+/, '$1/:name')
  const found = operationIds.find(
    (id) => operations[id].method === method && operations[id].path === template,
  )
  if (found === undefined) throw new Error(`no operation ${method} ${template}`)
  return found
}

function expectForeseen(id: OperationId, reply: ApiReply): void {
  expect(reply.headers['cache-control']).toBe('no-store')
  if (reply.code !== '') {
    expect(problemsOf(id), `${id} may be refused with`).toContain(reply.code)
    expect(reply.status).toBe(problems[reply.code as ProblemCode].status)
    expect(reply.value['status']).toBe(reply.status)
    return
  }
  expect(reply.status, `${id}: ${JSON.stringify(reply.value)}`).toBe(endpoints[id].status)
  const schema: GenericSchema | null = endpoints[id].answer
  if (schema === null) expect(reply.value).toEqual({})
  else {
    const parsed = safeParse(schema, reply.value)
    expect(parsed.issues).toBeUndefined()
    expect(parsed.output, `${id} answers what its schema says and nothing else`).toEqual(reply.value)
  }
}

/** Somebody who set everything up through the JSON interface and is signed in. */
export async function enrolledByApi(app: TestApp, username: string): Promise<Enrolled & { id: string }> {
  await app.person(username)
  const browser = app.browser()
  await accepted(browser, 'POST /sign-in', { username, password: testPassword })
  const { value: pending } = await accepted(browser, 'POST /authenticators/totp', {})
  const phone = new Phone(String(pending['secret']), app.clock)
  const confirmed = await accepted(browser, `POST /authenticators/totp/${String(pending['id'])}/confirm`, {
    otp: phone.code(),
  })
  const { recoveryCodes } = confirmed.value as { recoveryCodes: string[] }
  app.clock.advance(30) // the confirming code is spent: the next one is due
  return { browser, phone, recoveryCodes, username, password: testPassword, id: String(pending['id']) }
}

/** A fresh proof with the next code. */
export async function proveAgain(app: TestApp, person: Enrolled): Promise<ApiReply> {
  app.clock.advance(30)
  return api(person.browser, 'POST /session/verify', { password: person.password, otp: person.phone.code() })
}
