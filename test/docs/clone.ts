import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root } from './blocks.js'
import type { Page } from './page.js'

/** What somebody has who just cloned the repository, changes of the moment included: nothing installed, nothing built. */
export function freshClone(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-clone-'))
  const listed = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
  })
  for (const file of listed.stdout.split('\0').filter((one) => one !== '' && existsSync(join(root, one))))
    cpSync(join(root, file), join(folder, file))
  return folder
}

const setUp = 'npm ci && npm run build'

/**
 * The page is about a clone: its commands run there. Packages come from npm's cache where it has them, and the first page
 * installs and builds for all.
 */
export function inClone(page: Page, clone: string): void {
  if (existsSync(join(clone, 'packages/nightlatch/dist/index.js'))) page.terminal.instead.set(setUp, 'true')
  rmSync(join(clone, 'nightlatch-data'), { recursive: true, force: true })
  page.terminal.cwd = clone
  page.terminal.env = { npm_config_omit: 'dev', npm_config_prefer_offline: 'true', npm_config_audit: 'false' }
}
