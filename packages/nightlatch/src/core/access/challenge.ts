import type { Sent } from './navigation.js'

/**
 * What a 401 says about how to sign in (RFC 9110 11.6.1 wants a challenge on every one). Programs such as WebDAV and
 * git clients ask for a name only when they see Basic. A browser would answer Basic with a dialog of its own, where
 * no page of ours could help: it gets a scheme that it does not know, and shows what we say.
 */
export const challengeFor = (sent: Pick<Sent, 'header'>, host: string): string =>
  isFromBrowser(sent)
    ? `Nightlatch realm="${quoted(host)}"`
    : `Basic realm="${quoted(host)}", charset="UTF-8"`

/** The host of an origin of ours: what stands behind its slashes, and nothing else does. */
export const hostOf = (origin: string): string => origin.slice(origin.indexOf('//') + 2)

/** Every browser of today sends these; an older one, or a script in it, is told by the others. */
const isFromBrowser = (sent: Pick<Sent, 'header'>): boolean =>
  names.some((name) => sent.header(name) !== undefined) || engine.test(sent.header('user-agent') ?? '')

const names = ['sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-dest', 'sec-fetch-user', 'x-requested-with']

const engine = /^Mozilla\/5\.0 .*(?:AppleWebKit\/|Gecko\/|Trident\/)/

const quoted = (host: string): string => host.replace(/["\\]/g, '')
