import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from './until.js'

const program = process.env['FIREFOX'] ?? '/usr/bin/firefox-esr'

export const hasFirefox = existsSync(program)

/** What WebDriver calls a virtual authenticator (WebAuthn §11.2). */
export interface VirtualAuthenticator {
  readonly protocol: 'ctap2' | 'ctap1/u2f'
  readonly transport: 'internal' | 'usb'
  readonly hasResidentKey: boolean
  readonly hasUserVerification: boolean
}

const elementKey = 'element-6066-11e4-a52e-4f735466cecf'

const settings = {
  'marionette.port': 0,
  // The virtual authenticators, and no real one.
  'security.webauth.webauthn_enable_softtoken': true,
  'security.webauth.webauthn_enable_usbtoken': false,
  // Nothing is asked of anybody else.
  'app.update.enabled': false,
  'browser.safebrowsing.downloads.remote.enabled': false,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'data:,#remote-settings-dummy/v1',
  'toolkit.telemetry.enabled': false,
}

/** Firefox without a window, driven by what its own WebDriver server speaks (Marionette): a length, a colon, JSON. */
export class Firefox {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #socket: Socket
  readonly #waiting = new Map<number, (answer: { error: unknown; value: unknown }) => void>()
  #read = Buffer.alloc(0)
  #asked = 0

  private constructor(child: ChildProcess, folder: string, socket: Socket) {
    this.#child = child
    this.#folder = folder
    this.#socket = socket
    socket.on('data', (chunk: Buffer) => this.#take(chunk))
    socket.on('error', () => undefined)
  }

  static async start(): Promise<Firefox> {
    const folder = mkdtempSync(join(tmpdir(), 'nightlatch-firefox-'))
    const lines = Object.entries(settings).map(
      ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
    )
    writeFileSync(join(folder, 'user.js'), lines.join('\n'))
    const args = ['--headless', '--marionette', '--no-remote', '--profile', folder]
    const child = spawn(program, args, { stdio: 'ignore', env: { ...process.env, HOME: folder } })
    const portFile = join(folder, 'MarionetteActivePort')
    await until(() => existsSync(portFile) && readFileSync(portFile, 'utf8') !== '')
    const socket = connect(Number(readFileSync(portFile, 'utf8')), '127.0.0.1')
    await once(socket, 'connect')
    const firefox = new Firefox(child, folder, socket)
    await firefox.ask('WebDriver:NewSession', {})
    return firefox
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk])
    for (;;) {
      const colon = this.#read.indexOf(':')
      const length = Number(this.#read.subarray(0, colon).toString())
      if (colon < 0 || this.#read.length < colon + 1 + length) return
      const message: unknown = JSON.parse(this.#read.subarray(colon + 1, colon + 1 + length).toString())
      this.#read = this.#read.subarray(colon + 1 + length)
      // The greeting is an object, an answer a list.
      if (!Array.isArray(message)) continue
      const [, id, error, value] = message as [number, number, unknown, unknown]
      this.#waiting.get(id)?.({ error, value })
      this.#waiting.delete(id)
    }
  }

  async ask(command: string, parameters: object): Promise<unknown> {
    this.#asked += 1
    const text = JSON.stringify([0, this.#asked, command, parameters])
    const answered = new Promise<{ error: unknown; value: unknown }>((resolve) =>
      this.#waiting.set(this.#asked, resolve),
    )
    this.#socket.write(`${Buffer.byteLength(text)}:${text}`)
    const { error, value } = await answered
    if (error !== null) throw new Error(`${command}: ${JSON.stringify(error).slice(0, 300)}`)
    return value
  }

  addAuthenticator(authenticator: VirtualAuthenticator): Promise<unknown> {
    const person = { isUserConsenting: true, isUserVerified: authenticator.hasUserVerification }
    return this.ask('WebAuthn:AddVirtualAuthenticator', { ...authenticator, ...person })
  }

  goto(url: string): Promise<unknown> {
    return this.ask('WebDriver:Navigate', { url })
  }

  async url(): Promise<string> {
    return ((await this.ask('WebDriver:GetCurrentURL', {})) as { value: string }).value
  }

  async fill(selector: string, text: string): Promise<void> {
    await this.ask('WebDriver:ElementSendKeys', { id: await this.#find('css selector', selector), text })
  }

  async click(selector: string): Promise<void> {
    await this.ask('WebDriver:ElementClick', { id: await this.#find('css selector', selector) })
  }

  async press(button: string): Promise<void> {
    const path = `//button[normalize-space()=${JSON.stringify(button)}]`
    await this.ask('WebDriver:ElementClick', { id: await this.#find('xpath', path) })
  }

  /** What is seen of it. */
  async text(selector: string): Promise<string> {
    const id = await this.#find('css selector', selector)
    return ((await this.ask('WebDriver:GetElementText', { id })) as { value: string }).value
  }

  async #find(using: string, value: string): Promise<string> {
    const found = await this.ask('WebDriver:FindElement', { using, value })
    return (found as { value: Record<string, string> }).value[elementKey] ?? ''
  }

  async arrives(end: string): Promise<void> {
    await expect.poll(() => this.url(), { timeout: 20_000 }).toMatch(new RegExp(`${end}$`))
  }

  async close(): Promise<void> {
    const ended = once(this.#child, 'exit')
    this.#socket.destroy()
    this.#child.kill('SIGKILL')
    await ended
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 })
  }
}
