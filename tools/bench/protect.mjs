/** What the check adds to the same proxy library without it, and whether a large answer stays out of memory. */
import { connect } from 'node:net'
import { startServer } from './lib/child.mjs'
import { get, load } from './lib/load.mjs'
import { median, print, round } from './lib/figures.mjs'

const rounds = 7
const requests = 1500
const gigabyte = 1024 ** 3

export async function run() {
  const application = await startServer('application.mjs')
  const target = `http://127.0.0.1:${application.ready.port}`
  const plain = await startServer('plain-proxy.mjs', { target })
  const ours = await startServer('nightlatch.mjs', { target })
  const { cookie } = ours.ready
  const candidates = [
    { name: 'the application alone', server: application, cookie },
    { name: 'the proxy library without the check', server: plain, cookie },
    { name: 'nightlatch protect', server: ours, cookie },
  ]
  const rows = [...(await smallRequests(candidates)), ...(await largeAnswers(candidates.slice(1)))]
  for (const { server } of candidates) await server.stop()
  return { title: 'In front of an application', columns: ['what', 'figure', 'value', 'more'], rows }
}

/** One connection, one request at a time, in turn: the median latency of each. */
async function smallRequests(candidates) {
  const medians = candidates.map(() => [])
  for (let number = 0; number <= rounds; number += 1) {
    for (const [index, { name, server, cookie }] of candidates.entries()) {
      const result = await load({
        port: server.ready.port,
        request: get('/', cookie),
        connections: 1,
        requests,
      })
      if (result.statuses['200'] !== requests) throw new Error(`${name}: ${JSON.stringify(result.statuses)}`)
      if (number > 0) medians[index].push(result.p50) // round 0 warms up
    }
  }
  const added = medians[2].map((latency, at) => latency - medians[1][at])
  return [
    ...candidates.map(({ name }, index) => [
      name,
      'median latency, ms',
      round(median(medians[index]), 3),
      '',
    ]),
    ['the check', 'added at the median, ms', round(median(added), 3), 'of the same rounds'],
  ]
}

async function largeAnswers(candidates) {
  const rows = []
  for (const { name, server, cookie } of candidates) {
    const { port } = server.ready
    await download({ port, cookie, bytes: gigabyte / 16 })
    const before = (await server.ask('usage')).rssBytes
    let highest = before
    const started = performance.now()
    const received = await download({
      port,
      cookie,
      bytes: gigabyte,
      look: async () => {
        highest = Math.max(highest, (await server.ask('usage')).rssBytes)
      },
    })
    if (received < gigabyte) throw new Error(`${name}: only ${received} bytes`)
    const seconds = (performance.now() - started) / 1000
    const mebibytes = (bytes) => round(bytes / 1024 ** 2)
    rows.push([
      name,
      '1 GiB streamed, RSS before → highest, MiB',
      `${mebibytes(before)} → ${mebibytes(highest)}`,
      `${round(1024 / seconds)} MiB/s`,
    ])
  }
  return rows
}

/** Counts what comes back; looks at the server every 64 MiB. */
function download({ port, cookie, bytes, look = async () => undefined }) {
  return new Promise((resolve, reject) => {
    let received = 0
    let next = 64 * 1024 ** 2
    let looking = Promise.resolve()
    const socket = connect({ port, host: '127.0.0.1' })
    socket.write(
      `GET /?bytes=${bytes} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nConnection: close\r\n\r\n`,
    )
    socket.on('data', (chunk) => {
      received += chunk.length
      if (received < next) return
      next += 64 * 1024 ** 2
      looking = looking.then(look)
    })
    socket.on('error', reject)
    socket.on('close', () => void looking.then(() => resolve(received)))
  })
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  print(await run())
}
