import { connect } from 'node:net'
import { Option } from 'commander'
import { addAccount, firstAccountLink } from '../../core/accounts/administration.js'
import { invitationUrl } from '../../compose/links.js'
import { isLoopbackHost } from '../../config/addresses.js'
import type { Log } from '../../log/log.js'
import { wholeNumber, type AddCommands } from '../framework/command.js'
import type { CliDeps, Nightlatch, RunningServer, WorkerProcess } from '../framework/deps.js'
import { Refused } from '../framework/errors.js'
import { isMaintainedNode, unmaintained } from '../../compose/findings/around.js'
import { asCalled } from '../framework/called.js'
import { isoTime, paint, print } from '../framework/output.js'
import { rulesOf, rulesOption, warnOfGroups } from './rules.js'
import { addSettingFlags, placeFlags, settingsOf } from '../framework/settings-flags.js'
import { logOf, withApp } from '../framework/with-app.js'

const inFlightMs = 10_000
const defaultDrainSeconds = 15

interface Options {
  readonly [setting: string]: unknown
  readonly rules?: string
  readonly drain: number
  readonly unsafeDemoAccounts?: boolean
}

export const addServeCommand: AddCommands = (program, deps) => {
  const serve = program
    .command('serve')
    .description(
      'Starts the server. Every setting is also an environment variable: --port is NIGHTLATCH_PORT.',
    )
    .example(
      'nightlatch serve',
      'nightlatch serve --origin https://auth.example.org --trusted-proxies 127.0.0.1',
    )
    .addOption(rulesOption())
    .addOption(drainOption())
    .addOption(demoOption())
  addSettingFlags(serve).action(async (options: Options) => {
    const settings = settingsOf(deps, options, { serves: true })
    // Without a file every address asks for whoever is signed in, as it stands in the settings.
    const accessRules = options.rules === undefined ? null : rulesOf({ rules: options.rules }, settings)
    await withApp(deps, {
      settings,
      serves: true,
      work: async (app) => {
        if (options.unsafeDemoAccounts === true && deps.worker === null) await addDemoAccounts(app)
        const log = await logOf(deps, settings)
        if (accessRules !== null && deps.worker === null) await warnOfGroups(app, log, accessRules)
        const start = () => deps.serve(app, log, accessRules)
        await untilStopped(deps, {
          ...{ app, log, start, drainSeconds: options.drain },
          place: placeFlags(options),
        })
      },
    })
  })
}

export const drainOption = (): Option =>
  new Option(
    '--drain <seconds>',
    'How long it serves on after SIGTERM, at most, until the load balancer that asks /readyz knows. Where nobody asks, it stops at once.',
  )
    .default(defaultDrainSeconds)
    .argParser(wholeNumber(0, 300))

export const demoOption = (): Option =>
  new Option('--unsafe-demo-accounts', 'For the demonstration: accounts with known passwords.').hideHelp()

interface Starting {
  readonly app: Nightlatch
  /** The application behind us. */
  readonly target?: URL | undefined
  /** Flags with which another command finds the same database. */
  readonly place: string
  readonly log: Log
  readonly drainSeconds: number
  start(): Promise<RunningServer>
}

/** Until the first signal: then what is in flight is answered, and the database is closed. */
export async function untilStopped(
  deps: CliDeps,
  { app, log, start, drainSeconds, target, place }: Starting,
): Promise<void> {
  if (deps.worker !== null) {
    await untilTold(deps.worker, { start, drainSeconds })
    return
  }
  const stop = deps.stopSignal()
  const server = app.settings.workers > 1 ? await deps.startWorkers(app.settings, log) : await start()
  if (!isMaintainedNode)
    log.event('warn', 'node.unmaintained', { node: process.versions.node, reason: unmaintained })
  if (app.hasGuessableKey) log.event('warn', 'key.guessable')
  if (app.settings.tls !== null)
    deps.onHangUp(() => {
      server.renewTls()
    })
  log.event('info', 'server.listening', { origin: server.settings.origin, port: server.settings.port })
  // It serves, and a database that is away comes back: another start makes the link.
  const { settings, url } = server
  await welcome(deps, { ...app, settings }, { log, url, target, place }).catch((error: unknown) => {
    log.event('error', 'first-account-link.failed', { error })
  })
  const signal = await stop
  log.event('info', 'server.stopping', { signal })
  // Ctrl-C is somebody at a terminal, who does not want to wait.
  await server.stop(inFlightMs, signal === 'SIGINT' ? 0 : drainSeconds * 1000)
  log.event('info', 'server.stopped')
}

