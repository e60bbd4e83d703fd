import { describe, expect, it } from 'vitest'
import type { SessionStore, SignedIn } from '../../../src/core/sessions/session.js'
import type { Freshness } from '../../../src/storage/engine/database.js'
import { remembering, SessionMemory } from '../../../src/storage/session-cache/session-cache.js'

const session = (account: string) => ({ account: { id: account }, session: {} }) as unknown as SignedIn

it('it never holds more than it may, and those that are asked for stay', () => {
  const memory = new SessionMemory(100)
  memory.keep('asked for', 1, session('ada'))
  for (let number = 0; number < 1000; number += 1) {
    memory.keep(`token ${number}`, 1, session(`account ${number % 50}`))
    expect(memory.find('asked for', 1)).not.toBeNull()
    expect(memory.size).toBeLessThanOrEqual(100)
  }
})

it('it makes room even when every one was asked for', () => {
  const memory = new SessionMemory(10)
  for (let number = 0; number < 100; number += 1) {
    memory.keep(`token ${number}`, 1, session('ada'))
    memory.find(`token ${number}`, 1)
  }
  expect(memory.size).toBe(10)
  expect(memory.find('token 99', 1)).not.toBeNull()
})

it('it forgets every session of one account, and nobody else’s', () => {
  const memory = new SessionMemory()
  for (const token of ['one', 'two']) memory.keep(token, 1, session('ada'))
  memory.keep('three', 1, session('eve'))
  memory.forget('ada' as Parameters<SessionMemory['forget']>[0])
  expect(['one', 'two', 'three'].map((token) => memory.find(token, 1) !== null)).toEqual([false, false, true])
  memory.forget(null)
  expect(memory.size).toBe(0)
})

it('what was read in another epoch counts for nothing', () => {
  const memory = new SessionMemory()
  memory.keep('token', 1, session('ada'))
  expect(memory.find('token', 2)).toBeNull()
})

it('it knows how many it holds, also when one is kept anew or forgotten twice', () => {
  const memory = new SessionMemory()
  for (const token of ['one', 'two', 'one']) memory.keep(token, 1, session('ada'))
  expect(memory.size).toBe(2)
  for (const token of ['one', 'one', 'none']) memory.forgetToken(token)
  expect(memory.size).toBe(1)
  memory.forget('ada' as Parameters<SessionMemory['forget']>[0])
  expect([memory.size, memory.find('two', 1)]).toEqual([0, null])
  memory.keep('three', 1, session('ada'))
  memory.forget('ada' as Parameters<SessionMemory['forget']>[0])
  expect(memory.size).toBe(0)
})

it('the oldest goes first, and one that is kept anew is the youngest', () => {
  const memory = new SessionMemory(3)
  for (const token of ['one', 'two', 'three', 'one', 'four']) memory.keep(token, 1, session('ada'))
  const left = ['one', 'two', 'three', 'four'].filter((token) => memory.find(token, 1) !== null)
  expect(left).toEqual(['one', 'three', 'four'])
})

describe('before a database that takes its time', () => {
  /** Each question is answered when the test says so. */
  function slow() {
    const asked: ((signedIn: SignedIn | null) => void)[] = []
    const state = { epoch: 1 as number | null | Promise<number | null> }
    const freshness: Freshness = {
      epoch: () => state.epoch,
      seldomEpoch: () => null,
      onChange: () => undefined,
    }
    const store = {
      findByTokenHash: () => new Promise<SignedIn | null>((resolve) => asked.push(resolve)),
    } as unknown as SessionStore
    const sessions = remembering(store, freshness)
    const find = () => sessions.findByTokenHash('token')
    /** Whether a question comes from memory; one that does not is answered with `otherwise`. */
    const isKnown = async (signedIn: SignedIn, otherwise: SignedIn | null = null) => {
      const before = asked.length
      const found = find()
      await Promise.resolve(state.epoch)
      if (asked.length > before) asked[before]!(otherwise)
      return (await found) === signedIn && asked.length === before
    }
    return { asked, state, freshness, find, isKnown }
  }

  const [ada, again] = [session('ada'), session('ada')]

  it('what was found is known in its epoch, however that is told, and asked for anew in the next one', async () => {
    const { asked, state, find, isKnown } = slow()
    const found = find()
    asked[0]!(ada)
    expect(await found).toBe(ada)
    expect(await isKnown(ada)).toBe(true)
    state.epoch = Promise.resolve(1)
    expect(await isKnown(ada)).toBe(true)
    state.epoch = Promise.resolve(2)
    expect(await isKnown(ada)).toBe(false)
  })

  it('of two that are on their way, the one that was asked last is kept, whichever is answered first', async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { asked, find, isKnown } = slow()
      const both = [find(), find()]
      for (const one of order) {
        asked[one]!(one === 0 ? ada : again)
        await both[one]
      }
      expect(await isKnown(again), order.join()).toBe(order[0] === 0)
    }
  })

  it('after nothing was found, what was asked before is not kept', async () => {
    const { asked, find, isKnown } = slow()
    const both = [find(), find()]
    asked[0]!(null)
    expect(await both[0]).toBeNull()
    asked[1]!(ada)
    expect(await both[1]).toBe(ada)
    expect(await isKnown(ada)).toBe(false)
  })

  it('what was changed while it was on its way is not kept, of whomever it was', async () => {
    for (const changed of ['ada', 'eve', null]) {
      const { asked, freshness, find, isKnown } = slow()
      const found = find()
      freshness.onChange(changed)
      asked[0]!(ada)
      expect(await found).toBe(ada)
      expect(await isKnown(ada)).toBe(false)
    }
  })

  it('what is changed later is forgotten, of one account or of all, and of nobody else', async () => {
    for (const changed of ['ada', 'eve', null]) {
      const { asked, freshness, find, isKnown } = slow()
      const found = find()
      asked[0]!(ada)
      await found
      freshness.onChange(changed)
      expect(await isKnown(ada)).toBe(changed === 'eve')
    }
  })

  it('while nobody knows what has changed, every question is asked, and its answer holds', async () => {
    const { asked, state, find, isKnown } = slow()
    const first = find()
    asked[0]!(ada)
    await first
    state.epoch = null
    expect(await isKnown(ada)).toBe(false)
    state.epoch = 1
    expect(await isKnown(ada, ada)).toBe(false)
    expect(await isKnown(ada)).toBe(true)

    const { asked: others, state: there, find: ask, isKnown: isThere } = slow()
    const before = ask()
    there.epoch = null
    const past = ask()
    others[1]!(null)
    expect(await past).toBeNull()
    others[0]!(ada)
    expect(await before).toBe(ada)
    there.epoch = 1
    expect(await isThere(ada)).toBe(false)
  })

  it('a question that fails leaves nothing behind', async () => {
    const failing = { findByTokenHash: () => Promise.reject(new Error('away')) } as unknown as SessionStore
    const sessions = remembering(failing, { epoch: () => 1, seldomEpoch: () => 1, onChange: () => undefined })
    await expect(sessions.findByTokenHash('token')).rejects.toThrow('away')
  })
})
