/**
 * `nightlatch protect` beside the proxies that ask Nightlatch, and beside those that ask nobody: CPU and memory of all
 * processes. Some six minutes; `npm run bench -- protect --quick` takes two, `--who=nginx,undici` compares it with these.
 */
import { connect } from 'node:net'
import { startServer } from './lib/child.mjs'
import { get, load } from './lib/load.mjs'
import { median, print, round } from './lib/figures.mjs'
import { startProxy } from './lib/proxies.mjs'
import { download, uploadAll, usage } from './lib/streams.mjs'

const whole = { rounds: 3, seconds: 0.5, large: 256 * 1024 ** 2, connections: [1, 16, 64] }
const quick = { rounds: 3, seconds: 0.3, large: 64 * 1024 ** 2, connections: [16] }

/** So many requests of each before anything is measured: the engines have compiled by then. */
const toWarmUp = { pages: 6000, forms: 3000 }

export async function run({ isQuick = false, who = null } = {}) {
  const extent = isQuick ? quick : whole
  const application = await startServer('application.mjs')
  const { port } = application.ready
  const target = `http://127.0.0.1:${port}`
  const ours = await startServer('nightlatch.mjs', { target })
  const asked = await startServer('nightlatch.mjs')
  const behind = { application: port, nightlatch: asked.ready.port }
  const alone = { application: port }
  const bare = (transport) => startServer('bare-proxy.mjs', { target, transport })
  const all = [
    ['nightlatch protect', () => ours, { cookie: ours.ready.cookie }],
    ['nginx auth_request + Nightlatch', () => startProxy('nginx', behind), { beside: asked }],
    ['Caddy forward_auth + Nightlatch', () => startProxy('caddy', behind), { beside: asked }],
    ['nginx, no check', () => startProxy('nginx', alone)],
    ['HAProxy, no check', () => startProxy('haproxy', alone)],
    ['Caddy, no check', () => startProxy('caddy', alone)],
    ['20 lines on undici, no check', () => bare('undici')],
    ['20 lines on http.request, no check', () => bare('node')],
    ['20 lines on httpxy, no check', () => bare('httpxy')],
  ]
  const isMeant = ([name], at) =>
    at === 0 || who === null || who.some((word) => name.toLowerCase().includes(word))
  const meant = all.filter(isMeant).map(([name, start, more]) => candidate(name, start(), more))
  const candidates = (await Promise.all(meant)).filter(({ server }) => server !== null)
  for (const one of candidates) one.cookie ??= asked.ready.cookie
  const results = [await requests(candidates, extent), await streams(candidates, extent)]
  for (const { server } of candidates) await server.stop()
  for (const server of [asked, application]) await server.stop()
  return results
}

const candidate = async (name, server, more = {}) => ({ name, server: await server, ...more })

const workloads = (cookie) => [
  ['small page', get('/', cookie)],
  ['100 KB page', get('/?bytes=102400', cookie)],
  ['form of 200 bytes', upload(cookie, 200)],
  ['upload of 64 KB', upload(cookie, 65536)],
]

