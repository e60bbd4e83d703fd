import { describe, expect, it } from 'vitest'
import { StorageError } from '../../../../src/storage/engine/errors.js'
import { isBusy, sqliteError } from '../../../../src/storage/engine/sqlite/errors.js'

const raised = (errcode: number) => Object.assign(new Error('detail'), { errcode })

describe('what SQLite refuses is told in our words', () => {
  it.each([
    [3, 'no-access', 'the database file may not be opened'],
    [5, 'unavailable', 'the database is busy: another process keeps writing to it'],
    [6, 'unavailable', 'the database is busy: another process keeps writing to it'],
    [8, 'read-only', 'the database file or its folder is read-only'],
    [10, 'unavailable', 'the disk did not read or write the database'],
    [11, 'damaged', 'the database file is damaged: restore a backup'],
    [13, 'full', 'the disk is full'],
    [14, 'no-access', 'the database file cannot be opened'],
    [19, 'failed', 'the database refused a statement'],
    [23, 'no-access', 'the database file may not be opened'],
    [26, 'damaged', 'the file is not a database of Nightlatch'],
  ])('%i, and whatever it says more exactly, is %s: “%s”', (errcode, code, message) => {
    for (const exact of [errcode, errcode + 256, errcode + 10 * 256]) {
      const cause = raised(exact)
      expect(sqliteError(cause)).toMatchObject({ name: 'StorageError', code, message, cause })
    }
  })

  it.each([
    ['database is locked', 5],
    ['database table is locked', 6],
    ['attempt to write a readonly database', 8],
    ['disk I/O error', 10],
    ['database disk image is malformed', 11],
    ['database or disk is full', 13],
    ['unable to open database file', 14],
    ['file is not a database', 26],
    ['something else', 19],
  ])('“%s” without a code is what it is with %i', (sentence, errcode) => {
    const { code, message } = sqliteError(raised(errcode))
    for (const error of [new Error(sentence), Object.assign(new Error(sentence), { errcode: 'none' })])
      expect(sqliteError(error)).toMatchObject({ code, message })
  })

  it.each([
    [
      'nightlatch is being moved',
      'moving',
      'the installation is being moved to another database: nothing can be changed until that is done',
    ],
    [
      'nightlatch has moved',
      'moved',
      'the installation has moved to another database, which is the one to use',
    ],
  ])('“%s” is %s', (sentence, code, message) => {
    expect(sqliteError(Object.assign(new Error(sentence), { errcode: 1811 }))).toMatchObject({
      code,
      message,
    })
  })

  it('what is told already stays as it is, and what is no error is one all the same', () => {
    const told = new StorageError('full', 'told already')
    expect(sqliteError(told)).toBe(told)
    expect(told).not.toHaveProperty('cause')
    expect(sqliteError('a text')).toMatchObject({ code: 'failed', cause: 'a text' })
  })

  it('another one that writes is worth waiting for, and nothing else', () => {
    const waits = Array.from({ length: 30 }, (_none, errcode) => errcode).filter((errcode) =>
      isBusy(raised(errcode)),
    )
    expect(waits).toEqual([5, 6])
    expect([isBusy(new Error('database is locked')), isBusy(new Error('')), isBusy(null)]).toEqual([
      true,
      false,
      false,
    ])
  })
})
