import { noteRunning, openServices } from './open.js'
import type { Nightlatch, HttpApp } from './open.js'
import { atPort } from '../config/read.js'
import type { Core } from '../core/core.js'
import type { AccountId } from '../core/ids.js'
import { findSession, liveSessions } from '../core/sessions/session-lifetime.js'
import { provenBy } from '../core/access/person.js'
import { noRules } from '../core/access/rules.js'
import type { HttpLog } from '../http/services.js'
import type { AccessRules } from '../core/access/rules.js'
import { startHousekeeping } from './housekeeping.js'
import { startLogoutNotices } from './logout-notices.js'
import { startPostOffice } from './post-office.js'
import { houseOf } from './weekly-report.js'
import { boundedServer } from './bounded-server.js'
import { redirects } from './redirects.js'
import type { ConnectionLimits, Connections } from '../http/bindings/connections.js'
import type { ProtectParts } from '../protect/listeners.js'
import { protectListeners } from '../protect/listeners.js'
import type { Standing } from '../protect/open-streams.js'
import { openStreams } from '../protect/open-streams.js'
import { nameOf } from '../protect/target.js'
import { createUpstream } from '../protect/upstream.js'
import type { RunningServer } from './http-server.js'

/** Where our own pages live: no application has this path. */
export const protectBasePath = '/_nightlatch'

export interface ProtectOptions {
  /** The application: `http://127.0.0.1:5000`, or `unix:/run/app.sock`. */
  readonly target: URL
  /** Who may pass where; everything is for whoever is signed in when it is left out. */
  readonly rules?: AccessRules
  readonly log: HttpLog
  /** Gives the application its own name in the Host header instead of the public one. */
  readonly targetHost?: boolean
  /** How long the application may take to begin its answer. */
  readonly answerMs?: number
  readonly connectMs?: number
  /** How soon after its session, or the right to open it, an open WebSocket or stream ends. */
  readonly sweepMs?: number
  readonly limits?: Partial<ConnectionLimits>
  /** How soon a renewed certificate is found. */
  readonly lookMs?: number
}

const seconds = 1000

/** The server and a reverse proxy in one: every request to the application passes only for who may. */
export async function protectServer(nightlatch: Nightlatch, options: ProtectOptions): Promise<RunningServer> {
  let stopping = false
  // A signed-in person's upload may take as long as it takes; what is refused is cut off elsewhere.
  const server = boundedServer(nightlatch.settings, {
    requestTimeout: 0,
    descriptors: 2,
    ...options,
  })
  const at = atPort(nightlatch.settings, await server.listen(nightlatch.settings))
  const settings = { ...at, basePath: protectBasePath }
  const closeRedirects = await redirects(settings)
  const { log } = options
  const { services, handle } = openServices(nightlatch, settings, {
    log,
    door: 'protect',
    landing: '/',
    rules: options.rules ?? null,
    isStopping: () => stopping,
  })
  const { connections, renewTls } = server
  const parts = protectParts(nightlatch, { http: { services, handle }, options, connections })
  const listeners = protectListeners({ ...parts, reenter: server.reenter })
  server.on('request', listeners.request)
  server.on('checkContinue', listeners.checkContinue)
  server.onUpgrade(listeners.upgrade)
  await noteRunning(nightlatch, settings, { door: 'protect', application: nameOf(options.target), log })
  const stopSweeping = sweepOften(parts, options)
  const stops = [startHousekeeping(houseOf(nightlatch, settings), log), startLogoutNotices(services, log)]
  const stopPostOffice = startPostOffice({ nightlatch, settings, log })
  const stop = async (deadlineMs = 10 * seconds, drainMs = 0): Promise<void> => {
    stopping = true
    await services.readinessPollers.allTold(drainMs)
    stopSweeping()
    const closed = Promise.all([server.close(deadlineMs), closeRedirects()])
    connections.endTunnels()
    await Promise.all([closed, ...stops.map((end) => end())])
    await stopPostOffice()
    parts.upstream.close()
  }
  return { settings, url: settings.origin, services, stop, renewTls }
}

function protectParts(
  nightlatch: Nightlatch,
  { http, options, connections }: { http: HttpApp; options: ProtectOptions; connections: Connections },
): Omit<ProtectParts, 'reenter'> {
  const { core } = nightlatch
  const { services, handle } = http
  const { target, rules, log } = options
  const { origin } = services.site
  const { host, protocol } = new URL(origin)
  return {
    services,
    handle,
    rules: rules ?? noRules(core.policy),
    provenBy,
    host,
    whoIs: (request) => findSession(core, services.cookies.token(request, 'session')),
    outage: (request, error) => {
      log.error('the database cannot answer', { request: request.id, method: request.method }, error)
    },
    upstream: createUpstream({
      target,
      publicOrigin: origin,
      connectMs: options.connectMs ?? 10 * seconds,
      answerMs: options.answerMs ?? 120 * seconds,
    }),
    streams: openStreams((account) => standingOf(core, account)),
    connections,
    headerLimit: nightlatch.settings.server.headerLimitBytes,
    forwarding: {
      proto: protocol.slice(0, -1),
      publicHost: host,
      host: options.targetHost === true ? target.host || 'localhost' : host,
      methodCounts: rules?.rules.some(({ methods }) => methods !== null) ?? false,
    },
  }
}

const nothing: Standing = { sessions: new Set(), groups: [] }

/** Asked anew: the account may have come to its end since, or have left a group. */
async function standingOf(core: Core, id: AccountId): Promise<Standing> {
  const account = await core.queries.accounts.find(id)
  if (account === null) return nothing
  const sessions = new Set((await liveSessions(core, account)).map((session) => session.id))
  return { sessions, groups: account.groups }
}

/** An error leaves them open until the database can say. */
function sweepOften(
  { streams }: Pick<ProtectParts, 'streams'>,
  { sweepMs = 5 * seconds, log }: ProtectOptions,
): () => void {
  let busy = false
  const prune = async (): Promise<void> => {
    if (busy) return
    busy = true
    try {
      await streams.prune()
    } catch (error) {
      log.error('open streams could not be checked and will be again', {}, error)
    } finally {
      busy = false
    }
  }
  const timer = setInterval(() => void prune(), sweepMs)
  timer.unref()
  return () => {
    clearInterval(timer)
  }
}
