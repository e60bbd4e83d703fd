import type { MoveOutcome, Nightlatch, UndoOutcome } from '../../compose/open.js'
import type { AccessRules } from '../../core/access/rules.js'
import type { Settings } from '../../config/read.js'
import type { Log } from '../../log/log.js'
import type { Mailer } from '../../mail/mailer.js'
import type { ProtectOptions } from '../../compose/protect-server.js'
import type { StartedWorkers } from '../../compose/workers/primary.js'
import type { WorkerProcess } from '../../compose/workers/worker.js'
import type { RunningServer } from '../../compose/http-server.js'

/** A stream of the terminal, or of a pipe. */
export interface Out {
  write(text: string | Uint8Array): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface In {
  readonly isTTY: boolean
  /** Everything until the end. */
  read(limit: number): Promise<Uint8Array>
  /** One line from a terminal, without showing it when it is a secret. */
  ask(question: string, options: { readonly hidden: boolean }): Promise<string>
}

export type { MoveOutcome, Nightlatch, RunningServer, WorkerProcess }
export type ProtectCommandOptions = Omit<ProtectOptions, 'log'>

export interface OpenOptions {
  /** It is the server itself. */
  readonly serves?: boolean
  /** Opens a database although none of the keys given fits it: only to declare the old one lost. */
  readonly lostKey?: boolean
}

interface MoveHooks {
  onProgress(done: number, total: number): void
  /** Throws when it is to end; nothing is kept then. */
  mustGoOn(): void
}

/** What the command line needs of the world; `main.ts` puts it together. */
export interface CliDeps {
  readonly version: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: In
  readonly stdout: Out
  readonly stderr: Out
  now(): number
  open(settings: Settings, options?: OpenOptions): Promise<Nightlatch>
  /** Moves everything to another database. */
  move(settings: Settings, target: Settings['database'], hooks: MoveHooks): Promise<MoveOutcome>
  undoMove(settings: Settings): Promise<UndoOutcome>
  /** With the rules of forward authentication, or null for the settings' own. */
  serve(app: Nightlatch, log: Log, accessRules: AccessRules | null): Promise<RunningServer>
  /** The server and a reverse proxy in one. */
  protect(app: Nightlatch, log: Log, options: ProtectCommandOptions): Promise<RunningServer>
  /** The mail server of these settings. */
  mailer(settings: Settings): Promise<Mailer>
  /** Resolves with the name of the first signal that asks the process to end. */
  stopSignal(): Promise<string>
  /** Tells of each SIGHUP, which otherwise ends the process. At a terminal it goes on doing so: the window is closed. */
  onHangUp(listener: () => void): void
  /** What this process is to the one that started it as one of several; null when it stands alone. */
  readonly worker: WorkerProcess | null
  /** Starts this command once more for each of the workers of the settings. */
  startWorkers(settings: Settings, log: Log): Promise<StartedWorkers>
}
