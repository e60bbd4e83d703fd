/** Builds both packages with the native TypeScript compiler, copies what is not TypeScript, and bundles what is started. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { bundle } from './lib/bundle.mjs'
import { builtMark, root } from './lib/set-up.mjs'
import { smallerCss, smallerScript } from './lib/smaller.mjs'

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

// Jest, and TypeScript for CommonJS, cannot take ES modules: the package for everybody's use has both.
const commonJs = spawnSync(process.execPath, [tsc, '-p', 'packages/otp/tsconfig.cjs.json'], {
  cwd: root,
  stdio: 'inherit',
})
if (commonJs.status !== 0) process.exit(commonJs.status ?? 1)
writeFileSync(`${root}packages/otp/dist/cjs/package.json`, '{ "type": "commonjs" }\n')

const [src, dist] = ['src', 'dist'].map((folder) => `${root}packages/nightlatch/${folder}`)
cpSync(`${src}/pages/assets`, `${dist}/pages/assets`, { recursive: true })
for (const [file, smaller] of [
  ['nightlatch.css', smallerCss],
  ['nightlatch.js', smallerScript],
])
  writeFileSync(`${dist}/pages/assets/${file}`, smaller(readFileSync(`${src}/pages/assets/${file}`, 'utf8')))
for (const file of ['common-passwords.txt', 'common-passwords.licences.txt'])
  copyFileSync(`${src}/crypto/${file}`, `${dist}/crypto/${file}`)

await bundle(`${root}packages/nightlatch`)

mkdirSync(dirname(builtMark), { recursive: true })
writeFileSync(builtMark, '')
