import { rmSync } from 'node:fs'
import type { TestApp, Wishes } from './app.js'
import { lazily, startApp, whileTestsRun } from './app.js'
import { patiently, type DatabaseKind, type TestDatabase } from './databases.js'

/** The real server on this kind of database; `close` removes both. */
export async function startAppOn(kind: DatabaseKind, wishes: Wishes = {}): Promise<TestApp> {
  if (kind.name === 'sqlite') return startApp(wishes)
  const database = await kind.create()
  const app = await startApp({
    ...wishes,
    env: { ...wishes.env, NIGHTLATCH_DATABASE_URL: String(patiently(database.location)) },
  })
  return removing(app, () => database.remove())
}

/** Also when it has been restarted. */
const removing = (app: TestApp, remove: () => Promise<void>): TestApp => ({
  ...app,
  restart: async () => removing(await app.restart(), remove),
  close: async () => {
    await app.close()
    await remove()
  },
})

export interface Servers {
  readonly apps: readonly TestApp[]
  readonly database: TestDatabase
  close(): Promise<void>
}

/** Equal servers, each with connections of its own, on one database and with one root key. */
export async function startServersOn(
  kind: DatabaseKind,
  count: number,
  more: Record<string, string> = {},
): Promise<Servers> {
  const database = await kind.create()
  const where =
    kind.name === 'postgres' ? { NIGHTLATCH_DATABASE_URL: String(patiently(database.location)) } : {}
  const env = { ...more, ...where }
  const first = await startApp({ env })
  const { dataFolder, clock } = first
  const apps = [first]
  while (apps.length < count) apps.push(await startApp({ env, dataFolder, clock }))
  const close = async (): Promise<void> => {
    for (const app of apps) {
      await app.server.stop(1000)
      await app.nightlatch.close()
    }
    rmSync(dataFolder, { recursive: true, force: true })
    await database.remove()
  }
  return { apps, database, close }
}

export async function startTwoOn(
  kind: DatabaseKind,
  more: Record<string, string> = {},
): Promise<{ here: TestApp; there: TestApp; close(): Promise<void> }> {
  const { apps, close } = await startServersOn(kind, 2, more)
  return { here: apps[0]!, there: apps[1]!, close }
}

/** Both for the tests around which this is called. */
export function useTwoOn(
  kind: DatabaseKind,
  more: Record<string, string> = {},
): { app: TestApp; there: TestApp } {
  const two = whileTestsRun(() => startTwoOn(kind, more))
  return { app: lazily(() => two.here), there: lazily(() => two.there) }
}
