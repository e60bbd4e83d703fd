/**
 * The modules of the package in few files. A start reads some 370 modules of ours otherwise, and finding and linking
 * them costs more than running them. What other packages make stays where npm puts it.
 */
import { cpSync, existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** What is started by its file, beside what the package exports: the command line, and threads. */
export const programs = [
  'cli/main.js',
  'crypto/password-worker.js',
  'storage/engine/sqlite/checkpoint-worker.js',
]

/** What modules read from beside themselves. */
const besides = ['pages/assets', 'crypto/common-passwords.txt', 'crypto/common-passwords.licences.txt']

/** Bundles `dist/` of the package in `folder` into `dist/bundle/`, each entry there under its own last name. */
export async function bundle(folder) {
  // Loaded only now: the build of a clone in which nothing is installed yet must be able to say so.
  const { rolldown } = await import('rolldown')
  const dist = join(folder, 'dist')
  const entries = [...exported(folder), ...programs]
  const build = await rolldown({
    input: Object.fromEntries(entries.map((file) => [nameOf(file), join(dist, file)])),
    platform: 'node',
    external: (specifier) => /^[a-z@]/.test(specifier) && !specifier.startsWith('@oxc-project/'),
    onLog: (_level, { message }) => {
      throw new Error(`The bundle is not sure of itself: ${message}`)
    },
  })
  // In one folder: what a module reads from beside itself lies beside every part.
  const written = await build.write({
    dir: join(dist, 'bundle'),
    entryFileNames: '[name].js',
    chunkFileNames: '[name]-[hash].js',
    cleanDir: true,
  })
  await build.close()
  for (const beside of besides)
    cpSync(join(dist, beside), join(dist, 'bundle', basename(beside)), { recursive: true })
  refuseMissing(join(dist, 'bundle'), written.output)
}

function exported(folder) {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  return Object.values(exports)
    .filter((entry) => typeof entry === 'object')
    .map(({ types }) => types.replace('./dist/', '').replace(/\.d\.ts$/, '.js'))
}

/** `client/index.js` is `client`: every entry lies in one folder, as package.json says. */
const nameOf = (file) =>
  file
    .replace(/\/index\.js$/, '')
    .replace(/\.js$/, '')
    .split('/')
    .at(-1)

function refuseMissing(folder, output) {
  for (const { code = '', fileName } of output)
    for (const [, beside] of code.matchAll(/new URL\("([^"]+)", import\.meta\.url\)/g))
      if (!existsSync(join(folder, beside)))
        throw new Error(
          `${fileName} reads ${beside}, which is not beside the bundle: name it in scripts/lib/bundle.mjs`,
        )
}
