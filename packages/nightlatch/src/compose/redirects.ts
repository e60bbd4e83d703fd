import type { Settings } from '../config/read.js'
import { withoutAuthority } from '../http/bindings/node.js'
import { boundedServer } from './bounded-server.js'

const requestMs = 15_000
const longestMs = 1000

/** The port of plain http, whose every answer leads to the https origin. @returns what closes it */
export async function redirects(settings: Settings): Promise<() => Promise<void>> {
  const { redirectPort: port, host, origin } = settings
  if (port === null) return () => Promise.resolve()
  const plain = { ...settings, tls: null }
  const server = boundedServer(plain, { log: { warn: () => undefined }, requestTimeout: requestMs })
  server.on('request', (request, response) => {
    const path = withoutAuthority(request.url ?? '/')
    const location = origin + (path.startsWith('/') ? path : '/')
    // The method stays: what was to be posted is not asked for instead. Whoever sends a body sends it again.
    response.writeHead(308, { location, 'content-length': '0', connection: 'close' }).end()
  })
  await server.listen({ host, port })
  return () => server.close(longestMs)
}
