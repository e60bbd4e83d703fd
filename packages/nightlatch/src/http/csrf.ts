import type { HttpRequest } from './request.js'

const safeMethods = new Set(['GET', 'HEAD', 'OPTIONS'])

export const isStateChanging = (method: string): boolean => !safeMethods.has(method)

/**
 * Whether a state-changing request may come from where the browser says it comes from. `Sec-Fetch-Site` decides
 * where it is sent; else `Origin` must be ours; a request with neither is not a browser's cross-site form.
 */
export function comesFromHere(request: HttpRequest, origin: string): boolean {
  const site = request.header('sec-fetch-site')
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const from = request.header('origin')
  return from === undefined || from === origin
}

/** Whether the address that was opened is our own. It decides what we say, never what we do. */
export function isAskedAs(request: HttpRequest, origin: string): boolean {
  const own = new URL(origin)
  const opened = `${own.protocol}//${request.header('host') ?? ''}`
  return URL.canParse(opened) && new URL(opened).host === own.host
}
