import { readdirSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ours = /^(?:.+\.(?:db3?|sqlite3?)(?:-wal|-shm|-journal)?|root-key)$/i

/**
 * A folder that holds nothing but the database and the root key gets a `.gitignore` for everything in it: it may lie in
 * a project, and `git add .` would publish both. A folder with anything else in it is somebody's own and stays as it is; so
 * does the one in which the command was given, which may become a project yet.
 */
export function keepOutOfGit(folder: string): void {
  if (resolve(folder) === process.cwd()) return
  try {
    const names = readdirSync(folder)
    if (names.length === 0 || !names.every((name) => ours.test(name))) return
    writeFileSync(join(folder, '.gitignore'), '# Never publish the database and its key.\n*\n', {
      flag: 'wx',
      mode: 0o600,
    })
  } catch {
    // It is not there, somebody was quicker, or nothing can be written: no reason not to start.
  }
}
