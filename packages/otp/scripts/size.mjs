/** Minified and gzipped size of what an application bundles, as a markdown table. Needs a build. */
import { gzipSync } from 'node:zlib'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = new URL('../dist/', import.meta.url)
const uses = {
  'a TOTP object': `import { Totp } from './index.js'; globalThis.x = new Totp({ secret: 'A' }).now()`,
  'the function hotp': `export { hotp } from './index.js'`,
  base32: `export { encodeBase32, decodeBase32 } from './index.js'`,
  'otpauth URIs, both ways': `export { otpauthUri, parseOtpauthUri } from './index.js'`,
  'the main entry, all of it': `export * from './index.js'`,
  migration: `export * from './migration.js'`,
  imports: `export * from './imports.js'`,
  files: `export * from './files.js'`,
  steam: `export * from './steam.js'`,
  testing: `export * from './testing.js'`,
}

/** @param {string} program */
export async function sizeOf(program) {
  const entry = '\0program'
  const bundle = await rolldown({
    input: entry,
    logLevel: 'silent',
    plugins: [
      {
        name: 'program',
        resolveId: (id, from) =>
          id === entry ? id : from === entry ? fileURLToPath(new URL(id, dist)) : null,
        load: (id) => (id === entry ? program : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  const { code } = output[0]
  return { minified: code.length, gzipped: gzipSync(code, { level: 9 }).length }
}

console.log('| what is used | minified | gzipped |\n| --- | ---: | ---: |')
for (const [name, program] of Object.entries(uses)) {
  const { minified, gzipped } = await sizeOf(program)
  console.log(`| ${name} | ${minified} | ${gzipped} |`)
}
