/** Whole sign-ins: password, code, session, each with an account of its own. */
import { request, Agent } from 'node:http'
import { Totp } from '@nightlatch/otp'

const form = (agent, { port, path, fields, cookie }) =>
  new Promise((resolve, reject) => {
    const body = new URLSearchParams(fields).toString()
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      'content-length': Buffer.byteLength(body),
      'sec-fetch-site': 'same-origin',
      ...(cookie === undefined ? {} : { cookie }),
    }
    const asked = request({ agent, port, host: '127.0.0.1', path, method: 'POST', headers }, (answer) => {
      answer.resume()
      answer.on('end', () => resolve(answer))
    })
    asked.on('error', reject)
    asked.end(body)
  })

const cookieOf = (answer, name) =>
  /^[^;]*/.exec((answer.headers['set-cookie'] ?? []).find((one) => one.startsWith(name)) ?? '')[0]

/** Signs people in, so many at a time, until they are all in or the time is over. */
export async function signInAll({ port, people, inFlight, until = () => false }) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const queue = people[Symbol.iterator]()
  let done = 0
  const started = performance.now()
  const one = async () => {
    for (const person of queue) {
      if (until()) return
      await signIn(agent, port, person)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  agent.destroy()
  return { done, perSecond: done / ((performance.now() - started) / 1000) }
}

async function signIn(agent, port, { username, key }) {
  const fields = { username, password: 'correct horse battery' }
  const password = await form(agent, { port, path: '/login', fields })
  const otp = new Totp({ secret: key }).now()
  const code = await form(agent, {
    port,
    path: '/mfa/verify',
    fields: { otp },
    cookie: cookieOf(password, 'nightlatch-sign-in'),
  })
  if (code.statusCode !== 303 || cookieOf(code, 'nightlatch-session') === '') {
    throw new Error(`${username}: ${password.statusCode} ${code.statusCode} ${code.headers.location}`)
  }
}
