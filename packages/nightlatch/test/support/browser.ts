import { request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'

export interface Reply {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  readonly location: string
  readonly body: string
}

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string | string[]>
  readonly body?: string | Uint8Array
}

const pathOf = ({ location }: Reply): string => location.replace(/[?#].*$/, '')
const isSignIn = (reply: Reply): boolean => /\/login$/.test(pathOf(reply))
const said = ({ status, location, body }: Reply): string => `${String(status)} ${location}\n${body}`

/** A plain client with a cookie jar that follows nothing by itself: every answer can be looked at. */
export class Browser {
  readonly origin: string
  readonly cookies: Map<string, string>
  readonly #headers: Record<string, string>

  constructor(origin: string, headers: Record<string, string> = {}, jar = new Map<string, string>()) {
    this.origin = origin
    this.cookies = jar
    this.#headers = headers
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Reply> {
    return this.send(path, { headers })
  }

  /** A form, as a page of the same origin sends it. */
  post(
    path: string,
    fields: Record<string, string> = {},
    headers: Record<string, string> = {},
  ): Promise<Reply> {
    const body = new URLSearchParams(fields).toString()
    const type = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
    return this.send(path, { method: 'POST', headers: { ...type, ...headers }, body })
  }

  /** A form that is to be accepted: what refuses it, or asks for a sign-in or a fresh proof first, ends the test. */
  async submit(...form: Parameters<Browser['post']>): Promise<Reply> {
    const reply = await this.post(...form)
    const [path] = form
    const asksFirst =
      /\/account\/confirm$/.test(pathOf(reply)) || (isSignIn(reply) && !/\/logout$/.test(path))
    if (reply.status !== 303 || asksFirst) throw new Error(`${path} was not accepted: ${said(reply)}`)
    return reply
  }

  /** A form that is to be refused by the page that it is for: a page that is not there ends the test. */
  async refused(...form: Parameters<Browser['post']>): Promise<Reply> {
    const reply = await this.post(...form)
    const isRefusal = reply.status >= 400 && reply.status < 500 && ![404, 405].includes(reply.status)
    if (!isRefusal) throw new Error(`${form[0]} was not refused: ${said(reply)}`)
    return reply
  }

  json(method: string, path: string, value?: unknown, headers: Record<string, string> = {}): Promise<Reply> {
    const type: Record<string, string> = value === undefined ? {} : { 'content-type': 'application/json' }
    const body = value === undefined ? '' : JSON.stringify(value)
    return this.send(path, {
      method,
      headers: { ...type, 'sec-fetch-site': 'same-origin', ...headers },
      body,
    })
  }

  /** Sends one request and keeps the cookies of the answer. */
  send(path: string, sent: Sent): Promise<Reply> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = sent.body ?? ''
    const headers: Record<string, string | string[]> = { ...this.#headers, ...sent.headers }
    if (cookie !== '' && headers['cookie'] === undefined) headers['cookie'] = cookie
    if (body.length > 0 || sent.method === 'POST') headers['content-length'] = String(Buffer.byteLength(body))
    // No connection is kept: the server may close it at the moment when it is used again.
    return new Promise((resolve, reject) => {
      const request = this.origin.startsWith('https:') ? secureRequest : plainRequest
      const asked = request(
        this.origin + path,
        { method: sent.method ?? 'GET', headers, agent: false, rejectUnauthorized: false },
        (response) => {
          const chunks: Buffer[] = []
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('end', () => {
            this.#keep(response.headers['set-cookie'] ?? [])
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              location: response.headers.location ?? '',
              body: Buffer.concat(chunks).toString(),
            })
          })
        },
      )
      asked.on('error', reject)
      asked.end(body)
    })
  }

  /** The same jar in another browser: somebody copied the cookies. */
  copy(): Browser {
    const copy = new Browser(this.origin, this.#headers)
    for (const [name, value] of this.cookies) copy.cookies.set(name, value)
    return copy
  }

  #keep(lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split('; ')
      const at = pair.indexOf('=')
      const name = pair.slice(0, at)
      if (attributes.includes('Max-Age=0')) this.cookies.delete(name)
      else this.cookies.set(name, pair.slice(at + 1))
    }
  }
}
