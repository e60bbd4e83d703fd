import type { BaseIssue, GenericSchema } from 'valibot'
import { safeParse } from 'valibot'
import { json, noContent } from '../response.js'
import type { HttpResponse } from '../request.js'
import { readJson, readOptionalJson } from '../bodies.js'
import type { Context } from '../context.js'
import type { ContextOf } from './admission.js'
import type { AskedOf, BodyOf, Endpoint, ValueOf } from './endpoints.js'
import { endpoints } from './endpoints.js'
import type { OperationId } from './operations.js'
import { refuse } from '../refuse.js'

/** One call of an operation: somebody who may, with a body that was checked where there is one. */
export type Call<Id extends OperationId> = ContextOf[(typeof endpoints)[Id]['caller']] &
  ((typeof endpoints)[Id] extends { readonly body: GenericSchema }
    ? { readonly body: BodyOf<Id> }
    : unknown) &
  ((typeof endpoints)[Id] extends { readonly asked: GenericSchema }
    ? { readonly asked: AskedOf<Id> }
    : unknown)

export type Handlers<Ids extends OperationId = OperationId> = {
  readonly [Id in Ids]: (call: Call<Id>) => Promise<HttpResponse>
}

/** The answer of an operation: the table knows its status, and the compiler its shape. */
export function reply<Id extends OperationId>(
  id: Id,
  value: ValueOf<Id>,
  extra: { readonly cookies?: readonly string[]; readonly headers?: Readonly<Record<string, string>> } = {},
): HttpResponse {
  const { status }: Endpoint = endpoints[id]
  return status === 204 ? noContent(extra) : json(value, { ...extra, status })
}

type BodyRead =
  | { readonly kind: 'body'; readonly value: unknown }
  | { readonly kind: 'refused'; readonly answer: HttpResponse }

/** The body of a call, checked; what the schema does not name is left out. */
export async function readBody(
  { body, bodyIsOptional, bodyLimit, isCredential }: Endpoint & { readonly body: GenericSchema },
  { request }: Context,
): Promise<BodyRead> {
  const read = await (bodyIsOptional === true ? readOptionalJson(request) : readJson(request, bodyLimit))
  if (read.kind === 'refused') return { kind: 'refused', answer: refuse(read.code) }
  return checkBody(body, isCredential === true ? unwrapped(read.value) : read.value)
}

/** Programs send what the browser gave as it is, or as one member beside others. */
function unwrapped(value: object): object {
  const { credential, ...beside } = value as { readonly credential?: unknown }
  return typeof credential === 'object' && credential !== null ? { ...credential, ...beside } : value
}

const checkBody = (schema: GenericSchema, value: object): BodyRead => check(schema, value, 'invalid-body')

/** What is asked for in the address, checked. What no part of it names is left out. */
export const readAsked = (schema: GenericSchema, { query }: Context): BodyRead =>
  check(schema, Object.fromEntries(query), 'invalid-query')

function check(schema: GenericSchema, value: object, code: 'invalid-body' | 'invalid-query'): BodyRead {
  const checked = safeParse(schema, value)
  if (checked.success) return { kind: 'body', value: checked.output }
  const errors = checked.issues.map(errorOf)
  return { kind: 'refused', answer: refuse(code, { members: { errors } }) }
}

/** Names the member, and never repeats what was sent in it: it may be a password. */
function errorOf(issue: BaseIssue<unknown>): { pointer: string; detail: string } {
  const keys = (issue.path ?? []).map(({ key }) => String(key).replaceAll('~', '~0').replaceAll('/', '~1'))
  const wanted = issue.kind === 'schema' ? `must be ${kindOf(issue.expected)}` : issue.message
  return {
    pointer: keys.map((key) => `/${key}`).join(''),
    detail: issue.received === 'undefined' ? 'is missing' : wanted,
  }
}

const kindOf = (expected: string | null): string => (expected ?? 'something else').replace(/"\w+"/, 'there')
