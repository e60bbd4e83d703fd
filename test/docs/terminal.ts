import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, chmodSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text as allOf } from 'node:stream/consumers'
import { freePort } from '../../examples/common/proxies.mjs'
import { bin } from '../../packages/nightlatch/test/support/cli.js'
import { root } from './blocks.js'

/** Ports that the pages are written with. Each becomes a free one, the same throughout a page. */
const writtenPorts = [3000, 5000, 8000, 8080]

/** Programs that the pages speak of and that stand in for the reader's own. */
const standIns: Record<string, string> = {
  // The real one asks the registry whether something is newer; it is run for real in the clone.
  npx: `[ "$1" = nightlatch ] || exit 64\nshift\nexec '${process.execPath}' '${bin}' "$@"`,
  nightlatch: `exec '${process.execPath}' '${bin}' "$@"`,
  // A password manager.
  pass: `case "$*" in *totp*) echo JBSWY3DPEHPK3PXP;; *) echo 'a passphrase from pass';; esac`,
}

/** What goes on until it is ended. */
const goesOn =
  /(?:^|[ &|])(?:nightlatch (?:serve|protect)|npm start|npm run demo|node \S+\.(?:m?js|ts)(?! >)|python3 \S+|nightlatch audit --follow)(?: |$)/

const isServer = /nightlatch (?:serve|protect)|npm start|npm run demo/

interface Started {
  readonly command: string
  readonly child: ChildProcess
  readonly ended: Promise<void>
  said: string
}

/** A shell in a folder of its own, with free ports in place of the written ones. */
export class Terminal {
  readonly folder = mkdtempSync(join(tmpdir(), 'nightlatch-docs-'))
  readonly ports: ReadonlyMap<number, number>
  /** Where commands run; a page about a fresh clone sets it to one. */
  cwd = this.folder
  env: Record<string, string> = {}
  /** Text of a page → what is there instead, for what a test machine does not have. */
  readonly instead = new Map<string, string>()
  #saidAndEnded = ''
  #sinceBlock = 0
  readonly #started: Started[] = []

  private constructor(ports: ReadonlyMap<number, number>) {
    this.ports = ports
    const programs = join(this.folder, '.programs')
    mkdirSync(programs)
    for (const [name, script] of Object.entries(standIns)) {
      writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
      chmodSync(join(programs, name), 0o755)
    }
  }

  static async open(): Promise<Terminal> {
    const ports = new Map<number, number>()
    for (const port of writtenPorts) ports.set(port, await freePort())
    return new Terminal(ports)
  }

