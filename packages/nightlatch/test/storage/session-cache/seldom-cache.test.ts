import { expect, it } from 'vitest'
import { SeldomMemory } from '../../../src/storage/session-cache/seldom-cache.js'

/** A memory, and what it asks: answered when the test says so. */
function given() {
  const state = { epoch: 1 as number | null | Promise<number | null> }
  const heard: (string | null)[] = []
  const freshness = {
    epoch: () => null,
    seldomEpoch: () => state.epoch,
    onChange: (account: string | null): void => void heard.push(account),
  }
  const memory = new SeldomMemory(freshness)
  const asked: ((value: object | null) => void)[] = []
  const read = (name = 'one') =>
    memory.read(name, () => new Promise<object | null>((resolve) => asked.push(resolve)))
  /** Whether the value was asked for; then it is answered with this one. */
  const isAsked = async (value: object | null, name?: string) => {
    const before = asked.length
    const found = read(name)
    await Promise.resolve(state.epoch)
    const wasAsked = asked.length > before
    if (wasAsked) asked[before]!(value)
    expect(await found).toBe(value)
    return wasAsked
  }
  return { state, heard, freshness, asked, read, isAsked }
}

const [first, second] = [{}, {}]

it('what was read is known by its name, for as long as nothing is written', async () => {
  const { state, isAsked } = given()
  expect([await isAsked(first), await isAsked(first)]).toEqual([true, false])
  expect([await isAsked(second, 'two'), await isAsked(second, 'two')]).toEqual([true, false])
  expect(await isAsked(first)).toBe(false)
  state.epoch = Promise.resolve(1)
  expect(await isAsked(first)).toBe(false)
  state.epoch = Promise.resolve(2)
  expect([await isAsked(second), await isAsked(second), await isAsked(first, 'two')]).toEqual([
    true,
    false,
    true,
  ])
})

it('what is not there is asked for each time', async () => {
  const { isAsked } = given()
  expect([await isAsked(null), await isAsked(null), await isAsked(first), await isAsked(first)]).toEqual([
    true,
    true,
    true,
    false,
  ])
})

it('a change of everybody’s forgets it, one of an account does not, and whoever listened before hears of both', async () => {
  const { heard, freshness, isAsked } = given()
  await isAsked(first)
  freshness.onChange('ada')
  expect(await isAsked(first)).toBe(false)
  freshness.onChange(null)
  expect(await isAsked(second)).toBe(true)
  expect(heard).toEqual(['ada', null])
})

it('what was changed while it was on its way is not kept', async () => {
  const { freshness, asked, read, isAsked } = given()
  const found = read()
  freshness.onChange(null)
  asked[0]!(first)
  expect(await found).toBe(first)
  expect(await isAsked(second)).toBe(true)
})

it('while nobody knows what was written it is asked each time, and what was known or on its way is not kept', async () => {
  const { state, asked, read, isAsked } = given()
  await isAsked(first)
  state.epoch = null
  expect([await isAsked(first), await isAsked(first)]).toEqual([true, true])
  state.epoch = 1
  expect(await isAsked(second)).toBe(true)

  const before = read('two')
  state.epoch = null
  await isAsked(second, 'two')
  asked[4]!(first)
  expect(await before).toBe(first)
  state.epoch = 1
  expect(await isAsked(second, 'two')).toBe(true)
})
