import pg from 'pg'
import { describe, expect, it } from 'vitest'
import type { Account } from '../../src/core/accounts/account.js'
import type { Session, SignedIn } from '../../src/core/sessions/session.js'
import type { Stores } from '../../src/core/ports/stores.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { databases, useDatabase } from '../support/databases.js'
import { msUntil, untilRemembered } from './remembered.js'
import { aHash, anApplication, anAuthenticator, aPasskey, aSession, somebody } from './things.js'
import { patient } from '../support/pace.js'

interface Known {
  readonly account: Account
  readonly session: Session
  readonly tokenHash: string
}

async function aKnownSession(stores: Stores, own: Partial<Account> = {}): Promise<Known> {
  const account = await somebody(stores, own)
  const session = aSession(account)
  const tokenHash = aHash()
  await stores.sessions.add(session, tokenHash)
  return { account, session, tokenHash }
}

const find = (server: OpenStorage, tokenHash: string) => server.stores.sessions.findByTokenHash(tokenHash)

const remembered = (server: OpenStorage, tokenHash: string): Promise<SignedIn> =>
  untilRemembered(async () => {
    const found = await find(server, tokenHash)
    if (found === null) throw new Error('there is no such session')
    return found
  })

type Act = (stores: Stores, known: Known) => Promise<unknown>

const endings: Record<string, Act> = {
  'signing out': ({ sessions }, { session, account }) => sessions.end(session.id, account.id),
  'its token': ({ sessions }, { tokenHash }) => sessions.endByTokenHash(tokenHash),
  'ending all': ({ sessions }, { account }) => sessions.endAllOf(account.id),
  'too many of them': ({ sessions }, { account }) => sessions.endOldestOf(account.id, 0),
  'its age': ({ sessions }) => sessions.removeExpired(9000, 1000),
  'a step up': ({ sessions }, { session, tokenHash }) =>
    sessions.replaceToken(tokenHash, { tokenHash: aHash(), session }),
  'disabling the account': ({ accounts }, { account }) => accounts.setDisabled(account.id, true),
  'removing the account': ({ accounts }, { account }) => accounts.remove(account.id),
}

const changes: Record<string, Act> = {
  'a new password': ({ accounts }, { account }) => accounts.setPasswordHash(account.id, '$argon2id$two'),
  'a new profile': ({ accounts }, { account }) => accounts.setProfile(account.id, { ...account, name: 'A' }),
  'one more authenticator': ({ authenticators }, { account }) => authenticators.add(anAuthenticator(account)),
  'a used code': async ({ authenticators }, { account }) => {
    const id = (await authenticators.listOf(account.id))[0]!.id
    expect(await authenticators.consumeStepIfNewer(id, { step: 99, drift: 0 }, 1234)).toBe(true)
  },
  'an authenticator less': ({ authenticators }, { account }) => authenticators.removeAllOf(account.id),
  'new recovery codes': ({ recoveryCodes }, { account }) =>
    recoveryCodes.replaceAll(account.id, { salt: 'salt', hashes: ['one', 'two'] }),
  'a recovery code less': ({ recoveryCodes }, { account }) => recoveryCodes.take(account.id, 'one', 1000),
  'one more passkey': ({ passkeys }, { account }) => passkeys.add(aPasskey(account)),
  'a passkey with another name': async ({ passkeys }, { account }) => {
    const id = (await passkeys.listOf(account.id))[0]!.id
    expect(await passkeys.rename(id, account.id, 'Other')).toBe(true)
  },
  'a passkey less': ({ passkeys }, { account }) => passkeys.removeAllOf(account.id),
  'one more application': ({ applications }) => applications.add(anApplication()),
  'an application with another address': async ({ applications }) => {
    const one = (await applications.list())[0]!
    const launchUrl = `https://${one.id}.example.org/`
    expect(await applications.replace({ ...one, launchUrl })).toBe(true)
  },
  'an application less': async ({ applications }) => {
    expect(await applications.remove((await applications.list())[0]!.id)).toBe(true)
  },
  'having been seen': ({ sessions }, { session }) => sessions.touch(session.id, 2000),
}

