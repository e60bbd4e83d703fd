import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { dirname } from 'node:path'

/** For its owner alone. One folder at a time: where the system itself refuses new ones, the recursive call never comes back. */
export function makeFolder(path: string): void {
  if (fs.existsSync(path)) return
  makeFolder(dirname(path))
  fs.mkdirSync(path, { mode: 0o700 })
}

/** Until the disk has it: what a file holds, or which names are in a folder. */
export function sync(path: string): void {
  // Windows opens no folder; it also needs no such step.
  if (process.platform === 'win32') return
  const handle = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(handle)
  } finally {
    fs.closeSync(handle)
  }
}

/**
 * Writes a file that only its owner can read, whole or not at all: the disk has it before it has its name (and `sync`
 * of its folder gives the disk the name). What is there already is replaced, so that its wider permissions do not stay; or it wins, and nothing is written over it.
 */
export function writeWhole(
  path: string,
  content: Uint8Array | string,
  { ifThere }: { readonly ifThere: 'replace' | 'leave' },
): void {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  try {
    fs.writeFileSync(draft, content, { flag: 'wx', mode: 0o600, flush: true })
    if (ifThere === 'replace') fs.renameSync(draft, path)
    else nameUnlessThere(draft, path)
  } finally {
    removeDraft(draft)
  }
}

/** Only one of several that start at once can give the name. */
function nameUnlessThere(draft: string, path: string): void {
  try {
    fs.linkSync(draft, path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    // Some file systems have no hard links.
    fs.copyFileSync(draft, path, fs.constants.COPYFILE_EXCL)
  }
}

/** Where nothing could be written there may be no folder to look into; what was wrong is told already. */
function removeDraft(draft: string): void {
  try {
    fs.rmSync(draft, { force: true })
  } catch {
    // It is not there.
  }
}
