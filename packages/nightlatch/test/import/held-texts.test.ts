import fc from 'fast-check'
import { expect, it } from 'vitest'
import { HeldTexts } from '../../src/cli/commands/import/held-texts.js'

function heldOf(entries: readonly (readonly [string, string])[]): HeldTexts {
  const held = new HeldTexts()
  for (const [name, text] of entries) held.add(name, text)
  return held
}

it('what is held of a name is what was added, in its order, and nothing of any other name', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 12 })
  const name = fc.oneof(fc.constantFrom('ada', 'Ada', '', '__proto__', 'zoë'), text)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, text)), fc.array(name), (entries, asked) => {
      const held = heldOf(entries)
      const of = (one: string) => entries.filter(([there]) => there === one).map(([, said]) => said)
      for (const one of asked) expect(held.of(one)).toEqual(of(one))
      const names = [...new Set(entries.map(([there]) => there))]
      expect([...held.unasked()]).toEqual(names.filter((one) => !asked.includes(one)))
      held.forgetAsked()
      expect([...held.unasked()]).toEqual(names)
    }),
  )
})

it('many names, and texts longer than a block of memory, are held as they are', () => {
  const entries = Array.from(
    { length: 30_000 },
    (_none, at) => [`person ${at % 20_000}`, `text ${at}`] as const,
  )
  const long = 'é'.repeat(700_000)
  const held = heldOf([...entries.slice(0, 100), ['long', long], ['long', long], ...entries.slice(100)])
  expect(held.of('long')).toEqual([long, long])
  expect(held.of('person 7')).toEqual(['text 7', 'text 20007'])
  expect([...held.unasked()]).toHaveLength(20_000 - 1)
})
