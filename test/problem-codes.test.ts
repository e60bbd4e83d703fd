import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { problemsOfCodes } from '../scripts/lib/problem-codes.mjs'

const root = mkdtempSync(join(tmpdir(), 'nightlatch-codes-'))
afterAll(() => rmSync(root, { recursive: true }))

const empty = Object.fromEntries(
  ['http', 'protect', 'adapters', 'compose'].map((folder) => [`${folder}/nothing.ts`, '']),
)

function found(file: string, text: string): readonly string[] {
  rmSync(root, { recursive: true })
  for (const [name, content] of Object.entries({ ...empty, [file]: text })) {
    mkdirSync(dirname(join(root, name)), { recursive: true })
    writeFileSync(join(root, name), content)
  }
  return problemsOfCodes(root, ['no-tea'])
}

describe('a code that nobody sends is found, although it', () => {
  it.each([
    ['is in the table', 'http/problems.ts', `export const problems = { a: 'no-tea' }`],
    ['is listed at an operation', 'http/api/endpoints.ts', `export const endpoints = ['no-tea']`],
    ['is a type', 'http/a.ts', `type Code = 'no-tea'`],
    ['is compared', 'protect/a.ts', `if (code === 'no-tea') go()`],
    ['is a case', 'http/a.ts', `switch (kind) { case 'no-tea': go() }`],
    ['names an outcome', 'http/a.ts', `const outcome = { kind: 'no-tea' }`],
    ['is sent by a test', 'http/a.test.ts', `refuse('no-tea')`],
  ])('%s', (_how, file, text) => {
    expect(found(file, text)).toEqual(['no-tea: is in the table and sent nowhere'])
  })
})

describe('a code is sent', () => {
  it.each([
    ['by a call', 'http/a.ts', `refuse('no-tea')`],
    ['by one of two', 'http/a.ts', `refuse(isIn ? 'no-tea' : 'tea')`],
    ['from a table of a door', 'protect/a.ts', `const codes = { down: 'no-tea' }`],
  ])('%s', (_how, file, text) => {
    expect(found(file, text)).toEqual([])
  })
})

describe('a problem is made in one place', () => {
  it('and nowhere beside the table', () => {
    const text = `refuse('no-tea'); const type = 'application/problem+json'`
    expect(found('adapters/a.ts', text)).toEqual([
      'adapters/a.ts: makes a problem beside the table (http/problems.ts)',
    ])
    expect(found('http/response.ts', text)).toEqual([])
  })
})
