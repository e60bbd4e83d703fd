import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atTheCommandLine, type Actor } from '../../src/core/accounts/actor.js'
import { disableAccount, enableAccount, removeAccount } from '../../src/core/accounts/administration.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import type { Account } from '../../src/core/accounts/account.js'
import type { Core } from '../../src/core/core.js'
import type { AccountId } from '../../src/core/ids.js'
import { noClient } from '../../src/core/audit/audit.js'
import { storage } from '../../src/core/ports/stores.js'
import { Here, withStorage } from '../core/people.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { patient } from '../support/pace.js'

/** `npm run soak` asks for a thousand. */
const rounds = Number(process.env['SOAK_ROUNDS'] ?? '1') * 100

describe.each(databases)('two administrators who take each other away, on two servers, on $name', (kind) => {
  let database: TestDatabase
  let here: Here
  let servers: readonly [Core, Core]
  const ids: AccountId[] = []
  beforeAll(async () => {
    database = await kind.create()
    here = new Here()
    const [one, other] = [await database.open(), await database.open()]
    here.open(one)
    servers = [here.core, withStorage(here.core, other)]
    for (const name of ['ada', 'bob']) ids.push((await here.someoneWithAPassword(name)).id)
  })
  afterAll(() => database.remove())

  const accounts = async (): Promise<[Account, Account]> => {
    const found = await Promise.all(ids.map((id) => here.stores.accounts.find(id)))
    return found as [Account, Account]
  }

  /** Both can sign in and are administrators. */
  const restore = async (): Promise<void> => {
    const edit = { admin: true, endsAt: null }
    for (const account of await accounts()) {
      await enableAccount(here.core, account)
      await editAccount(here.core, account, { edit, actor: atTheCommandLine })
    }
  }

  const end = (): number => here.clock.seconds + 60
  const ways: Record<string, (core: Core, target: Account, actor: Actor) => Promise<{ kind: string }>> = {
    demote: (core, target, actor) => editAccount(core, target, { edit: { admin: false }, actor }),
    block: (core, target, actor) => disableAccount(core, target, actor),
    end: (core, target, actor) => editAccount(core, target, { edit: { endsAt: end() }, actor }),
  }
  const names = Object.keys(ways)

  it(
    'AUTHZ-9 one of them stays, whichever way, every time',
    async () => {
      const lost: string[] = []
      for (let round = 0; round < rounds; round += 1) {
        await restore()
        const [ada, bob] = await accounts()
        const [first, second] = [names[round % 3]!, names[(round + (round % 2)) % 3]!]
        const by = (account: Account): Actor => ({ account: account.id, client: noClient })
        const outcomes = await Promise.all([
          ways[first]!(servers[round % 2]!, bob, by(ada)),
          ways[second]!(servers[(round + 1) % 2]!, ada, by(bob)),
        ])
        const refused = outcomes.filter(({ kind: outcome }) => outcome === 'last-administrator').length
        const left = (await accounts()).filter((one) => one.admin && !one.disabled && one.endsAt === null)
        if (refused !== 1 || left.length !== 1) lost.push(`${first} and ${second}: ${left.length} left`)
      }
      expect(lost).toEqual([])
    },
    patient(120_000),
  )

  it('AUTHZ-9 one of them stays when each removes the other', async () => {
    await restore()
    const [ada, bob] = await accounts()
    const outcomes = await Promise.all([removeAccount(servers[0], ada), removeAccount(servers[1], bob)])
    expect(outcomes.map(({ kind: outcome }) => outcome).sort()).toEqual(['done', 'last-administrator'])
    expect((await servers[0][storage].stores.accounts.list()).filter(({ admin }) => admin)).toHaveLength(1)
  })
})
