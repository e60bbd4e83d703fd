/** Every row of the table of servers' files is read, and every file of the tests has a row. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { run, temporaryFolder } from '../support/cli.js'

const files = fileURLToPath(new URL('files/', import.meta.url))
const rows = readFileSync(new URL('../../../../docs/reference/formats.md', import.meta.url), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const cells = line.split('|').map((cell) => cell.trim())
    const [source, file] = [cells[1], cells[6]].map((cell) => /^`([^`]+)`$/.exec(cell ?? '')?.[1])
    return source === undefined || file === undefined ? [] : [{ source, file }]
  })

describe('the table of servers’ files', () => {
  it('has a row for each', () => {
    const all = readdirSync(files, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile() && one.name !== 'README.md')
      .map((one) => join(one.parentPath, one.name).slice(files.length))
    expect(rows.map(({ file }) => file).toSorted()).toEqual(all.toSorted())
  })

  it.each(rows)('$file is read as $source', async ({ source, file }) => {
    const data = join(temporaryFolder(), 'data')
    const ran = await run(['import', source, join(files, file), '--dry-run', '--json', '--data', data], {
      env: { BETTER_AUTH_SECRET: 'a-secret-of-the-invented-site-0123456789' },
    })
    expect(ran).toMatchObject({ status: 0 })
    expect((JSON.parse(ran.out) as { people: unknown[] }).people.length).toBeGreaterThan(0)
  })
})
