/** Where a person may be sent after signing in. */
interface NextPolicy {
  readonly origin: string
  /** The parent domain whose hosts forward authentication protects, or ''. */
  readonly protectedDomain: string
}

/** What a request line carries through every proxy whose limit is the usual 8 KB, as a query of ours. */
const longest = 7000

/**
 * A `next` that came from outside → where to go, or null. Either a path of this origin, or a URL of a host that
 * forward authentication protects, with the origin's own scheme, and its own port or the default one. What is emitted is what
 * the URL parser understood, never the text that was sent.
 */
export function parseNext(text: string | undefined, policy: NextPolicy): string | null {
  if (text === undefined || text === '' || isTooLong(text)) return null
  // eslint-disable-next-line no-control-regex -- control characters and backslashes are what parsers disagree about
  if (/[\u0000-\u0020\u007f\\]/.test(text)) return null
  const url = tryParse(text, policy.origin)
  if (url === null || url.username !== '' || url.password !== '') return null
  if (url.origin === policy.origin && url.protocol.startsWith('http')) return pathOf(url)
  return isProtected(url, policy) ? url.href : null
}

/** Then the page says so, rather than forgetting it in silence. */
export const isTooLong = (next: string): boolean => encodeURIComponent(next.toWellFormed()).length > longest

/** The query with which a person is sent to sign-in from an address. */
export const queryFor = (next: string): string =>
  isTooLong(next) ? 'way-back=lost' : `next=${encodeURIComponent(next)}`

/** Browsers leave a backslash in a query as it is, where nobody else would take it for a slash. */
export const asNext = (url: string): string => url.replaceAll('\\', '%5C')

export function tryParse(text: string, base?: string): URL | null {
  try {
    return new URL(text, base)
  } catch {
    return null
  }
}

/** A path that begins with two slashes would be another host when it is sent as a relative Location. */
function pathOf(url: URL): string | null {
  const path = url.pathname + url.search + url.hash
  return path.startsWith('//') ? null : path
}

function isProtected(url: URL, policy: NextPolicy): boolean {
  const { protectedDomain, origin } = policy
  if (protectedDomain === '' || !origin.startsWith(`${url.protocol}//`)) return false
  if (url.port !== '' && !origin.endsWith(`:${url.port}`)) return false
  // URL parsers let marks through that end an entry of the pages' policy.
  if (!/^[a-z\d_.-]+$/.test(url.hostname)) return false
  return url.hostname === protectedDomain || url.hostname.endsWith(`.${protectedDomain}`)
}
