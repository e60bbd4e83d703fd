/** Where an application may send people back to, and how what it asks for is compared with what was registered. */

type UriProblem = 'not-an-address' | 'fragment' | 'wildcard' | 'scheme' | 'private-scheme'

export type ParsedUri =
  { readonly kind: 'uri'; readonly uri: string } | { readonly kind: 'refused'; readonly why: UriProblem }

const longestUri = 2000
const refuse = (why: UriProblem): ParsedUri => ({ kind: 'refused', why })

/** Schemes that run or show what they hold, instead of opening an application. */
const dangerous = /^(?:javascript|vbscript|data|blob|file|about|filesystem|view-source|ws|wss|ftp):/i

/**
 * A redirect address as an administrator gives it. It is kept as it was typed: addresses are compared as text (RFC 9700
 * §4.1.3).
 */
export function parseRedirectUri(text: string): ParsedUri {
  const uri = text.trim()
  if (uri.includes('#')) return refuse('fragment')
  if (uri.includes('*')) return refuse('wildcard')
  if (dangerous.test(uri)) return refuse('scheme')
  const parsed = parse(uri)
  if (parsed === null || uri.length > longestUri) return refuse('not-an-address')
  return isWeb(parsed) || privateScheme.test(uri) ? { kind: 'uri', uri } : refuse('scheme')
}

/** `com.example.app:/callback`: a domain turned around, so that it is the application's own (RFC 8252 §7.1). */
const privateScheme = /^[a-z][a-z0-9+-]*(?:\.[a-z0-9+-]+)*:/i

/** An address of the application to which a browser or we ourselves go: http or https. */
export function parseWebUri(text: string): ParsedUri {
  const parsed = parseRedirectUri(text)
  return parsed.kind === 'uri' && isOfScheme(parsed.uri) ? refuse('private-scheme') : parsed
}

/**
 * Whether an app on somebody's device is opened by it. Every other app there may take the same scheme and get what was
 * meant for this one (RFC 8252 §8.1), so a code that goes there is worth nothing without its verifier.
 */
export function isOfScheme(uri: string): boolean {
  const parsed = parse(uri)
  return parsed !== null && !isWeb(parsed)
}

/** An address in its parts. Nothing is normalised: addresses are compared as text. */
interface Parts {
  /** Lower case, with the colon. */
  readonly protocol: string
  /** Lower case; '' where there is none. */
  readonly hostname: string
  readonly port: string
  readonly pathname: string
  readonly search: string
}

const web = /^(https?:)\/\/([a-z\d._-]+|\[[\da-f:.]+\])(?::(\d{1,5}))?(\/[^?#]*|)(\?[^#]*|)(?:#.*)?$/i
/** Of an application's own: with a host or without one. */
const other = /^([a-z][a-z\d+.-]*:)(?:\/\/([a-z\d._-]*)(?=[/?#]|$)|(?!\/\/))()([^?#]*)(\?[^#]*|)(?:#.*)?$/i

const isWeb = ({ protocol }: Parts): boolean => protocol === 'http:' || protocol === 'https:'

/** Without a user part, control characters, spaces and backslashes: what parsers disagree about. */
function parse(text: string): Parts | null {
  // eslint-disable-next-line no-control-regex -- see above
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return null
  const match = (/^https?:/i.test(text) ? web : other).exec(text)
  if (match === null || Number(match[3] ?? '') > 65_535) return null
  const [protocol, hostname, port, pathname, search] = match.slice(1).map((part) => part ?? '') as Five
  return { protocol: protocol.toLowerCase(), hostname: hostname.toLowerCase(), port, pathname, search }
}

type Five = [string, string, string, string, string]

/** The same without its port, for an address of the machine on which the application itself runs (RFC 8252 §7.3). */
function withoutPort(text: string): string | null {
  const match = /^(http:\/\/(?:127\.0\.0\.1|\[::1\]|localhost))(?::\d{1,5})?((?:[/?]|$).*)$/.exec(text)
  return match === null || parse(text) === null ? null : `${match[1] ?? ''}${match[2] ?? ''}`
}

/** Letter by letter; at a loopback address any port is as good. */
export function isRegistered(registered: readonly string[], asked: string): boolean {
  if (registered.includes(asked)) return true
  const plain = withoutPort(asked)
  return plain !== null && registered.some((one) => withoutPort(one) === plain)
}

export type Difference = 'scheme' | 'host' | 'port' | 'slash' | 'path' | 'query' | 'letters'

export interface Mismatch {
  /** The registered address that is most like it; null: there is none. */
  readonly nearest: string | null
  /** What is different, first of all. */
  readonly difference: Difference | null
  /** How many characters from the left are the same. */
  readonly same: number
}

/** What an administrator wants to know of an address that is not registered. */
export function mismatchOf(registered: readonly string[], asked: string): Mismatch {
  const sorted = [...registered].sort((one, other) => likeness(other, asked) - likeness(one, asked))
  const [nearest] = sorted
  if (nearest === undefined) return { nearest: null, difference: null, same: 0 }
  return { nearest, difference: differenceOf(nearest, asked), same: commonLength(nearest, asked) }
}

const commonLength = (one: string, other: string): number => {
  let at = 0
  while (at < one.length && one[at] === other[at]) at += 1
  return at
}

const likeness = (one: string, other: string): number => {
  const [a, b] = [parse(one), parse(other)]
  const parts = a !== null && b !== null ? partsOf(a).filter((part, at) => part === partsOf(b)[at]).length : 0
  return parts * 1000 + commonLength(one, other)
}

const partsOf = (url: Parts): readonly string[] => [
  url.protocol,
  url.hostname,
  url.port,
  url.pathname,
  url.search,
]

function differenceOf(registered: string, asked: string): Difference {
  const [one, other] = [parse(registered), parse(asked)]
  if (one === null || other === null) return 'letters'
  if (one.protocol !== other.protocol) return 'scheme'
  if (one.hostname !== other.hostname) return 'host'
  if (one.port !== other.port) return 'port'
  if (one.pathname !== other.pathname)
    return `${one.pathname}/` === other.pathname || `${other.pathname}/` === one.pathname ? 'slash' : 'path'
  return one.search === other.search ? 'letters' : 'query'
}

/**
 * What the policy of a page must name where a form leads to an application in the end: the address, and the schemes of the
 * application's own apps, because many take their code at an address of their server, which leads on from there.
 */
export function policySourcesOf(
  { redirectUris }: { readonly redirectUris: readonly string[] },
  uri: string,
): string | null {
  const source = policySourceOf(uri)
  if (source === null) return null
  const schemes = redirectUris.filter(isOfScheme).flatMap((one) => policySourceOf(one) ?? [])
  return [...new Set([source, ...schemes])].join(' ')
}

/** Of one address. */
export function policySourceOf(uri: string): string | null {
  const url = parse(uri)
  if (url === null) return null
  const port = url.port === '' ? '' : `:${url.port}`
  const source = isWeb(url) ? `${url.protocol}//${url.hostname}${port}` : url.protocol
  // URL parsers let marks through that end an entry of a policy.
  return /^[a-z][a-z\d+.-]*:(?:\/\/[a-z\d_.[\]:-]+)?$/.test(source) ? source : null
}
