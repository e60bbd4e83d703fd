/** A bounded load over keep-alive connections on loopback, with as little work per request as can be. */
import { connect } from 'node:net'

/**
 * @param {{ port: number, request: (index: number) => string | Buffer, connections: number, seconds?: number, requests?: number }} plan
 * @returns {Promise<{ count: number, seconds: number, perSecond: number, p50: number, p99: number, statuses: Record<string, number> }>}
 */
export async function load(plan) {
  const latencies = []
  const statuses = {}
  const started = performance.now()
  const until = plan.seconds === undefined ? Infinity : started + plan.seconds * 1000
  const most = plan.requests ?? Infinity
  let sent = 0
  const more = () => (sent < most && performance.now() < until ? sent++ : null)
  const one = () => connection(plan, { more, latencies, statuses })
  await Promise.all(Array.from({ length: plan.connections }, one))
  const seconds = (performance.now() - started) / 1000
  latencies.sort((a, b) => a - b)
  const at = (share) => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0
  return {
    count: latencies.length,
    seconds,
    perSecond: latencies.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    statuses,
  }
}

function connection(plan, { more, latencies, statuses }) {
  return new Promise((resolve, reject) => {
    const socket = connect({ port: plan.port, host: '127.0.0.1' })
    let received = Buffer.alloc(0)
    let began = 0
    const next = () => {
      const index = more()
      if (index === null) {
        socket.end()
        resolve()
        return
      }
      began = performance.now()
      socket.write(plan.request(index))
    }
    socket.setNoDelay(true)
    socket.on('connect', next)
    socket.on('error', reject)
    socket.on('data', (chunk) => {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk])
      const end = received.indexOf('\r\n\r\n')
      if (end < 0) return
      const head = received.toString('latin1', 0, end)
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (received.length < end + 4 + length) return
      received = Buffer.alloc(0)
      latencies.push(performance.now() - began)
      const status = head.slice(9, 12)
      statuses[status] = (statuses[status] ?? 0) + 1
      next()
    })
  })
}

/** A GET with a cookie. */
export const get = (path, cookie, more = '') => {
  const request = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nCookie: ${cookie}\r\nAccept: text/html\r\n${more}\r\n`
  return () => request
}
