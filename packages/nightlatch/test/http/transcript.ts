import type { TestApp } from '../support/app.js'
import { askAs } from '../support/application.js'
import type { Browser, Reply } from '../support/browser.js'
import { elements, title, type Element } from '../pages/read.js'
import { readable } from './readable.js'

/**
 * What somebody asks and gets, in words that can be read and reviewed: of a page its text, links, forms and fields, of a
 * redirect where it leads, of every answer its status, the cookies that it sets and what else is not as always. Random texts
 * have a name in the place of their value.
 */
export class Transcript {
  readonly #lines: string[] = []
  readonly #pages = new Map<string, readonly string[]>()
  readonly #app: TestApp

  constructor(app: TestApp) {
    this.#app = app
  }

  get text(): string {
    return `${this.#lines.join('\n')}\n`
  }

  about(words: string): void {
    this.#lines.push(...(this.#lines.length === 0 ? [] : ['']), `## ${words}`)
  }

  /** What was written in another way. */
  lines(lines: readonly string[]): void {
    this.#lines.push(...lines.map((line) => this.#named(line).trimEnd()))
  }

  /** Asks for a page, and writes all of it down; of one that was there before, what is no longer so and what is new. */
  async page(browser: Browser, path: string): Promise<Reply> {
    const reply = await this.#after(browser.get(path))
    const lines = withoutFindings(readable(reply.body)).map((line) => this.#named(line))
    const place = this.#named(path.replace(/[?].*/, ''))
    const before = reply.status === 200 ? this.#pages.get(place) : undefined
    if (reply.status === 200) this.#pages.set(place, lines)
    this.#write(`GET ${path}`, reply, before === undefined ? lines : changed(before, lines))
    return reply
  }

  /** Asks for a page of which only the answer counts. */
  async get(browser: Browser, path: string): Promise<Reply> {
    const reply = await this.#after(browser.get(path))
    this.#write(`GET ${path}`, reply, outcome(reply))
    return reply
  }

  async send(browser: Browser, path: string, fields: Record<string, string> = {}): Promise<Reply> {
    const reply = await this.#after(browser.post(path, fields))
    this.#write(`POST ${path} ${shortened(fields)}`, reply, outcome(reply))
    return reply
  }

  /** Sends a form so many times, of which only the statuses count. */
  async often(times: number, browser: Browser, path: string, fields: Record<string, string>): Promise<void> {
    const statuses: number[] = []
    for (let time = 0; time < times; time += 1)
      statuses.push((await this.#after(browser.post(path, fields))).status)
    this.lines([`POST ${path} ${shortened(fields)}`, `  → ${statuses.join(' ')}`])
  }

  /** Sends a form without anything, and without each of its fields. */
  async without(browser: Browser, path: string, fields: Record<string, string>): Promise<void> {
    await this.send(browser, path)
    const names = Object.keys(fields)
    for (const name of names.length > 1 ? names : [])
      await this.send(
        browser,
        path,
        Object.fromEntries(Object.entries(fields).filter(([one]) => one !== name)),
      )
  }

  /** As an application asks, past any browser. */
  async ask(path: string, given: Parameters<typeof askAs>[2]): Promise<Record<string, unknown>> {
    const { status, headers, body } = await askAs(this.#app.origin, path, given)
    const unusual = ['www-authenticate', 'retry-after', 'cache-control', 'content-type']
      .map((name) => headers.get(name))
      .filter((one) => one !== null)
    const { app, fields = {}, headers: sent } = given
    const asked = [
      app === undefined ? '' : 'with its secret',
      typeof fields === 'string' ? cut(fields) : JSON.stringify(fields),
      sent === undefined ? '' : JSON.stringify(sent),
    ]
    const all = [
      `POST ${path} ${asked.filter((part) => part !== '').join(' ')}`,
      `  → ${String(status)} ${unusual.map((one) => `[${one}]`).join(' ')}`,
      `  ${JSON.stringify(body)}`,
    ]
    this.lines(all)
    return body
  }

  async json(browser: Browser, call: string, body?: unknown): Promise<Reply> {
    const [method = '', path = ''] = call.split(' ')
    const reply = await this.#after(browser.json(method, `/api/v1${path}`, body))
    const asked =
      body === undefined
        ? ''
        : ` ${cut(JSON.stringify(body)).replace(/"\d{6}"/g, (code) => (isCode(code.slice(1, -1)) ? '"CODE"' : code))}`
    const {
      type,
      title: ours,
      ...value
    } = (reply.body === '' ? {} : JSON.parse(reply.body)) as Record<string, unknown>
    const said =
      type === undefined || ours === undefined
        ? { ...(type !== undefined && { type }), ...(ours !== undefined && { title: ours }), ...value }
        : value
    this.#write(`${call}${asked}`, reply, reply.body === '' ? [] : [JSON.stringify(said)])
    return reply
  }

  /** Nothing happens in the same second as another thing: their order would not be known. */
  async #after(reply: Promise<Reply>): Promise<Reply> {
    const come = await reply
    this.#app.clock.advance(1)
    return come
  }

  #write(asked: string, reply: Reply, lines: readonly string[]): void {
    const head = [`→ ${String(reply.status)}`, reply.location, ...this.#cookiesOf(reply), ...unusual(reply)]
    const dull = /^\*$/
    const all = [
      asked.replace(/x{200,}/g, (many) => `xxx…(${String(many.length)})`),
      `  ${head.filter((part) => part !== '').join(' ')}`,
      ...lines.filter((line) => !dull.test(line)).map((line) => `  ${line}`),
    ]
    this.#lines.push(...all.map((line) => this.#named(line).trimEnd()))
  }

  /** Each cookie by its plain name: for how long, or `-` where it is taken away. */
  #cookiesOf({ headers }: Reply): string[] {
    const lines = [headers['set-cookie'] ?? []].flat()
    return lines.map((line) => {
      const name = line
        .replace(/=.*$/, '')
        .replace(/^__(Host|Secure)-/, '')
        .replace(/^nightlatch-/, '')
        .replace(/-[0-9a-f]{8}$/, '')
      const seconds = /Max-Age=(\d+)/.exec(line)?.[1]
      return seconds === '0' ? `-${name}` : `+${name}${seconds === undefined ? '' : `(${seconds} s)`}`
    })
  }

  #named(line: string): string {
    const { origin, server } = this.#app
    return line
      .replaceAll(server.settings.origin, 'ORIGIN')
      .replaceAll(encodeURIComponent(server.settings.origin), 'ORIGIN')
      .replaceAll(origin, 'ORIGIN')
      .replaceAll(new URL(server.settings.origin).host, 'HOST')
      .replace(/secret=[A-Z2-7]{32}/g, 'secret=KEY')
      .replace(/\b(?:[A-Z2-7]{4} ){7}[A-Z2-7]{4}\b/g, 'KEY')
      .replace(/\b[A-Z2-7]{32}\b/g, 'KEY')
      .replace(/(?<![\w-])[\w-]{43}(?![\w-])/g, 'TOKEN')
      .replace(/(?<![a-z0-9])[a-z2-7]{26}(?![a-z0-9])/g, 'ID')
      .replace(/\b[0-9a-z]{4}(?:-[0-9a-z]{4}){3}\b/g, 'RECOVERY-CODE')
      .replace(/"(challenge|userId)":"[\w-]+"/g, '"$1":"RANDOM"')
      .replace(/"id":"[\w-]{20,}"/g, '"id":"RANDOM"')
      .replace(/"client_secret":"[\w-]+"/g, '"client_secret":"RANDOM"')
      .replace(/(?<=[?&](?:code|id_token)=)[\w.-]+/g, 'RANDOM')
      .replace(/eyJ[\w-]+[.][\w-]+[.][\w-]+/g, 'JWT')
      .replace(/\b[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}\b/gi, 'USER-CODE')
      .replace(/"(exp|iat)":\d+/g, '"$1":TIME')
  }
}

const finds = 'What the server finds about itself'

/** How many things that are depends on the machine; where there is none, nothing leads there. */
const withoutFindings = (lines: readonly string[]): string[] =>
  lines.map((line, at) => {
    if (line === finds) return `[${finds}](/admin/findings)`
    return lines[at - 1]?.includes(finds) === true && /^\d+$/.test(line) ? 'N' : line
  })

/** Headers that are the same on all pages, or that say nothing of what was done. */
const usual: Readonly<Record<string, string | undefined>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'content-security-policy':
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
}
const isUsualType = (status: number, type: string): boolean =>
  status === 204 ||
  type === (status >= 300 && status < 400 ? 'text/plain; charset=utf-8' : 'text/html; charset=utf-8') ||
  /^application[/](?:problem[+])?json; charset=utf-8$/.test(type)
