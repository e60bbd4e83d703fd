import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createNightlatch } from '../../src/index.js'

const folder = mkdtempSync(join(tmpdir(), 'nightlatch-library-'))
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

const origin = 'https://app.example.org'

describe('createNightlatch', () => {
  it('refuses all that cannot be used at once, by the names of the options', async () => {
    const options = { origin: 'http://app.example.org', basePath: '/a b', secret: 'short' }
    await expect(createNightlatch(options)).rejects.toMatchObject({
      name: 'OptionsError',
      problems: [
        expect.stringMatching(/^origin: must be https/),
        expect.stringMatching(/^basePath: /),
        expect.stringMatching(/^secret: is not 32 bytes/),
      ],
    })
  })

  it.each(['mysql://localhost/app', 'https://db.example.org/app', 'postgres:app', ''])(
    'takes %j for no file: it is no database of ours',
    async (database) => {
      const problems = [expect.stringMatching(/^database: /)]
      await expect(createNightlatch({ origin, database })).rejects.toMatchObject({ problems })
      expect(existsSync(database.split('/')[0]!)).toBe(false)
    },
  )

  it.each([
    ['a path', (file: string) => file],
    ['sqlite:', (file: string) => `sqlite:${file}`],
    ['file://', (file: string) => `file://${file}`],
  ])('opens a file that is given as %s', async (what, from) => {
    const file = join(folder, what.replace(/\W/g, ''), 'app.db')
    const auth = await createNightlatch({ origin, database: from(file), basePath: '/auth' })
    expect((await auth.fetch(new Request(`${origin}/auth/login`))).status).toBe(200)
    expect(await auth.session(new Request(origin))).toBeNull()
    await auth.close()
    expect(existsSync(file)).toBe(true)
  })

  it.each([
    ['that is there', mkdtempSync(join(folder, 'there-'))],
    ['that is not there yet', join(folder, 'not-yet/')],
  ])('finds in a folder %s what the command line finds there', async (_what, database) => {
    const auth = await createNightlatch({ origin, database })
    await auth.close()
    expect(existsSync(join(database, 'nightlatch.db'))).toBe(true)
    expect(existsSync(join(database, 'root-key'))).toBe(true)
  })
})
