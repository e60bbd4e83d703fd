/** Three Nightlatch servers, as they are built, and HAProxy in front of them. */
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { configOf, readEnv } from './places.mjs'
import { endAllIn, processesIn, signalAllIn, start, until } from './processes.mjs'

const nightlatch = fileURLToPath(new URL('../../packages/nightlatch/bin/nightlatch.js', import.meta.url))

/** What every server is told, from config/, with the root key in a new file. */
export function serverSettings(places, password) {
  const secret = join(places.folderOf('secret', null), 'secret')
  writeFileSync(secret, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 })
  const written = Object.entries(readEnv('nightlatch.env'))
  return {
    ...Object.fromEntries(written.map(([key, value]) => [key, password(places.here(value))])),
    NIGHTLATCH_HOST: '127.0.0.1',
    NIGHTLATCH_ORIGIN: `http://localhost:${places.portOf(readEnv('haproxy.env').PUBLIC)}`,
    NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
    NIGHTLATCH_SECRET_FILE: secret,
  }
}

const isReady = async (port) => {
  const options = { signal: AbortSignal.timeout(5000) }
  return (await fetch(`http://127.0.0.1:${port}/readyz`, options).catch(() => null))?.status === 200
}

export async function startServers(places, settings) {
  const servers = [1, 2, 3].map((number) => {
    const folder = places.folderOf(`server${number}`, null)
    const port = places.portOf(`10.0.0.3${number}:${readEnv('nightlatch.env').NIGHTLATCH_PORT}`)
    const env = { ...settings, NIGHTLATCH_PORT: String(port) }
    return {
      name: `server${number}`,
      port,
      start: () => start({ folder, command: process.execPath, args: [nightlatch, 'serve'], env }),
      kill: () => endAllIn(folder),
      /** As an update does it: what is under way is finished. */
      async stop() {
        signalAllIn(folder, 'SIGTERM')
        await until(`${folder} has stopped`, () => processesIn(folder).length === 0)
      },
      isReady: () => isReady(port),
    }
  })
  for (const server of servers) server.start()
  for (const { name, isReady } of servers) await until(`${name} is ready`, isReady)
  return servers
}

/** @returns the port where browsers come */
export async function startProxy(places) {
  const written = Object.entries(readEnv('haproxy.env'))
  const env = Object.fromEntries(written.map(([key, value]) => [key, places.here(value)]))
  const args = ['-W', '-f', configOf('haproxy.cfg')]
  start({ folder: places.folderOf('haproxy'), command: 'haproxy', args, env, user: places.user })
  const port = places.portOf(readEnv('haproxy.env').PUBLIC)
  await until('HAProxy answers', () => isReady(port))
  return port
}