const unsaid = new Set([
  'date',
  'connection',
  'keep-alive',
  'content-length',
  'location',
  'set-cookie',
  'transfer-encoding',
  'vary',
])

function unusual({ status, headers }: Reply): string[] {
  const isPage = String(headers['content-type']).startsWith('text/html')
  const expected: Record<string, string | undefined> = isPage
    ? { ...usual }
    : Object.fromEntries(Object.entries(usual).slice(0, 4))
  const type = String(headers['content-type'])
  const more = Object.entries(headers)
    .filter(([name, value]) => !unsaid.has(name) && name !== 'content-type' && expected[name] !== value)
    .map(([name, value]) => `[${name}: ${String(value)}]`)
  const missing = Object.keys(expected).filter((name) => headers[name] === undefined)
  return [
    ...(isUsualType(status, type) ? [] : [`[${type}]`]),
    ...more.sort(),
    ...missing.map((name) => `[no ${name}]`),
  ]
}

const cut = (text: string): string =>
  text.length > 120 ? `${text.slice(0, 60)}… (${String(text.length)})` : text

/** Six digits that are not the same each time. */
const isCode = (text: string): boolean => /^\d{6}$/.test(text) && !['123456', '654321'].includes(text)

const changed = (before: readonly string[], now: readonly string[]): string[] => [
  ...before.filter((line) => !now.includes(line)).map((line) => `- ${line}`),
  ...now.filter((line) => !before.includes(line)).map((line) => `+ ${line}`),
]

