import type { Cookies } from '../cookies.js'
import type { SiteFacts } from '../services.js'
import type { Endpoint } from './endpoints.js'
import { endpoints, problemsOf } from './endpoints.js'
import { jsonSchemaOf } from './json-schema.js'
import type { JsonSchema } from './json-schema.js'
import type { OperationId } from './operations.js'
import { apiPath, operationIds, operations } from './operations.js'
import type { ProblemCode } from '../problems.js'
import { problems } from '../problems.js'

/** The JSON interface as an OpenAPI 3.1 document, made from the same table as the routes. */
export function openApiDocument(
  site: Pick<SiteFacts, 'name' | 'origin' | 'base'>,
  cookies: Pick<Cookies, 'nameOf'>,
): JsonSchema {
  return {
    openapi: '3.1.0',
    info: {
      title: `${site.name}: sign-in with a second factor`,
      version: '1',
      description:
        'The same sign-in, rules and cookies as the pages. State-changing requests that a browser marks as ' +
        'cross-site are refused. Times are ISO 8601 in UTC; refusals are problems (RFC 9457) with a stable `code`.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: site.origin + site.base }],
    tags: tags(),
    paths: paths(),
    components: components(cookies),
  }
}

function tags(): { name: string }[] {
  return [...new Set(operationIds.map((id) => endpoints[id].tag))].map((name) => ({ name }))
}

function paths(): JsonSchema {
  const all: Record<string, Record<string, JsonSchema>> = {}
  for (const id of operationIds) {
    const { method, path } = operations[id]
    const template = apiPath + path.replace(/:(id|name)/, '{$1}')
    all[template] = { ...all[template], [method.toLowerCase()]: operationOf(id) }
  }
  return all
}

function operationOf(id: OperationId): JsonSchema {
  const endpoint: Endpoint = endpoints[id]
  const all = parametersOf(operations[id].path, endpoint)
  const parameters = all.length === 0 ? {} : { parameters: all }
  const requestBody = endpoint.body === undefined ? {} : { requestBody: bodyOf(endpoint.body, endpoint) }
  return {
    operationId: id,
    summary: endpoint.summary,
    tags: [endpoint.tag],
    security: security[endpoint.caller],
    ...parameters,
    ...requestBody,
    responses: responsesOf(id, endpoint),
  }
}

function parametersOf(path: string, { asked }: Endpoint): readonly JsonSchema[] {
  const place = /:(id|name)/.exec(path)?.[1]
  const inPath = place === undefined ? [] : [{ ...pathParameters[place], in: 'path', required: true }]
  const inQuery = Object.entries(asked?.entries ?? {}).map(([name, schema]) => {
    const { description, ...rest } = jsonSchemaOf(schema)
    return {
      name,
      in: 'query',
      required: false,
      ...(description !== undefined && { description }),
      schema: rest,
    }
  })
  return [...inPath, ...inQuery]
}

const pathParameters: Readonly<Record<string, JsonSchema>> = {
  id: { name: 'id', schema: { type: 'string', pattern: '^[a-z2-7]{26}$' } },
  name: { name: 'name', schema: { type: 'string', minLength: 1 } },
}

const security: Record<Endpoint['caller'], readonly JsonSchema[]> = {
  anyone: [],
  'signing-in': [{ signIn: [] }],
  'setting-up': [{ signIn: [] }, { session: [] }],
  'signed-in': [{ session: [] }],
  administrator: [{ session: [] }],
  'fresh-administrator': [{ session: [] }],
}

const bodyOf = (body: NonNullable<Endpoint['body']>, endpoint: Endpoint): JsonSchema => ({
  required: endpoint.bodyIsOptional !== true,
  content: { 'application/json': { schema: jsonSchemaOf(body) } },
})

function responsesOf(id: OperationId, endpoint: Endpoint): JsonSchema {
  const content =
    endpoint.answer === null
      ? {}
      : { content: { 'application/json': { schema: jsonSchemaOf(endpoint.answer) } } }
  const byStatus = new Map<number, ProblemCode[]>()
  for (const code of problemsOf(id)) {
    const { status } = problems[code]
    byStatus.set(status, [...(byStatus.get(status) ?? []), code])
  }
  const refusals = [...byStatus].map(([status, codes]) => [String(status), refusalOf(status, codes)])
  return { [String(endpoint.status)]: { description: 'Done', ...content }, ...Object.fromEntries(refusals) }
}

const refusalOf = (status: number, codes: readonly ProblemCode[]): JsonSchema => ({
  description: codes.map((code) => `\`${code}\`: ${problems[code].title}`).join('. '),
  ...(status === 429 || status === 503 ? { headers: { 'Retry-After': retryAfterHeader } } : {}),
  content: {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: '#/components/schemas/Problem' }, { properties: { code: { enum: codes } } }],
      },
    },
  },
})

const retryAfterHeader = { description: 'Seconds to wait', schema: { type: 'integer', minimum: 1 } }

const problemSchema = {
  type: 'object',
  description: 'A problem of RFC 9457. `code` is stable, `title` and `detail` are for people.',
  required: ['type', 'status', 'code', 'title'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    status: { type: 'integer' },
    code: { type: 'string' },
    title: { type: 'string' },
    detail: { type: 'string' },
    next: { enum: ['verify', 'setup'], description: 'With `second-factor-required`' },
    reason: { type: 'string', description: 'Why a code, a name, a password or an account cannot be so' },
    shortest: { type: 'integer', description: 'With the reason `too-short`' },
    driftSeconds: { type: ['integer', 'null'], description: "How far the phone's clock is off, at a set-up" },
    retryAfterSeconds: { type: 'integer', minimum: 1 },
    reference: { type: 'string', description: 'Where the log has the details' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
}

function components(cookies: Pick<Cookies, 'nameOf'>): JsonSchema {
  const cookie = (name: 'session' | 'sign-in', description: string): JsonSchema => ({
    type: 'apiKey',
    in: 'cookie',
    name: cookies.nameOf(name),
    description,
  })
  return {
    schemas: { Problem: problemSchema },
    securitySchemes: {
      session: cookie('session', 'Somebody who is signed in'),
      signIn: cookie('sign-in', 'A sign-in in progress: the password was right'),
    },
  }
}
