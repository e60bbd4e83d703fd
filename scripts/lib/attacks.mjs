/** The attack catalogue (docs/reference/attacks.md) and the tests whose titles carry its ids. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

export const catalogue = 'docs/reference/attacks.md'

const home = /^packages\/nightlatch\/test\//
const ids = /\b[A-Z]{2,8}-\d{1,3}\b/g
/** What looks like an id and is the name of a standard. */
const others = /^(SHA|UTF|ISO|RFC|AES|HMAC|HTTP)-/
const runners = new Set(['it', 'test', 'describe'])

/** The rows of the catalogue, in order. `tested` is what the last column says. */
export function rowsOf(page) {
  return [...page.matchAll(/^\| ([A-Z]+-\d+) \|(.*)\|([^|]*)\|$/gm)].map(([, id, , tested]) => ({
    id,
    tested: tested.trim(),
  }))
}

/** The ids that the titles of a test file carry. */
export function idsIn(file, text) {
  const found = new Set()
  if (!new RegExp(ids).test(text)) return []
  const visit = (node) => {
    if (ts.isCallExpression(node) && runners.has(rootOf(node.expression))) {
      for (const id of titleOf(node).match(ids) ?? []) if (!others.test(id)) found.add(id)
    }
    ts.forEachChild(node, visit)
  }
  visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest))
  return [...found]
}

/** `it.each(cases)('title')` and `describe.skipIf(x)('title')` begin with the same word as `it('title')`. */
function rootOf(expression) {
  if (ts.isIdentifier(expression)) return expression.text
  return ts.isPropertyAccessExpression(expression) || ts.isCallExpression(expression)
    ? rootOf(expression.expression)
    : ''
}

function titleOf({ arguments: [title] }) {
  if (title === undefined) return ''
  if (ts.isStringLiteralLike(title)) return title.text
  if (!ts.isTemplateExpression(title)) return ''
  return [title.head.text, ...title.templateSpans.map(({ literal }) => literal.text)].join('…')
}

const folders = ['packages/otp', 'packages/nightlatch']
  .flatMap((one) => [`${one}/src`, `${one}/test`])
  .concat('test', 'examples')

function testFilesIn(root, folder) {
  if (!existsSync(join(root, folder))) return []
  return readdirSync(join(root, folder), { recursive: true })
    .filter((file) => /\.test(-suite)?\.ts$/.test(file) && !file.includes('node_modules'))
    .map((file) => `${folder}/${file}`)
}

/** Each id that a title carries, with the files, as the catalogue names them. */
export function testsOfIds(root) {
  const tests = new Map()
  for (const file of folders.flatMap((folder) => testFilesIn(root, folder))) {
    const name = file.replace(home, '').replace(/\.test(-suite)?\.ts$/, '')
    for (const id of idsIn(file, readFileSync(join(root, file), 'utf8'))) {
      tests.set(id, [...(tests.get(id) ?? []), name])
    }
  }
  return tests
}

const columnOf = (names = []) => names.toSorted().join(', ')

/** @returns what is not true of the catalogue, one sentence each */
export function problemsOf(page, tests) {
  const rows = rowsOf(page)
  const known = rows.map(({ id }) => id)
  return [
    ...[...tests]
      .filter(([id]) => !known.includes(id))
      .map(([id, names]) => `${id} (${columnOf(names)}) has no row`),
    ...rows.filter(({ id }) => !tests.has(id)).map(({ id }) => `${id} is in no title of a test`),
    ...known.filter((id, place) => known.indexOf(id) !== place).map((id) => `${id} stands twice`),
    ...rows
      .filter(({ id, tested }) => tests.has(id) && tested !== columnOf(tests.get(id)))
      .map(({ id }) => `${id} is tested in ${columnOf(tests.get(id))}: run node scripts/attacks.mjs`),
  ]
}

/** The page with its last column as the tests are. */
export const completed = (page, tests) =>
  page.replace(/^(\| ([A-Z]+-\d+) \|.*\|)[^|]*\|$/gm, (_row, front, id) =>
    tests.has(id) ? `${front} ${columnOf(tests.get(id))} |` : `${front} |`,
  )
