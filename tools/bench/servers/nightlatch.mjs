/** Nightlatch as it is built, with accounts that have been through their set-up. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openNightlatch } from '../../../packages/nightlatch/dist/compose/open.js'
import { readSettings } from '../../../packages/nightlatch/dist/config/read.js'
import { protectServer } from '../../../packages/nightlatch/dist/compose/protect-server.js'
import { serve } from '../../../packages/nightlatch/dist/compose/http-server.js'
import { atTheCommandLine } from '../../../packages/nightlatch/dist/core/accounts/actor.js'
import { blankApplication } from '../../../packages/nightlatch/dist/core/applications/changes.js'
import { addApplication } from '../../../packages/nightlatch/dist/core/applications/registration.js'
import { beginSession } from '../../../packages/nightlatch/dist/core/sign-in/start-session.js'
import { hashSessionToken } from '../../../packages/nightlatch/dist/core/tokens.js'
import { Secret } from '../../../packages/nightlatch/dist/core/secret.js'
import { answerQuestions } from '../lib/child.mjs'
import { addPasskeys, enrol } from '../lib/people.mjs'

const options = JSON.parse(process.argv[2] ?? '{}')
const folder = mkdtempSync(join(tmpdir(), 'nightlatch-bench-'))
const env = {
  NIGHTLATCH_PORT: '0',
  NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1',
  NIGHTLATCH_DATA: folder,
  ...(options.databaseUrl === undefined ? {} : { NIGHTLATCH_DATABASE_URL: options.databaseUrl }),
  ...options.env,
}
const read = readSettings({ env })
if (read.kind === 'problems') throw new Error(read.problems.join(' '))
const nightlatch = await openNightlatch(read.settings)
const log = { warn() {}, error: (message, _fields, error) => console.error(message, error) }
const server =
  options.target === undefined
    ? await serve(nightlatch, log)
    : await protectServer(nightlatch, { target: new URL(options.target), log })
const people = await enrol(nightlatch, options.accounts ?? 1)
const passkeys = options.passkeys === true ? await addPasskeys(nightlatch, people) : null
const application = options.application === true ? await register() : null
answerQuestions(
  { port: server.settings.port, folder, people, passkeys, cookie: await sessionCookie(), application },
  { argon2: argon2Limit, rememberAll, heap },
)

/** Everybody signs in and is asked for twice. */
async function rememberAll() {
  const hashes = []
  const { core, storage } = nightlatch
  await storage.atomically(async (stores) => {
    for (const person of people)
      hashes.push(hashSessionToken(core.platform, (await begin(stores, person)).token))
  })
  for (let times = 0; times < 2; times += 1)
    for (const hash of hashes) await storage.stores.sessions.findByTokenHash(hash)
  return { remembered: hashes.length }
}

function heap() {
  for (let times = 0; times < 4; times += 1) globalThis.gc()
  return { heapBytes: process.memoryUsage().heapUsed }
}

/** Password checks a second when there is nothing else to do. */
async function argon2Limit() {
  const password = new Secret('correct horse battery')
  const { passwords } = nightlatch.core
  let left = 120
  const started = performance.now()
  const one = async () => {
    while (left-- > 0) await passwords.verify(passwords.unknownAccountHash, password)
  }
  await Promise.all(Array.from({ length: 8 }, one))
  return { perSecond: 120 / ((performance.now() - started) / 1000) }
}

/** An application, and all people signed in. */
async function register() {
  const redirectUri = 'https://app.example.org/callback'
  const input = { ...blankApplication, name: 'Bench', redirectUris: [redirectUri], skipConsent: true }
  const added = await addApplication(nightlatch.core, { input, id: 'bench', actor: atTheCommandLine })
  const cookies = []
  for (const person of people) cookies.push(await sessionCookie(person))
  const at = { authorize: '/oidc/authorize', token: '/oidc/token', userinfo: '/oidc/userinfo' }
  return { port: server.settings.port, id: 'bench', secret: added.secret.reveal(), redirectUri, cookies, at }
}

async function sessionCookie(person = people[0]) {
  const begun = await nightlatch.storage.atomically((stores) => begin(stores, person))
  const { cookies } = server.services
  // With what a browser has from its first page on: a passkey was offered to it.
  return `${cookies.nameOf('session')}=${begun.token.reveal()}; ${cookies.nameOf('offered')}=yes`
}

function begin(stores, person) {
  const { core } = nightlatch
  const browser = {
    client: { address: '127.0.0.1', userAgent: 'bench' },
    knownDevice: null,
    trustedDevice: null,
    session: null,
  }
  return beginSession(core, stores, {
    account: person.account,
    browser,
    factors: ['password', 'totp'],
    isProof: true,
    remember: false,
  })
}
