/** What the package promises as a package: nothing needed, nothing extra, small, and a tree to be shaken. */
import { readdirSync, readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { rolldown } from 'rolldown'
import { describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const source = new URL('../src/', import.meta.url)
const sources = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.ts') && !name.endsWith('.test.ts'),
)

describe('the package', () => {
  it('depends on nothing', () => {
    for (const kind of ['dependencies', 'peerDependencies', 'optionalDependencies', 'bundledDependencies']) {
      expect(manifest).not.toHaveProperty(kind)
    }
  })

  it('has no install script, and is free of side effects', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name))).toEqual([])
    expect(manifest.sideEffects).toBe(false)
  })

  it.each(sources)('%s imports only its neighbours', (name) => {
    const text = readFileSync(new URL(name, source), 'utf8')
    for (const [, from] of text.matchAll(/from '([^']+)'/g))
      expect(from).toMatch(/^\.\.?\/(?:files\/)?[a-z0-9-]+\.js$/)
  })

  it.each(Object.keys(manifest.exports).filter((name) => name !== './package.json'))('exports %s', (name) => {
    const entry = manifest.exports[name as '.']
    const file = entry.default.replace('./dist/', '').replace('.js', '.ts')
    expect(sources).toContain(file)
    expect(entry.types).toBe(entry.default.replace('.js', '.d.ts'))
  })
})

/** Minified and gzipped size of a program in bytes. */
async function sizeOf(program: string): Promise<number> {
  const entry = '\0program'
  const bundle = await rolldown({
    input: entry,
    logLevel: 'silent',
    plugins: [
      {
        name: 'program',
        resolveId: (id, from) =>
          id === entry ? id : from === entry ? new URL(id, source).pathname.replace('.js', '.ts') : null,
        load: (id) => (id === entry ? program : null),
      },
    ],
  })
  const { output } = await bundle.generate({ format: 'esm', minify: true })
  return gzipSync(output[0].code, { level: 9 }).length
}

describe('minified and gzipped', () => {
  it.each([
    ['TOTP', `import { Totp } from './index.js'; globalThis.x = new Totp({ secret: 'A' }).now()`, 6144],
    ['everything', `export * from './index.js'`, 9728],
    ['base32 alone', `export { encodeBase32 } from './index.js'`, 400],
    ['a new secret alone', `export { generateSecret, encodeBase32 } from './index.js'`, 1024],
    ['files, all formats', `export { readOtpFile } from './files.js'`, 20_480],
    ['URIs alone', `export { parseOtpauthUri } from './index.js'`, 3072],
  ])('%s stays in its bounds', async (_name, program, limit) => {
    expect(await sizeOf(program)).toBeLessThanOrEqual(limit)
  })
})
