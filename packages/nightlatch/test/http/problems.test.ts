import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { requireSession } from '../../src/adapters/next.js'
import { apiPath, operationIds, operations } from '../../src/http/api/operations.js'
import { meaningOf, problemCodes } from '../../src/http/problems.js'
import type { ProblemCode } from '../../src/http/problems.js'
import { createNightlatch } from '../../src/index.js'
import type { NightlatchAuth } from '../../src/index.js'
import { sendBytes, startProtected, type Protected } from '../support/protected.js'

const docs = new URL('../../../../docs/', import.meta.url)
const reference = readFileSync(new URL('reference/errors.md', docs), 'utf8')
const rows = [...reference.matchAll(/^\| `([a-z-]+)` +\| (\d+) +\|/gm)]

describe('the table of refusals', () => {
  it.each(problemCodes)('%s has a status, a title, something to do, and a guide that is there', (code) => {
    const { status, title, help, guide = 'README.md' } = meaningOf(code)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(title).toMatch(/^[A-Z].*[^.]$/)
    expect(help).not.toBe('')
    expect(readFileSync(new URL(guide, docs), 'utf8')).not.toBe('')
  })

  it('is the reference, code by code, and the reference names every operation', () => {
    expect(rows.map(([, code, status]) => [code, status])).toEqual(
      problemCodes.map((code) => [code, String(meaningOf(code).status)]),
    )
    for (const id of operationIds)
      expect(reference).toContain(
        `\`${operations[id].method} ${apiPath}${operations[id].path.replace(':id', '{id}')}\``,
      )
  })
})

describe('one refusal is the same at every door', () => {
  let app: Protected
  let auth: NightlatchAuth
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-doors-'))

  beforeAll(async () => {
    app = await startProtected()
    auth = await createNightlatch({
      origin: 'http://localhost:3000',
      basePath: '/auth',
      database: folder,
      onFirstAccountLink: () => undefined,
    })
    await app.person('ada')
  })

  afterAll(async () => {
    await app.close()
    await auth.close()
    rmSync(folder, { recursive: true })
  })

  const said = (code: ProblemCode) => {
    const { status, title } = meaningOf(code)
    return { type: 'about:blank', status, code, title }
  }
  /** The problem, asked for byte by byte: some of these no client would send. */
  async function problemOf(asked: string, headers: readonly string[] = []): Promise<unknown> {
    const lines = [`${asked} HTTP/1.1`, `host: 127.0.0.1:${app.port}`, 'connection: close', ...headers]
    const [head = '', body = ''] = (await sendBytes(app.port, [...lines, '', ''].join('\r\n'))).split(
      '\r\n\r\n',
    )
    expect(head).toMatch(/\r\ncontent-type: application\/problem\+json; charset=utf-8\r\n/i)
    const problem = JSON.parse(body) as { readonly status: number }
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${problem.status} `))
    return problem
  }

  it('that nobody is signed in: JSON, forward authentication, protect, the guard of an adapter', async () => {
    const guarded = requireSession(auth, () => Response.json({}))
    const atAdapter = await guarded(new Request('http://localhost:3000/private'), null)
    expect(await atAdapter.json()).toEqual(said('not-signed-in'))
    for (const path of ['/_nightlatch/api/v1/session', '/_nightlatch/forward-auth', '/orders'])
      expect(await problemOf(`GET ${path}`)).toEqual(said('not-signed-in'))
  })

  it('that a request cannot be read: JSON and protect', async () => {
    expect(await problemOf('GET /_nightlatch/api/v1/session?a=%ff')).toEqual(said('malformed-request'))
    expect(await problemOf('GET /orders', ['host: elsewhere'])).toEqual(said('malformed-request'))
  })

  it('that a method is not known: JSON and protect', async () => {
    expect(await problemOf('PROPFIND /_nightlatch/api/v1/session')).toEqual(said('unknown-method'))
    expect(await problemOf('TRACE /orders')).toEqual(said('unknown-method'))
  })

  it.each([
    ['JSON', '/_nightlatch/api/v1/session', 40_000],
    ['protect', '/orders', 40_000],
    ['a request that is not even read to its end', '/orders', 80_000],
  ])('that the headers are too large: %s', async (_door, path, bytes) => {
    const problem = await problemOf(`GET ${path}`, [`x-large: ${'a'.repeat(bytes)}`])
    expect(problem).toMatchObject(said('headers-too-large'))
  })

  it.each([
    ['a length', 'content-length: 5', 'close'],
    ['chunks', 'transfer-encoding: chunked', 'close'],
    ['no length', 'content-length: 0', 'keep-alive'],
  ])('of a body with %s that nobody reads: whether the connection goes on', async (_name, header, says) => {
    const socket = connect(app.port, '127.0.0.1')
    socket.write(`POST /_nightlatch/nowhere HTTP/1.1\r\nhost: 127.0.0.1:${app.port}\r\n${header}\r\n\r\n`)
    const [said] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    expect(said.toString()).toMatch(new RegExp(`^HTTP/1.1 404 [^]*\r\nconnection: ${says}\r\n`, 'i'))
  })
})
