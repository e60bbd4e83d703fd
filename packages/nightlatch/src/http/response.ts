import type { Html } from '../pages/index.js'
import { render } from '../pages/index.js'
import type { HttpResponse } from './request.js'

/** On every answer: nothing is stored, sniffed, framed, or told to another site (ASVS 5.0 3.4, 14.3.2). */
const always = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const

export type Hsts = 'host' | 'subdomains' | 'off'

/** On every answer of an origin with TLS. Hosts below it may be somebody else's: only where that was asked for. */
export function strictTransport({
  secure,
  hsts,
}: {
  secure: boolean
  hsts: Hsts
}): Readonly<Record<string, string>> {
  if (!secure || hsts === 'off') return {}
  const more = hsts === 'subdomains' ? '; includeSubDomains' : ''
  return { 'strict-transport-security': `max-age=63072000${more}` }
}

const contentSecurityPolicy = (leadsTo: string): string =>
  [
    "default-src 'none'",
    "style-src 'self'",
    "script-src 'self'",
    "img-src 'self'",
    `form-action 'self'${leadsTo}`,
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ')

const headersOfEachPage = {
  ...always,
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': contentSecurityPolicy(''),
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
} as const

/**
 * Not where the way leads to another origin: an application there may have opened the sign-in in a window of its own
 * and wait for it, and the policy would cut the two apart for good.
 */
const htmlHeaders = { ...headersOfEachPage, 'cross-origin-opener-policy': 'same-origin' } as const

const textHeaders = { ...always, 'content-type': 'text/plain; charset=utf-8' } as const
const jsonHeaders = { ...always, 'content-type': 'application/json; charset=utf-8' } as const
const problemHeaders = { ...always, 'content-type': 'application/problem+json; charset=utf-8' } as const

interface Extra {
  readonly status?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly cookies?: readonly string[]
}

interface PageExtra extends Extra {
  /** Where the page's form leads in the end. Browsers stop a redirect after a form that the policy does not name. */
  readonly leadsTo?: string | null | undefined
}

const response = (
  headers: HttpResponse['headers'],
  body: HttpResponse['body'],
  extra: Extra,
): HttpResponse => ({
  status: extra.status ?? 200,
  headers: extra.headers === undefined ? headers : { ...headers, ...extra.headers },
  cookies: extra.cookies ?? [],
  body,
})

/** Where a request of an application waits for its person: it leads on to the application. */
const waiting = /\/oidc\/authorize\/([a-z2-7]{26})$/

/** The authorization request to which a path of our own leads back, or null. */
export const requestIn = (path: string | null | undefined): string | null =>
  path === null || path === undefined ? null : (waiting.exec(path)?.[1] ?? null)

export function page(html: Html, extra: PageExtra = {}): HttpResponse {
  const { leadsTo } = extra
  const waitsFor = requestIn(leadsTo)
  if (waitsFor !== null) return { ...response(headersOfEachPage, render(html), extra), waitsFor }
  // A path of our own is what 'self' says.
  if (leadsTo === undefined || leadsTo === null || leadsTo.startsWith('/'))
    return response(htmlHeaders, render(html), extra)
  return leadingTo(response(htmlHeaders, render(html), extra), new URL(leadsTo).origin)
}

/** Of a page whose form leads to another place in the end. */
export const leadingTo = (given: HttpResponse, source: string): HttpResponse => {
  const policy = { 'content-security-policy': contentSecurityPolicy(` ${source}`) }
  const kept = Object.entries(given.headers).filter(([name]) => name !== 'cross-origin-opener-policy')
  return { ...given, headers: { ...Object.fromEntries(kept), ...policy } }
}

export const text = (body: string, extra: Extra = {}): HttpResponse => response(textHeaders, body, extra)
export const json = (value: unknown, extra: Extra = {}): HttpResponse =>
  response(jsonHeaders, JSON.stringify(value), extra)
export const noContent = (extra: Extra = {}): HttpResponse => response(always, '', { status: 204, ...extra })
export const seeOther = (location: string, extra: Extra = {}): HttpResponse =>
  response(textHeaders, '', { status: 303, ...extra, headers: { ...extra.headers, location } })
export const bytes = (type: string, body: Uint8Array | string, extra: Extra = {}): HttpResponse =>
  response({ ...always, 'content-type': type }, body, extra)

/** A problem of RFC 9457: `code` is stable, `detail` is for people. */
interface Problem {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail?: string
  readonly [extension: string]: unknown
}

export function problem(what: Problem, extra: Omit<Extra, 'status'> = {}): HttpResponse {
  return response(problemHeaders, JSON.stringify({ type: 'about:blank', ...what }), {
    ...extra,
    status: what.status,
  })
}

export function withCookies(given: HttpResponse, cookies: readonly string[]): HttpResponse {
  return cookies.length === 0 ? given : { ...given, cookies: [...given.cookies, ...cookies] }
}

/** Whole seconds from now until then, at least one. */
export const retryAfter = (untilSeconds: number, nowSeconds: number): Record<string, string> => ({
  'retry-after': String(Math.max(1, untilSeconds - nowSeconds)),
})
