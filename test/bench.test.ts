/** What the benches measure with goes on working: nobody looks at it between two measurements. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startServer } from '../tools/bench/lib/child.mjs'
import { signInAll } from '../tools/bench/lib/sign-ins.mjs'
import { signInWithPasskeys } from '../tools/bench/passkeys.mjs'

describe('the server of the benches', () => {
  let server: Awaited<ReturnType<typeof startServer>>
  beforeAll(async () => {
    server = await startServer('nightlatch.mjs', { accounts: 2, passkeys: true })
  })
  afterAll(() => server.stop())

  it('has people who sign in with password and code', async () => {
    const { port, people } = server.ready
    expect(await signInAll({ port, people, inFlight: 2 })).toMatchObject({ done: 2 })
  })

  it('has people who sign in with a passkey', async () => {
    const { port, passkeys } = server.ready
    expect(await signInWithPasskeys({ port, ...passkeys })).toBe(2)
  })
})
