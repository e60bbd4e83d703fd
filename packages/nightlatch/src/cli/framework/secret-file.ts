import * as fs from 'node:fs'
import { writeWhole } from '../../shared/files.js'
import { Refused } from './errors.js'

/**
 * Writes a file that only its owner can read, whole or not at all. What is there already is replaced, so that
 * its wider permissions do not stay; a device such as /dev/stdout is written to.
 */
export function writeSecretFile(file: string, content: Uint8Array | string): void {
  try {
    const there = fs.statSync(file, { throwIfNoEntry: false })
    if (there !== undefined && !there.isFile()) return fs.writeFileSync(file, content)
    writeWhole(file, content, { ifThere: 'replace' })
  } catch (error) {
    throw new Refused(`${file} was not written: ${reasonOf(error)}`)
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
