/**
 * How far one request is spread over the code: how many functions it enters, in how many files, and how often it goes
 * from one file to another. Usage: npm run trace [-- folder of a built checkout, to compare with]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const instrument = new URL('./trace/instrument.mjs', import.meta.url).href
const start = fileURLToPath(new URL('./trace/start.mjs', import.meta.url))

/** So often at most does a request go from one file to another; a run that finds more ends with 1. */
const targets = {
  'confirm a set-up': 267,
  password: 189,
  code: 190,
  'forward-auth with rules': 105,
  'a page through protect': 85,
}

/** A server with one account, and a browser without a face. */
class Journey {
  #cookies = new Map()
  #said = ''

  constructor(checkout, folder) {
    this.folder = folder
    this.checkout = checkout
  }

  async start(...command) {
    const trace = { TRACE_CHECKOUT: this.checkout, TRACE_FILE: join(this.folder, 'trace.json') }
    const env = { ...process.env, ...trace, NIGHTLATCH_MFA: 'required' }
    const where = ['--port', '0', '--data', join(this.folder, 'data')]
    const args = ['--import', instrument, start, ...command, ...where]
    this.child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = once(this.child, 'exit')
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (this.#said += text))
    const [, origin, token] = await this.#hears(
      /(http:\/\/localhost:\d+)\S*\/invitation\?token=(\S+?)["\s\\]/,
    )
    this.origin = origin.replace('localhost', '127.0.0.1')
    return token
  }

  /** Makes the first account, and begins to set its authenticator up. @returns what the app makes codes of */
  async join(token, base = '') {
    await this.ask('GET', `${base}/invitation?token=${token}`)
    await this.ask('POST', `${base}/invitation`, { fields: { username: 'ada', new_password: password } })
    const page = await this.ask('GET', `${base}/mfa/setup`)
    return /<code id="setup-key"[^>]*>([^<]*)</.exec(page.body)[1].replaceAll(' ', '')
  }

  async #hears(words) {
    for (;;) {
      const found = words.exec(this.#said)
      if (found !== null) return found
      const heard = [once(this.child.stdout, 'data'), once(this.child.stderr, 'data')]
      const ended = await Promise.race([
        ...heard.map((one) => one.then(() => false)),
        this.ended.then(() => true),
      ])
      if (ended) throw new Error(`The server ended: ${this.#said}`)
    }
  }

  async ask(method, path, { fields, headers } = {}) {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(this.origin + path, {
      method,
      redirect: 'manual',
      headers: { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate', ...headers },
      ...(fields === undefined ? {} : { body: new URLSearchParams(fields) }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)
      if (value === '') this.#cookies.delete(name)
      else this.#cookies.set(name, value)
    }
    return { status: answer.status, body: await answer.text() }
  }

  /** One request, traced. @returns functions, files and switches */
  async traced([method, path, more], status) {
    await this.#toggle('on')
    const answer = await this.ask(method, path, more)
    if (answer.status !== status) throw new Error(`${method} ${path}: ${answer.status}, not ${status}`)
    await this.#toggle('off')
    return figures(JSON.parse(readFileSync(join(this.folder, 'trace.json'), 'utf8')))
  }

  async #toggle(state) {
    this.#said = ''
    this.child.kill('SIGUSR2')
    await this.#hears(new RegExp(`trace ${state}`))
  }

  async stop() {
    this.child.kill('SIGTERM')
    await this.ended
  }
}

function figures(entered) {
  const switches = entered.filter(([file], at) => at > 0 && file !== entered[at - 1][0]).length
  const functions = new Set(entered.map(([file, line]) => `${file}:${line}`)).size
  return { functions, files: new Set(entered.map(([file]) => file)).size, switches }
}

const password = 'correct horse battery'

async function trace(checkout) {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-trace-'))
  const { Totp } = await import(join(checkout, 'packages/otp/dist/index.js'))
  /** `ahead`: so many steps after the present one. */
  const codeOf = (secret, ahead) => new Totp({ secret }).at(Date.now() / 1000 + 30 * ahead)
  const withJourney = async (name, command, work) => {
    const journey = new Journey(checkout, join(folder, name))
    mkdirSync(journey.folder)
    try {
      return await work(journey, await journey.start(...command))
    } finally {
      await journey.stop()
    }
  }
  const rules = join(folder, 'rules.json')
  writeFileSync(
    rules,
    JSON.stringify({ default: 'two-factors', rules: [{ path: '/public/*', access: 'public' }] }),
  )
  const application = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1')
  await once(application, 'listening')
  const target = `http://127.0.0.1:${application.address().port}`
  try {
    return {
      ...(await withJourney(
        'serve',
        ['serve', '--rules', rules, '--trusted-proxies', '127.0.0.1'],
        (journey, token) => throughPages(journey, token, codeOf),
      )),
      ...(await withJourney('protect', ['protect', target], (journey, token) =>
        throughProtect(journey, token, codeOf),
      )),
    }
  } finally {
    application.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function throughPages(journey, token, codeOf) {
  const secret = await journey.join(token)
  const rows = {}
  const confirming = ['POST', '/mfa/setup', { fields: { otp: codeOf(secret, 0) } }]
  rows['confirm a set-up'] = await journey.traced(confirming, 303)
  await journey.ask('GET', '/mfa/recovery-codes')
  await journey.ask('POST', '/mfa/recovery-codes', { fields: { saved: 'yes' } })
  await journey.ask('POST', '/logout')
  rows['password'] = await journey.traced(['POST', '/login', { fields: { username: 'ada', password } }], 303)
  const code = { fields: { otp: codeOf(secret, 1) } }
  rows['code'] = await journey.traced(['POST', '/mfa/verify', code], 303)
  const headers = {
    'x-forwarded-method': 'GET',
    'x-forwarded-proto': 'http',
    'x-forwarded-uri': '/a',
    'x-forwarded-host': journey.origin.slice(7),
  }
  rows['forward-auth with rules'] = await journey.traced(['GET', '/forward-auth', { headers }], 200)
  return rows
}

async function throughProtect(journey, token, codeOf) {
  const base = '/_nightlatch'
  const secret = await journey.join(token, base)
  await journey.ask('POST', `${base}/mfa/setup`, { fields: { otp: codeOf(secret, 0) } })
  return { 'a page through protect': await journey.traced(['GET', '/a'], 200) }
}

const isOver = (rows) => Object.entries(rows).some(([name, { switches }]) => switches > targets[name])

for (const checkout of [root, ...process.argv.slice(2).map((path) => resolve(path))]) {
  console.log(`\n${checkout === root ? 'here' : checkout}`)
  const rows = await trace(checkout)
  const shown = Object.entries(rows).map(([name, row]) => [name, { ...row, 'at most': targets[name] }])
  console.table(Object.fromEntries(shown))
  if (checkout === root && isOver(rows)) process.exitCode = 1
}
