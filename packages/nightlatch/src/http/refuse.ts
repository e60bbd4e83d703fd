import type { MessageView } from '../pages/index.js'
import { messagePage } from '../pages/index.js'
import type { Context } from './context.js'
import { siteOf } from './context.js'
import type { PagedCode, ProblemCode } from './problems.js'
import { meaningOf, problems } from './problems.js'
import type { HttpResponse } from './request.js'
import { page, problem } from './response.js'

interface More {
  readonly detail?: string
  readonly members?: Readonly<Record<string, unknown>>
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
}

/** A refusal for programs, with its stable code (RFC 9457). */
export function refuse(code: ProblemCode, more: More = {}): HttpResponse {
  const { status, title, retryAfterSeconds } = meaningOf(code)
  const { detail, members, headers, ...extra } = more
  const again = retryAfterSeconds === undefined ? {} : { retryAfterSeconds }
  const said = { status, code, title, ...(detail === undefined ? {} : { detail }), ...again, ...members }
  return problem(said, { ...extra, headers: { ...waiting(retryAfterSeconds), ...headers } })
}

/** The same with the time to wait, as a header and as a member. */
export function refuseUntil(code: ProblemCode, seconds: number): HttpResponse {
  const retryAfterSeconds = Math.max(1, seconds)
  return refuse(code, { members: { retryAfterSeconds }, headers: waiting(retryAfterSeconds) })
}

/** The same for people: a page that says what stands in the way, and one next step. `view` says more, or it in other words. */
export function refusalPage(
  context: Context,
  code: PagedCode,
  view: Partial<MessageView> = {},
): HttpResponse {
  const { page: key } = problems[code]
  const { status, retryAfterSeconds } = meaningOf(code)
  return page(messagePage(siteOf(context), { key, ...view }), { status, headers: waiting(retryAfterSeconds) })
}

const waiting = (seconds: number | undefined): Record<string, string> =>
  seconds === undefined ? {} : { 'retry-after': String(seconds) }
