import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Addresses } from './answer.js'
import type { FlatHeaders } from './headers.js'
import type { Target } from './target.js'

export type UpstreamProblem = 'down' | 'slow'

/** One request that is to go to the application. */
export interface Passage {
  readonly request: IncomingMessage
  /** All but what delimits the body. */
  readonly headers: FlatHeaders
  /** `Expect: 100-continue`: the client waits for the application's word before it sends the body. */
  readonly waits: boolean
  /** The application cannot be reached, or does not answer as HTTP/1.1 has it; `reason` is for the log. */
  failed(problem: UpstreamProblem, reason: string): void
}

/** A request that has been sent. */
export interface Journey {
  /** The client has gone, or has its answer: what is still under way to the application is of no use. */
  leave(): void
}

export interface Upstream {
  pass(response: ServerResponse, passage: Passage): Journey
  upgrade(socket: Duplex, head: Buffer, passage: Passage): void
  close(): void
}

export const unheard = 'no answer of HTTP/1.1'

/** What both transports know of the application. */
export interface Lines {
  readonly target: Target
  readonly connectMs: number
  readonly answerMs: number
  readonly at: Addresses
}