/** One of several: the first process speaks to people, and says when it is time to end. */
async function untilTold(
  worker: WorkerProcess,
  { start, drainSeconds }: Pick<Starting, 'start' | 'drainSeconds'>,
): Promise<void> {
  const server = await start()
  worker.onRenewTls(() => {
    server.renewTls()
  })
  worker.serving({ port: server.settings.port, url: server.url })
  const signal = await worker.stopSignal
  await server.stop(inFlightMs, signal === 'SIGINT' ? 0 : drainSeconds * 1000)
}

const patienceMs = 2000

/** An application that starts later is no mistake; one at another address is, and nobody would be told. */
async function lookBehind(target: URL): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect({ ...placeOf(target), timeout: patienceMs })
    const end = (why: string | null): void => {
      socket.destroy()
      resolve(why)
    }
    socket.once('connect', () => end(null))
    socket.once('timeout', () => end('no answer in time'))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.name))
  })
}

function placeOf({
  protocol,
  port,
  hostname,
  pathname,
}: URL): { path: string } | { host: string; port: number } {
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname) }
  return {
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || (protocol === 'https:' ? 443 : 80)),
  }
}

/** As it was given: a socket has no origin. */
const nameOf = ({ protocol, href, origin }: URL): string => (protocol === 'unix:' ? href : origin)

interface Welcome extends Pick<Starting, 'log' | 'target' | 'place'> {
  readonly url: string
}

async function welcome(deps: CliDeps, app: Nightlatch, { log, url, target, place }: Welcome): Promise<void> {
  const behind = target === undefined ? '' : ` → ${nameOf(target)}`
  print(deps, `${paint(deps, 'bold', app.settings.issuer)} is at ${url}${behind}`)
  warnOfLoopbackOrigin(deps, app.settings, log)
  await warnOfLostPasskeys(deps, app, log)
  const why = target === undefined ? null : await lookBehind(target)
  if (target !== undefined && why !== null) {
    log.event('warn', 'application.unreachable', { application: nameOf(target), reason: why })
    print(
      deps,
      `Nothing answers at ${nameOf(target)} yet (${why}): start the application, this may go on running.`,
    )
  }
  const link = await firstAccountLink(app.core)
  if (link === null) return
  const lines = [
    '',
    'There is no account yet. Open this link to create the first one:',
    '',
    `  ${invitationUrl(app.settings, link.token)}`,
    '',
    `It works once, until ${isoTime(link.expiresAt)}; another start prints a new one. Stop: Ctrl-C. ` +
      `Check: nightlatch doctor${place}`,
  ]
  print(deps, asCalled(deps, lines.join('\n')))
}

/** Other machines reach it and are shown every page, and then each form of theirs is refused: the origin is not theirs. */
function warnOfLoopbackOrigin(deps: CliDeps, { host, origin }: Nightlatch['settings'], log: Log): void {
  if (isLoopbackHost(host) || !isLoopbackHost(new URL(origin).hostname)) return
  const reason = `it listens on ${host}, but whoever opens it from another machine cannot sign in`
  log.event('warn', 'origin.loopback', { origin, reason })
  print(
    deps,
    `It listens on ${host}, but its origin is ${origin}: a browser on another machine or a phone sees the pages, and ` +
      'every form that it sends is refused. Give the https address that browsers use: --origin https://… ' +
      '(docs/guides/try-it-from-your-phone.md).',
  )
}

/** Browsers use a passkey at the domain that it was made for, and nowhere else. */
async function warnOfLostPasskeys(deps: CliDeps, { core, settings }: Nightlatch, log: Log): Promise<void> {
  const { rpId } = settings.passkeys
  const lost = await core.queries.passkeys.countElsewhere(rpId)
  if (lost === 0) return
  const reason = `${lost} were made for another address and cannot be used at ${rpId}`
  log.event('warn', 'passkeys.elsewhere', { count: lost, reason })
  print(deps, `Passkeys: ${reason} (docs/guides/passkeys.md).`)
}

const demoAccounts = ['1', '2'].map((number) => ({
  username: `user${number}`,
  password: `password${number}`,
}))

/** The accounts of the tutorials, in a database that holds nothing else. */
export async function addDemoAccounts(app: Nightlatch): Promise<void> {
  if (!(await app.core.queries.accounts.isEmpty()))
    throw new Refused('the demonstration needs an empty data folder: give another one with --data')
  for (const { username, password } of demoAccounts) {
    const wishes = { username, admin: false }
    const added = await addAccount(app.core, wishes, { password, unsafeExemptFromPolicy: true })
    if (added.kind !== 'added') throw new Refused(`the account ${username} could not be added`)
  }
}
