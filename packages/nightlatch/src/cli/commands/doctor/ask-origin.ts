import { get as httpGet } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import { get as httpsGet } from 'node:https'

export type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly headers: IncomingHttpHeaders }
  | { readonly kind: 'unreachable'; readonly why: string }

const patienceMs = 3000

/** Asks for one page, follows nothing, and looks at nothing but the status and the headers. */
export function askOrigin(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Asked> {
  return new Promise((resolve) => {
    const get = url.startsWith('https:') ? httpsGet : httpGet
    const request = get(url, { timeout: patienceMs, headers }, (response) => {
      response.resume()
      resolve({ kind: 'answered', status: response.statusCode ?? 0, headers: response.headers })
    })
    request.once('timeout', () =>
      request.destroy(Object.assign(new Error('late'), { code: 'no answer in time' })),
    )
    request.once('error', (error: NodeJS.ErrnoException) => {
      resolve({ kind: 'unreachable', why: error.code ?? error.name })
    })
  })
}
