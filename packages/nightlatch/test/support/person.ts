import { Totp } from '@nightlatch/otp'
import { Browser, type Reply } from './browser.js'
import { recoveryCodesOf, setUpKey } from './app.js'

const page = { accept: 'text/html', 'sec-fetch-mode': 'navigate' }
const stepSeconds = 30

export interface PersonOptions {
  /** Where the pages are below the origin. */
  readonly base: string
  readonly username: string
  readonly password: string
}

/** Somebody with a browser and a phone, at a server that runs in a process of its own and has the real time. */
export class Person {
  readonly browser: Browser
  readonly #options: PersonOptions
  #totp: Totp | null = null
  #lastStep = 0
  recoveryCodes: readonly string[] = []

  /** @param origin as it is printed; it is asked at its loopback address. */
  constructor(origin: string, options: PersonOptions) {
    this.browser = new Browser(origin.replace('//localhost', '//127.0.0.1'))
    this.#options = options
  }

  get(path: string): Promise<Reply> {
    return this.browser.get(path, page)
  }

  /** The code that the phone shows; one that was not used yet. */
  code(): string {
    if (this.#totp === null) throw new Error('no authenticator yet')
    this.#lastStep = Math.max(Math.floor(Date.now() / 1000 / stepSeconds), this.#lastStep + 1)
    return this.#totp.at(this.#lastStep * stepSeconds)
  }

  /** Opens a one-time link, chooses a password, sets up the phone, saves the recovery codes. */
  async accept(link: string): Promise<Reply> {
    const { username, password, base } = this.#options
    const { pathname, search } = new URL(link)
    await this.get(pathname + search)
    await this.#leads('/invitation', { username, new_password: password }, `${base}/mfa/setup`)
    return this.setUp()
  }

  /** The second step for the first time. The answer leads to the page first asked for. */
  async setUp(): Promise<Reply> {
    const { base } = this.#options
    const key = setUpKey((await this.get(`${base}/mfa/setup`)).body)
    this.#totp = new Totp({ secret: key.replaceAll(' ', '') })
    await this.#leads('/mfa/setup', { otp: this.code() }, `${base}/mfa/recovery-codes`)
    this.recoveryCodes = recoveryCodesOf((await this.get(`${base}/mfa/recovery-codes`)).body)
    return this.browser.post(`${base}/mfa/recovery-codes`, { saved: 'yes' })
  }

  /** The same person in the same browser, with another phone in hand. */
  withAnotherPhone(): Person {
    const other = new Person(this.browser.origin, this.#options)
    for (const [name, value] of this.browser.cookies) other.browser.cookies.set(name, value)
    return other
  }

  /** Signed in, with a fresh proof: one more authenticator. */
  async addAuthenticator(): Promise<Reply> {
    const key = setUpKey((await this.get(`${this.#options.base}/mfa/setup`)).body)
    this.#totp = new Totp({ secret: key.replaceAll(' ', '') })
    return this.browser.post(`${this.#options.base}/mfa/setup`, { otp: this.code(), name: 'The other one' })
  }

  password(more: { password?: string; next?: string } = {}): Promise<Reply> {
    const { username, password, base } = this.#options
    return this.browser.post(`${base}/login`, { username, password, ...more })
  }

  /** Password and code. */
  async signIn(next?: string): Promise<Reply> {
    await this.password(next === undefined ? {} : { next })
    return this.browser.post(`${this.#options.base}/mfa/verify`, { otp: this.code() })
  }

  signOut(): Promise<Reply> {
    return this.browser.post(`${this.#options.base}/logout`)
  }

  async #leads(path: string, fields: Record<string, string>, leadsTo: string): Promise<void> {
    const reply = await this.browser.post(this.#options.base + path, fields)
    if (reply.location !== leadsTo)
      throw new Error(`${path}: ${reply.status} ${reply.location}\n${reply.body}`)
  }
}