function upload(cookie, length) {
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nContent-Length: ${length}\r\n\r\n`
  const bytes = Buffer.concat([Buffer.from(head), Buffer.alloc(length, 'x')])
  return () => bytes
}

async function requests(candidates, extent) {
  const rows = []
  const cold = await firstThousand(candidates)
  for (const many of extent.connections) {
    for (const [at, [what]] of workloads('').entries()) {
      const asking = { many, requestOf: (one) => workloads(one.cookie)[at][1], ...extent }
      const measured = await compareAll(candidates, asking)
      for (const [index, { name }] of candidates.entries()) {
        const first = many === 16 && at === 0 ? cold[index] : ''
        rows.push([many, what, name, ...measured[index], first])
      }
    }
  }
  return {
    title: 'In front of an application: server CPU a request of all processes but the application',
    columns: [
      ...['connections', 'what', 'who', 'ratio to protect', 'µs', 'requests/s', 'requests/s to protect'],
      ...['RSS MiB', 'first thousand, µs'],
    ],
    rows,
  }
}

async function firstThousand(candidates) {
  const costs = []
  for (const one of candidates) {
    const before = await usage(one)
    await load({
      port: one.server.ready.port,
      request: get('/', one.cookie),
      connections: 16,
      requests: 1000,
    })
    costs.push(round(((await usage(one)).cpuMicros - before.cpuMicros) / 1000))
  }
  for (const one of candidates) {
    const plan = { port: one.server.ready.port, connections: 16 }
    await load({ ...plan, request: get('/', one.cookie), requests: toWarmUp.pages })
    await load({ ...plan, request: upload(one.cookie, 200), requests: toWarmUp.forms })
  }
  return costs
}

async function compareAll(candidates, { many, requestOf, rounds, seconds }) {
  const measured = candidates.map(() => [])
  for (let number = 0; number <= rounds; number += 1) {
    for (const [index, one] of candidates.entries()) {
      const before = await usage(one)
      const plan = { port: one.server.ready.port, request: requestOf(one), connections: many, seconds }
      const result = await load(plan)
      const cpu = ((await usage(one)).cpuMicros - before.cpuMicros) / result.count
      if (result.statuses['200'] !== result.count)
        throw new Error(`${one.name}: ${JSON.stringify(result.statuses)}`)
      const { perSecond } = result
      if (number > 0) measured[index].push({ cpu, perSecond, rss: before.rssBytes }) // round 0 warms up
    }
  }
  const middle = (own, pick) => median(own.map(pick))
  return measured.map((own) => [
    round(
      middle(own, ({ cpu }, at) => cpu / measured[0][at].cpu),
      2,
    ),
    round(middle(own, ({ cpu }) => cpu)),
    round(middle(own, ({ perSecond }) => perSecond)),
    round(
      middle(own, ({ perSecond }, at) => perSecond / measured[0][at].perSecond),
      2,
    ),
    mebibytes(middle(own, ({ rss }) => rss)),
  ])
}

/** Many bytes down and up, and messages over WebSockets. */
async function streams(candidates, { large }) {
  const rows = []
  for (const one of candidates) {
    const flows = [await throughput(one, download, large), await throughput(one, uploadAll, large)]
    rows.push([one.name, ...flows.flat()])
    rows.at(-1).push(one.name.includes('20 lines') ? '' : await echo(one))
  }
  const of = (way) => [`${way}, MiB/s`, `${way}, CPU s`, `${way}, RSS before → highest, MiB`]
  return {
    title: `${mebibytes(large)} MiB through one connection, and 20,000 messages of 100 bytes over 16 WebSockets`,
    columns: ['who', ...of('down'), ...of('up'), 'CPU a message, µs'],
    rows,
  }
}

const mebibytes = (bytes) => round(bytes / 1024 ** 2)

async function throughput(one, transfer, large) {
  await transfer({ ...one, bytes: large / 16 })
  const before = await usage(one)
  let highest = before.rssBytes
  const look = async () => (highest = Math.max(highest, (await usage(one)).rssBytes))
  const started = performance.now()
  const moved = await transfer({ ...one, bytes: large, look })
  if (moved < large) throw new Error(`${one.name}: only ${moved} bytes`)
  const took = (performance.now() - started) / 1000
  const cpu = ((await usage(one)).cpuMicros - before.cpuMicros) / 1e6
  return [
    round(large / 1024 ** 2 / took),
    round(cpu, 2),
    `${mebibytes(before.rssBytes)} → ${mebibytes(highest)}`,
  ]
}

const messages = 20_000
const message = Buffer.alloc(100, 'm')

/** One message at a time on each; the bytes are no frames, for nobody in between reads them. */
async function echo(one) {
  const before = await usage(one)
  let left = messages
  const talk = () =>
    new Promise((resolve, reject) => {
      const socket = connect({ port: one.server.ready.port, host: '127.0.0.1' })
      socket.write(
        `GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
          `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nCookie: ${one.cookie}\r\n\r\n`,
      )
      let isOpen = false
      let received = 0
      const next = () => {
        if (left-- <= 0) socket.destroy()
        else socket.write(message)
      }
      socket.on('data', (chunk) => {
        if (!isOpen) {
          if (!chunk.includes(' 101 ')) reject(new Error(`${one.name}: ${chunk}`))
          isOpen = true
          next()
          return
        }
        received += chunk.length
        if (received % message.length === 0) next()
      })
      socket.on('error', reject)
      socket.on('close', resolve)
    })
  await Promise.all(Array.from({ length: 16 }, talk))
  return round(((await usage(one)).cpuMicros - before.cpuMicros) / messages, 1)
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  for (const result of await run()) print(result)
}
