import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { askForReset } from '../../src/core/accounts/password-reset.js'
import type { Core } from '../../src/core/core.js'
import { askToRegister } from '../../src/core/registration/register.js'
import { Here } from '../core/people.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { patient } from '../support/pace.js'

/** `npm run soak -- 40` asks for ten thousand. */
const requests = Number(process.env['SOAK_ROUNDS'] ?? '1') * 250

describe.each(databases)('mails that one address asks for, on $name', (kind) => {
  let database: TestDatabase
  let here: Here
  let core: Core
  beforeAll(async () => {
    database = await kind.create()
    here = new Here()
    here.open(await database.open())
    const registration = { mode: 'approval', domains: [], confirmsMail: true } as const
    core = { ...here.core, hasMailServer: () => true, policy: { ...here.core.policy, registration } }
  })
  afterAll(() => database.remove())

  const client = { address: '192.0.2.7', userAgent: 'a program' }
  const waiting = async (): Promise<number> => (await here.stores.outbox.summary()).waiting
  const counters = async (): Promise<number> =>
    here.stores.attempts.removeIdleSince(here.clock.seconds + 1, 1_000_000)

  it.each([
    ['a new password', (number: number) => askForReset(core, { identifier: `name${number}`, client })],
    [
      'an account',
      (number: number) =>
        askToRegister(core, { token: null, email: `name${number}@example.org`, next: null, client }),
    ],
  ] as const)(
    'asked for %s, thousands leave ten of them and nothing that grows with their number',
    async (_what, ask) => {
      const before = await waiting()
      for (let number = 0; number < requests; number += 1) await ask(number)
      expect((await waiting()) - before).toBe(10)
      expect(await counters()).toBeLessThanOrEqual(11)
      expect(await here.stores.audit.list({ limit: 50 })).toHaveLength(0)
    },
    patient(120_000) * 3,
  )
})
