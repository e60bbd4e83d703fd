import { spawn } from 'node:child_process'
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'

const source = fileURLToPath(new URL('../../src', import.meta.url))

/** The storage as plain JavaScript in a folder of its own, for processes other than this one. */
export function compiledStorage(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-compiled-'))
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const modules = createRequire(import.meta.url).resolve('pg/package.json')
  symlinkSync(dirname(dirname(modules)), join(folder, 'node_modules'))
  const beside = [join(source, 'core/ports/stores.ts'), ...typeScriptIn(join(source, 'shared'))]
  for (const file of [...typeScriptIn(join(source, 'storage')), ...beside]) {
    const target = join(folder, relative(source, file)).replace(/ts$/, 'js')
    mkdirSync(dirname(target), { recursive: true })
    const options = { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } }
    writeFileSync(target, ts.transpileModule(readFileSync(file, 'utf8'), options).outputText)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

function typeScriptIn(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory() ? typeScriptIn(join(folder, entry.name)) : [join(folder, entry.name)],
  )
}

export interface OtherProcess {
  /** What it has acknowledged so far, one line each. */
  readonly lines: readonly string[]
  /** Resolves when it has said something. */
  readonly started: Promise<void>
  readonly ended: Promise<void>
  kill(): void
}

/** Runs `script` with `openStorage`, the place of the database and `say`, which writes a line at once. */
export function otherProcess(folder: string, sqliteFile: string, script: string): OtherProcess {
  const program = `
    import { writeSync } from 'node:fs'
    import { openStorage } from ${JSON.stringify(join(folder, 'storage/index.js'))}
    const say = (text) => writeSync(1, text + '\\n')
    const storage = await openStorage({ sqliteFile: ${JSON.stringify(sqliteFile)} })
    ${script}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more))
  return {
    get lines() {
      return text.split('\n').slice(0, -1)
    },
    started: new Promise((resolve) => child.stdout.once('data', () => resolve())),
    ended: new Promise((resolve) => child.once('close', () => resolve())),
    kill: () => child.kill('SIGKILL'),
  }
}
