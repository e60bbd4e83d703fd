import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { compile, lendPackages } from '../../examples/common/compile.js'
import { blocksOf, placeOf, root, type Block } from './blocks.js'
import { Terminal, waitFor } from './terminal.js'

/** Commands that no test can run, and why. Everything else is run. */
export const exceptions: Record<string, string> = {
  'git pull': 'there is no other version to get',
  'npm test': 'it is what runs this',
  'npm run test:quick': 'a part of npm test',
  'npm run check': 'the first half of the continuous integration; it runs beside these tests',
  'npm run ha': 'five minutes',
  'npm run mutation': 'an hour',
  'npm run test:nodes': 'ten minutes, and 300 MB from the registry',
  'npm run test:next': 'it installs 370 MB; it is a test itself',
}

/** Blocks that no test runs as they stand: a text of the block, and why. */
export const otherBlocks: Record<string, Record<string, string>> = {
  'ARCHITECTURE.md': { 'your app ─→ adapters': 'a drawing' },
  'docs/explanation/high-availability.md': { browsers: 'a drawing' },
  'docs/explanation/many-servers.md': {
    'option httpchk GET /readyz': 'several machines; test/ha.test.ts runs HAProxy so',
    pool_mode: 'the tests of servers behind a pooler run PgBouncer so',
    'ALTER ROLE': 'needs the administrator of a PostgreSQL server',
  },
  'docs/guides/backup-and-restore.md': {
    archive_command: 'needs the administrator of a PostgreSQL server',
    pg_basebackup: 'needs the administrator of a PostgreSQL server',
    'base.tar.gz': 'needs the administrator of a PostgreSQL server',
    restore_command: 'needs the administrator of a PostgreSQL server',
  },
  'docs/guides/frameworks/next.md': {
    'npm install next': 'npm run test:next runs it',
    'npx next build': 'npm run test:next runs it',
    'nightlatch user add ada': 'npm run test:next runs it',
  },
  'docs/guides/service.md': {
    '[Unit]': 'needs systemd, and root',
    'systemctl enable': 'needs systemd, and root',
  },
  'docs/guides/https.md': {
    '/etc/letsencrypt': 'needs a public name, and root; the tests of the command renew files as certbot does',
  },
  'docs/guides/try-it-from-your-phone.md': {
    'caddy reverse-proxy': 'needs the address of a network, and makes an authority of its own on the machine',
  },
  'docs/guides/from-one-machine-to-many.md': {
    'install -m 0600': 'needs root and a user of the system',
    'NIGHTLATCH_HOST=': 'addresses of several machines',
    'frontend https': 'several machines and a certificate; test/ha.test.ts runs HAProxy so',
  },
}

/** A page that is being worked through, block by block, as its reader does. */
export class Page {
  readonly file: string
  readonly terminal: Terminal
  readonly #waiting: Block[]
  /** Files that were written and that no command named since. */
  readonly #unused = new Set<string>()

  private constructor(file: string, terminal: Terminal, blocks: Block[]) {
    this.file = file
    this.terminal = terminal
    this.#waiting = blocks
  }

  static async open(file: string, blocks = blocksOf(file)): Promise<Page> {
    const page = new Page(file, await Terminal.open(), [...blocks])
    for (const text of Object.keys(otherBlocks[file] ?? {})) page.take(text)
    return page
  }

