import { describe, expect, it } from 'vitest'
import type { Application } from '../../src/core/applications/application.js'
import type { SigningKey } from '../../src/core/applications/signing-keys.js'
import type { Stores } from '../../src/core/ports/stores.js'
import type { OpenStorage } from '../../src/storage/index.js'
import { databases, useDatabase } from '../support/databases.js'
import { msUntil, untilRemembered } from './remembered.js'
import { anApplication, aSession, aHash, aSigningKey, somebody } from './things.js'

interface Known {
  readonly application: Application
  readonly key: SigningKey
}

/** What requests of applications ask, as one answer; the very same object again is one that was remembered. */
const questions = {
  'an application': ({ stores }: OpenStorage, { application }: Known) =>
    stores.applications.find(application.id),
  'the list of applications': ({ stores }: OpenStorage) => stores.applications.list(),
  'the signing keys': ({ stores }: OpenStorage) => stores.signingKeys.list(),
}

type Question = keyof typeof questions
const ofApplications = ['an application', 'the list of applications'] as const
const ofKeys = ['the signing keys'] as const

const changes: Readonly<
  Record<string, readonly [readonly Question[], (stores: Stores, known: Known) => Promise<unknown>]>
> = {
  'another name': [
    ofApplications,
    ({ applications }, { application }) => applications.replace({ ...application, name: 'Other' }),
  ],
  'its removal': [ofApplications, ({ applications }, { application }) => applications.remove(application.id)],
  'one more application': [
    ['the list of applications'],
    ({ applications }) => applications.add(anApplication()),
  ],
  'one more key': [ofKeys, ({ signingKeys }) => signingKeys.add(aSigningKey())],
  'a key that retires': [ofKeys, ({ signingKeys }, { key }) => signingKeys.retire(key.id, 2000)],
  'a key that is over': [
    ofKeys,
    async ({ signingKeys }, { key }) => {
      await signingKeys.retire(key.id, 3000)
      await signingKeys.removeRetired(3000)
    },
  ],
  'a key that is sealed anew': [
    ofKeys,
    ({ signingKeys }, { key }) => signingKeys.replaceSealed(key.id, { from: key.sealed, to: 'v1.other' }),
  ],
}

describe.each(databases)('what is remembered of applications and keys on $name', (kind) => {
  const servers = useDatabase(kind)
  const elsewhereMs = kind.name === 'sqlite' ? 1 : 100

  async function given(): Promise<Known> {
    const known = { application: anApplication(), key: aSigningKey() }
    await servers.here.stores.applications.add(known.application)
    await servers.here.stores.signingKeys.add(known.key)
    return known
  }

  for (const [what, [concerned, change]] of Object.entries(changes))
    for (const question of concerned)
      it(`${question} is another one after ${what}: here at once, elsewhere within 100 ms`, async () => {
        for (const inOne of [false, true]) {
          const known = await given()
          const here = () => questions[question](servers.here, known)
          const there = () => questions[question](servers.there, known)
          const [before, beforeThere] = [
            await untilRemembered<unknown>(here),
            await untilRemembered<unknown>(there),
          ]
          if (inOne) await servers.here.atomically((stores) => change(stores, known))
          else await change(servers.here.stores, known)
          const after = await here()
          expect(after).not.toBe(before)
          expect(await msUntil(async () => (await there()) !== beforeThere)).toBeLessThanOrEqual(elsewhereMs)
          expect(await there()).toEqual(after)
        }
      })

  it('an application stays remembered while people sign in and out', async () => {
    const known = await given()
    const ask = () => questions['an application'](servers.here, known)
    const before = await untilRemembered<unknown>(ask)
    const account = await somebody(servers.here.stores)
    for (let number = 0; number < 20; number += 1) {
      const session = aSession(account)
      await servers.here.stores.sessions.add(session, aHash())
      expect(await ask()).toEqual(before)
      await servers.here.stores.sessions.end(session.id, account.id)
    }
    expect(await untilRemembered<unknown>(ask)).toEqual(before)
    if (kind.name === 'sqlite') expect(await ask()).toBe(before)
  })

  it('what was undone has changed nothing, and what was being read meanwhile is not kept', async () => {
    const known = await given()
    const ask = () => questions['an application'](servers.here, known)
    await untilRemembered<unknown>(ask)
    const undone = servers.here.atomically(async ({ applications }) => {
      await applications.remove(known.application.id)
      await ask()
      throw new Error('no')
    })
    await expect(undone).rejects.toThrow('no')
    expect(await ask()).toEqual(known.application)
    for (let round = 0; round < 100; round += 1) {
      const name = `Name ${String(round)}`
      const asked = [ask(), ask()]
      await servers.here.stores.applications.replace({ ...known.application, name })
      expect(await ask()).toMatchObject({ name })
      await Promise.all(asked)
      expect(await ask()).toMatchObject({ name })
    }
  })

  it('one that is not there takes no room, and is found as soon as it is', async () => {
    const application = anApplication()
    const ask = () => questions['an application'](servers.here, { application, key: aSigningKey() })
    for (let times = 0; times < 30; times += 1) expect(await ask()).toBeNull()
    await servers.there.stores.applications.add(application)
    expect(await msUntil(async () => (await ask()) !== null)).toBeLessThanOrEqual(elsewhereMs)
  })

  it('what somebody changes past the servers is noticed, too', async () => {
    const known = await given()
    const ask = () => questions['an application'](servers.here, known)
    await untilRemembered<unknown>(ask)
    await servers.database.sql(`UPDATE application SET name = 'Past' WHERE id = '${known.application.id}'`)
    expect(await msUntil(async () => (await ask())?.name === 'Past')).toBeLessThanOrEqual(elsewhereMs)
  })
})
