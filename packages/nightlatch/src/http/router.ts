/**
 * Routes by method and path. A path is matched as it was sent; `:id` stands for one id of ours, `:name` at the end, or before
 * the last word, for a name that people chose, percent-encoded.
 */
export interface Route<Handler> {
  /** `ANY` answers every method alike and changes nothing. */
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE' | 'ANY'
  readonly path: string
  readonly handler: Handler
}

type Match<Handler> =
  | { readonly kind: 'found'; readonly route: Route<Handler>; readonly id: string }
  | { readonly kind: 'wrong-method'; readonly allow: string }
  | { readonly kind: 'no-such-path' }

type Router<Handler> = (method: string, path: string) => Match<Handler>

const idPattern = /\/([a-z2-7]{26})(?=\/|$)/

interface Place {
  /** The path with `:id` or `:name` in the place of what is named. */
  readonly template: string
  /** Null: nothing is called so. */
  readonly id: string | null
}

/** With an id in it, with a name at its end, with a name before its last word. */
function* placesOf(path: string): Generator<Place> {
  const id = idPattern.exec(path)?.[1]
  if (id !== undefined) yield { template: path.replace(idPattern, '/:id'), id }
  const end = path.lastIndexOf('/')
  yield { template: `${path.slice(0, end)}/:name`, id: decoded(path.slice(end + 1)) }
  const before = path.lastIndexOf('/', end - 1)
  if (before >= 0 && end > 0)
    yield {
      template: `${path.slice(0, before)}/:name${path.slice(end)}`,
      id: decoded(path.slice(before + 1, end)),
    }
}

export function router<Handler>(routes: readonly Route<Handler>[]): Router<Handler> {
  const paths = new Map<string, Map<string, Route<Handler>>>()
  for (const route of routes) {
    const methods = paths.get(route.path) ?? new Map<string, Route<Handler>>()
    methods.set(route.method, route)
    paths.set(route.path, methods)
  }
  return (method, path) => {
    const asItIs = paths.get(path)
    if (asItIs !== undefined) return routeOf(asItIs, method, '')
    for (const { template, id } of placesOf(path)) {
      const methods = paths.get(template)
      if (methods === undefined) continue
      return id === null ? { kind: 'no-such-path' } : routeOf(methods, method, id)
    }
    return { kind: 'no-such-path' }
  }
}

function routeOf<Handler>(
  methods: ReadonlyMap<string, Route<Handler>>,
  method: string,
  id: string,
): Match<Handler> {
  const route = methods.get(method === 'HEAD' ? 'GET' : method) ?? methods.get('ANY')
  return route === undefined
    ? { kind: 'wrong-method', allow: allowed(methods) }
    : { kind: 'found', route, id }
}

/** Null when it is empty or no percent-encoded UTF-8, or has a U+0000, about which the databases disagree. */
function decoded(segment: string): string | null {
  try {
    const name = decodeURIComponent(segment)
    return name === '' || name.includes('\0') ? null : name
  } catch {
    return null
  }
}

function allowed<Handler>(methods: ReadonlyMap<string, Route<Handler>>): string {
  return [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : [])].join(', ')
}
