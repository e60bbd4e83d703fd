import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openOtherDatabase } from '../../../compose/other-database.js'
import { isMissing } from '../../../config/data-place.js'
import type { Settings } from '../../../config/read.js'

/** Whether anything was ever kept there. What cannot be reached is for whoever opens it to say. */
export async function isInstalled({ database }: Settings): Promise<boolean> {
  if (database.kind === 'sqlite') return !isMissing(database.file)
  try {
    const other = await openOtherDatabase(database.url.reveal())
    try {
      const [row] = await other.all("SELECT to_regclass('migration') IS NOT NULL AS there")
      return row?.['there'] === true
    } finally {
      await other.close()
    }
  } catch {
    return true
  }
}

/** An empty installation that is gone afterwards: what is only to be planned leaves nothing behind where there is none yet. */
export async function inEmptyInstallation<T>(
  settings: Settings,
  work: (settings: Settings) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-plan-'))
  const { rootKey } = settings
  try {
    return await work({
      ...settings,
      dataFolder: folder,
      database: { kind: 'sqlite', file: join(folder, 'nightlatch.db') },
      rootKey: rootKey.kind === 'given' ? rootKey : { ...rootKey, path: join(folder, 'root.key') },
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
