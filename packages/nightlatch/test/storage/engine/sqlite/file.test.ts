import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import {
  keepPrivate,
  makeFile,
  openingError,
  writeFileWhole,
} from '../../../../src/storage/engine/sqlite/file.js'

describe('a database file that cannot be opened', () => {
  it.each([
    ['EACCES', 'no-access', 'this user may not write there'],
    ['EPERM', 'no-access', 'this user may not write there'],
    ['EROFS', 'read-only', 'the disk is read-only'],
    ['ENOSPC', 'full', 'the disk is full'],
    ['EDQUOT', 'full', "the user's share of the disk is full"],
    ['ENOENT', 'no-access', 'there is no such folder'],
    ['EISDIR', 'no-access', 'there is a folder of that name'],
    ['ENOTDIR', 'no-access', 'a part of the path is a file, not a folder'],
    ['EEXIST', 'no-access', 'a part of the path is a file, not a folder'],
    ['ELOOP', 'no-access', 'its symbolic links lead in a circle'],
    ['ENAMETOOLONG', 'no-access', 'the path is too long'],
    ['EMFILE', 'unavailable', 'this process has too many files open'],
    ['ENFILE', 'unavailable', 'too many files are open on this machine'],
    ['EIO', 'unavailable', 'the disk did not read or write'],
    ['EBUSY', 'failed', 'the system says EBUSY'],
    ['ERR_SQLITE_ERROR', 'failed', 'the database refused a statement'],
  ])('for %s is %s: the sentence names it and says “%s”', (name, code, words) => {
    const cause = Object.assign(new Error('detail'), { code: name })
    const error = openingError('/data/nightlatch.sqlite', cause)
    expect(error).toMatchObject({ code, cause })
    expect(error.message).toBe(`the database /data/nightlatch.sqlite cannot be opened: ${words}`)
  })

  it('says what SQLite says where the system says nothing', () => {
    const cause = Object.assign(new Error('file is not a database'), { errcode: 26 })
    const { code, message } = openingError('/data/x', cause)
    expect(code).toBe('damaged')
    expect(message).toBe('the database /data/x cannot be opened: the file is not a database of Nightlatch')
  })
})

describe('the files of a database', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'nightlatch-file-'))
  })
  afterEach(() => {
    rmSync(folder, { recursive: true })
  })
  const modeOf = (path: string) => statSync(path).mode & 0o777

  it('a new one is made with its folders, for its owner only, and one that is there stays as it is', () => {
    const path = join(folder, 'new', 'deeper', 'one.db')
    makeFile(path)
    expect([modeOf(path), modeOf(join(folder, 'new', 'deeper'))]).toEqual([0o600, 0o700])
    writeFileSync(path, 'words')
    chmodSync(path, 0o644)
    makeFile(path)
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['words', 0o644])
  })

  it('one that others may read is its owner’s, with those beside it, and stricter ones stay', () => {
    const path = join(folder, 'one.db')
    for (const [name, mode] of [
      [path, 0o644],
      [`${path}-wal`, 0o610],
      [`${path}-shm`, 0o601],
    ] as const) {
      writeFileSync(name, '')
      chmodSync(name, mode)
    }
    keepPrivate(path)
    expect([path, `${path}-wal`, `${path}-shm`].map(modeOf)).toEqual([0o600, 0o600, 0o600])
    chmodSync(path, 0o400)
    rmSync(`${path}-wal`)
    keepPrivate(path)
    expect(modeOf(path)).toBe(0o400)
    expect(existsSync(`${path}-wal`)).toBe(false)
  })

  it('one that is written appears whole, for its owner only, whatever an earlier try has left', async () => {
    const path = join(folder, 'copy.db')
    writeFileSync(`${path}.partial`, 'half of an earlier one', { mode: 0o644 })
    await writeFileWhole(path, async (partial) => {
      expect(readFileSync(partial, 'utf8')).toBe('')
      expect(existsSync(path)).toBe(false)
      writeFileSync(partial, 'whole')
      await Promise.resolve()
    })
    expect([readFileSync(path, 'utf8'), modeOf(path)]).toEqual(['whole', 0o600])
    expect(existsSync(`${path}.partial`)).toBe(false)
  })

  it('one that cannot be written leaves nothing, and says why', async () => {
    const path = join(folder, 'copy.db')
    const full = Object.assign(new Error('detail'), { code: 'ENOSPC' })
    const writing = writeFileWhole(path, (partial) => {
      writeFileSync(partial, 'half')
      return Promise.reject(full)
    })
    const message = `${path} was not written: the disk is full`
    await expect(writing).rejects.toMatchObject({ code: 'full', message, cause: full })
    expect([existsSync(path), existsSync(`${path}.partial`)]).toEqual([false, false])
  })

  it('one that is there is never written over', async () => {
    const path = join(folder, 'copy.db')
    writeFileSync(path, 'older')
    const writing = writeFileWhole(path, () => Promise.reject(new Error('asked')))
    await expect(writing).rejects.toMatchObject({
      code: 'failed',
      message: `${path} is there already: name a new file`,
    })
    expect(readFileSync(path, 'utf8')).toBe('older')
  })
})
