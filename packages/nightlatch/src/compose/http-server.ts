import { noteRunning, openServices } from './open.js'
import type { Nightlatch } from './open.js'
import { atPort } from '../config/read.js'
import type { Settings } from '../config/read.js'
import type { AccessRules } from '../core/access/rules.js'
import type { HttpLog, Services } from '../http/services.js'
import { headerProblem, refuseHeaders } from '../http/bindings/header-limit.js'
import { requestOf, nodeListener, send } from '../http/bindings/node.js'
import { boundedServer } from './bounded-server.js'
import { redirects } from './redirects.js'
import { startHousekeeping } from './housekeeping.js'
import { startLogoutNotices } from './logout-notices.js'
import { startPostOffice } from './post-office.js'
import { houseOf } from './weekly-report.js'

export interface RunningServer {
  /** As it runs: with the real port in place of 0. */
  readonly settings: Settings
  /** The first page: `http://localhost:3000`, or with the base path. */
  readonly url: string
  readonly services: Services
  /**
   * Tells whoever keeps asking /readyz, and serves on until they know, for `drainMs` at most. Then takes no more
   * connections, answers what is in flight, and ends what is left after the deadline.
   */
  stop(deadlineMs?: number, drainMs?: number): Promise<void>
  /** Reads the certificate again, where there is one. */
  renewTls(): void
}

const seconds = 1000

/** Serves on the host and port of the settings; the rules are those of forward authentication. */
export async function serve(
  nightlatch: Nightlatch,
  log: HttpLog,
  accessRules: AccessRules | null = null,
): Promise<RunningServer> {
  let stopping = false
  const server = boundedServer(nightlatch.settings, { log, requestTimeout: 30 * seconds })
  const { server: bounds } = nightlatch.settings
  const settings = atPort(nightlatch.settings, await server.listen(nightlatch.settings))
  const closeRedirects = await redirects(settings)
  const { services, handle } = openServices(nightlatch, settings, {
    door: 'serve',
    log,
    accessRules,
    isStopping: () => stopping,
  })
  const listenerBelow = (base: string): Listener => nodeListener(handle, { base, isStopping: () => stopping })
  const listener = withProbesAtRoot(settings.basePath, listenerBelow)
  server.on('request', (request, response) => {
    const problem = headerProblem(request, bounds.headerLimitBytes)
    if (problem === null) listener(request, response)
    else send(request, response, refuseHeaders(services, requestOf(request, settings.basePath), problem))
  })
  await noteRunning(nightlatch, settings, { door: 'serve', log })
  const stopHousekeeping = startHousekeeping(houseOf(nightlatch, settings), log)
  const stopNotices = startLogoutNotices(services, log)
  const stopPostOffice = startPostOffice({ nightlatch, settings, log })
  const stop = async (deadlineMs = 10 * seconds, drainMs = 0): Promise<void> => {
    stopping = true
    await services.readinessPollers.allTold(drainMs)
    await Promise.all([stopHousekeeping(), stopNotices(), server.close(deadlineMs), closeRedirects()])
    // What was answered last may have left a mail.
    await stopPostOffice()
  }
  const { renewTls } = server
  return { settings, url: settings.origin + settings.basePath, services, stop, renewTls }
}

type Listener = ReturnType<typeof nodeListener>

/** Browsers ask for the last of them at the root of the domain, too (WebAuthn Level 3 §5.11). */
const probes = new Set(['/healthz', '/readyz', '/metrics', '/.well-known/webauthn'])

const metadata = '/.well-known/oauth-authorization-server'

/** Whoever watches this machine asks the port itself, wherever the pages live: both addresses answer. */
function withProbesAtRoot(base: string, listenerBelow: (base: string) => Listener): Listener {
  const below = listenerBelow(base)
  if (base === '') return below
  const atRoot = listenerBelow('')
  return (request, response) => {
    const [path = ''] = (request.url ?? '').split('?', 1)
    // RFC 8414 §3.1 puts the name before the path of the issuer.
    if (path === metadata + base) request.url = base + metadata
    const listener = probes.has(path) ? atRoot : below
    listener(request, response)
  }
}
