import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const file = fileURLToPath(import.meta.url)
const folder = dirname(dirname(file))
const reference = join(folder, '../../../docs/project')
const page = readFileSync(join(reference, 'ux-requirements.md'), 'utf8')

const rows = [...page.matchAll(/^\| (UX-[A-Z]\d\d)\s*\|.*\|(.*)\|$/gm)].map(([, id = '', tests = '']) => ({
  id,
  listed: [...tests.matchAll(/\]\(([^)]*)\)/g)].map(([, path = '']) => path).sort(),
}))

const self = relative(folder, file)

/** Which test files name a number outside of their comments. */
const tests = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts') && name !== self)
  .map((name) => ({
    path: relative(reference, join(folder, name)),
    text: readFileSync(join(folder, name), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, ''),
  }))

describe('the promises of the pages', () => {
  it('have each a number of their own', () => {
    expect(rows.length).toBeGreaterThan(50)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length)
  })

  it.each(rows)('$id has exactly the tests that are listed', ({ id, listed }) => {
    const found = tests.filter(({ text }) => text.includes(id)).map(({ path }) => path)
    expect(found).not.toEqual([])
    expect(listed).toEqual(found.sort())
  })

  it('know every number that a test names', () => {
    const known = new Set(rows.map(({ id }) => id))
    const named = tests.flatMap(({ text }) => text.match(/UX-[A-Z]\d\d/g) ?? [])
    expect(named.filter((id) => !known.has(id))).toEqual([])
  })
})
