/** What the memory of a server costs, for every thousand people who are signed in. */
import { startServer } from './lib/child.mjs'
import { print, round } from './lib/figures.mjs'

const thousands = 10

export async function run() {
  const server = await startServer('nightlatch.mjs', { accounts: thousands * 1000 }, ['--expose-gc'])
  const before = await server.ask('heap')
  await server.ask('rememberAll')
  const after = await server.ask('heap')
  await server.stop()
  const perThousand = (after.heapBytes - before.heapBytes) / 1024 / thousands
  return {
    title: 'Memory of the process for sessions that it remembers',
    columns: ['what', 'KiB'],
    rows: [
      ['a thousand sessions', round(perThousand)],
      ['all that are ever remembered (10,000)', round(perThousand * 10)],
    ],
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
