import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { moveNightlatch, openNightlatch, undoMoveOf } from '../../src/compose/open.js'
import { mailerOf } from '../../src/compose/post-office.js'
import type { CliDeps } from '../../src/cli/framework/deps.js'
import { runCli } from '../../src/cli/program.js'
import { patient } from './pace.js'

/** The built command, as it is installed. */
export const bin = fileURLToPath(new URL('../../bin/nightlatch.js', import.meta.url))

export interface Ran {
  readonly status: number | null
  readonly out: string
  readonly err: string
}

export interface RunOptions {
  readonly stdin?: string | Uint8Array
  readonly env?: Record<string, string>
  readonly cwd?: string
  /** As if at a terminal; the answers are typed. */
  readonly typed?: readonly string[]
  readonly columns?: number
  readonly now?: number
  readonly deps?: Partial<CliDeps>
}

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'nightlatch-cli-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** Runs a command in this process: quick, and with the real database. */
export async function run(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const out: Uint8Array[] = []
  const err: Uint8Array[] = []
  const typed = [...(options.typed ?? [])]
  const isTTY = options.columns !== undefined
  const stream = (chunks: Uint8Array[]) => ({
    isTTY,
    ...(options.columns === undefined ? {} : { columns: options.columns }),
    write: (text: string | Uint8Array) => chunks.push(typeof text === 'string' ? Buffer.from(text) : text),
  })
  const deps: CliDeps = {
    version: '1.2.3',
    env: options.env ?? {},
    stdin: {
      isTTY: options.typed !== undefined,
      read: async () => Buffer.from(options.stdin ?? ''),
      ask: async (question) => {
        err.push(Buffer.from(question))
        return typed.shift() ?? ''
      },
    },
    stdout: stream(out),
    stderr: stream(err),
    now: () => options.now ?? Date.now() / 1000,
    open: (settings, parts = {}) =>
      openNightlatch(settings, { ...parts, unsafeArgon2Setting: { memory: 64, passes: 1, lanes: 1 } }),
    move: moveNightlatch,
    undoMove: undoMoveOf,
    serve: () => Promise.reject(new Error('not here')),
    protect: () => Promise.reject(new Error('not here')),
    mailer: mailerOf,
    stopSignal: () => Promise.resolve('SIGTERM'),
    onHangUp: () => undefined,
    worker: null,
    startWorkers: () => Promise.reject(new Error('not here')),
    ...options.deps,
  }
  const status = await runCli(args, deps)
  return { status, out: Buffer.concat(out).toString(), err: Buffer.concat(err).toString() }
}

const environment = (env: Record<string, string> = {}) => {
  const own = Object.entries(process.env).filter(
    ([name]) => !/^(NIGHTLATCH_|NO_COLOR|FORCE_COLOR|TERM$)/.test(name),
  )
  return { ...Object.fromEntries(own), ...env } as NodeJS.ProcessEnv
}

/** Runs the installed command as a process of its own. */
export function spawnCli(args: readonly string[], options: RunOptions = {}): Ran {
  const child = spawnSync(process.execPath, [bin, ...args], {
    cwd: options.cwd,
    env: environment(options.env),
    input: options.stdin ?? '',
    timeout: patient(30_000),
  })
  return { status: child.status, out: child.stdout.toString(), err: child.stderr.toString() }
}

/** The same as a user who owns nothing here: root may read everything, and would see no difference. */
export function spawnAsNobody(args: readonly string[]): Ran {
  const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
  const child = spawnSync(process.execPath, [bin, ...args], {
    cwd: tmpdir(),
    env: environment(),
    timeout: patient(30_000),
    ...nobody,
  })
  return { status: child.status, out: child.stdout.toString(), err: child.stderr.toString() }
}

/** The same at a pseudo-terminal: output and messages come together. */
export function spawnAtTerminal(args: readonly string[], options: RunOptions = {}): Ran {
  const command = [process.execPath, bin, ...args]
    .map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
    .join(' ')
  const sized = options.columns === undefined ? command : `stty cols ${options.columns}; ${command}`
  const child = spawnSync('script', ['-qec', sized, '/dev/null'], {
    cwd: options.cwd,
    env: environment({ TERM: 'xterm-256color', ...options.env }),
    input: options.stdin ?? '',
    timeout: patient(30_000),
  })
  return { status: child.status, out: child.stdout.toString().replaceAll('\r\n', '\n'), err: '' }
}

export interface Running {
  readonly pid: number
  readonly out: () => string
  readonly err: () => string
  until(pattern: RegExp): Promise<RegExpExecArray>
  stop(signal: NodeJS.Signals): Promise<number | null>
  /** One after which it goes on. */
  signal(signal: NodeJS.Signals): void
}

/** A process that goes on until it is told to stop. */
export const startCli = (args: readonly string[], options: RunOptions = {}): Running =>
  startProgram(process.execPath, [bin, ...args], options)

export function startProgram(program: string, args: readonly string[], options: RunOptions = {}): Running {
  const child = spawn(program, args, { cwd: options.cwd, env: environment(options.env) })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    pid: child.pid ?? 0,
    out: () => out,
    err: () => err,
    async until(pattern) {
      for (let tries = 0; tries < 1000; tries += 1) {
        const match = pattern.exec(out + err)
        if (match !== null) return match
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      throw new Error(`never saw ${pattern}:\n${out}\n${err}`)
    },
    stop(signal) {
      child.kill(signal)
      return ended
    },
    signal: (signal) => void child.kill(signal),
  }
}

export const hasProgram = (name: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
