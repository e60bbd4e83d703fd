/** What `nightlatch protect` holds for long: thousands of WebSockets, and a gibibyte on its way up or down. */
import { connect } from 'node:net'
import { startServer } from './lib/child.mjs'
import { print, round } from './lib/figures.mjs'
import { startProxy } from './lib/proxies.mjs'
import { download, usage, uploadAll } from './lib/streams.mjs'

/** Each takes two descriptors of a proxy, and one here; fewer where the system allows fewer. */
const wanted = Number(process.env.HELD ?? 10_000)
const atOnce = 100
const gibibyte = 1024 ** 3

export async function run() {
  const application = await startServer('application.mjs')
  const { port } = application.ready
  const ours = await startServer('nightlatch.mjs', { target: `http://127.0.0.1:${port}` }, ['--expose-gc'])
  const { cookie } = ours.ready
  const candidates = [
    { name: 'nightlatch protect', server: ours, cookie },
    { name: 'nginx, no check', server: await startProxy('nginx', { application: port }), cookie },
    { name: 'HAProxy, no check', server: await startProxy('haproxy', { application: port }), cookie },
  ].filter(({ server }) => server !== null)
  const rows = []
  for (const one of candidates) rows.push([one.name, ...(await held(one)), ...(await flows(one))])
  for (const { server } of candidates) await server.stop()
  await application.stop()
  return {
    title: 'Held for long: memory of the process',
    columns: [
      'who',
      'WebSockets',
      'KiB each',
      '1 GiB down: MiB/s, CPU s, RSS',
      '1 GiB up: MiB/s, CPU s, RSS',
    ],
    rows,
  }
}

/** How many are open at the end, and what each costs in resident memory. */
async function held(one) {
  await open(one, 200)
  const before = (await usage(one)).rssBytes
  const sockets = await open(one, wanted)
  await new Promise((resolve) => setTimeout(resolve, 1000))
  const after = (await usage(one)).rssBytes
  const alive = sockets.filter((socket) => !socket.destroyed).length
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => setTimeout(resolve, 2000))
  return [alive, round((after - before) / 1024 / alive, 1)]
}

async function open(one, count) {
  const sockets = []
  while (sockets.length < count) {
    const some = await Promise.allSettled(
      Array.from({ length: Math.min(atOnce, count - sockets.length) }, () => handshake(one)),
    )
    const opened = some.flatMap(({ value }) => value ?? [])
    sockets.push(...opened)
    if (opened.length < some.length) break
  }
  return sockets
}

function handshake({ server, cookie }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: server.ready.port, host: '127.0.0.1' })
    socket.on('error', reject)
    socket.once('close', reject)
    socket.once('data', (bytes) => {
      if (bytes.includes(' 101 ')) resolve(socket)
      else reject(new Error(bytes.toString()))
    })
    socket.write(
      `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
        `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${cookie}\r\n\r\n`,
    )
  })
}

async function flows(one) {
  const all = []
  for (const transfer of [download, uploadAll]) {
    await transfer({ ...one, bytes: gibibyte / 16 })
    const before = await usage(one)
    let highest = before.rssBytes
    const look = async () => (highest = Math.max(highest, (await usage(one)).rssBytes))
    const started = performance.now()
    const moved = await transfer({ ...one, bytes: gibibyte, look })
    if (moved < gibibyte) throw new Error(`${one.name}: only ${moved} bytes`)
    const took = (performance.now() - started) / 1000
    const cpu = ((await usage(one)).cpuMicros - before.cpuMicros) / 1e6
    const mebibytes = (bytes) => round(bytes / 1024 ** 2)
    all.push(
      `${round(1024 / took)}, ${round(cpu, 2)}, ${mebibytes(before.rssBytes)} → ${mebibytes(highest)} MiB`,
    )
  }
  return all
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
