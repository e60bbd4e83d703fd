import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const packageFolder = join(root, 'packages/nightlatch')

/** One step of a recipe: what is put where in a file of `src/`. */
export interface Edit {
  readonly file: string
  readonly find: string
  readonly put: string
}

export const before = (file: string, find: string, text: string): Edit => ({ file, find, put: text + find })
export const behind = (file: string, find: string, text: string): Edit => ({ file, find, put: find + text })
export const instead = (file: string, find: string, put: string): Edit => ({ file, find, put })
export const first = (file: string, text: string): Edit => before(file, 'import ', text)

/** Each module as it was compiled: to put them together as well would take longer than it saves. */
const unbundled = `import { main } from '../dist/cli/main.js'
await main(process.argv.slice(2))
`

/** The sources once more, to be changed as a stranger would, compiled and started. The product knows nothing of it. */
export class ChangedCopy {
  readonly folder: string
  readonly src: string
  readonly dist: string

  /** @param name of its folder; two at once have two names */
  constructor(name: string) {
    this.folder = join(root, 'node_modules/.cache', name)
    this.src = join(this.folder, 'src')
    this.dist = join(this.folder, 'dist')
  }

  /** The sources as they are. */
  begin(): void {
    rmSync(this.folder, { recursive: true, force: true })
    const isProduct = (path: string): boolean => !path.endsWith('.test.ts')
    cpSync(join(packageFolder, 'src'), this.src, { recursive: true, filter: isProduct })
    mkdirSync(join(this.folder, 'bin'))
    writeFileSync(join(this.folder, 'bin/nightlatch.js'), unbundled)
    cpSync(join(packageFolder, 'package.json'), join(this.folder, 'package.json'))
    const compilerOptions = {
      rootDir: 'src',
      outDir: 'dist',
      allowJs: true,
      lib: ['ES2023', 'ES2024.String', 'DOM', 'DOM.Iterable'],
      types: ['node'],
    }
    const config = {
      extends: join(root, 'tsconfig.base.json'),
      compilerOptions,
      include: ['src/**/*.ts', 'src/**/*.js'],
      exclude: ['src/pages/assets/**'],
    }
    writeFileSync(join(this.folder, 'tsconfig.json'), JSON.stringify(config))
  }

  apply(edits: readonly Edit[]): void {
    for (const { file, find, put } of edits) {
      const path = join(this.src, file)
      const text = readFileSync(path, 'utf8')
      if (!text.includes(find)) throw new Error(`the recipe does not fit ${file} any more: ${find}`)
      writeFileSync(
        path,
        text.replace(find, () => put),
      )
    }
  }

  addFiles(files: Readonly<Record<string, string>>): void {
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.src, file)), { recursive: true })
      writeFileSync(join(this.src, file), text)
    }
  }

  /** @returns the files that do not compile */
  compile(): readonly string[] {
    const tsc = join(root, 'node_modules/typescript7/bin/tsc')
    const ran = spawnSync(process.execPath, [tsc, '-p', this.folder, '--pretty', 'false'], {
      encoding: 'utf8',
      cwd: this.folder,
    })
    const found = [...ran.stdout.matchAll(/^(?:\S*\/)?src\/(\S+)\(\d+,\d+\): error/gm)].map(
      ([, file = '']) => file,
    )
    if (found.length === 0 && ran.status !== 0) throw new Error(ran.stdout + ran.stderr)
    for (const beside of [
      'pages/assets',
      'crypto/common-passwords.txt',
      'crypto/common-passwords.licences.txt',
    ])
      cpSync(join(this.src, beside), join(this.dist, beside), { recursive: true })
    return [...new Set(found)].sort()
  }

  async load<Module>(file: string): Promise<Module> {
    return (await import(pathToFileURL(join(this.dist, file)).href)) as Module
  }

  cli(env: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const ran = spawnSync(process.execPath, [join(this.folder, 'bin/nightlatch.js'), ...args], {
      env: { ...process.env, ...env },
      encoding: 'utf8',
    })
    return { status: ran.status, out: ran.stdout, err: ran.stderr }
  }

  end(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}

export const filesOf = (edits: readonly Edit[]): readonly string[] =>
  [...new Set(edits.map(({ file }) => file))].sort()
