import type { SignedIn } from '../core/sessions/session.js'
import { strictTransport } from './response.js'
import type { HttpResponse } from './request.js'

type Transport = Parameters<typeof strictTransport>[0]

/** Half of what is kept at most: a home page is about 4 KB, so all of it is 4 MB. */
const half = 500

/** Node sends shorter ones faster as a string, longer ones as bytes. */
const longString = 4096

/** An answer that is sent many times: encoded once, its headers in the form that node:http takes fastest. */
export class PreparedResponse implements HttpResponse {
  readonly status: number
  readonly headers: HttpResponse['headers']
  readonly cookies: readonly string[] = []
  readonly body: string | Uint8Array
  readonly #wire: readonly string[]
  readonly #bytes: string | Uint8Array

  constructor(given: HttpResponse, site: Transport) {
    this.status = given.status
    this.headers = { ...given.headers, ...strictTransport(site) }
    const bytes = Buffer.from(given.body)
    this.body = given.body
    this.#bytes = bytes.length > longString ? bytes : bytes.toString('latin1')
    const length = { 'content-length': String(bytes.length) }
    this.#wire = Object.entries({ ...this.headers, ...length }).flat()
  }

  /** Names and values in turn, with the length. No copy of this answer has it, for a copy may be changed. */
  get wire(): readonly string[] {
    return this.#wire
  }

  /** The body's bytes; a string is latin1, whose characters are bytes. */
  get bytes(): string | Uint8Array {
    return this.#bytes
  }
}

/**
 * What was answered to a person who is signed in. The storage gives the same `SignedIn` again as long as nothing
 * of the account has changed, nor any application, and so the same answer is right again.
 */
export class ResponseCache {
  readonly #site: Transport
  #young = new Map<SignedIn, PreparedResponse>()
  #old = new Map<SignedIn, PreparedResponse>()

  constructor(site: Transport) {
    this.#site = site
  }

  of(signedIn: SignedIn): HttpResponse | undefined {
    const young = this.#young.get(signedIn)
    if (young !== undefined) return young
    const old = this.#old.get(signedIn)
    if (old !== undefined) this.#put(signedIn, old)
    return old
  }

  keep(signedIn: SignedIn, response: HttpResponse): HttpResponse {
    const prepared = new PreparedResponse(response, this.#site)
    this.#put(signedIn, prepared)
    return prepared
  }

  /** Whoever was not asked for since the other half was full is dropped. */
  #put(signedIn: SignedIn, response: PreparedResponse): void {
    if (this.#young.size >= half) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(signedIn, response)
  }
}

/** One for each of the questions that are asked most. */
export interface ResponseCaches {
  readonly home: ResponseCache
  readonly session: ResponseCache
  readonly forwardAuth: ResponseCache
}

export const createResponseCaches = (site: Transport): ResponseCaches => ({
  home: new ResponseCache(site),
  session: new ResponseCache(site),
  forwardAuth: new ResponseCache(site),
})
