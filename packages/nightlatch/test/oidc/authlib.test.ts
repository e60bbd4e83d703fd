import { spawn, spawnSync } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { enrolledPerson, useApp } from '../support/app.js'
import { follow, register } from '../support/application.js'

const script = fileURLToPath(new URL('../support/authlib_client.py', import.meta.url))
const python = '/usr/bin/python3'
const hasAuthlib = spawnSync(python, ['-c', 'import authlib, requests']).status === 0

interface Learned {
  readonly claims: Record<string, unknown>
  readonly info: Record<string, unknown>
  readonly renewed: boolean
  readonly revoked: number
}

const app = useApp()

it.skipIf(!hasAuthlib)(
  'Authlib signs in with its secret in the body, checks the ID token, renews and gives back',
  async () => {
    const ada = await enrolledPerson(app, 'ada')
    const client = await register(app.nightlatch.core, { redirectUris: ['https://app.example.org/callback'] })
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'] })
    let complaint = ''
    child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()))
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    const heard = async (): Promise<unknown> => {
      const { value } = (await lines.next()) as { value: string | undefined }
      return value === undefined ? expect.fail(complaint) : JSON.parse(value)
    }
    const { id, secret, redirectUri: redirect } = client
    child.stdin.write(`${JSON.stringify({ issuer: app.server.settings.origin, id, secret, redirect })}\n`)
    const { url } = (await heard()) as { url: string }
    const back = await follow(ada.browser, url.slice(app.server.settings.origin.length))
    child.stdin.end(`${back.location}\n`)
    const learned = (await heard()) as Learned
    expect(learned).toMatchObject({
      claims: { preferred_username: 'ada', amr: ['pwd', 'otp', 'mfa'] },
      info: { preferred_username: 'ada', groups: [] },
      renewed: true,
      revoked: 200,
    })
    expect(learned.info['sub']).toBe(learned.claims['sub'])
  },
)
