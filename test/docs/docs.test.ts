import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { blocksOf, pages, placeOf, root } from './blocks.js'
import { journeys } from './journeys.js'
import { otherBlocks, Page } from './page.js'
import { recipes } from './recipes.js'

interface Elsewhere {
  readonly test: string
  /** What the test says of the page. */
  readonly names: string
  readonly languages: readonly string[]
}

/** In an application's own words: read, and compared with what is registered. */
const byApplications = { test: 'test/docs/recipes.test.ts', names: 'docs/guides/applications' } as const
const settings = ['sh', 'ini', 'yaml', 'console']

/** Pages whose blocks another test runs, every one of them. */
const elsewhere: Record<string, Elsewhere> = {
  'packages/otp/README.md': {
    test: 'packages/otp/test/readme.test.ts',
    names: 'README.md',
    languages: ['ts'],
  },
  ...Object.fromEntries(recipes.map((file) => [file, { ...byApplications, languages: settings }])),
}

/** Pages about a fresh clone: clone.test.ts works through them. */
const cloned = Array.from(
  readFileSync(new URL('clone.test.ts', import.meta.url), 'utf8').matchAll(/'([\w/-]+\.md)'/g),
  (found) => found[1] ?? '',
)

const withBlocks = pages().filter((file) => blocksOf(file).length > 0 || journeys[file] !== undefined)
const ours = withBlocks.filter((file) => !cloned.includes(file) && elsewhere[file] === undefined)

describe('every block of the documentation is run', () => {
  it.each(ours)('%s', { timeout: 300_000 }, async (file) => {
    const page = await Page.open(file)
    try {
      await journeys[file]?.(page)
      await page.runRest()
    } finally {
      await page.terminal.close()
    }
  })

  it('nobody works through a page that is not there', () => {
    const known = [
      ...cloned,
      ...Object.keys(journeys),
      ...Object.keys(elsewhere),
      ...Object.keys(otherBlocks),
    ]
    expect(known.filter((file) => !withBlocks.includes(file))).toEqual([])
  })

  it.each(Object.entries(elsewhere))('%s is run by its own test', (file, { test, names, languages }) => {
    expect(readFileSync(join(root, test), 'utf8')).toContain(names)
    const others = blocksOf(file).filter(({ language }) => !languages.includes(language))
    expect(others.map(placeOf)).toEqual([])
  })
})
