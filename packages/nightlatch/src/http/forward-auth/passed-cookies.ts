import type { HttpResponse, HttpRequest } from '../request.js'
import { withoutOurCookies } from '../our-cookies.js'

/**
 * How a proxy asks for the cookies that the application may see. No script of a page can send a header that begins
 * with Sec-, so none can read cookies here that the application keeps from scripts (HttpOnly).
 */
const cookieWish = { name: 'sec-nightlatch-cookie', value: 'without-ours' } as const

/**
 * The answer names the application's own cookies, for the proxy to put in the place of all of them. Where there are
 * none it says so, too: Caddy passes the name of a header on that is not there.
 */
export function withApplicationCookies(request: HttpRequest, response: HttpResponse): HttpResponse {
  if (request.header(cookieWish.name) !== cookieWish.value) return response
  const cookie = withoutOurCookies(request.header('cookie')) ?? ''
  return { ...response, headers: { ...response.headers, cookie } }
}
