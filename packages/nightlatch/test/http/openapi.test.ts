import { describe, expect, it } from 'vitest'
import type { Endpoint } from '../../src/http/api/endpoints.js'
import { endpoints, problemsOf } from '../../src/http/api/endpoints.js'
import { openApiDocument } from '../../src/http/api/openapi.js'
import type { OperationId } from '../../src/http/api/operations.js'
import { operationIds } from '../../src/http/api/operations.js'
import { apiRoutes } from '../../src/http/api/routes.js'
import { cookiesFor } from '../../src/http/cookies.js'
import { routes } from '../../src/http/routes.js'

interface Operation {
  operationId: string
  summary: string
  tags: string[]
  security: Record<string, unknown>[]
  parameters?: { name: string; in: string; required: boolean; schema: object }[]
  requestBody?: { required: boolean; content: Record<string, { schema: unknown }> }
  responses: Record<
    string,
    { description: string; headers?: object; content?: Record<string, { schema: unknown }> }
  >
}

interface Document {
  openapi: string
  info: Record<string, unknown>
  servers: { url: string }[]
  tags: { name: string }[]
  paths: Record<string, Record<string, Operation>>
  components: { schemas: Record<string, unknown>; securitySchemes: Record<string, { name: string }> }
}

const documentFor = (base: string, origin = 'https://auth.example.org'): Document =>
  openApiDocument(
    { name: 'Nightlatch', origin, base },
    cookiesFor({ origin, mark: '3f9a2c1b' }),
  ) as unknown as Document
const document = documentFor('')

const described = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
)

/** Every schema inside a value, wherever it is. */
function schemasIn(value: unknown): Record<string, unknown>[] {
  if (typeof value !== 'object' || value === null) return []
  return [value as Record<string, unknown>, ...Object.values(value).flatMap(schemasIn)]
}

const descriptionIn = (one: object): object => ('description' in one ? { description: one.description } : {})

/** A schema in a line: `{name: string, email?: string}`, with what else is said of a type in brackets. */
function typeOf(schema: unknown): string {
  const {
    type,
    properties,
    required = [],
    items,
    anyOf,
    ...more
  } = schema as {
    readonly type?: string
    readonly properties?: Record<string, unknown>
    readonly required?: readonly string[]
    readonly items?: unknown
    readonly anyOf?: readonly unknown[]
  }
  const members = Object.entries(properties ?? {}).map(
    ([name, one]) => `${name}${required.includes(name) ? '' : '?'}: ${typeOf(one)}`,
  )
  const said = Object.keys(more).length === 0 ? '' : ` ${JSON.stringify(more)}`
  if (properties !== undefined) return `{${members.join(', ')}}${said}`
  if (items !== undefined) return `${typeOf(items)}[]${said}`
  if (anyOf !== undefined) return `${anyOf.map(typeOf).join(' | ')}${said}`
  return `${type ?? ''}${said}`
}

