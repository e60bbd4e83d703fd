import type { IncomingMessage } from 'node:http'
import { isNavigation } from '../../core/access/navigation.js'
import { refusalPage, refuse } from '../refuse.js'
import type { HttpResponse, HttpRequest } from '../request.js'
import type { Services } from '../services.js'

/** Above this many times the limit a request is not even read, and the refusal is a bare one. */
export const hardLimit = (limit: number): number => Math.max(2 * limit, 64 * 1024)

interface HeaderProblem {
  readonly code: 'headers-too-large' | 'malformed-request'
  readonly detail?: string
}

/**
 * Why a request is not looked at: its address and headers are larger than the limit (which of them, and by how much), or it
 * names more than one host (RFC 9112 section 3.2).
 */
export function headerProblem(
  { url = '', rawHeaders }: Pick<IncomingMessage, 'url' | 'rawHeaders'>,
  limit: number,
): HeaderProblem | null {
  let total = url.length
  let hosts = 0
  for (let at = 0; at < rawHeaders.length; at += 1) {
    const text = String(rawHeaders[at])
    total += text.length + 2
    if (at % 2 === 0 && text.length === 4 && text.toLowerCase() === 'host') hosts += 1
  }
  if (total > limit)
    return { code: 'headers-too-large', detail: explain({ url, rawHeaders }, { total, limit }) }
  return hosts > 1 ? { code: 'malformed-request' } : null
}

function explain(
  { url, rawHeaders }: { readonly url: string; readonly rawHeaders: readonly string[] },
  { total, limit }: { readonly total: number; readonly limit: number },
): string {
  const sizes = new Map([['the address', url.length]])
  for (let at = 0; at + 1 < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] ?? '').toLowerCase()
    sizes.set(name, (sizes.get(name) ?? 0) + (rawHeaders[at + 1] ?? '').length)
  }
  const [[name, size] = ['', 0]] = [...sizes].sort(([, one], [, other]) => other - one)
  return `${name.slice(0, 60)} has ${String(size)} bytes; all of them together have ${String(total)} of ${String(limit)}.`
}

/** People get a page that says what to do, programs a problem. */
export function refuseHeaders(
  services: Services,
  request: HttpRequest,
  { code, ...more }: HeaderProblem,
): HttpResponse {
  return isNavigation(request) && !request.path.startsWith('/api/')
    ? refusalPage({ services, request, id: '', query: new Map() }, code, more)
    : refuse(code, more)
}

/** From the bytes of a request that was not read to its end: the longest of its lines. */
export function largestLine(bytes: Buffer | undefined): string {
  const lines = (bytes ?? Buffer.alloc(0)).toString('latin1').split('\r\n')
  const longest = lines.reduce((one, other) => (other.length > one.length ? other : one), '')
  const name = /^[A-Z]+ \S/.test(longest) ? 'the address' : /^([!-9;-~]{1,60}):/.exec(longest)?.[1]
  return `${name?.toLowerCase() ?? 'one of them'} has ${String(longest.length)} bytes or more.`
}
