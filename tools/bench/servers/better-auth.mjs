/** Better Auth with its second-factor plugin, on PostgreSQL, as its documentation sets it up. Argument: { modules, databaseUrl }. */
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import { parseOtpauthUri, Totp } from '@nightlatch/otp'
import { answerQuestions } from '../lib/child.mjs'

const { modules, databaseUrl } = JSON.parse(process.argv[2])
const required = createRequire(`${modules}/package.json`)
const load = (name) => import(pathToFileURL(resolveModule(name)).href)

function resolveModule(name) {
  // Its packages have no entry for require(): Node finds the entry for import() from inside of the folder.
  try {
    return required.resolve(name)
  } catch {
    return new URL(import.meta.resolve(name, pathToFileURL(`${modules}/package.json`))).pathname
  }
}

const { betterAuth } = await load('better-auth')
const { twoFactor } = await load('better-auth/plugins')
const { getMigrations } = await load('better-auth/db/migration').catch(() => load('better-auth/db'))
const { fromNodeHeaders, toNodeHandler } = await load('better-auth/node')
const { default: pg } = await load('pg')

const auth = betterAuth({
  baseURL: 'http://localhost:3000',
  secret: 'a secret for this bench only, long enough for it',
  database: new pg.Pool({ connectionString: databaseUrl }),
  emailAndPassword: { enabled: true },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  plugins: [twoFactor()],
})
await (await getMigrations(auth.options)).runMigrations()
const signedUp = await auth.api.signUpEmail({
  body: { email: 'person0@example.org', password: 'correct horse battery', name: 'Person' },
  asResponse: true,
})
const cookiesOf = (answer) =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
const { uri, cookie } = await enrol(cookiesOf(signedUp))

/** The second factor counts from the first right code on, which begins a new session. */
async function enrol(first) {
  const headers = new globalThis.Headers({ cookie: first })
  const { totpURI } = await auth.api.enableTwoFactor({ body: { password: 'correct horse battery' }, headers })
  const code = new Totp(parseOtpauthUri(totpURI).account).now()
  const verified = await auth.api.verifyTOTP({ body: { code }, headers, asResponse: true })
  if (verified.status !== 200) throw new Error(await verified.text())
  return { uri: totpURI, cookie: cookiesOf(verified) || first }
}

const handle = toNodeHandler(auth)
const server = createServer(async (request, response) => {
  if (request.url.startsWith('/api/auth/')) return handle(request, response)
  const session = await auth.api.getSession({ headers: fromNodeHeaders(request.headers) })
  const body = session === null ? 'nobody' : `<!doctype html><p>${session.user.name}</p>${'x'.repeat(1500)}`
  response.writeHead(session === null ? 401 : 200, {
    'content-type': 'text/html',
    'content-length': body.length,
  })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port, cookie, uri }))