  /** Runs the blocks up to the one that contains the text; what it printed is in `terminal.said`. */
  async runThrough(text: string): Promise<void> {
    const at = this.#waiting.findIndex((block) => block.text.includes(text))
    if (at < 0) throw new Error(`${this.file}: no block that is left contains ${JSON.stringify(text)}`)
    for (const block of this.#waiting.splice(0, at + 1)) await this.#run(block)
  }

  async runRest(): Promise<void> {
    for (const block of this.#waiting.splice(0)) await this.#run(block)
    for (const name of this.#unused) throw new Error(`${this.file}: no command uses ${name}`)
  }

  /** Takes a block out: the caller does what it says. */
  take(text: string): Block {
    const at = this.#waiting.findIndex((block) => block.text.includes(text))
    const [block] = at < 0 ? [] : this.#waiting.splice(at, 1)
    if (block === undefined)
      throw new Error(`${this.file}: no block that is left contains ${JSON.stringify(text)}`)
    return block
  }

  /** Takes the next block of a language out, or null when none is left. */
  takeNext(language: string): Block | null {
    const at = this.#waiting.findIndex((block) => block.language === language)
    return at < 0 ? null : (this.#waiting.splice(at, 1)[0] ?? null)
  }

  async #run(block: Block): Promise<void> {
    try {
      await this.#runNow(block)
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      throw new Error(`${placeOf(block)}: ${why}`, { cause: error })
    }
  }

  async #runNow(block: Block): Promise<void> {
    if (block.language === 'sh') return this.#runShell(block)
    if (block.language === 'text') return this.#expectPrinted(block.text)
    if (block.language === 'diff') return expectDifference(block)
    const file = block.says.get('file')
    const save = block.says.get('save')
    if (file !== undefined) expectFile(block, file)
    if (save !== undefined) this.#save(block, save)
    if (file === undefined && save === undefined)
      throw new Error(`nothing runs a block of '${block.language}'`)
  }

  /** A program that goes on may still be printing it. */
  async #expectPrinted(text: string): Promise<void> {
    const wanted = this.terminal.adapted(text)
    const isThere = async () =>
      !this.terminal.isPrinting || whatIsMissing(wanted, this.terminal.said) === null
    await waitFor(isThere, 'what is printed', { patienceMs: 5_000 }).catch(() => undefined)
    expectSaid(wanted, this.terminal.said)
  }

  /** A file that the reader writes; later commands of the page use it. */
  #save(block: Block, name: string): void {
    const path = join(this.terminal.cwd, name)
    this.#unused.add(basename(name))
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, this.terminal.adapted(block.text))
    if (name.endsWith('.json')) JSON.parse(block.text)
  }

  async #runShell({ text }: Block): Promise<void> {
    const lines = text.split('\n').filter((line) => exceptions[line.replace(/ +#.*$/, '')] === undefined)
    if (lines.every((line) => /^(?:[A-Z_]+=\S*)?$/.test(line))) return this.#runSettings(lines)
    for (const name of this.#unused) if (text.includes(name)) this.#unused.delete(name)
    return this.terminal.run(this.#withoutTypes(lines.join('\n')))
  }

  /** Settings alone: the server starts with them. */
  async #runSettings(lines: readonly string[]): Promise<void> {
    const settings = lines.filter((line) => line !== '')
    if (settings.length === 0) return
    await this.terminal.run(`${settings.join(' ')} npx nightlatch serve`)
    await this.terminal.endServers()
  }

  /** Node takes the types out by itself from 22.18 on; before that it is done here. */
  #withoutTypes(text: string): string {
    if (!/\bnode \S+\.ts\b/.test(text)) return text
    const { cwd: folder } = this.terminal
    compile(folder, folder)
    if (!existsSync(join(folder, 'node_modules'))) lendPackages(folder)
    return text.replace(/\b(node \S+)\.ts\b/g, '$1.js')
  }
}

/** What the page says is printed was printed, line by line; `…` stands for anything. */
export function expectSaid(text: string, said: string): void {
  const missing = whatIsMissing(text, said)
  if (missing !== null) throw new Error(`${JSON.stringify(missing)} was not printed:\n${said}`)
}

/** The first line that was not printed after the lines before it. */
function whatIsMissing(text: string, said: string): string | null {
  let rest = said
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    const pattern = line.trim().split('…').map(escaped).join('[^\\n]*')
    const found = new RegExp(pattern).exec(rest)
    if (found === null) return line
    rest = rest.slice(found.index + found[0].length)
  }
  return null
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** The block is a file that a test starts, or whole lines of one, letter by letter. */
export function expectFile({ text, says }: Block, name: string): void {
  const isStarted = readdirSync(dirname(join(root, name.replace(/^(examples\/[^/]+)\/.*/, '$1/x')))).some(
    (one) => ['smoke.test.ts', 'journey.ts'].includes(one),
  )
  if (!name.startsWith('examples/') || !isStarted) throw new Error(`no test starts ${name}`)
  const whole = readFileSync(join(root, name), 'utf8')
  if (says.get('lines') === undefined) {
    if (text !== whole) throw new Error(`this is not ${name}, letter by letter`)
    return
  }
  const dedented = (lines: string): string => {
    const indents = lines
      .split('\n')
      .flatMap((line) => (line.trim() === '' ? [] : [/^\s*/.exec(line)![0].length]))
    return lines.replace(new RegExp(`^[ \\t]{${Math.min(...indents)}}`, 'gm'), '')
  }
  const wanted = dedented(text).split('\n').slice(0, -1)
  const lines = whole.split('\n')
  const fits = (at: number) =>
    dedented(`${lines.slice(at, at + wanted.length).join('\n')}\n`) === dedented(text)
  if (!lines.some((_line, at) => fits(at)))
    throw new Error(`these are not lines of ${name}, letter by letter`)
}

/** A difference between two files that are there: every line of the block, and no other. */
function expectDifference({ text, says }: Block): void {
  const [before = '', after = ''] = (says.get('between') ?? '').split(' and ')
  if (before === '') throw new Error('between which files is this the difference?')
  const lines = (name: string) => readFileSync(join(root, name), 'utf8').split('\n')
  const removed = lines(before).filter((line) => !lines(after).includes(line))
  const added = lines(after).filter((line) => !lines(before).includes(line))
  const differs = [...removed.map((line) => `-${line}`), ...added.map((line) => `+${line}`)]
  const shown = text.split('\n').filter((line) => /^[+-]/.test(line))
  if (JSON.stringify(shown.sort()) !== JSON.stringify(differs.sort()))
    throw new Error(`this is not the difference:\n${differs.join('\n')}`)
}
