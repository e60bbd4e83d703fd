/**
 * Routes by method and path. A path is matched as it was sent; `:id` stands for one id of ours, `:name` at the end for a name
 * that people chose, percent-encoded.
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

export function router<Handler>(routes: readonly Route<Handler>[]): Router<Handler> {
  const paths = new Map<string, Map<string, Route<Handler>>>()
  for (const route of routes) {
    const methods = paths.get(route.path) ?? new Map<string, Route<Handler>>()
    methods.set(route.method, route)
    paths.set(route.path, methods)
  }
  return (method, path) => {
    let id = ''
    let methods = paths.get(path)
    if (methods === undefined) {
      id = idPattern.exec(path)?.[1] ?? ''
      methods = id === '' ? undefined : paths.get(path.replace(idPattern, '/:id'))
    }
    if (methods === undefined) {
      const at = path.lastIndexOf('/')
      methods = paths.get(`${path.slice(0, at)}/:name`)
      const name = methods && decoded(path.slice(at + 1))
      if (methods === undefined || !name) return { kind: 'no-such-path' }
      id = name
    }
    const route = methods.get(method === 'HEAD' ? 'GET' : method) ?? methods.get('ANY')
    return route === undefined
      ? { kind: 'wrong-method', allow: allowed(methods) }
      : { kind: 'found', route, id }
  }
}

/** Null when it is no percent-encoded UTF-8, or has a U+0000, about which the databases disagree. */
function decoded(segment: string): string | null {
  try {
    const name = decodeURIComponent(segment)
    return name.includes('\0') ? null : name
  } catch {
    return null
  }
}

function allowed<Handler>(methods: ReadonlyMap<string, Route<Handler>>): string {
  return [...methods.keys(), ...(methods.has('GET') ? ['HEAD'] : [])].join(', ')
}
