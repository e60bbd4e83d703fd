import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { unusedExports } from '../scripts/lib/unused-exports.mjs'

const root = mkdtempSync(join(tmpdir(), 'nightlatch-exports-'))
afterAll(() => rmSync(root, { recursive: true }))

/** What is found unused among these files. */
function unusedIn(files: Readonly<Record<string, string>>): readonly string[] {
  rmSync(root, { recursive: true })
  for (const [file, text] of Object.entries({ 'test/nothing.ts': '', ...files })) {
    mkdirSync(dirname(join(root, file)), { recursive: true })
    writeFileSync(join(root, file), text)
  }
  return unusedExports(root, { sources: ['src'], users: ['test'], entries: ['src/index.ts'] })
}

describe('an export that nobody imports is found', () => {
  it.each([
    ['a constant', 'export const a = 1', 'src/a.ts: a'],
    ['a function', 'export async function a() {}', 'src/a.ts: a'],
    ['a type', 'export interface A {}', 'src/a.ts: A'],
    ['one in a list', 'const a = 1\nexport { a }', 'src/a.ts: a'],
  ])('%s', (_what, text, found) => {
    expect(unusedIn({ 'src/a.ts': text })).toEqual([found])
  })
})

describe('an export that is used is left alone', () => {
  const a = 'export const a = 1'
  it.each([
    ['an import', `import { a } from './a.js'`],
    ['an import under another name', `import { a as b } from './a.js'`],
    ['an import of everything', `import * as all from './a.js'`],
    ['handing on', `export { a } from './a.js'`],
    ['handing on everything', `export * from './a.js'`],
    ['import()', `const { a } = await import('./a.js')`],
    ['a type of import()', `type A = typeof import('./a.js')`],
    ['a comment of a script', `/** @import { a } from './a.js' */`],
  ])('by %s', (_how, text) => {
    expect(unusedIn({ 'src/a.ts': a, 'src/index.ts': text })).toEqual([])
  })

  it('by a test, and where it is for others', () => {
    expect(unusedIn({ 'src/a.ts': a, 'test/a.test.ts': `import { a } from '../src/a.js'` })).toEqual([])
    expect(unusedIn({ 'src/index.ts': a })).toEqual([])
  })
})
