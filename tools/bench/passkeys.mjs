/** The server CPU of a sign-in: with a passkey, and with password and code. */
import { createHash, sign } from 'node:crypto'
import { Agent, request } from 'node:http'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { signInAll } from './lib/sign-ins.mjs'

const rounds = 5
const perRound = 300
const toWarmUp = 1500
const inFlight = 8

export async function run() {
  const accounts = toWarmUp + rounds * perRound
  const server = await startServer('nightlatch.mjs', { accounts, passkeys: true })
  const cpu = async (work) => {
    const before = (await server.ask('usage')).cpuMicros
    await work()
    return ((await server.ask('usage')).cpuMicros - before) / perRound
  }
  const { port, people, passkeys } = server.ready
  const byPassword = (from, count) => signInAll({ port, people: people.slice(from, from + count), inFlight })
  const byPasskey = (from, count) =>
    signInWithPasskeys({ port, ...passkeys, holders: passkeys.holders.slice(from, from + count) })
  for (const way of [byPassword, byPasskey]) await way(0, toWarmUp)
  const measured = []
  for (let number = 0; number < rounds; number += 1) {
    const from = toWarmUp + number * perRound
    measured.push({
      password: await cpu(() => byPassword(from, perRound)),
      passkey: await cpu(() => byPasskey(from, perRound)),
    })
  }
  await server.stop()
  const row = (what, pick) => [
    what,
    round(median(measured.map(pick)) / 1000, 2),
    round(median(measured.map((one) => pick(one) / one.password)), 2),
  ]
  return {
    title: 'Sign-in with a passkey, SQLite',
    columns: ['what', 'CPU ms', 'of password and code'],
    rows: [
      row('password and code', ({ password }) => password),
      row('passkey: what to sign, and what was signed', ({ passkey }) => passkey),
    ],
  }
}

/** @returns how many signed in: all of them */
export async function signInWithPasskeys({ port, privateKey, holders }) {
  const agent = new Agent({ keepAlive: true, maxSockets: inFlight })
  const post = (path, value, cookie = '') => {
    const body = JSON.stringify(value)
    const headers = {
      ...{ 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      ...{ 'sec-fetch-site': 'same-origin', cookie, host: `localhost:${port}` },
    }
    const options = { host: '127.0.0.1', port, method: 'POST', path: `/api/v1${path}`, headers, agent }
    return new Promise((resolve, reject) => {
      const asked = request(options, (answer) => {
        let text = ''
        answer.setEncoding('utf8').on('data', (chunk) => (text += chunk))
        answer.on('end', () => resolve({ status: answer.statusCode, headers: answer.headers, text }))
      })
      asked.on('error', reject).end(body)
    })
  }
  const queue = holders[Symbol.iterator]()
  let done = 0
  const one = async () => {
    for (const holder of queue) {
      const asked = await post('/sign-in/passkey/options', {})
      const cookie = (asked.headers['set-cookie'] ?? []).map((line) => line.split(';')[0]).join('; ')
      const credential = signed(holder, { privateKey, port, options: JSON.parse(asked.text) })
      const answer = await post('/sign-in/passkey', credential, cookie)
      if (answer.status !== 200) throw new Error(`A passkey was refused: ${answer.text}`)
      done += 1
    }
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  agent.destroy()
  return done
}

const sha256 = (data) => createHash('sha256').update(data).digest()

/** What a browser answers (WebAuthn §5.1.4.2): present and verified, a counter that does not count. */
function signed({ credentialId, userHandle }, { privateKey, port, options: { challenge, rpId } }) {
  const data = { type: 'webauthn.get', challenge, origin: `http://localhost:${port}`, crossOrigin: false }
  const clientData = Buffer.from(JSON.stringify(data))
  const authenticatorData = Buffer.concat([sha256(rpId), Buffer.from([5, 0, 0, 0, 0])])
  const signature = sign('sha256', Buffer.concat([authenticatorData, sha256(clientData)]), privateKey)
  const texts = { clientDataJSON: clientData, authenticatorData, signature }
  const response = Object.fromEntries(
    Object.entries(texts).map(([name, bytes]) => [name, bytes.toString('base64url')]),
  )
  return { id: credentialId, rawId: credentialId, type: 'public-key', response: { ...response, userHandle } }
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
