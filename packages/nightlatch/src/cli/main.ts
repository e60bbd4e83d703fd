import { readFileSync } from 'node:fs'
import { setFlagsFromString } from 'node:v8'
import { requestLog } from '../log/request-log.js'
import type { CliDeps } from './framework/deps.js'
import { runCli } from './program.js'
import { shareOf, workerProcess } from '../compose/workers/worker.js'
import type { WorkerProcess } from './framework/deps.js'
import { processStdin } from './framework/terminal.js'

/** The command line of this process: everything that it needs of the world is put together here. */
export async function main(args: readonly string[]): Promise<void> {
  // Whatever is written here (database, key, backup, QR code) is for its owner only.
  process.umask(0o077)
  const command = args.find((word) => !word.startsWith('-')) ?? ''
  const serves = servers.has(command)
  if (pass.has(command)) cleanUpEarly()
  survive(process.stdout, (code) => {
    // Whoever started a server need not go on reading: the people behind it are served on.
    if (serves) return
    if (code === 'EPIPE') process.exit(0)
    process.stderr.write(
      `nightlatch: standard output cannot be written (${code}): make room there, or redirect it\n`,
    )
    process.exit(1)
  })
  // A server whose log lies on a full disk, or is read by nobody any more, serves on.
  survive(process.stderr, (code) => {
    if (code === 'EPIPE' && !serves) process.exit(0)
  })
  const worker = workerProcess(process.env)
  process.exitCode = await runCli(args, processDeps(worker))
  worker?.leave()
}

/** What goes on until it is told to end. */
const servers: ReadonlySet<string> = new Set(['serve', 'protect'])

/** What goes through everybody once, and needs nobody of them twice. */
const pass: ReadonlySet<string> = new Set(['import'])

/**
 * As long as there is room, the engine lets what is used no more lie: of a hundred thousand people that would be a hundred megabytes.
 * Cleaning up while there is little of it takes a tenth more time, and less on one thread than on several that wait for each other.
 * Each flag is looked at whenever that is decided, so that it can be set now (tried on Node 20, 22, 24 and 26).
 */
function cleanUpEarly(): void {
  const flags = ['--optimize-for-size', '--semi-space-growth-factor=1', '--no-parallel-scavenge']
  for (const flag of flags) setFlagsFromString(flag)
}

/** A reader that goes away (`| head`, EPIPE) is no failure. */
function survive(stream: NodeJS.WriteStream, then: (code: string) => void): void {
  stream.on('error', ({ code }: NodeJS.ErrnoException) => then(code ?? 'for an unknown reason'))
}

function processDeps(worker: WorkerProcess | null): CliDeps {
  return {
    version: versionOf(new URL('../../package.json', import.meta.url)),
    env: process.env,
    stdin: processStdin(process.stdin, process.stderr),
    stdout: process.stdout,
    stderr: process.stderr,
    now: () => Date.now() / 1000,
    // Loaded only by the commands that need it: `otp code` should not wait for a database driver.
    open: async (settings, options = {}) => {
      const { openNightlatch } = await import('../compose/open.js')
      if (worker === null) return openNightlatch(settings, options)
      return openNightlatch(shareOf(settings, worker.peers), { ...options, peers: worker.peers })
    },
    move: async (...args) => (await import('../compose/open.js')).moveNightlatch(...args),
    undoMove: async (settings) => (await import('../compose/open.js')).undoMoveOf(settings),
    serve: async (app, log, accessRules) =>
      (await import('../compose/http-server.js')).serve(app, requestLog(log), accessRules),
    protect: async (app, log, options) =>
      (await import('../compose/protect-server.js')).protectServer(app, { ...options, log: requestLog(log) }),
    mailer: async (settings) => (await import('../compose/post-office.js')).mailerOf(settings),
    worker,
    startWorkers: async (settings, log) =>
      (await import('../compose/workers/primary.js')).startWorkers(settings, requestLog(log)),
    stopSignal,
    onHangUp: (listener) => {
      if (!process.stdin.isTTY) process.on('SIGHUP', listener)
    },
  }
}

const versionOf = (manifest: URL): string =>
  (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version

/** npm passes a Ctrl-C on that the terminal has sent us already. */
const sameSignalMs = 1000

const lookMs = 250

/**
 * `npm start` and `npx` run a shell in between, which ends on SIGTERM and does not pass it on: the server would be left
 * alone on its port. That its parent is gone says the same.
 */
function whenNpmIsGone(then: () => void): void {
  if (process.env['npm_command'] === undefined) return
  const parent = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    then()
  }, lookMs)
  timer.unref()
}

/** The first signal asks; a later one does not wait. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let askedAt = 0
    whenNpmIsGone(() => resolve('SIGTERM'))
    for (const signal of ['SIGTERM', 'SIGINT'] as const)
      process.on(signal, () => {
        if (askedAt > 0 && performance.now() - askedAt > sameSignalMs) process.exit(1)
        if (askedAt === 0) askedAt = performance.now()
        resolve(signal)
      })
  })
}