  /** Everything the last block printed so far. */
  get said(): string {
    const running = this.#started.slice(this.#sinceBlock).map(({ said }) => said)
    return [this.#saidAndEnded, ...running].join('')
  }

  /** Something that the last block started may still be printing. */
  get isPrinting(): boolean {
    return this.#started.slice(this.#sinceBlock).some(({ child }) => child.exitCode === null)
  }

  /** Waits until the last block has printed this. */
  async saying(wanted: RegExp): Promise<string> {
    await waitFor(() => Promise.resolve(wanted.test(this.said)), String(wanted), { more: () => this.said })
    return wanted.exec(this.said)?.[0] ?? ''
  }

  port(written: number): number {
    return this.ports.get(written) ?? written
  }

  /** The text of a page as it is run here. */
  adapted(text: string): string {
    const changed = [...this.instead].reduce((all, [from, to]) => all.replaceAll(from, to), text)
    // Everything else stays as it is written: a random name may have `0123` in it.
    return changed.replace(/(?<![\d.])\d{4}(?![\d.])/g, (all) => String(this.ports.get(Number(all)) ?? all))
  }

  /** Runs what a reader would type, command by command. */
  async run(text: string): Promise<void> {
    this.#saidAndEnded = ''
    this.#sinceBlock = this.#started.length
    for (const command of commandsIn(this.adapted(text))) {
      if (goesOn.test(command)) await this.#start(command)
      else await this.#finish(command)
    }
  }

  /** Servers of the test answer meanwhile. */
  async #finish(command: string): Promise<void> {
    const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', command], {
      cwd: this.cwd,
      env: this.#environment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 180_000,
    })
    const closed = once(child, 'close') as Promise<[number | null]>
    const [out, err, [status]] = await Promise.all([allOf(child.stdout), allOf(child.stderr), closed])
    this.#saidAndEnded += out + err
    if (status !== 0) throw new Error(`\`${command}\` ended with ${status}:\n${out}${err}`)
  }

  async #start(written: string): Promise<void> {
    const command = written.replace(/ &(?: *#.*)?$/, '')
    if (isServer.test(command)) await this.#end(({ command: other }) => isServer.test(other))
    const taken = await this.#answering()
    const child = spawn('bash', ['--norc', '-euo', 'pipefail', '-c', command], {
      cwd: this.cwd,
      env: this.#environment(),
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    const started: Started = { command, child, ended, said: '' }
    this.#started.push(started)
    const listen = (chunk: Buffer) => (started.said += chunk.toString())
    child.stdout?.on('data', listen)
    child.stderr?.on('data', listen)
    await waitFor(() => this.#isReady(started, taken), `\`${command}\` to be ready`, {
      more: () => started.said,
    })
  }

  async #isReady({ command, child, said }: Started, taken: readonly number[]): Promise<boolean> {
    if (child.exitCode !== null) throw new Error(`\`${command}\` ended with ${child.exitCode}:\n${said}`)
    if (command.includes('start.mjs'))
      return /The application is at/.test(said) && /server\.listening/.test(said)
    if (isServer.test(command)) return /server\.listening/.test(said)
    if (command.includes('--follow')) return said !== ''
    return (await this.#answering()).some((port) => !taken.includes(port))
  }

  /** The ports on which somebody listens. */
  async #answering(): Promise<number[]> {
    const ports = [...this.ports.values()]
    const open = await Promise.all(ports.map(answers))
    return ports.filter((_port, at) => open[at])
  }

  /** Ends servers that run, as Ctrl-C does. */
  endServers(): Promise<void> {
    return this.#end(({ command }) => isServer.test(command))
  }

  async #end(which: (started: Started) => boolean): Promise<void> {
    for (const { child, ended } of this.#started.filter(which)) {
      if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGINT')
        await ended
      }
    }
  }

  /** Ends everything that was started. */
  async endAll(): Promise<void> {
    await this.#end(() => true)
  }

  async close(): Promise<void> {
    await this.#end(() => true)
    rmSync(this.folder, { recursive: true, force: true })
  }

  #environment(): NodeJS.ProcessEnv {
    const own = Object.entries(process.env).filter(
      ([name]) => !/^(?:NIGHTLATCH_|VITEST|NODE_ENV|npm_)/.test(name),
    )
    const path = this.cwd === this.folder ? `${join(this.folder, '.programs')}:` : ''
    const set = {
      PATH: `${path}${process.env['PATH'] ?? ''}`,
      HOME: this.folder,
      NIGHTLATCH_PORT: String(this.port(3000)),
      PORT: String(this.port(3000)),
      npm_config_cache: process.env['npm_config_cache'] ?? join(process.env['HOME'] ?? root, '.npm'),
    }
    return { ...Object.fromEntries(own), ...set, ...this.env } as NodeJS.ProcessEnv
  }
}

/** Lines that belong together (a here-document, a loop, a line that goes on) are one command. */
export function commandsIn(text: string): string[] {
  const commands: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    open = open === '' ? line : `${open}\n${line}`
    if (/^\s*(?:#.*)?$/.test(open)) open = ''
    if (open === '' || line.endsWith('\\')) continue
    const read = spawnSync('bash', ['-n', '-c', open], { encoding: 'utf8' })
    if (read.status === 0 && read.stderr === '') {
      commands.push(open)
      open = ''
    }
  }
  if (open !== '') throw new Error(`this is no command of bash: ${open}`)
  return commands
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => (socket.destroy(), resolve(true)))
    socket.once('error', () => resolve(false))
  })

interface Waiting {
  readonly patienceMs?: number
  /** What is known when it did not come. */
  readonly more?: () => string
}

export async function waitFor(
  condition: () => Promise<boolean>,
  what: string,
  { patienceMs = 60_000, more = () => '' }: Waiting = {},
): Promise<void> {
  const until = Date.now() + patienceMs
  while (!(await condition())) {
    if (Date.now() > until) throw new Error(`waited in vain for ${what}:\n${more()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** A new folder in this one, with copies of some of its things. */
export function freshFolderWith(folder: string, names: readonly string[]): string {
  const fresh = mkdtempSync(join(folder, 'fresh-'))
  for (const name of names) cpSync(join(folder, name), join(fresh, name), { recursive: true })
  return fresh
}
