import type { AskedOf, BodyOf, ProblemOf, ValueOf } from '../http/api/endpoints.js'
import type { Operation, OperationId } from '../http/api/operations.js'
import { apiPath, operationIds, operations } from '../http/api/operations.js'

/** Where Nightlatch is, and how to get there. */
export interface ClientOptions {
  /** `https://auth.example.org`: what NIGHTLATCH_ORIGIN says. */
  readonly origin: string
  /** What NIGHTLATCH_BASE_PATH says: '' or '/auth'. */
  readonly basePath?: string
  /** Another fetch: one with a cookie jar, in Node. Browsers keep the cookies themselves. */
  readonly fetch?: (url: string, init: RequestInit) => Promise<Response>
}

/** A refusal (RFC 9457). `code` is stable; `title` and `detail` are for people. */
export interface Problem<Code extends string = string> {
  readonly status: number
  readonly code: Code | 'unexpected-answer'
  readonly title: string
  readonly detail?: string
  /** With `second-factor-required`: what is due. */
  readonly next?: 'verify' | 'setup'
  /** Why a code, a name, a password or an account cannot be so. */
  readonly reason?: string
  /** With the reason `too-short`: how many characters are needed. */
  readonly shortest?: number
  /** A wrong code at a set-up: how far the phone's clock is off, in seconds (above zero: fast). */
  readonly driftSeconds?: number | null
  /** With 429 and 503: when to try again. */
  readonly retryAfterSeconds?: number
  /** Where the server's log has the details. */
  readonly reference?: string
  /** With `invalid-body`: what is wrong with which member. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[]
}

/** What an operation came to. Only a connection that fails rejects. */
export type Result<Id extends OperationId> =
  | { readonly ok: true; readonly value: ValueOf<Id> }
  | { readonly ok: false; readonly problem: Problem<ProblemOf<Id>> }

type IdArgument<Id extends OperationId> = (typeof operations)[Id]['path'] extends `${string}:id${string}`
  ? [id: string]
  : (typeof operations)[Id]['path'] extends `${string}:name${string}`
    ? [name: string]
    : []
type AskedArgument<Id extends OperationId> = [AskedOf<Id>] extends [never] ? [] : [asked?: AskedOf<Id>]
type OptionalBody = 'setUpAuthenticator' | 'rotateApplicationSecret'
type BodyArgument<Id extends OperationId> =
  BodyOf<Id> extends null ? [] : Id extends OptionalBody ? [body?: BodyOf<Id>] : [body: BodyOf<Id>]

/** One method an operation: the id or name of its path first, then what it sends or asks for. */
export type Client = {
  readonly [Id in keyof typeof operations]: (
    ...given: [...IdArgument<Id>, ...BodyArgument<Id>, ...AskedArgument<Id>]
  ) => Promise<Result<Id>>
}

/**
 * The JSON interface as methods, with the server's own types. In a browser it works with the cookies that the
 * browser holds; elsewhere, pass a `fetch` that keeps cookies.
 *
 * @example
 * const nightlatch = createClient({ origin: 'https://auth.example.org' })
 * const step = await nightlatch.signIn({ username: 'ada', password })
 * if (step.ok && step.value.next === 'verify') await nightlatch.verify({ otp })
 */
export function createClient(options: ClientOptions): Client {
  const base = new URL(options.origin).origin + (options.basePath ?? '') + apiPath
  const fetch = options.fetch ?? ((url, init) => globalThis.fetch(url, init))
  const call =
    (operation: Operation) =>
    async (...given: readonly unknown[]): Promise<unknown> => {
      const [id, sent] = /:(?:id|name)/.test(operation.path) ? given : [undefined, given[0]]
      const path = operation.path.replace(/:(?:id|name)/, encodeURIComponent(String(id)))
      if (operation.method !== 'GET') return resultOf(await fetch(base + path, initOf(operation, sent)))
      return resultOf(await fetch(base + path + queryOf(sent), initOf(operation, undefined)))
    }
  // Each method's arguments follow from the list of operations, which is also what `call` reads.
  return Object.fromEntries(operationIds.map((name) => [name, call(operations[name])])) as unknown as Client
}

function queryOf(asked: unknown): string {
  const parts = Object.entries((asked ?? {}) as Readonly<Record<string, string | undefined>>)
  const pairs = parts.flatMap(([name, text]) =>
    text === undefined ? [] : [`${name}=${encodeURIComponent(text)}`],
  )
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function initOf({ method }: Operation, body: unknown): RequestInit {
  const accept = { accept: 'application/json, application/problem+json' }
  const init: RequestInit = { method, credentials: 'include', redirect: 'error', headers: accept }
  return body === undefined
    ? init
    : { ...init, headers: { ...accept, 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

async function resultOf(response: Response): Promise<Result<OperationId>> {
  const { status } = response
  if (status === 204) return { ok: true, value: null }
  const type = response.headers.get('content-type') ?? ''
  const text = await response.text()
  const value = /^application\/(?:problem\+)?json\b/.test(type) ? parse(text) : undefined
  if (typeof value !== 'object' || value === null || (!response.ok && !('code' in value)))
    return { ok: false, problem: unexpected(status) }
  return response.ok
    ? { ok: true, value: value as ValueOf<OperationId> }
    : { ok: false, problem: value as Problem<ProblemOf<OperationId>> }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Something between here and there answered in the server's place: a proxy, a portal, another site. */
const unexpected = (status: number): Problem<never> => ({
  status,
  code: 'unexpected-answer',
  title: 'The answer did not come from Nightlatch',
})

export type { BodyOf, OperationId, ProblemOf, ValueOf }
