/** The same session check by others, side by side: server CPU a request, as a ratio to bare node:http. */
import { startServer } from './lib/child.mjs'
import { compare } from './lib/compare.mjs'
import { print } from './lib/figures.mjs'
import { get } from './lib/load.mjs'
import { installPeers } from './lib/peers.mjs'
import { startPostgres } from './lib/postgres.mjs'

export async function run() {
  const peers = installPeers()
  const database = peers && (await startPostgres())
  const columns = ['connections', 'what', 'ratio to bare', 'µs', 'requests/s', 'p99 ms']
  const title = 'Session check by others, server CPU a request'
  if (peers === null) return { title, columns, rows: [] }
  const { modules, versions } = peers
  const page = (name, server, cookie = server.ready.cookie) => ({
    name,
    server,
    request: get('/', cookie),
    port: server.ready.port,
  })
  const express = await startServer('express-tutorial.mjs', { modules })
  const candidates = [
    page('bare node:http', await startServer('bare.mjs'), 'a=b'),
    page('Nightlatch, SQLite', await startServer('nightlatch.mjs')),
    page(`Express ${versions.express}, express-session, Passport, in memory`, express),
  ]
  if (database !== null) {
    const ours = await startServer('nightlatch.mjs', { databaseUrl: database.url() })
    candidates.push(page('Nightlatch, PostgreSQL', ours))
    await database.create('better_auth')
    const theirs = await startServer('better-auth.mjs', { modules, databaseUrl: database.url('better_auth') })
    candidates.push(page(`Better Auth ${versions['better-auth']}, PostgreSQL`, theirs))
  }
  const rows = await compare(candidates, { connections: 16, rounds: 5, seconds: 1 })
  for (const { server } of candidates) await server.stop()
  database?.stop()
  peers.remove()
  return { title, columns, rows }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
