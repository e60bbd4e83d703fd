/** The package as it is packed, in the hands of those who cannot import: CommonJS, and older settings of TypeScript. */
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))
const isBuilt = existsSync(join(root, 'dist/cjs/index.js'))
const entries = Object.keys(manifest.exports)
  .filter((name) => name !== './package.json')
  .map((name) => manifest.name + name.slice(1))

describe.skipIf(!isBuilt)(`packed${isBuilt ? '' : ' (skipped: not built, npm run build)'}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'otp-packed-'))
  const installed = join(folder, 'node_modules', manifest.name)

  beforeAll(() => {
    mkdirSync(installed, { recursive: true })
    const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
      cwd: root,
      encoding: 'utf8',
      shell: process.platform === 'win32',
    })
    const name = /"filename": "([^"]+)"/.exec(packed)?.[1] ?? ''
    execFileSync('tar', ['-xzf', join(folder, name), '--strip-components=1', '-C', installed])
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  function node(program: string, ...flags: readonly string[]): string {
    const file = join(folder, 'program.cjs')
    writeFileSync(file, program)
    const ran = spawnSync(process.execPath, [...flags, file], { encoding: 'utf8' })
    return ran.status === 0 ? ran.stdout.trim() : ran.stderr
  }

  const use = `
    const { Totp, OtpError } = require('${manifest.name}')
    const otp = new Totp({ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', digits: 8 })
    console.log(otp.at(59))`

  it('can be required where ES modules cannot', () => {
    expect(node(use, '--no-experimental-require-module')).toBe('94287082')
  })

  it('can be required where they can', () => {
    expect(node(use)).toContain('94287082')
  })

  it('has every entry for require, with the same names as for import', () => {
    const told = node(
      `const names = (all) => Object.keys(all).filter((one) => !/^(default|module\\.exports)$/.test(one)).sort().join()
      const required = ${JSON.stringify(entries)}.map((one) => [require.resolve(one), names(require(one))])
      Promise.all(${JSON.stringify(entries)}.map((one) => import(one))).then((imported) =>
        console.log(JSON.stringify(required.map(([file, all], at) => [file, all, names(imported[at])]))))`,
      '--no-experimental-require-module',
    )
    const rows = JSON.parse(told) as [string, string, string][]
    expect(rows).toHaveLength(entries.length)
    for (const [file, required, imported] of rows) {
      expect(file).toContain(join('dist', 'cjs'))
      expect(required).toBe(imported)
    }
  })

  const program = `
    import { Totp, type TotpVerdict } from '${manifest.name}'
    import { readMigration } from '${manifest.name}/migration'
    import { readBackup } from '${manifest.name}/imports'
    import { steamCode } from '${manifest.name}/steam'
    import { VirtualAuthenticator } from '${manifest.name}/testing'
    const verdict: TotpVerdict = new Totp({ secret: 'GEZDGNBV' }).verify('000000', { afterStep: null })
    export const all = [verdict, readMigration, readBackup, steamCode, VirtualAuthenticator]
    // @ts-expect-error -- the types are there, not any
    export const wrong: number = new Totp({ secret: 'GEZDGNBV' }).now()`

  it.each([
    ['node10', 'ts', ts.ModuleKind.CommonJS, ts.ModuleResolutionKind.Node10],
    ['node16, CommonJS', 'cts', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
    ['node16, ES modules', 'mts', ts.ModuleKind.Node16, ts.ModuleResolutionKind.Node16],
    ['nodenext, CommonJS', 'cts', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['nodenext, ES modules', 'mts', ts.ModuleKind.NodeNext, ts.ModuleResolutionKind.NodeNext],
    ['bundler', 'ts', ts.ModuleKind.ESNext, ts.ModuleResolutionKind.Bundler],
  ])(
    'has its types for TypeScript with %s',
    (_name, extension, module, moduleResolution) => {
      const file = join(folder, `types.${extension}`)
      writeFileSync(file, program)
      const options: ts.CompilerOptions = {
        module,
        moduleResolution,
        ignoreDeprecations: '6.0',
        strict: true,
        noEmit: true,
        types: [],
        target: ts.ScriptTarget.ES2023,
        lib: ['lib.es2023.d.ts'],
      }
      const problems = ts.getPreEmitDiagnostics(ts.createProgram([file], options))
      expect(problems.map((one) => ts.flattenDiagnosticMessageText(one.messageText, '\n'))).toEqual([])
    },
    180_000,
  )
})