describe('the OpenAPI document', () => {
  it('is OpenAPI 3.1 with a title, a version and a server below the base path', () => {
    expect(document.openapi).toBe('3.1.0')
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) })
    expect(documentFor('/auth').servers).toEqual([{ url: 'https://auth.example.org/auth' }])
  })

  it('describes every route below /api/v1, and no other', () => {
    const routed = routes
      .filter((route) => route.path.startsWith('/api/'))
      .map((route) => `${route.method} ${route.path.replace(/:(id|name)/, '{$1}')}`)
    const written = described.map(({ method, path }) => `${method.toUpperCase()} ${path}`)
    expect(written.sort()).toEqual(routed.sort())
    expect(apiRoutes).toHaveLength(written.length)
  })

  it.each(described.map((one) => [one.operation.operationId, one] as const))(
    '%s has a name of its own, a summary, a known tag and a parameter for each place in its path',
    (name, { path, operation }) => {
      expect(described.filter((one) => one.operation.operationId === name)).toHaveLength(1)
      expect(operation.summary).not.toBe('')
      expect(document.tags.map((tag) => tag.name)).toEqual(expect.arrayContaining(operation.tags))
      const places = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      const parameters = operation.parameters ?? []
      const inPath = parameters.filter((one) => one.in === 'path')
      expect(inPath.map((one) => one.name)).toEqual(places)
      expect(inPath.every((one) => one.required)).toBe(true)
      const asked = Object.keys((endpoints[name as OperationId] as Endpoint).asked?.entries ?? {})
      const inQuery = parameters.filter((one) => one.in === 'query')
      expect(inQuery.map((one) => one.name)).toEqual(asked)
      expect(parameters).toHaveLength(inPath.length + inQuery.length)
    },
  )

  it.each(described.map((one) => [one.operation.operationId, one.operation] as const))(
    '%s answers with one success and with problems, each with its schema',
    (_name, operation) => {
      const statuses = Object.keys(operation.responses)
      expect(statuses.filter((status) => status.startsWith('2'))).toHaveLength(1)
      for (const [status, response] of Object.entries(operation.responses)) {
        expect(response.description).not.toBe('')
        if (status === '204') expect(response.content).toBeUndefined()
        else if (status.startsWith('2')) expect(Object.keys(response.content!)).toEqual(['application/json'])
        else expect(Object.keys(response.content!)).toEqual(['application/problem+json'])
      }
    },
  )

  it('says something wherever it describes something', () => {
    const described = schemasIn(document).filter((schema) => typeof schema['description'] === 'string')
    expect(described.length).toBeGreaterThan(100)
    expect(described.filter((schema) => schema['description'] === '')).toEqual([])
  })

  it('only refers to what is there', () => {
    for (const schema of schemasIn(document)) {
      const ref = schema['$ref']
      if (typeof ref === 'string') expect(document.components.schemas).toHaveProperty(ref.split('/').at(-1)!)
    }
    const schemes = Object.keys(document.components.securitySchemes)
    for (const { operation } of described)
      expect(schemes).toEqual(expect.arrayContaining(operation.security.flatMap((one) => Object.keys(one))))
  })

  it('has objects whose required members exist and whose patterns compile', () => {
    for (const schema of schemasIn(document)) {
      if (Array.isArray(schema['required']))
        expect(Object.keys(schema['properties'] as object)).toEqual(
          expect.arrayContaining(schema['required'] as string[]),
        )
      if (typeof schema['pattern'] === 'string')
        expect(() => new RegExp(schema['pattern'] as string)).not.toThrow()
    }
  })

  it.each([
    ['https://auth.example.org', '__Host-nightlatch-session'],
    ['https://auth.example.org:8443', '__Host-nightlatch-session-3f9a2c1b'],
    ['http://localhost', 'nightlatch-session'],
    ['http://localhost:3000', 'nightlatch-session-3f9a2c1b'],
    ['http://[::1]', 'nightlatch-session'],
    ['http://[::1]:3000', 'nightlatch-session-3f9a2c1b'],
  ])('names the cookies of %s as they are sent', (origin, name) => {
    expect(documentFor('', origin).components.securitySchemes['session']!.name).toBe(name)
  })

  it('is what is written down, operation by operation', async () => {
    const about = { ...document, paths: undefined }
    const lines = described.flatMap(({ method, path, operation }) => [
      `${method.toUpperCase()} ${path}: ${operation.operationId} (${operation.tags.join()}, ${operation.security.flatMap((one) => Object.keys(one)).join(' or ') || 'anybody'})`,
      `  ${operation.summary}`,
      ...(operation.parameters ?? []).map(
        (one) => `  ${one.in} ${one.name}: ${typeOf({ ...one.schema, ...descriptionIn(one) })}`,
      ),
      ...Object.entries(operation.requestBody?.content ?? {}).map(
        ([type, { schema }]) =>
          `  ${type}${operation.requestBody!.required ? '' : ', optional'}: ${typeOf(schema)}`,
      ),
      ...Object.entries(operation.responses).flatMap(([status, { description, headers, content = {} }]) => [
        `  ${status}${headers === undefined ? '' : ` with ${Object.keys(headers).join()}`} ${description}`,
        ...(content['application/json'] === undefined
          ? []
          : [`    ${typeOf(content['application/json'].schema)}`]),
      ]),
      '',
    ])
    await expect([...lines, JSON.stringify(about, null, 2), ''].join('\n')).toMatchFileSnapshot(
      'recorded/openapi.txt',
    )
  })

  it('is plain JSON', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })
})

describe('the problem codes', () => {
  it('of an operation follow from who may call it and whether it has a body', () => {
    expect(problemsOf('signIn')).toContain('body-too-large')
    expect(problemsOf('session')).not.toContain('body-too-large')
    expect(problemsOf('session')).not.toContain('cross-site')
    for (const id of operationIds.filter((one) => endpoints[one].caller === 'signed-in'))
      expect(problemsOf(id)).toEqual(expect.arrayContaining(['not-signed-in', 'second-factor-required']))
  })
})
