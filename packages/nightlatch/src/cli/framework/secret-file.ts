import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'

/**
 * Writes a file that only its owner can read, whole or not at all. What is there already is replaced, so that
 * its wider permissions do not stay; a device such as /dev/stdout is written to.
 */
export function writeSecretFile(file: string, content: Uint8Array | string): void {
  const there = fs.statSync(file, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) return fs.writeFileSync(file, content)
  const draft = `${file}.${randomBytes(6).toString('hex')}`
  try {
    fs.writeFileSync(draft, content, { flag: 'wx', mode: 0o600 })
    fs.renameSync(draft, file)
  } catch (error) {
    fs.rmSync(draft, { force: true })
    throw error
  }
}
