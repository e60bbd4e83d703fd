import type { Settings } from '../../../config/read.js'
import { askOrigin } from './ask-origin.js'
import type { Asked } from './ask-origin.js'
import { checkNames } from './names.js'
import type { Finding } from '../../../core/maintenance/finding.js'
import { fail, ok } from '../../../core/maintenance/finding.js'

/** As a browser opens a page, and as a script asks for data. */
const navigation = { accept: 'text/html', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
const program = { accept: 'application/json', 'sec-fetch-mode': 'cors' }
const forged = { 'remote-user': 'doctor', 'remote-groups': 'admins', 'x-forwarded-user': 'doctor' }

/**
 * Walks the round trip of a protected page from outside, as somebody who is not signed in: the page sends to
 * sign-in, the sign-in page is there and knows the way back, a script gets 401, and a forged identity or another name
 * gets nothing.
 */
export async function checkUrl(url: string, settings: Settings): Promise<readonly Finding[]> {
  const page = await askOrigin(url, navigation)
  if (page.kind === 'unreachable') {
    return [fail('page', `${url} does not answer (${page.why})`, 'start the proxy and what is behind it')]
  }
  const location = page.headers.location
  if (location === undefined || page.status < 301 || page.status > 308) return [notSent(url, page)]
  const signIn = webAddress(location, url)
  if (signIn === null)
    return [
      fail(
        'page',
        `${url} sends to ${JSON.stringify(location)}, which is no web address`,
        'look at the proxy',
      ),
    ]
  if (isOurHome(signIn, url))
    return [
      fail(
        'page',
        `${url} is the home page of Nightlatch itself`,
        'give the address of a page of the application behind it',
      ),
    ]
  return [
    ok('page', `${url} sends to ${signIn.origin}${signIn.pathname}`),
    checkTarget(signIn, settings),
    checkWayBack(signIn, url),
    await checkSignIn(signIn),
    await checkProgram(url),
    await checkForged(url),
    await checkNames(url, signIn),
  ]
}

/** What somebody else wrote need not be an address. */
export function webAddress(text: string, base?: string): URL | null {
  if (!URL.canParse(text, base)) return null
  const url = new URL(text, base)
  return /^https?:$/.test(url.protocol) ? url : null
}

/** Where nothing stands behind sign-in, there is no round trip to walk. */
function isOurHome(signIn: URL, url: string): boolean {
  const { origin, pathname } = new URL(url)
  return signIn.href === `${origin}${pathname}login`
}

function notSent(url: string, page: Asked & { kind: 'answered' }): Finding {
  const fix =
    page.status < 300
      ? 'nobody is asked to sign in there: look at the proxy, and bind the application to loopback'
      : 'look at the proxy: it should send a page navigation to sign-in'
  return fail('page', `${url} is answered with ${page.status} without a sign-in`, fix)
}

/** Cookies follow the origin of the settings: a sign-in elsewhere goes round in a circle. */
function checkTarget(signIn: URL, { origin, cookieDomain }: Settings): Finding {
  const here = signIn.origin === origin || (signIn.hostname === 'localhost' && origin.includes('//localhost'))
  if (here)
    return ok(
      'sign-in',
      `at the origin of the settings${cookieDomain === null ? '' : `, cookies for ${cookieDomain}`}`,
    )
  return fail(
    'sign-in',
    `${signIn.origin} is not the origin of the settings, ${origin}`,
    'set NIGHTLATCH_ORIGIN to what browsers see',
  )
}

function checkWayBack(signIn: URL, url: string): Finding {
  const next = signIn.searchParams.get('next')
  const back = next === null ? null : webAddress(next, signIn.href)
  const wanted = new URL(url)
  if (back !== null && back.pathname === wanted.pathname && back.hostname === wanted.hostname) {
    return ok('way back', `to ${next ?? ''}`)
  }
  const fix = 'pass the original address on: X-Forwarded-Host and X-Forwarded-Uri, or X-Original-URL'
  return fail('way back', `after sign-in it would lead to ${next ?? 'our home page'}`, fix)
}

async function checkSignIn(signIn: URL): Promise<Finding> {
  const asked = await askOrigin(signIn.href, navigation)
  if (asked.kind === 'answered' && asked.status === 200) return ok('form', 'the sign-in page is there')
  const what = asked.kind === 'answered' ? String(asked.status) : asked.why
  return fail(
    'form',
    `the sign-in page is answered with ${what}`,
    'let the proxy pass the pages of Nightlatch without asking',
  )
}

async function checkProgram(url: string): Promise<Finding> {
  const asked = await askOrigin(url, program)
  if (asked.kind === 'answered' && asked.status === 401) return ok('program', 'a script gets 401')
  const what = asked.kind === 'answered' ? String(asked.status) : asked.why
  return fail(
    'program',
    `a script gets ${what}, not 401`,
    'let the proxy pass on the 401, and the Sec-Fetch headers',
  )
}

async function checkForged(url: string): Promise<Finding> {
  const asked = await askOrigin(url, { ...navigation, ...forged })
  if (asked.kind === 'answered' && asked.status >= 300)
    return ok('identity', 'a forged Remote-User opens nothing')
  return fail(
    'identity',
    'a forged Remote-User gets in',
    'the application can be reached without being asked: look at the proxy',
  )
}
