import pg from 'pg'
import { atTheCommandLine } from '../../src/core/accounts/actor.js'
import { editAccount } from '../../src/core/accounts/edit.js'
import { removeGroup, renameGroup } from '../../src/core/accounts/group-changes.js'
import { rescueAccount } from '../../src/core/accounts/rescue.js'
import { afterAll, beforeAll, expect, it } from 'vitest'
import {
  changePassword,
  endTrustedDevice,
  removeAuthenticator,
  renewRecoveryCodes,
} from '../../src/core/accounts/changes.js'
import {
  disableAccount,
  enableAccount,
  inviteAccount,
  inviteAgain,
  removeAccount,
  resetSecondFactor,
  setPassword,
} from '../../src/core/accounts/administration.js'
import type { Core } from '../../src/core/core.js'
import { acceptInvitation } from '../../src/core/accounts/accept-invitation.js'
import { giveCode, giveRecoveryCode } from '../support/second-step.js'
import { endOtherSessions, signOut } from '../../src/core/sessions/session-lifetime.js'
import { confirmSetUp } from '../../src/core/factors/totp/confirm.js'
import { stepUp } from '../../src/core/sessions/reauthenticate.js'
import { goodPassword, Here, pendingSetUp, withStorage, type Person } from '../core/people.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { Phone } from '../support/phone.js'
import { patient } from '../support/pace.js'

/** How often everybody meets; `npm run soak` asks for more. */
const rounds = Number(process.env['SOAK_ROUNDS'] ?? '1') * 12

let database: TestDatabase
let here: Here
const opened: OpenStorage[] = []
let servers: readonly Core[]
let turn = 0
/** The next server in turn. */
const next = (): Core => servers[(turn += 1) % servers.length]!
beforeAll(async () => {
  database = await databases[1]!.create()
  here = new Here()
  for (let server = 0; server < 3; server += 1) opened.push(await database.open())
  here.open(opened[0]!)
  servers = opened.map((storage) => withStorage(here.core, storage))
})
afterAll(() => database.remove())

const other = 'a quite different battery'

/** What a person does in several windows at the same moment. */
async function manyWindows(person: Person): Promise<(() => Promise<unknown>)[]> {
  const signIns = await Promise.all([1, 2, 3, 4].map(() => person.beginSignIn()))
  const elsewhere = await person.signIn(here.newBrowser(), true)
  const change = await person.change()
  const owner = await person.sessionOwner()
  const phone = new Phone((await pendingSetUp(here.core, owner)).key, here.clock)
  const [device] = await here.stores.trustedDevices.listOf(person.id)
  const [authenticator] = await here.stores.authenticators.listOf(person.id)
  const code = person.phone.code()
  const client = person.browser.client
  const second = { kind: 'totp', given: code } as const
  return [
    ...signIns.slice(0, 2).map(({ signIn }) => () => {
      const browser = { ...here.newBrowser(), session: elsewhere.token }
      return giveCode(next(), { signIn, browser, code, remember: true })
    }),
    ...signIns.slice(2).map(({ signIn }, index) => () => {
      const given = { signIn, browser: here.newBrowser(), code: person.recoveryCodes[index]! }
      return giveRecoveryCode(next(), given)
    }),
    () => confirmSetUp(next(), owner, { code: phone.code(), name: 'New', browser: person.browser }),
    () =>
      removeAuthenticator(
        { ...next(), policy: { ...here.core.policy, mfa: 'optional' } },
        { ...change, id: authenticator!.id },
      ),
    () => renewRecoveryCodes(next(), change),
    () => stepUp(next(), { ...change, password: goodPassword, second }),
    () => changePassword(next(), { ...change, current: goodPassword, next: other }),
    () => endTrustedDevice(next(), { ...change, id: device!.id }),
    () => endOtherSessions(next(), change.signedIn, client),
    () => signOut(next(), change.signedIn, client),
  ]
}

/** What an administrator does to the same account at the same moment. */
async function administration(person: Person): Promise<(() => Promise<unknown>)[]> {
  const account = await person.account()
  return [
    () => disableAccount(next(), account),
    () => enableAccount(next(), account),
    () => setPassword(next(), account, other),
    () => resetSecondFactor(next(), account),
    () => rescueAccount(next(), account),
    () => inviteAgain(next(), account),
    () =>
      editAccount(next(), account, { edit: { addGroups: ['crew'], admin: true }, actor: atTheCommandLine }),
    () => editAccount(next(), account, { edit: { groups: [], admin: false }, actor: atTheCommandLine }),
    () => renameGroup(next(), { name: 'crew', next: 'Crew', actor: atTheCommandLine }),
    () => removeGroup(next(), { name: 'crew', actor: atTheCommandLine }),
  ]
}

async function invitedPerson(name: string): Promise<(() => Promise<unknown>)[]> {
  const invited = await inviteAccount(here.core, { username: name, admin: false })
  if (invited.kind !== 'invited') throw new Error(invited.why)
  const { account, token } = invited
  const given = { token, username: '', password: other, browser: here.newBrowser() }
  return [
    () => acceptInvitation(next(), given),
    () => acceptInvitation(next(), given),
    () => setPassword(next(), account, other),
    () => removeAccount(next(), account),
  ]
}

const shuffled = <T>(all: readonly T[]): T[] =>
  all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)

async function deadlocks(): Promise<number> {
  const client = new pg.Client({ connectionString: String(database.location) })
  await client.connect()
  const { rows } = await client.query<{ n: string }>(
    'SELECT deadlocks AS n FROM pg_stat_database WHERE datname = current_database()',
  )
  await client.end()
  return Number(rows[0]?.n)
}

it(
  'whatever happens to an account at once, on three servers, no two wait for each other',
  async () => {
    for (let round = 0; round < rounds; round += 1) {
      const person = await here.someoneWithAnAuthenticatorApp(`person${round}`)
      const acts = [
        ...(await manyWindows(person)),
        ...(await administration(person)),
        ...(await invitedPerson(`invited${round}`)),
      ]
      const outcomes = await Promise.allSettled(shuffled(acts).map((act) => act()))
      const failed = outcomes.flatMap((one) =>
        one.status === 'rejected' ? [String((one.reason as Error).cause ?? one.reason)] : [],
      )
      expect(failed).toEqual([])
    }
    // A connection says what it has counted when it ends.
    for (const storage of opened) await storage.close()
    expect(await deadlocks()).toBe(0)
  },
  patient(120_000),
)
