import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createNightlatch } from '../../src/compose/library.js'
import { run } from '../support/cli.js'
import { dataPlace } from '../../src/config/data-place.js'

const folder = realpathSync(mkdtempSync(join(tmpdir(), 'nightlatch-place-')))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const origin = 'http://localhost:3000'

describe('a folder or a file', () => {
  it.each([
    ['second-data', 'second-data', 'second-data/nightlatch.db'],
    ['data.v2', 'data.v2', 'data.v2/nightlatch.db'],
    ['photos.db', '', 'photos.db'],
    ['data/photos.sqlite3', 'data', 'data/photos.sqlite3'],
    ['PHOTOS.DB', '', 'PHOTOS.DB'],
    ['photos.db/', 'photos.db', 'photos.db/nightlatch.db'],
    ['.db', '', '.db'],
  ])('%s that is not there yet is read as one of them', (text, inFolder, file) => {
    expect(dataPlace(`${folder}/${text}`)).toEqual({
      folder: join(folder, inFolder),
      file: join(folder, file),
    })
  })

  it('what is there is what it is, whatever its name', () => {
    mkdirSync(join(folder, 'a-folder.db'))
    writeFileSync(join(folder, 'a-file'), '')
    expect(dataPlace(join(folder, 'a-folder.db')).file).toBe(join(folder, 'a-folder.db', 'nightlatch.db'))
    expect(dataPlace(join(folder, 'a-file'))).toEqual({ folder, file: join(folder, 'a-file') })
  })

  it.each(['embedded', 'embedded.db'])(
    'an application with its database at %s and the command line mean the same',
    async (name) => {
      const database = join(folder, 'applications', name)
      const auth = await createNightlatch({ origin, database })
      const added = await run(['user', 'add', 'ada', '--data', database])
      const listed = await run(['user', 'list', '--json', '--data', database])
      await auth.close()
      expect(added.status).toBe(0)
      expect(listed.out).toContain('"username":"ada"')
      expect(existsSync(dataPlace(database).file)).toBe(true)
    },
  )
})

describe('git', () => {
  it('leaves a new data folder out, database and root key', async () => {
    const data = join(folder, 'project', 'nightlatch-data')
    await run(['user', 'add', 'ada', '--data', data])
    expect(readFileSync(join(data, '.gitignore'), 'utf8')).toMatch(/^\*$/m)
  })

  it('sees everything of a folder in which somebody has something of their own', async () => {
    const project = join(folder, 'own')
    mkdirSync(project)
    writeFileSync(join(project, 'package.json'), '{}')
    await run(['user', 'add', 'ada', '--data', join(project, 'app.db')])
    expect(existsSync(join(project, 'app.db'))).toBe(true)
    expect(existsSync(join(project, '.gitignore'))).toBe(false)
  })

  it('keeps a file of that name as somebody wrote it', async () => {
    const data = join(folder, 'written')
    mkdirSync(data)
    writeFileSync(join(data, '.gitignore'), 'mine\n')
    await run(['user', 'add', 'ada', '--data', data])
    expect(readFileSync(join(data, '.gitignore'), 'utf8')).toBe('mine\n')
  })
})
