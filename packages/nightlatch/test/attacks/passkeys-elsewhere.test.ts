import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcessWithoutNullStreams } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted, api } from '../support/api.js'
import { startApp, testPassword } from '../support/app.js'
import type { TestApp } from '../support/app.js'
import type { CreationOptions, RequestOptions } from '../support/authenticator.js'

const python = '/usr/bin/python3'
const isThere = spawnSync(python, ['-c', 'import fido2']).status === 0
const script = fileURLToPath(new URL('../support/fido2_authenticator.py', import.meta.url))

describe.skipIf(!isThere)('ceremonies signed by python3-fido2', () => {
  let app: TestApp
  let origin: string
  let other: ChildProcessWithoutNullStreams
  let lines: AsyncIterator<string>

  const ask = async (what: object): Promise<Record<string, unknown>> => {
    other.stdin.write(`${JSON.stringify(what)}\n`)
    const { value } = (await lines.next()) as { value: string }
    return JSON.parse(value) as Record<string, unknown>
  }

  beforeAll(async () => {
    app = await startApp()
    origin = app.server.settings.origin
    other = spawn(python, [script])
    lines = createInterface(other.stdout)[Symbol.asyncIterator]()
  })
  afterAll(async () => {
    other.stdin.end()
    await app.close()
  })

  async function enrolled(name: string, algorithm: number, forgery: object = {}) {
    await app.person(name)
    const browser = app.browser()
    await accepted(browser, 'POST /sign-in', { username: name, password: testPassword })
    const { value } = await accepted(browser, 'POST /passkeys/options')
    const options = value as unknown as CreationOptions
    const { challenge, rp, user } = options
    const made = await ask({ do: 'create', name, algorithm, challenge, rpId: rp.id, origin, ...forgery })
    return { browser, made, userHandle: user.id }
  }

  async function signIn(name: string, userHandle: string, forgery: object = {}) {
    const browser = app.browser()
    const { value } = await accepted(browser, 'POST /sign-in/passkey/options')
    const { challenge, rpId } = value as unknown as RequestOptions
    const given = await ask({ do: 'get', name, challenge, rpId, origin, userHandle, ...forgery })
    return api(browser, 'POST /sign-in/passkey', given)
  }

  it.each([-7, -8, -257])(
    'PASSKEY-13 algorithm %i is made and used, and each forgery is refused',
    async (algorithm) => {
      const name = `ada${algorithm}`
      const { browser, made, userHandle } = await enrolled(name, algorithm)
      await accepted(browser, 'POST /passkeys', made)
      expect((await signIn(name, userHandle)).value).toEqual({ next: 'done' })
      expect((await signIn(name, userHandle, { extensions: { credBlob: true } })).value).toEqual({
        next: 'done',
      })
      const forgeries = [
        { origin: 'https://evil.test' },
        { rpId: 'evil.test' },
        { type: 'webauthn.create' },
        { challenge: 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA' },
        { client: { crossOrigin: true } },
        { flags: 0x04 },
        { flags: 0x01 },
        { flags: 0x15 },
        { flags: 0x1d },
        { cut: 1 },
        { extensions: { credBlob: true }, cut: 2 },
        { userHandle: 'AAAA' },
      ]
      for (const forgery of forgeries)
        expect((await signIn(name, userHandle, forgery)).code, JSON.stringify(forgery)).toBe('wrong-passkey')
    },
  )

  it.each([
    { origin: 'https://evil.test' },
    { rpId: 'evil.test' },
    { type: 'webauthn.get' },
    { flags: 0x04 },
    { flags: 0x15 },
    { client: { crossOrigin: true } },
  ])('PASSKEY-13 a registration with %j is refused', async (forgery) => {
    const name = `eve${Object.values(forgery).join('').replace(/\W/g, '')}${Object.keys(forgery)[0] ?? ''}`
    const { browser, made } = await enrolled(name, -7, forgery)
    expect((await api(browser, 'POST /passkeys', made)).code).toBe('wrong-passkey')
  })
})
