/** Builds both packages with the native TypeScript compiler, then copies what is not TypeScript. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { builtMark, root } from './lib/set-up.mjs'

// The compiler believes its notes, even when somebody has removed what they are about.
for (const name of ['otp', 'nightlatch']) {
  const folder = `${root}packages/${name}`
  if (!existsSync(`${folder}/dist`)) rmSync(`${folder}/tsconfig.tsbuildinfo`, { force: true })
}
const tsc = `${root}node_modules/typescript7/bin/tsc`
const built = spawnSync(process.execPath, [tsc, '-b', 'packages/otp', 'packages/nightlatch'], {
  cwd: root,
  stdio: 'inherit',
})
if (built.status !== 0) process.exit(built.status ?? 1)

const [src, dist] = ['src', 'dist'].map((folder) => `${root}packages/nightlatch/${folder}`)
cpSync(`${src}/pages/assets`, `${dist}/pages/assets`, { recursive: true })
for (const file of ['common-passwords.txt', 'common-passwords.licences.txt'])
  copyFileSync(`${src}/crypto/${file}`, `${dist}/crypto/${file}`)

mkdirSync(dirname(builtMark), { recursive: true })
writeFileSync(builtMark, '')
