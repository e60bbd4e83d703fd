/** `npm run check`: what has to be true of the code besides the tests. One line a claim. */
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { programs } from './lib/bundle.mjs'
import { ensureBuilt, ensureInstalled, root } from './lib/set-up.mjs'

ensureInstalled({ forTests: true })
ensureBuilt()
const { publint } = await import('publint')
const { formatMessage } = await import('publint/utils')
const { walls } = await import('./arrows.mjs')
const { cyclesIn, dynamicCrimes } = await import('./lib/imports.mjs')
const { brokenLinks } = await import('./lib/links.mjs')
const { problemsOfCodes } = await import('./lib/problem-codes.mjs')
const { problemCodes } = await import('../packages/nightlatch/dist/http/problems.js')
const { unusedExports } = await import('./lib/unused-exports.mjs')
const { catalogue, problemsOf: problemsOfCatalogue, testsOfIds } = await import('./lib/attacks.mjs')

const src = join(root, 'packages/nightlatch/src')
const manifest = (file) => JSON.parse(readFileSync(join(root, file), 'utf8'))

/** Where names are exported, who may import them, and whose exports are for others. */
const exporting = {
  sources: ['packages/nightlatch/src', 'packages/otp/src'],
  users: [
    'packages/nightlatch/test',
    'packages/nightlatch/bin',
    'packages/otp/test',
    'packages/otp/scripts',
  ].concat(['examples', 'scripts', 'test', 'tools']),
  entries: ['packages/nightlatch', 'packages/otp']
    .flatMap((folder) =>
      Object.values(manifest(`${folder}/package.json`).exports)
        .flatMap((one) => one.types ?? one.import?.types ?? [])
        .map((types) => join(folder, types.replace('./dist/', 'src/').replace(/\.d\.ts$/, '.ts'))),
    )
    .concat(programs.map((file) => join('packages/nightlatch/src', file.replace(/\.js$/, '.ts')))),
}

/** Runs one of our programs. @returns what it printed when it did not succeed */
function problemsOf(file, ...args) {
  const ran = spawnSync(process.execPath, [join(root, file), ...args], { cwd: root, encoding: 'utf8' })
  return ran.status === 0 ? [] : [`${ran.stdout}${ran.stderr}`.trim()]
}

const tsc = 'node_modules/typescript7/bin/tsc'

const claims = {
  'the types are right': () => problemsOf(tsc, '-b', 'packages/otp', 'packages/nightlatch'),
  'core/ knows neither Node nor the browser': () =>
    problemsOf(tsc, '-p', 'packages/nightlatch/src/core/tsconfig.json', '--noEmit'),
  'the types of the tests are right': () => problemsOf(tsc, '-p', 'tsconfig.tests.json', '--noEmit'),
  'lint finds nothing': () =>
    problemsOf(
      'node_modules/eslint/bin/eslint.js',
      '.',
      '--cache',
      '--cache-location',
      'node_modules/.cache/eslint/',
    ),
  'everything is formatted': () =>
    problemsOf(
      'node_modules/prettier/bin/prettier.cjs',
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      '--cache-location=node_modules/.cache/prettier-check',
      '.',
    ),
  'no import goes round in a circle': () =>
    [src, join(root, 'packages/otp/src')].flatMap(cyclesIn).map((cycle) => cycle.join(' → ')),
  'no import() goes through a wall': () => dynamicCrimes(src, walls),
  'every export is imported by somebody': () => unusedExports(root, exporting),
  'the generated references are up to date': () => problemsOf('scripts/generate-reference.mjs', '--check'),
  'every code of a refusal is sent by somebody, and comes from the one table': () =>
    problemsOfCodes(src, problemCodes),
  'every link of the documentation leads somewhere': () => brokenLinks(root),
  'every attack stands in the catalogue, with its tests': () =>
    problemsOfCatalogue(readFileSync(join(root, catalogue), 'utf8'), testsOfIds(root)),
  'both packages can be published': async () =>
    (await Promise.all(['packages/otp', 'packages/nightlatch'].map(lintPackage))).flat(),
  'the otp package depends on nothing': () =>
    ['dependencies', 'peerDependencies', 'optionalDependencies'].filter(
      (key) => key in manifest('packages/otp/package.json'),
    ),
  'the lock file names no registry': () =>
    readFileSync(join(root, 'package-lock.json'), 'utf8').match(/"resolved": "[a-z+]+:[^"]*"/g) ?? [],
}

async function lintPackage(folder) {
  const { messages, pkg } = await publint({ pkgDir: join(root, folder), level: 'warning' })
  return messages.map((message) => `${folder}: ${formatMessage(message, pkg, { color: false })}`)
}

for (const [claim, look] of Object.entries(claims)) {
  const problems = await look()
  console.log(`${problems.length === 0 ? 'ok  ' : 'FAIL'}  ${claim}`)
  for (const problem of problems) console.log(problem.replace(/^/gm, '      '))
  if (problems.length > 0) process.exitCode = 1
}
