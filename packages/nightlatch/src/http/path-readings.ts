/**
 * The ways in which servers read one and the same path: some decode twice, some cut `;` off, some merge slashes,
 * some resolve dots before they decode. We cannot know which one stands behind the proxy, so a rule is asked for
 * every reading, and the strictest answer counts.
 *
 * @param raw the path as it was sent, with or without query and fragment
 * @returns the different readings, or null for a path that no honest browser sends
 */
export function pathReadings(raw: string): readonly string[] | null {
  const end = raw.search(/[?#]/)
  const path = end < 0 ? raw : raw.slice(0, end)
  if (plainPath.test(path)) return [path]
  const once = decode(path)
  const thorough = decodeThoroughly(path)
  if (!path.startsWith('/') || once === null || thorough === null) return null
  // eslint-disable-next-line no-control-regex -- what comes after a control character is read by some and not by others
  if (/[\u0000-\u001f\u007f]/.test(once + thorough)) return null
  return [...new Set([literal(path), resolve(merged(once)), resolve(merged(withoutParameters(thorough)))])]
}

/** Nothing to decode, to merge or to resolve: every server reads it the same way. */
const plainPath = /^\/(?:[\w~-][\w.~-]*\/)*(?:[\w~-][\w.~-]*)?$/

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const mostRounds = 4

/** Decoded until nothing changes any more. What still changes after four rounds hides something. */
function decodeThoroughly(path: string): string | null {
  let text = path
  for (let round = 0; round < mostRounds; round += 1) {
    const next = decode(text)
    if (next === null || next === text) return text
    text = next
  }
  return null
}

/** Segment by segment: an encoded slash is no slash, and an empty segment counts. */
function literal(path: string): string {
  const segments = path.split('/').map((one) => (decode(one) ?? one).replaceAll('/', '%2F'))
  return resolve(segments)
}

const merged = (path: string): string[] => {
  const segments = path.replaceAll('\\', '/').split('/')
  return segments.filter((one, at) => one !== '' || at === 0 || at === segments.length - 1)
}

const withoutParameters = (path: string): string => path.replace(/;[^/\\]*/g, '')

/** Resolves `.` and `..`; what would lead above the root stays at the root. */
function resolve(segments: readonly string[]): string {
  const kept: string[] = []
  segments.slice(1).forEach((one, at, all) => {
    if (one === '..') kept.pop()
    if (one !== '..' && one !== '.') kept.push(one)
    else if (at === all.length - 1) kept.push('')
  })
  return `/${kept.join('/')}`
}
