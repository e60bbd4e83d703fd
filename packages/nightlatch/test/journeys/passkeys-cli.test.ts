import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted } from '../support/api.js'
import { startApp, testPassword } from '../support/app.js'
import type { TestApp } from '../support/app.js'
import type { CreationOptions } from '../support/authenticator.js'
import { Authenticator } from '../support/authenticator.js'
import type { Browser } from '../support/browser.js'
import { run } from '../support/cli.js'

describe('passkeys on the command line', () => {
  let app: TestApp
  let ada: Browser

  const cli = (...args: readonly string[]) =>
    run(args, { env: { NIGHTLATCH_DATA: app.dataFolder, NIGHTLATCH_ORIGIN: app.server.settings.origin } })
  const add = async (name: string): Promise<void> => {
    app.clock.advance(1)
    const { value } = await accepted(ada, 'POST /passkeys/options')
    const key = new Authenticator(app.server.settings.origin, { synced: name === 'Phone' })
    await accepted(ada, 'POST /passkeys', { ...key.create(value as unknown as CreationOptions), name })
  }

  beforeAll(async () => {
    app = await startApp()
    await app.person('ada')
    ada = app.browser()
    await accepted(ada, 'POST /sign-in', { username: 'ada', password: testPassword })
    await add('Phone')
    await add('Blue key')
  })
  afterAll(() => app.close())

  it('are counted, listed, and removed one by one; the last one by a reset alone', async () => {
    const shown = await cli('user', 'show', 'ada')
    expect(shown.out).toMatch(/^passkeys +2$/m)
    expect(shown.out).toContain('Phone, Blue key')
    const counted = JSON.parse((await cli('user', 'show', 'ada', '--json')).out) as { account: object }
    expect(counted.account).toMatchObject({
      passkeys: 2,
      passkeyList: [{ name: 'Phone' }, { name: 'Blue key' }],
    })
    const listed = await cli('user', 'passkey', 'list', 'ada')
    expect(listed.out).toMatch(/Phone\tsynced\tlocalhost/)
    const { passkeys } = JSON.parse((await cli('user', 'passkey', 'list', 'ada', '--json')).out) as {
      passkeys: { id: string; name: string; synced: boolean }[]
    }
    expect(passkeys).toMatchObject([
      { name: 'Phone', synced: true },
      { name: 'Blue key', synced: false },
    ])
    const [phone, key] = passkeys
    const removed = await cli('user', 'passkey', 'remove', 'ada', phone!.id)
    expect(removed.err).toContain('Removed "Phone" of ada')
    expect((await ada.get('/account')).status).toBe(303)
    const again = await cli('user', 'passkey', 'remove', 'ada', phone!.id)
    expect(again).toMatchObject({ status: 1 })
    expect(again.err).toContain('has no passkey')
    const last = await cli('user', 'passkey', 'remove', 'ada', key!.id)
    expect(last).toMatchObject({ status: 1 })
    expect(last.err).toContain('reset-mfa')
    expect((await cli('user', 'reset-mfa', 'ada')).err).toContain('Removed 1 passkey of ada')
    expect((await cli('user', 'passkey', 'list', 'ada')).err).toContain('ada has no passkey')
    expect((await cli('audit')).out).toMatch(/passkey\.added[\s\S]*passkey\.removed/)
  })

  it('doctor says how many there are, and how many another address cannot use', async () => {
    await app.person('eve')
    ada = app.browser()
    await accepted(ada, 'POST /sign-in', { username: 'eve', password: testPassword })
    await add('Phone')
    const here = await cli('doctor')
    expect(here.out + here.err).toContain('1 passkey, for localhost')
    const env = { NIGHTLATCH_DATA: app.dataFolder, NIGHTLATCH_ORIGIN: 'https://new.example.org' }
    const there = await run(['doctor'], { env })
    expect(there.out + there.err).toContain('1 passkey of 1 cannot be used at new.example.org')
    const byNumber = await run(['doctor'], { env: { ...env, NIGHTLATCH_ORIGIN: 'http://127.0.0.1:3000' } })
    expect(byNumber.out + byNumber.err).toContain('browsers make none for an IP address')
    const off = await run(['doctor'], { env: { ...env, NIGHTLATCH_PASSKEYS: 'off' } })
    expect(off.out + off.err).toContain('switched off, and 1 passkey cannot be used')
  })
})
