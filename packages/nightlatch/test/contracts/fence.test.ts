import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openPostgres } from '../../src/storage/engine/postgres/postgres.js'
import { openSqlite } from '../../src/storage/engine/sqlite/sqlite.js'
import type { Database } from '../../src/storage/engine/database.js'
import { type OpenStorage, openStorage, undoMove } from '../../src/storage/index.js'
import { BarrierLease, markOf, mustNotHaveMoved, putUp, seal } from '../../src/storage/move/write-barrier.js'
import { databases, type TestDatabase } from '../support/databases.js'
import { aHash, anInvitation, aSession, aSignIn, somebody } from './things.js'

const mark = { id: 'a move', to: 'the new place' }
const moving =
  'the installation is being moved to another database: nothing can be changed until that is done'
const moved = 'the installation has moved to another database, which is the one to use'

describe.each(databases)('the fence of a move on $name', (kind) => {
  let database: TestDatabase
  let server: OpenStorage
  let source: Database

  beforeEach(async () => {
    database = await kind.create()
    server = await database.open()
    const { location } = database
    source = await (typeof location === 'string'
      ? openPostgres(location, { poolSize: 2, statementMs: 5000, onLost: () => undefined })
      : openSqlite(location.sqliteFile))
  })

  afterEach(async () => {
    await source.close()
    await database.remove()
  })

  const open = () => openStorage(database.location)
  const write = () => server.stores.facts.put('written', 'x')
  const undo = () => undoMove(database.location, async ({ accounts }) => (await accounts.list()).length)

  it('while it is up a server reads and writes nothing, and no other one starts', async () => {
    const account = await somebody(server.stores)
    const [session, tokenHash] = [aSession(account), aHash()]
    await server.stores.sessions.add(session, tokenHash)
    expect(await markOf(source.db)).toBeNull()
    await putUp(source, mark)
    expect(await markOf(source.db)).toEqual({ ...mark, state: 'moving', isUp: true })
    await expect(write()).rejects.toMatchObject({ code: 'moving', message: moving })
    await expect(server.stores.accounts.remove(account.id)).rejects.toMatchObject({ code: 'moving' })
    await expect(server.stores.accounts.setAdmin(account.id, true)).rejects.toMatchObject({ code: 'moving' })
    expect(await server.stores.sessions.findByTokenHash(tokenHash)).toEqual({ session, account })
    await server.stores.sessions.touch(session.id, 2000)
    await server.check()
    await expect(open()).rejects.toMatchObject({
      code: 'moving',
      message:
        'this installation is being moved to the new place just now: wait until that is done ' +
        '(it ends by itself within a minute if the mover was killed)',
    })
  })

  it('one that nobody keeps up falls, and is cleared away by whoever starts next', async () => {
    await putUp(source, mark)
    await source.db.run("UPDATE fact SET value = '1' WHERE name = 'move:until'", [])
    expect(await markOf(source.db)).toEqual({ ...mark, state: 'moving', isUp: false })
    await write()
    await (await open()).close()
    expect(await markOf(source.db)).toBeNull()
    await write()
  })

  it('the mover keeps it up as long as it stands, and not one that fell meanwhile or is another’s', async () => {
    await putUp(source, mark)
    const held = {
      name: 'StorageError',
      message: 'the move was held up for too long, or undone: run it again',
    }
    await expect(new BarrierLease(source, 'another move').decide()).rejects.toMatchObject(held)
    await source.db.run("UPDATE fact SET value = '1' WHERE name = 'move:until'", [])
    await expect(new BarrierLease(source, mark.id).decide()).rejects.toMatchObject(held)
    expect(await markOf(source.db)).toMatchObject({ state: 'moving', isUp: false })
    await putUp(source, { ...mark, id: 'a second one' })
    await new BarrierLease(source, 'a second one').renewInTime()
    await new BarrierLease(source, 'a second one').decide()
    expect(await markOf(source.db)).toEqual({ ...mark, id: 'a second one', state: 'decided', isUp: true })
  })

  it('once it is decided nobody changes anything any more, and nobody starts, whatever becomes of the mover', async () => {
    await putUp(source, mark)
    await new BarrierLease(source, mark.id).decide()
    await expect(write()).rejects.toMatchObject({ code: 'moving', message: moving })
    const cutOff = {
      code: 'moved',
      message:
        'this installation was being moved to the new place when the mover was cut off at the very end: ' +
        'run the same `nightlatch move` again, which finishes it, or `nightlatch move --undo`',
    }
    await expect(open()).rejects.toMatchObject(cutOff)
    await expect(server.check()).rejects.toMatchObject(cutOff)
    await expect(mustNotHaveMoved(source.db)).rejects.toMatchObject(cutOff)
  })

  it('where everything has moved away from, nobody is signed in and nothing changes', async () => {
    const account = await somebody(server.stores)
    const hashes = { session: aHash(), signIn: aHash(), invitation: aHash() }
    await server.stores.sessions.add(aSession(account), hashes.session)
    await server.stores.signIns.add(aSignIn(account), hashes.signIn)
    await server.stores.invitations.add(anInvitation(account.id), hashes.invitation)
    await server.stores.knownDevices.note(account.id, 'laptop', 1000)
    await putUp(source, mark)
    await new BarrierLease(source, mark.id).decide()
    await seal(source)
    const { stores } = server
    expect([
      await stores.sessions.findByTokenHash(hashes.session),
      await stores.signIns.findByTokenHash(hashes.signIn, 1001),
      await stores.invitations.find(hashes.invitation, 1001),
      await stores.knownDevices.isKnown(account.id, 'laptop'),
    ]).toEqual([null, null, null, false])
    await expect(write()).rejects.toMatchObject({ code: 'moved', message: moved })
    await expect(open()).rejects.toMatchObject({
      code: 'moved',
      message:
        'this installation has moved to the new place: start the server with that database ' +
        '(`nightlatch move --undo` opens this one again)',
    })
  })

  it('it is undone: what may have been used elsewhere is closed, and nothing else', async () => {
    await somebody(server.stores)
    expect(await undo()).toEqual({ kind: 'nothing' })
    await putUp(source, mark)
    expect(await undo()).toEqual({ kind: 'opened' })
    await write()
    await putUp(source, mark)
    await new BarrierLease(source, mark.id).decide()
    expect(await undo()).toEqual({ kind: 'closed', closed: 1, to: 'the new place' })
    await write()
    await putUp(source, mark)
    await new BarrierLease(source, mark.id).decide()
    await seal(source)
    expect(await undo()).toEqual({ kind: 'closed', closed: 1, to: 'the new place' })
    await write()
    expect(await undo()).toEqual({ kind: 'nothing' })
    await (await open()).close()
  })
})
