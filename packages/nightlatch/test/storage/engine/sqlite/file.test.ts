import { describe, expect, it } from 'vitest'
import { openingError } from '../../../../src/storage/engine/sqlite/file.js'

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