const shortened = (fields: Record<string, string>): string =>
  Object.entries(fields)
    .map(
      ([name, value]) =>
        `${name}=${JSON.stringify(isCode(value) ? 'CODE' : name === 'credential' && value.length > 120 ? 'PASSKEY' : cut(value))}`,
    )
    .join(' ') || '(nothing)'

/** Of a form that came back: what it is called now, what is wrong, and how its fields are filled in. */
function outcome(reply: Reply): string[] {
  const { body, headers } = reply
  if (!String(headers['content-type']).startsWith('text/html'))
    return body === '' ? [] : [cut(body.replace(/<svg\s.*/s, 'a picture').replace(/\s+/g, ' '))]
  const lines = readable(body)
  const alert = /role="alert"[^>]*>([\s\S]*?)<\/div>/.exec(body)?.[1]
  if (alert === undefined)
    return reply.status === 200 ? lines : [`“${title(body)}” ${lines.slice(1, 3).join(' ')}`]
  const fields = elements(body).filter(
    ({ name, attributes }) => ['input', 'select'].includes(name) && attributes['name'] !== undefined,
  )
  return [
    `“${title(body)}”`,
    ...readable(`<main>${alert}</main>`),
    `fields: ${fields.map(fieldState).join(', ')}`,
  ]
}

function fieldState({ attributes: own }: Element): string {
  const value = own['value'] === undefined ? '' : `=${JSON.stringify(cut(own['value']))}`
  return [
    `${own['name'] ?? ''}${value}`,
    'checked' in own ? ' checked' : '',
    own['aria-invalid'] === 'true' ? ' (!)' : '',
  ].join('')
}
