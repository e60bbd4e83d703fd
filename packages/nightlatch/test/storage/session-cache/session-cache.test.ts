import { expect, it } from 'vitest'
import type { SignedIn } from '../../../src/core/sessions/session.js'
import { SessionMemory } from '../../../src/storage/session-cache/session-cache.js'

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
