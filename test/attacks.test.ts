import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { catalogue, completed, idsIn, problemsOf, rowsOf, testsOfIds } from '../scripts/lib/attacks.mjs'

const root = new URL('..', import.meta.url).pathname
const page = readFileSync(`${root}${catalogue}`, 'utf8')

describe('the catalogue of attacks', () => {
  it('has one row for each id that a test carries, and a test for each row', () => {
    expect(problemsOf(page, testsOfIds(root))).toEqual([])
    expect(rowsOf(page).length).toBeGreaterThan(100)
  })

  it('says in each row what is tried and what must happen', () => {
    const rows = page.split('\n').filter((line) => /^\| [A-Z]+-\d+ \|/.test(line))
    const cells = rows.map((line) => line.split(' | ').map((cell) => cell.replace(/[|\s]/g, '').length))
    expect(rows.filter((_line, row) => cells[row]!.length !== 4 || Math.min(...cells[row]!) < 4)).toEqual([])
  })
})

describe('what the check of the catalogue notices', () => {
  const sample = '| AB-1 | tried | must happen | a |\n| AB-2 | tried | must happen | |\n'
  const tests = (...pairs: [string, string[]][]) => new Map(pairs)

  it('nothing where all is well', () => {
    expect(
      problemsOf(sample.replace('| |', '| b, c |'), tests(['AB-1', ['a']], ['AB-2', ['c', 'b']])),
    ).toEqual([])
  })

  it('an id without a row, a row without a test, a row twice, a column out of date', () => {
    const found = problemsOf(`${sample}${sample}`, tests(['AB-1', ['b']], ['AB-3', ['c']]))
    expect(found).toEqual(
      expect.arrayContaining([
        'AB-3 (c) has no row',
        'AB-2 is in no title of a test',
        'AB-1 stands twice',
        'AB-1 is tested in b: run node scripts/attacks.mjs',
      ]),
    )
  })

  it('fills in the column', () => {
    expect(completed(sample, tests(['AB-1', ['d']], ['AB-2', ['c', 'b']]))).toBe(
      '| AB-1 | tried | must happen | d |\n| AB-2 | tried | must happen | b, c |\n',
    )
  })

  it.each([
    [`it('AB-1 AB-2 does this', () => {})`, ['AB-1', 'AB-2']],
    [`test.each(rows)(\`AB-1 does \${what}\`, () => {})`, ['AB-1']],
    [`describe.skipIf(x)('AB-1: this', () => { it('AB-3 that', f) })`, ['AB-1', 'AB-3']],
    [`describe.each(x)('hashes with SHA-256 in UTF-8', f)`, []],
    [`// it('AB-1 was here')\nconst text = 'AB-2 is no title'`, []],
  ])('reads titles: %s', (text, ids) => {
    expect(idsIn('some.test.ts', text)).toEqual(ids)
  })
})
