import { isIP } from 'node:net'
import { json, text } from '../response.js'
import { refusalPage } from '../refuse.js'
import type { Handler, Context } from '../context.js'
import { metricsText } from './metrics.js'

/** The process is alive. */
export const getHealth: Handler = () => Promise.resolve(json({ status: 'ok' }))

/** The database is reachable and migrated, and the server is not about to stop. */
export const getReadiness: Handler = async (context) => {
  const isStopping = context.services.isStopping()
  context.services.readinessPollers.note(context.request, isStopping)
  if (isStopping) return json({ status: 'stopping' }, { status: 503, headers: { 'retry-after': '5' } })
  try {
    await context.services.ready()
    return json({ status: 'ready' })
  } catch (error) {
    context.services.log.error('not ready', { request: context.request.id }, error)
    return json({ status: 'unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
  }
}

/**
 * For whoever runs the machine: not from elsewhere, and not through a proxy that says in any of the usual ways that it
 * is one, or that passes on the name which the outside has for us.
 */
export const getMetrics: Handler = async (context) => {
  if (!isLocal(context)) return refusalPage(context, 'not-found')
  const { metrics, countersOfOthers } = context.services
  return text(metricsText([metrics.counters(), ...(await countersOfOthers())]), {
    headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
  })
}

function isLocal({ request }: Context): boolean {
  const peer = request.peer.replace(/^::ffff:/, '')
  const loopback = peer === '::1' || (isIP(peer) === 4 && peer.startsWith('127.'))
  return loopback && !request.hasAny(tracesOfProxies) && isLocalName(request)
}

const tracesOfProxies = [
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server', 'x-real-ip'],
  ...['forwarded', 'via', 'x-original-uri'],
]

const isLocalName = (request: Context['request']): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(request.header('host') ?? 'localhost')
