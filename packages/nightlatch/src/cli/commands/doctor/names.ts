import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import type { Finding } from '../../../core/maintenance/finding.js'
import { fail, ok } from '../../../core/maintenance/finding.js'

/** Nobody's: RFC 2606 keeps the top-level domain free. */
const foreign = 'nightlatch-doctor.invalid'
const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const patienceMs = 3000

/**
 * Whether the proxy asks about the name that it routes by. One that passes the client's Host on, and routes by the
 * request line or sends every name to one application, lets the client choose whose rule counts.
 * @param signIn where the page sends to, with the way back
 */
export async function checkNames(url: string, signIn: URL): Promise<Finding> {
  const { href, pathname, search } = new URL(url)
  // Without a way back to compare with, nothing can be told.
  if (signIn.searchParams.get('next') === null) return ok('names', 'not looked at: there is no way back')
  const asked = await Promise.all([locationOf(url, href), locationOf(url, pathname + search)])
  const believed = asked.map((location) => location !== null && isBelieved(location, signIn))
  if (!believed.includes(true)) return ok('names', 'a request under another name opens nothing')
  const what = believed[0] === true ? 'in Host beside a whole address' : 'in Host'
  return fail(
    'names',
    `the proxy asks about the name that the client wrote ${what}, and serves another`,
    'ask about the name that the proxy routes by, and refuse names that it does not know (nginx: $host, never $http_host)',
  )
}

/** Sent to our sign-in for the foreign name: its way back is that name, or none that we know. */
function isBelieved(location: string, signIn: URL): boolean {
  if (!URL.canParse(location, signIn.href)) return false
  const to = new URL(location, signIn.href)
  if (to.origin + to.pathname !== signIn.origin + signIn.pathname) return false
  const next = to.searchParams.get('next')
  return next === null || (URL.canParse(next) && new URL(next).hostname === foreign)
}

/** Where a page is sent to that is asked for under the foreign name; null for every other answer. */
function locationOf(url: string, path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const { protocol, hostname, port } = new URL(url)
    const options = {
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      path,
      headers: { ...navigation, host: port === '' ? foreign : `${foreign}:${port}` },
      // The name in the certificate is the real one.
      servername: hostname,
      timeout: patienceMs,
    }
    const asking = (protocol === 'https:' ? requestHttps : requestHttp)(options, (response) => {
      response.resume()
      const { statusCode = 0, headers } = response
      resolve(statusCode >= 301 && statusCode <= 308 ? (headers.location ?? null) : null)
    })
    asking.once('timeout', () => asking.destroy())
    asking.once('error', () => {
      resolve(null)
    })
    asking.end()
  })
}