async function withFactors(
  { applications, authenticators, passkeys, recoveryCodes }: Stores,
  { account }: Known,
): Promise<void> {
  await applications.add(anApplication())
  await passkeys.add(aPasskey(account))
  await authenticators.add(anAuthenticator(account, { name: 'First' }))
  await recoveryCodes.replaceAll(account.id, { salt: 'salt', hashes: ['one'] })
}

describe.each(databases)('what is remembered of sessions on $name', (kind) => {
  const servers = useDatabase(kind)
  const elsewhereMs = kind.name === 'sqlite' ? 1 : 100

  it('a session that was asked for before is no question to the database', async () => {
    const known = await aKnownSession(servers.here.stores)
    const found = await remembered(servers.here, known.tokenHash)
    expect(found).toEqual({ session: known.session, account: known.account })
  })

  for (const [way, end] of Object.entries(endings)) {
    it(`a session that ended by ${way} is dead here at once, and elsewhere within 100 ms`, async () => {
      for (const inOne of [false, true]) {
        const known = await aKnownSession(servers.here.stores)
        await remembered(servers.here, known.tokenHash)
        await remembered(servers.there, known.tokenHash)
        if (inOne) await servers.here.atomically((stores) => end(stores, known))
        else await end(servers.here.stores, known)
        expect(await find(servers.here, known.tokenHash)).toBeNull()
        const isDead = async () => (await find(servers.there, known.tokenHash)) === null
        expect(await msUntil(isDead)).toBeLessThanOrEqual(elsewhereMs)
      }
    })
  }

  for (const [what, change] of Object.entries(changes)) {
    it(`${what} makes the session be read anew here at once`, async () => {
      const known = await aKnownSession(servers.here.stores)
      await withFactors(servers.here.stores, known)
      const before = await remembered(servers.here, known.tokenHash)
      await change(servers.here.stores, known)
      const after = await find(servers.here, known.tokenHash)
      expect(after).not.toBeNull()
      expect(after).not.toBe(before)
    })
  }

  for (const [what, change] of Object.entries(changes).filter(([name]) => name !== 'having been seen')) {
    it(`${what} makes the session be read anew elsewhere within 100 ms`, async () => {
      const known = await aKnownSession(servers.here.stores)
      await withFactors(servers.here.stores, known)
      const before = await remembered(servers.there, known.tokenHash)
      await change(servers.here.stores, known)
      const isNew = async () => (await find(servers.there, known.tokenHash)) !== before
      expect(await msUntil(isNew)).toBeLessThanOrEqual(elsewhereMs)
    })
  }

  it('what somebody changes past the servers is noticed, too', async () => {
    for (const statement of ['DELETE FROM session', 'UPDATE account SET disabled = 1']) {
      const known = await aKnownSession(servers.here.stores)
      await remembered(servers.here, known.tokenHash)
      await servers.database.sql(statement)
      const isDead = async () => (await find(servers.here, known.tokenHash)) === null
      expect(await msUntil(isDead)).toBeLessThanOrEqual(elsewhereMs)
    }
  })

  it('what was undone has changed nothing', async () => {
    const known = await aKnownSession(servers.here.stores)
    await remembered(servers.here, known.tokenHash)
    const undone = servers.here.atomically(async ({ sessions }) => {
      await sessions.end(known.session.id, known.account.id)
      expect(await sessions.findByTokenHash(known.tokenHash)).toBeNull()
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    expect(await find(servers.here, known.tokenHash)).not.toBeNull()
  })

  it(
    'a thousand times, no question that came after the end was acknowledged finds the session',
    async () => {
      const { sessions } = servers.here.stores
      const account = await somebody(servers.here.stores)
      for (let round = 0; round < 1000; round += 1) {
        const session = aSession(account)
        const tokenHash = aHash()
        await sessions.add(session, tokenHash)
        // Some of these are on their way to the database while the session is ended.
        const asked = Array.from({ length: 4 }, () => sessions.findByTokenHash(tokenHash))
        if (round % 2 === 0) await asked[0]
        expect(await sessions.end(session.id, account.id)).toBe(true)
        expect(await sessions.findByTokenHash(tokenHash)).toBeNull()
        await Promise.all(asked)
        expect(await sessions.findByTokenHash(tokenHash)).toBeNull()
      }
    },
    patient(120_000),
  )

  it(
    'a thousand times, a question on another server settles on the truth',
    async () => {
      const { here, there } = servers
      const account = await somebody(here.stores)
      let slowest = 0
      for (let round = 0; round < 1000; round += 1) {
        const session = aSession(account)
        const tokenHash = aHash()
        await here.stores.sessions.add(session, tokenHash)
        const asked = Array.from({ length: 4 }, () => find(there, tokenHash))
        if (round % 2 === 0) await asked[0]
        await here.stores.sessions.end(session.id, account.id)
        slowest = Math.max(slowest, await msUntil(async () => (await find(there, tokenHash)) === null))
        await Promise.all(asked)
        expect(await find(there, tokenHash)).toBeNull()
      }
      expect(slowest).toBeLessThanOrEqual(elsewhereMs)
    },
    patient(120_000),
  )
})

const postgres = databases.filter(({ name }) => name === 'postgres')

describe.each(postgres)('when $name cannot tell what others change', (kind) => {
  const servers = useDatabase(kind)

  async function inDatabase<T>(act: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: String(servers.database.location) })
    await client.connect()
    try {
      return await act(client)
    } finally {
      await client.end()
    }
  }

  const listeners = `FROM pg_stat_activity WHERE datname = current_database()
    AND application_name = 'nightlatch-changes'`

  it('nothing is remembered until it can, and then again', async () => {
    for (let round = 0; round < 5; round += 1) {
      const known = await aKnownSession(servers.here.stores)
      await remembered(servers.there, known.tokenHash)
      await inDatabase(async (client) => {
        const cut = await client.query<{ done: boolean }>(
          `SELECT pg_terminate_backend(pid) AS done ${listeners}`,
        )
        expect(cut.rows.some(({ done }) => done)).toBe(true)
        // Nobody is told of this one: its triggers are off.
        await client.query(`SET session_replication_role = replica`)
        await client.query('DELETE FROM session WHERE token_hash = $1', [known.tokenHash])
      })
      const isDead = async () => (await find(servers.there, known.tokenHash)) === null
      expect(await msUntil(isDead)).toBeLessThanOrEqual(100)
    }
    const known = await aKnownSession(servers.here.stores)
    await remembered(servers.there, known.tokenHash)
  })

  it('a listener that says nothing any more is not trusted for longer than 100 ms', async () => {
    const known = await aKnownSession(servers.here.stores)
    await remembered(servers.there, known.tokenHash)
    const { rows } = await inDatabase((client) => client.query<{ pid: number }>(`SELECT pid ${listeners}`))
    const own = rows.map(({ pid }) => pid)
    expect(own.length).toBeGreaterThan(0)
    for (const pid of own) process.kill(pid, 'SIGSTOP')
    try {
      await servers.here.stores.sessions.end(known.session.id, known.account.id)
      const isDead = async () => (await find(servers.there, known.tokenHash)) === null
      expect(await msUntil(isDead)).toBeLessThanOrEqual(100)
    } finally {
      for (const pid of own) process.kill(pid, 'SIGCONT')
    }
  })

  it('an idle server asks the database nothing and holds no connection for it', async () => {
    const idle = await servers.database.open()
    const known = await aKnownSession(idle.stores)
    for (let asked = 0; asked < 5; asked += 1) await find(idle, known.tokenHash)
    const { rows } = await inDatabase((client) => client.query(`SELECT pid ${listeners}`))
    expect(rows.length).toBeLessThanOrEqual(2)
  })
})
