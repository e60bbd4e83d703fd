import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { Refused } from './errors.js'

/**
 * Writes a file that only its owner can read, whole or not at all. What is there already is replaced, so that
 * its wider permissions do not stay; a device such as /dev/stdout is written to.
 */
export function writeSecretFile(file: string, content: Uint8Array | string): void {
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    const there = fs.statSync(file, { throwIfNoEntry: false })
    if (there !== undefined && !there.isFile()) return fs.writeFileSync(file, content)
    fs.writeFileSync(draft, content, { flag: 'wx', mode: 0o600 })
    fs.renameSync(draft, file)
  } catch (error) {
    removeDraft(draft)
    throw new Refused(`${file} was not written: ${reasonOf(error)}`)
  }
}

/** Where nothing could be written there may be no folder to look into. */
function removeDraft(draft: string): void {
  try {
    fs.rmSync(draft, { force: true })
  } catch {
    // What was wrong is told already.
  }
}

const reasons: Readonly<Record<string, string>> = {
  EISDIR: 'it is a folder: name a file in it',
  ENOENT: 'there is no such folder',
  ENOTDIR: 'what should be its folder is a file',
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  EROFS: 'nothing can be written there',
  ENOSPC: 'the disk is full',
}

/** In words, and without the name of the draft, which nobody knows. */
function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  return reasons[code] ?? `the system says ${code}`
}
