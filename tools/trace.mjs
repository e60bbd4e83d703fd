/**
 * How far one request is spread over the code: how many functions it enters, in how many files, and how often it goes
 * from one file to another. Usage: npm run trace [-- folder of a built checkout, to compare with]
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const instrument = new URL('./trace/instrument.mjs', import.meta.url).href

/** A server with one account, and a browser without a face. */
class Journey {
  #cookies = new Map()
  #said = ''

  constructor(checkout, folder) {
    this.folder = folder
    this.checkout = checkout
  }

  async start() {
    const rules = join(this.folder, 'rules.json')
    writeFileSync(
      rules,
      JSON.stringify({ default: 'two-factors', rules: [{ path: '/public/*', access: 'public' }] }),
    )
    const env = { ...process.env, TRACE_FILE: join(this.folder, 'trace.json'), NIGHTLATCH_MFA: 'required' }
    const bin = join(this.checkout, 'packages/nightlatch/bin/nightlatch.js')
    const args = ['--import', instrument, bin, 'serve', '--port', '0', '--data', join(this.folder, 'data')]
    const more = ['--rules', rules, '--trusted-proxies', '127.0.0.1']
    this.child = spawn(process.execPath, [...args, ...more], { env, stdio: ['ignore', 'pipe', 'pipe'] })
    this.ended = once(this.child, 'exit')
    for (const stream of [this.child.stdout, this.child.stderr])
      stream.setEncoding('utf8').on('data', (text) => (this.#said += text))
    const [, origin, token] = await this.#hears(
      /(http:\/\/localhost:\d+)\S*\/invitation\?token=(\S+?)["\s\\]/,
    )
    this.origin = origin.replace('localhost', '127.0.0.1')
    return token
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

async function trace(checkout) {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-trace-'))
  const journey = new Journey(checkout, folder)
  const { Totp } = await import(join(checkout, 'packages/otp/dist/index.js'))
  try {
    const token = await journey.start()
    await journey.ask('GET', `/invitation?token=${token}`)
    const password = 'correct horse battery'
    await journey.ask('POST', '/invitation', { fields: { username: 'ada', new_password: password } })
    const page = await journey.ask('GET', '/mfa/setup')
    const secret = /<code id="setup-key"[^>]*>([^<]*)</.exec(page.body)[1].replaceAll(' ', '')
    const step = Math.floor(Date.now() / 30_000)
    const code = (at) => new Totp({ secret }).at(at * 30)
    const rows = {}
    rows['confirm a set-up'] = await journey.traced(
      ['POST', '/mfa/setup', { fields: { otp: code(step) } }],
      303,
    )
    await journey.ask('GET', '/mfa/recovery-codes')
    await journey.ask('POST', '/mfa/recovery-codes', { fields: { saved: 'yes' } })
    await journey.ask('POST', '/logout')
    rows['password'] = await journey.traced(
      ['POST', '/login', { fields: { username: 'ada', password } }],
      303,
    )
    rows['code'] = await journey.traced(['POST', '/mfa/verify', { fields: { otp: code(step + 1) } }], 303)
    const asked = {
      'x-forwarded-method': 'GET',
      'x-forwarded-proto': 'http',
      'x-forwarded-uri': '/a',
      'x-forwarded-host': journey.origin.slice(7),
    }
    rows['forward-auth with rules'] = await journey.traced(['GET', '/forward-auth', { headers: asked }], 200)
    return rows
  } finally {
    await journey.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

for (const checkout of [root, ...process.argv.slice(2).map((path) => resolve(path))]) {
  console.log(`\n${checkout === root ? 'here' : checkout}`)
  console.table(await trace(checkout))
}
