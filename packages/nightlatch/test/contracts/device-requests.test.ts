import { describe, expect, it } from 'vitest'
import { databases, useDatabase } from '../support/databases.js'
import { aDeviceRequest, anApplication, fiftyAtOnce } from './things.js'

describe.each(databases)('screens that wait for somebody on $name', (kind) => {
  const servers = useDatabase(kind)
  const requests = () => servers.here.stores.deviceRequests

  async function waiting() {
    const application = anApplication()
    await servers.here.stores.applications.add(application)
    const one = aDeviceRequest(application, { scopes: [] })
    await requests().add(one)
    return one
  }

  it('one may ask again after its wait, and each time that it comes too soon it waits five seconds longer', async () => {
    const { hash } = await waiting()
    const poll = (now: number) => requests().poll(hash, now)
    expect([await poll(1004), await poll(1013), await poll(1014)]).toEqual([false, false, false])
    expect(await requests().find(hash)).toMatchObject({ polledAt: 1014, waitSeconds: 20 })
    expect([await poll(1033), await poll(1058)]).toEqual([false, true])
    expect(await requests().find(hash)).toMatchObject({ polledAt: 1058, waitSeconds: 25 })
    expect([await poll(1083), await poll(1108)]).toEqual([true, true])
  })

  it('of fifty times that it asks at once, one is in time', async () => {
    const { hash } = await waiting()
    const asked = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.deviceRequests.poll(hash, 1005),
    )
    expect(asked.filter(Boolean)).toHaveLength(1)
  })

  it('it is answered once, and its tokens are fetched once', async () => {
    const { id, hash } = await waiting()
    const answered = await fiftyAtOnce([servers.here, servers.there], (server, index) =>
      server.stores.deviceRequests.answer(id, { answer: 'allowed', proof: `{"by":${index}}` }, 1100),
    )
    expect(answered.filter(Boolean)).toHaveLength(1)
    expect(await requests().find(hash)).toMatchObject({
      answer: 'allowed',
      proof: `{"by":${answered.indexOf(true)}}`,
      consumedAt: null,
    })
    const fetched = await fiftyAtOnce([servers.here, servers.there], (server) =>
      server.stores.deviceRequests.consume(hash, 1200),
    )
    expect(fetched.filter(Boolean)).toHaveLength(1)
    expect(await requests().find(hash)).toMatchObject({ consumedAt: 1200 })
  })
})
