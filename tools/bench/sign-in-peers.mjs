/** Whole sign-ins a second, side by side with Better Auth on the same database, each with its own hash of passwords. */
import { parseOtpauthUri, Totp } from '@nightlatch/otp'
import { startServer } from './lib/child.mjs'
import { median, print, round } from './lib/figures.mjs'
import { installPeers } from './lib/peers.mjs'
import { startPostgres } from './lib/postgres.mjs'
import { signInAll } from './lib/sign-ins.mjs'

const rounds = 3
const ours = 240
const theirs = 32
/** The engine compiles what a sign-in runs over the first thousand of them; theirs take eight times as long. */
const toWarmUp = { ours: 1500, theirs: 200 }
const inFlight = 8

export async function run() {
  const title = `Whole sign-in by others: password, code, session (${inFlight} in flight)`
  const columns = ['what', 'a second', 'Nightlatch is … times as fast']
  const peers = installPeers()
  const database = peers && (await startPostgres())
  if (peers === null || database === null) return { title, columns, rows: [] }
  const { modules, versions } = peers
  await database.create('better_auth')
  const nightlatch = await startServer('nightlatch.mjs', {
    databaseUrl: database.url(),
    accounts: toWarmUp.ours + rounds * ours,
  })
  const other = await startServer('better-auth.mjs', { modules, databaseUrl: database.url('better_auth') })
  const { port, people } = nightlatch.ready
  await signInAll({ port, people: people.slice(0, toWarmUp.ours), inFlight })
  await betterAuthSignIns(other.ready, toWarmUp.theirs)
  const measured = []
  for (let number = 0; number < rounds; number += 1) {
    const from = toWarmUp.ours + number * ours
    const { perSecond } = await signInAll({ port, people: people.slice(from, from + ours), inFlight })
    measured.push({ our: perSecond, their: await betterAuthSignIns(other.ready, theirs) })
  }
  for (const server of [nightlatch, other]) await server.stop()
  database.stop()
  peers.remove()
  const of = (pick) => round(median(measured.map(pick)), 1)
  return {
    title,
    columns,
    rows: [
      ['Nightlatch, PostgreSQL', of(({ our }) => our), 1],
      [
        `Better Auth ${versions['better-auth']}, PostgreSQL`,
        of(({ their }) => their),
        of(({ our, their }) => our / their),
      ],
    ],
  }
}

/** One account for all: it takes the same code again. */
async function betterAuthSignIns({ port, uri }, count) {
  const { parsed, account } = parseOtpauthUri(uri)
  if (!parsed) throw new Error(uri)
  const totp = new Totp(account)
  let left = count
  const began = performance.now()
  const one = async () => {
    while (left-- > 0) await betterAuthSignIn(port, totp.now())
  }
  await Promise.all(Array.from({ length: inFlight }, one))
  return count / ((performance.now() - began) / 1000)
}

async function betterAuthSignIn(port, code) {
  const post = (path, body, cookie = '') =>
    fetch(`http://127.0.0.1:${port}/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://localhost:3000', cookie },
      body: JSON.stringify(body),
    })
  const first = await post('/sign-in/email', {
    email: 'person0@example.org',
    password: 'correct horse battery',
  })
  const { twoFactorRedirect } = await first.json()
  const cookie = first.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  const second = await post('/two-factor/verify-totp', { code }, cookie)
  const answer = await second.json()
  if (!twoFactorRedirect || second.status !== 200 || !answer.user)
    throw new Error(`Better Auth: ${first.status} ${second.status} ${JSON.stringify(answer)}`)
}

if (process.argv[1] === new URL(import.meta.url).pathname) print(await run())
