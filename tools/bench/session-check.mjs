/** A session check, in server CPU a request, as a ratio to bare node:http in the same rounds. */
import { startServer } from './lib/child.mjs'
import { compare } from './lib/compare.mjs'
import { print } from './lib/figures.mjs'
import { get } from './lib/load.mjs'
import { startPostgres } from './lib/postgres.mjs'

const rounds = 7
const seconds = 0.8

export async function run() {
  const bare = await startServer('bare.mjs')
  const sqlite = await startServer('nightlatch.mjs')
  const database = await startPostgres()
  const postgres = database && (await startServer('nightlatch.mjs', { databaseUrl: database.url() }))
  const candidates = [
    { name: 'bare node:http', server: bare, request: get('/', sqlite.ready.cookie), port: bare.ready.port },
    {
      name: bareForNginx,
      server: bare,
      request: get('/', sqlite.ready.cookie, forwarded),
      port: bare.ready.port,
    },
    ...checksOf(sqlite, 'SQLite'),
    ...(postgres === null ? [] : checksOf(postgres, 'PostgreSQL')),
  ]
  const rows = []
  for (const connections of [1, 16, 64])
    rows.push(...(await compare(candidates, { connections, rounds, seconds })))
  for (const server of [bare, sqlite, postgres]) await server?.stop()
  database?.stop()
  return {
    title: 'Session check, server CPU a request',
    columns: ['connections', 'what', 'ratio to bare', 'µs', 'requests/s', 'p99 ms'],
    rows,
  }
}

/** nginx asks so about every request that it is to let through. */
const forwarded =
  'X-Original-Method: GET\r\nX-Original-URL: http://app.localhost/reports?page=2\r\nX-Real-IP: 192.0.2.1\r\n'

/** The same bare server, asked with the same headers. */
const bareForNginx = 'bare node:http, asked as by nginx'

function checksOf(server, database) {
  const { cookie, port } = server.ready
  const check = (name, request) => ({ name: `${name}, ${database}`, server, request, port })
  return [
    check('home page', get('/', cookie)),
    check('session as JSON', get('/api/v1/session', cookie)),
    check('forward-auth', get('/forward-auth', cookie)),
    {
      ...check('forward-auth, asked as by nginx', get('/forward-auth', cookie, forwarded)),
      limit: bareForNginx,
    },
  ]
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  print(await run())
}
