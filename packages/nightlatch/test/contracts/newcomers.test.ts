import { describe, expect, it } from 'vitest'
import type { Merge, Newcomer } from '../../src/core/accounts/newcomers.js'
import type { Account, LoginName } from '../../src/core/accounts/account.js'
import { parseGroup } from '../../src/core/accounts/groups.js'
import { entryOf } from '../../src/core/accounts/people.js'
import { auditEvent, noClient } from '../../src/core/audit/audit.js'
import type { Db } from '../../src/storage/engine/database.js'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import { newcomerStore } from '../../src/storage/stores/newcomers.js'
import { databases, useDatabase } from '../support/databases.js'
import { anAuthenticator, somebody } from './things.js'

describe.each(databases)('many new people at once on $name', (kind) => {
  const servers = useDatabase(kind)

  const group = (name: string) => {
    const parsed = parseGroup(name)
    if (parsed.kind !== 'group') throw new Error(name)
    return parsed.group
  }

  /** Like one that there is, under another name. */
  async function newcomers(prefix: string, count: number): Promise<Newcomer[]> {
    const like = await somebody(servers.here.stores)
    return Array.from({ length: count }, (_none, index): Newcomer => {
      const username = `${prefix}-${index}`
      const account: Account = {
        ...like,
        id: `${username}-id` as Account['id'],
        username,
        email: '',
        groups: ['Staff'],
      }
      const told = { at: 5, account: account.id, client: noClient, details: { imported: true } }
      return {
        account,
        loginNames: [username as LoginName],
        groups: [group('Staff'), group(`odd ${index % 2}`)],
        entry: entryOf(account),
        authenticators: [anAuthenticator(account, { id: `${username}-phone` as never })],
        event: auditEvent('account.created', told),
      }
    })
  }

  it('come with their names, groups, authenticators and their lines in the trail', async () => {
    const all = await newcomers('many', 700)
    expect(await servers.here.atomically((stores) => stores.newcomers.addAll(all))).toBeNull()
    const { stores } = servers.there
    const one = await stores.accounts.findByLoginName('many-699' as LoginName)
    expect(one).toEqual({ ...all[699]!.account, groups: ['odd 1', 'Staff'] })
    expect(await stores.authenticators.listOf(one!.id)).toEqual(all[699]!.authenticators)
    expect(await stores.audit.list({ account: one!.id, limit: 2 })).toMatchObject([all[699]!.event])
    expect(await stores.groups.find(group('Staff').key)).toMatchObject({ members: 700 })
    const found = await stores.people.page({ words: ['many', '699'], limit: 5, now: 10 })
    expect(found.map(({ username }) => username)).toEqual(['many-699'])
  })

  it('who come in the next second need no other statements, of which each stays prepared', async () => {
    const database = await kind.create()
    const opened = await database.open()
    const { location } = database
    const options = { poolSize: 1, statementMs: 5000, onLost: () => undefined }
    const at = await (typeof location === 'string'
      ? openPostgres(location, options)
      : openSqlite(location.sqliteFile))
    const statements = new Set<string>()
    const heard = (db: Db): Db => ({
      ...{ dialect: db.dialect, atomic: db.atomic, lock: db.lock },
      run: (sql, params) => (statements.add(sql), db.run(sql, params)),
      wrote: (sql, params) => (statements.add(sql), db.wrote(sql, params)),
      returning: (sql, params) => (statements.add(sql), db.returning(sql, params)),
      all: (sql, params) => (statements.add(sql), db.all(sql, params)),
      one: (sql, params) => (statements.add(sql), db.one(sql, params)),
    })
    const counts: number[] = []
    for (const second of [1, 2, 3]) {
      const some = (await newcomers(`second-${second}`, 5)).map((one) => ({
        ...one,
        account: { ...one.account, createdAt: 1000 + second },
      }))
      expect(await at.db.atomic((db) => newcomerStore(heard(db)).addAll(some))).toBeNull()
      counts.push(statements.size)
    }
    expect(counts[2]).toBe(counts[0])
    await at.close()
    await opened.close()
    await database.remove()
  })

  it('are told whose name somebody has already', async () => {
    const first = await newcomers('taken', 3)
    expect(await servers.here.atomically((stores) => stores.newcomers.addAll(first.slice(1, 2)))).toBeNull()
    const others = (await newcomers('others', 3)).map((one, index) =>
      index === 2 ? { ...one, loginNames: ['taken-1' as LoginName] } : one,
    )
    const taken = await servers.there
      .atomically(async (stores) => {
        const id = await stores.newcomers.addAll(others)
        throw new Error(`taken: ${String(id)}`)
      })
      .catch((error: unknown) => String(error))
    expect(taken).toContain('taken: others-2-id')
    expect(await servers.here.stores.accounts.findByLoginName('others-0' as LoginName)).toBeNull()
  })

  it('that are here get what is missing, many at once, and keep what they have', async () => {
    const all = await newcomers('here', 300)
    await servers.here.atomically((stores) => stores.newcomers.addAll(all))
    const ids = all.map(({ account }) => account.id)
    await servers.here.atomically(async (stores) => {
      const held = await stores.newcomers.holdAll([...ids, ids[0]!, 'nobody' as Account['id']])
      expect([...held.keys()].toSorted()).toEqual(ids.toSorted())
      await stores.newcomers.mergeAll(
        all.map(({ account, groups, event }): Merge => {
          const merged = {
            ...held.get(account.id)!,
            name: `Somebody ${account.username}`,
            passwordHash: '$new$',
          }
          return {
            account: merged,
            groups: [...groups, group('Cooks')],
            entry: entryOf(merged),
            authenticators: [anAuthenticator(account, { id: `${account.username}-second` as never })],
            event: { ...event, event: 'account.imported' },
          }
        }),
      )
    })
    const { stores } = servers.there
    const found = await stores.accounts.findByLoginNames(['here-7', 'nobody', 'here-299'] as LoginName[])
    expect([...found.keys()].toSorted()).toEqual(['here-299', 'here-7'])
    const last = found.get('here-299' as LoginName)!
    expect(last).toMatchObject({
      name: 'Somebody here-299',
      passwordHash: '$new$',
      factorCounts: { totp: 1 },
    })
    expect(last.groups).toEqual(['Cooks', 'odd 1', 'Staff'])
    expect(await stores.authenticators.listOf(last.id)).toHaveLength(2)
    expect((await stores.audit.list({ account: last.id, limit: 1 }))[0]?.event).toBe('account.imported')
    expect(await stores.groups.find(group('Cooks').key)).toMatchObject({ members: 300 })
    const page = await stores.people.page({ words: ['somebody', '299'], limit: 5, now: 10 })
    expect(page.map(({ username }) => username)).toEqual(['here-299'])
    const cooks = await stores.people.page({ group: group('Cooks').key, words: [], limit: 400, now: 10 })
    expect(cooks).toHaveLength(300)
  })
})
