import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { root } from './blocks.js'

const read = (file: string): string => readFileSync(join(root, file), 'utf8')

/** The reference names every module of the plans once: as tried, or with the reason why it is not. */
it('the modules that are tried, and no others, stand as tried in the reference', () => {
  const tests = ['conformance', 'conformance-logout']
    .map((name) => read(`packages/nightlatch/test/oidc/${name}.test.ts`))
    .join('\n')
  const tried = [...new Set(tests.match(/oidcc-[a-z\d-]+/g) ?? [])].sort()
  const rows = Array.from(
    read('docs/reference/openid-connect.md').matchAll(/^\| `(oidcc-[a-z\d-]+)` +\| (.+?) +\|$/gm),
    ([, name = '', what = '']) => ({ name, isTried: what === 'tried' }),
  )
  expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length)
  expect(
    rows
      .filter(({ isTried }) => isTried)
      .map(({ name }) => name)
      .sort(),
  ).toEqual(tried)
})
