import { chmodSync, closeSync, existsSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { makeFolder, sync } from '../../../shared/files.js'
import { StorageError, type StorageProblem } from '../errors.js'
import { sqliteError } from './errors.js'

/** A new file is only for its owner from the first moment, and its name is on the disk before anything is in it. */
export function makeFile(path: string): void {
  if (existsSync(path)) return
  makeFolder(dirname(path))
  closeSync(openSync(path, 'a', 0o600))
  sync(dirname(path))
}

/** A database that was opened, and is ours, is for nobody else: nor are the files that SQLite has put beside it. */
export function keepPrivate(path: string): void {
  for (const file of [path, `${path}-wal`, `${path}-shm`])
    if (existsSync(file) && (statSync(file).mode & 0o077) !== 0) chmodSync(file, 0o600)
}

/** What `write` puts into the file that it is given appears under the right name whole, or not at all. */
export async function writeFileWhole(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${path}.partial`
  if (existsSync(path)) throw new StorageError('failed', `${path} is there already: name a new file`)
  try {
    rmSync(partial, { force: true })
    closeSync(openSync(partial, 'wx', 0o600))
    await write(partial)
    sync(partial)
    renameSync(partial, path)
    sync(dirname(path))
  } catch (error) {
    rmSync(partial, { force: true })
    const [problem, sentence] = fileProblem(error)
    throw new StorageError(problem, `${path} was not written: ${sentence}`, error)
  }
}

export function openingError(path: string, error: unknown): StorageError {
  const [problem, sentence] = fileProblem(error)
  return new StorageError(problem, `the database ${path} cannot be opened: ${sentence}`, error)
}

const problems: Readonly<Record<string, readonly [StorageProblem, string]>> = {
  EACCES: ['no-access', 'this user may not write there'],
  EPERM: ['no-access', 'this user may not write there'],
  EROFS: ['read-only', 'the disk is read-only'],
  ENOSPC: ['full', 'the disk is full'],
  EDQUOT: ['full', "the user's share of the disk is full"],
  ENOENT: ['no-access', 'there is no such folder'],
  EISDIR: ['no-access', 'there is a folder of that name'],
  ENOTDIR: ['no-access', 'a part of the path is a file, not a folder'],
  EEXIST: ['no-access', 'a part of the path is a file, not a folder'],
  ELOOP: ['no-access', 'its symbolic links lead in a circle'],
  ENAMETOOLONG: ['no-access', 'the path is too long'],
  EMFILE: ['unavailable', 'this process has too many files open'],
  ENFILE: ['unavailable', 'too many files are open on this machine'],
  EIO: ['unavailable', 'the disk did not read or write'],
}

function fileProblem(error: unknown): readonly [StorageProblem, string] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = problems[code]
  if (known !== undefined) return known
  if (/^E(?!RR_)[A-Z0-9]+$/.test(code)) return ['failed', `the system says ${code}`]
  const { code: problem, message } = sqliteError(error)
  return [problem, message]
}
