/**
 * Fills in where each attack of docs/reference/attacks.md is tested, and says what is wrong with the catalogue.
 * `npm run check` and `test/attacks.test.ts` look without writing.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { catalogue, completed, problemsOf, testsOfIds } from './lib/attacks.mjs'
import { root } from './lib/set-up.mjs'

const file = join(root, catalogue)
const tests = testsOfIds(root)
const page = completed(readFileSync(file, 'utf8'), tests)
writeFileSync(file, page)

const problems = problemsOf(page, tests)
for (const problem of problems) console.error(problem)
if (problems.length > 0) process.exitCode = 1
