import { isIP } from 'node:net'
import { json, text } from '../response.js'
import { message } from '../guards.js'
import type { Handler, Visit } from '../context.js'

/** The process is alive. */
export const getHealth: Handler = () => Promise.resolve(json({ status: 'ok' }))

/** The database is reachable and migrated, and the server is not about to stop. */
export const getReadiness: Handler = async (visit) => {
  const isStopping = visit.doors.isStopping()
  visit.doors.polls.note(visit.ask, isStopping)
  if (isStopping) return json({ status: 'stopping' }, { status: 503, headers: { 'retry-after': '5' } })
  try {
    await visit.doors.ready()
    return json({ status: 'ready' })
  } catch (error) {
    visit.doors.log.error('not ready', { request: visit.ask.id }, error)
    return json({ status: 'unavailable' }, { status: 503, headers: { 'retry-after': '5' } })
  }
}

/**
 * For whoever runs the machine: not from elsewhere, and not through a proxy that says in any of the usual ways that it
 * is one, or that passes on the name which the outside has for us.
 */
export const getMetrics: Handler = (visit) =>
  Promise.resolve(
    isLocal(visit)
      ? text(visit.doors.metrics.text(), {
          headers: { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' },
        })
      : message(visit, 404, { key: 'not-found' }),
  )

function isLocal({ ask }: Visit): boolean {
  const peer = ask.peer.replace(/^::ffff:/, '')
  const loopback = peer === '::1' || (isIP(peer) === 4 && peer.startsWith('127.'))
  return loopback && tracesOfProxies.every((name) => ask.header(name) === undefined) && isLocalName(ask)
}

const tracesOfProxies = [
  ...['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-forwarded-server', 'x-real-ip'],
  ...['forwarded', 'via', 'x-original-uri'],
]

const isLocalName = (ask: Visit['ask']): boolean =>
  /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/i.test(ask.header('host') ?? 'localhost')
