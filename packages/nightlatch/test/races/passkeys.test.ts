import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted, api, asApiReply } from '../support/api.js'
import type { TestApp } from '../support/app.js'
import { testPassword } from '../support/app.js'
import { countOf } from '../support/attack.js'
import type { CreationOptions, RequestOptions } from '../support/authenticator.js'
import { Authenticator } from '../support/authenticator.js'
import { Browser } from '../support/browser.js'
import { databases } from '../support/databases.js'
import { startServersOn } from '../support/kinds.js'

// Servers that share a database share an origin: browsers see one address, whichever of them answers.
const env = { NIGHTLATCH_ORIGIN: 'http://localhost:4000', NIGHTLATCH_TRUSTED_PROXIES: '127.0.0.1' }
const origin = env.NIGHTLATCH_ORIGIN

describe.each(databases)('passkeys at two servers on $name', (kind) => {
  let apps: readonly TestApp[]
  let close: () => Promise<void>
  beforeAll(async () => {
    ;({ apps, close } = await startServersOn(kind, 2, env))
  })
  afterAll(() => close())

  const at = (browser: Browser, index: number): Browser => {
    const there = new Browser(apps[index % 2]!.origin, { 'x-forwarded-for': `10.0.0.${index}` })
    for (const [name, value] of browser.cookies) there.cookies.set(name, value)
    return there
  }

  async function somebody(username: string) {
    await apps[0]!.person(username)
    const browser = apps[0]!.browser()
    await accepted(browser, 'POST /sign-in', { username, password: testPassword })
    const key = new Authenticator(origin)
    await accepted(browser, 'POST /passkeys', key.create(await toMake(browser)))
    return { browser, key }
  }
  const toMake = async (browser: Browser): Promise<CreationOptions> =>
    (await accepted(browser, 'POST /passkeys/options')).value as unknown as CreationOptions

  it('PASSKEY-14 of fifty copies of one answer, one signs in', async () => {
    const { key } = await somebody('ada')
    const browser = apps[0]!.browser()
    const { value } = await accepted(browser, 'POST /sign-in/passkey/options')
    const given = key.get(value as unknown as RequestOptions)
    const before = await countOf(apps[0]!, 'session')
    const replies = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        at(browser, index).json('POST', '/api/v1/sign-in/passkey', given),
      ),
    )
    const codes = replies.map((reply) => asApiReply(reply).code)
    expect(codes.filter((code) => code === '')).toHaveLength(1)
    expect(new Set(codes)).toEqual(new Set(['', 'wrong-passkey']))
    expect(await countOf(apps[0]!, 'session')).toBe(before + 1)
  })

  it('PASSKEY-15 of two removals of the last two at once, one is refused', async () => {
    const { browser } = await somebody('eve')
    await accepted(browser, 'POST /passkeys', new Authenticator(origin).create(await toMake(browser)))
    const { value } = await accepted(browser, 'GET /passkeys')
    const [one, other] = value['passkeys'] as readonly { id: string }[]
    const replies = await Promise.all([
      api(at(browser, 0), `DELETE /passkeys/${one!.id}`),
      api(at(browser, 1), `DELETE /passkeys/${other!.id}`),
    ])
    expect(replies.map(({ status }) => status).sort()).toEqual([204, 409])
    expect((await accepted(browser, 'GET /passkeys')).value['passkeys']).toHaveLength(1)
  })
})
