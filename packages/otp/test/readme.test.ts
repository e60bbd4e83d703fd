/** Every example of the documents is compiled and run, and prints what it says it prints. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { afterAll, describe, expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')
const blocks = Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), (found) => found[1] ?? '')
const folder = mkdtempSync(join(tmpdir(), 'otp-readme-'))
const built = existsSync(join(root, 'dist/index.js'))

/** The file of an entry point: `@nightlatch/otp/steam` in the folder `dist` or `src`. */
function fileOf(specifier: string, kind: 'default' | 'types'): string {
  const entry = `.${specifier.slice(manifest.name.length)}` as keyof typeof manifest.exports
  return join(root, (manifest.exports[entry] as { default: string; types: string })[kind])
}

/** What the comments promise: behind a console.log, or in the line below it. */
function promised(block: string): string[] {
  return Array.from(
    block.matchAll(/^ *(?:if \(.*\) )?console\.log\(.*\)(?: \/\/ (.*)|\n\/\/ (.*))$/gm),
    (found) => found[1] ?? found[2] ?? '',
  )
}

function complaints(files: string[]): string[] {
  const options: ts.CompilerOptions = {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts'],
    types: [],
    noEmit: true,
    paths: Object.fromEntries(
      Object.keys(manifest.exports)
        .filter((name) => name !== './package.json')
        .map((name) => [manifest.name + name.slice(1), [fileOf(manifest.name + name.slice(1), 'types')]]),
    ),
  }
  return ts
    .getPreEmitDiagnostics(ts.createProgram(files, options))
    .map((one) => `${one.file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(one.messageText, '\n')}`)
}

describe.skipIf(!built)(
  `the examples of the README${built ? '' : ' (skipped: not built, npm run build)'}`,
  () => {
    const files = blocks.map((block, at) => {
      const file = join(folder, `example-${at}.ts`)
      writeFileSync(file, `${block}\nexport {}\n`)
      return file
    })

    afterAll(() => {
      rmSync(folder, { recursive: true, force: true })
    })

    it('compile', () => {
      expect(complaints(files)).toEqual([])
    })

    it.each(blocks.map((block, at) => [at + 1, block] as const))(
      'number %i runs, and prints what it says',
      (at, block) => {
        const { outputText } = ts.transpileModule(block, {
          compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext },
        })
        const linked = outputText.replace(/'(@nightlatch\/otp[a-z/]*)'/g, (_all, specifier: string) =>
          JSON.stringify(pathToFileURL(fileOf(specifier, 'default')).href),
        )
        const file = join(folder, `example-${at}.mjs`)
        writeFileSync(file, linked)
        const run = spawnSync(process.execPath, [file], { encoding: 'utf8' })
        expect(run.stderr).toBe('')
        const printed = run.stdout.split('\n').slice(0, -1)
        expect(printed.length).toBeGreaterThan(0)
        expect(printed).toEqual(promised(block))
      },
    )
  },
)

describe('the README', () => {
  it('begins with the security checklist, then has one example', () => {
    const headings = Array.from(readme.matchAll(/^## (.*)$/gm), (found) => found[1])
    expect(headings.slice(0, 2)).toEqual(['Security checklist', 'One example'])
  })

  it('lists exactly the errors there are', () => {
    const source = readFileSync(join(root, 'src/errors.ts'), 'utf8')
    const known = Array.from(source.matchAll(/\| '([A-Z0-9_]+)'/g), (found) => found[1])
    expect(Array.from(readme.matchAll(/^\| `([A-Z0-9_]+)` *\|/gm), (found) => found[1])).toEqual(known)
  })

  it.each(Object.keys(manifest.exports).filter((name) => /^\.\/[a-z]+$/.test(name)))(
    'speaks of %s',
    (name) => {
      expect(readme).toContain(`@nightlatch/otp${name.slice(1)}`)
    },
  )
})
