/** Whole sign-ins: password, code, session, each with an account of its own, with as little work of the load as can be. */
import { connect } from 'node:net'
import { Totp } from '@nightlatch/otp'

/** A connection that is kept, on which forms are posted one after the other. */
async function openConnection(port) {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject))
  let take = null
  let received = ''
  socket.setEncoding('latin1')
  socket.on('data', (chunk) => {
    received += chunk
    const end = received.indexOf('\r\n\r\n')
    const head = received.slice(0, end)
    const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
    if (end < 0 || received.length < end + 4 + length) return
    received = ''
    take(head)
  })
  const post = (path, fields, cookie = '') => {
    const body = new URLSearchParams(fields).toString()
    const answer = new Promise((resolve) => (take = resolve))
    socket.write(
      `POST ${path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n` +
        `Content-Length: ${body.length}\r\nSec-Fetch-Site: same-origin\r\nCookie: ${cookie}\r\n\r\n${body}`,
    )
    return answer
  }
  return { post, end: () => socket.destroy() }
}

const cookieOf = (head, name) =>
  new RegExp(`^set-cookie: (${name}(?:-\\w+)?=[^;]+)`, 'im').exec(head)?.[1] ?? ''

/** Signs people in, so many at a time, until they are all in or the time is over. */
export async function signInAll({ port, people, inFlight, until = () => false }) {
  const connections = await Promise.all(Array.from({ length: inFlight }, () => openConnection(port)))
  const queue = people[Symbol.iterator]()
  let done = 0
  const started = performance.now()
  const one = async ({ post }) => {
    for (const person of queue) {
      if (until()) return
      await signIn(post, person)
      done += 1
    }
  }
  await Promise.all(connections.map(one))
  const perSecond = done / ((performance.now() - started) / 1000)
  for (const { end } of connections) end()
  return { done, perSecond }
}

async function signIn(post, { username, key }) {
  const password = await post('/login', { username, password: 'correct horse battery' })
  const otp = new Totp({ secret: key }).now()
  const code = await post('/mfa/verify', { otp }, cookieOf(password, 'nightlatch-sign-in'))
  if (!code.includes(' 303 ') || cookieOf(code, 'nightlatch-session') === '')
    throw new Error(`${username}: ${password}\n${code}`)
}
