import { readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What `node app.ts` does by itself from Node 22.18 on: `app.ts` becomes `app.js`, with the types taken out. */
export function compile(from: string, to: string): void {
  for (const file of readdirSync(from).filter((one) => one.endsWith('.ts') && !one.endsWith('.test.ts'))) {
    const { outputText } = ts.transpileModule(readFileSync(join(from, file), 'utf8'), {
      compilerOptions: {
        target: ts.ScriptTarget.ES2023,
        module: ts.ModuleKind.ESNext,
        verbatimModuleSyntax: true,
        rewriteRelativeImportExtensions: true,
      },
    })
    writeFileSync(join(to, file.replace(/\.ts$/, '.js')), outputText)
  }
}

/** The packages that this repository has installed, and its own two as they are built. */
export function lendPackages(folder: string): void {
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n')
}
