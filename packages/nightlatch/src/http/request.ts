/**
 * One request, as plain values. Both bindings (`bindings/node.ts`, `bindings/fetch.ts`) make one, and every handler is a
 * function from it to an `HttpResponse`: web `Request`/`Headers` objects on every request would cost three times a
 * bare server (docs/decisions/0002-own-http-seam.md).
 */
export interface HttpRequest {
  /** Appears in the log and on error pages; made when it is first asked for. */
  readonly id: string
  /** Upper case. */
  readonly method: string
  /** The path below the base path, still percent-encoded: routes are matched as they were sent. */
  readonly path: string
  /** Without the question mark, still percent-encoded. */
  readonly query: string
  /** The address of the other end of the connection. */
  readonly peer: string
  /** The connection, the same object for every request that comes by it; null where nobody can tell. */
  readonly connection: object | null
  /** A header's value by its lower-case name; several of one name are joined by ', '. */
  header(name: string): string | undefined
  /** Whether any of these was sent, by their lower-case names. */
  hasAny(names: readonly string[]): boolean
  /** How many headers of this name were sent. */
  headerCount(name: string): number
  /** Whether the body has arrived whole: to read it then takes no time in which anything could end. */
  hasArrived(): boolean
  /** The whole body, or 'too-large' as soon as it is. */
  body(limitBytes: number): Promise<Uint8Array | 'too-large'>
}

export interface HttpResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Values of Set-Cookie. */
  readonly cookies: readonly string[]
  readonly body: string | Uint8Array
  /** The authorization request that this page leads back to: its policy is to name the application's address. */
  readonly waitsFor?: string
}
