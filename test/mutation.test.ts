import { describe, expect, it } from 'vitest'
import { drawn, interval } from '../scripts/lib/mutation/draw.mjs'

const mutants = Array.from({ length: 500 }, (_none, place) => ({ key: `core/some.ts ${place}` }))

describe('a draw of changes', () => {
  it('is the same for the same seed, and another one for another', () => {
    const draw = (seed: string) => drawn(mutants, { seed, size: 20 })
    expect(draw('1')).toEqual(draw('1'))
    expect(draw('1')).not.toEqual(draw('2'))
    expect(new Set(draw('1')).size).toBe(20)
  })

  it('of a larger number has those of the smaller one and more: what was tried need not be tried again', () => {
    const [fewer, more] = [20, 40].map((size) => drawn(mutants, { seed: '1', size }))
    expect(more!.slice(0, 20)).toEqual(fewer)
  })

  it('does not depend on what else there is', () => {
    const [all, half] = [mutants, mutants.slice(250)].map((some) =>
      drawn(some, { seed: '1', size: Infinity }),
    )
    expect(all!.filter((one: { readonly key: string }) => half!.includes(one))).toEqual(half)
  })
})

describe("Wilson's interval at 95 %", () => {
  it.each([
    [8, 10, 0.49, 0.943],
    [96, 120, 0.72, 0.862],
    [120, 120, 0.969, 1],
    [0, 30, 0, 0.114],
  ])('for %i of %i', (killed, tried, low, high) => {
    const [from, to] = interval(killed, tried)
    expect([from!.toFixed(3), to!.toFixed(3)]).toEqual([low.toFixed(3), high.toFixed(3)])
  })
})
