import type { ServerResponse } from 'node:http'
import { Answer, passInformation } from './answer.js'
import type { Facts, Head } from './head.js'
import type { Asker, Line } from './line.js'
import { LinePool } from './line-pool.js'
import type { Journey, Lines, Passage } from './passage.js'
import { unheard } from './passage.js'

/** Where a request goes that met a connection which was just being closed. */
interface Again {
  pass(response: ServerResponse, passage: Passage): Journey
}

/** What is safe to send twice, on connections that are kept. */
export function keptConnections(lines: Lines, again: Again): Again & { close(): void } {
  const pool = new LinePool(lines)
  const ways = { pool, again, at: lines.at }
  return {
    pass: (response, passage) => new Exchange(ways, response, passage).begin(),
    close: () => {
      pool.close()
    },
  }
}

interface Ways {
  readonly pool: LinePool
  readonly again: Again
  readonly at: Lines['at']
}

/** One request and its answer. */
class Exchange implements Asker, Journey {
  readonly #ways: Ways
  readonly #response: ServerResponse
  readonly #passage: Passage
  #line: Line | null = null
  #answer: Answer | null = null
  #isOver = false
  #second: Journey | null = null

  constructor(ways: Ways, response: ServerResponse, passage: Passage) {
    this.#ways = ways
    this.#response = response
    this.#passage = passage
  }

  begin(): this {
    const head = headOf(this.#passage)
    if (head === null) this.#passage.failed('down', 'ERR_INVALID_CHAR')
    else {
      this.#line = this.#ways.pool.take()
      this.#line.ask(this, this.#passage.request.method ?? 'GET', head)
    }
    return this
  }

  leave(): void {
    this.#second?.leave()
    if (this.#isOver) return
    this.#isOver = true
    this.#line?.end()
  }

  informed(head: Head): void {
    passInformation(head, this.#response)
  }

  began(head: Head, facts: Facts): boolean {
    if (this.#isOver) return false
    this.#answer = new Answer(this.#response, this.#ways.at)
    if (this.#answer.begin(head, facts)) return true
    this.#isOver = true
    this.#passage.failed('down', unheard)
    return false
  }

  data(chunk: Buffer): void {
    if (this.#isOver || this.#answer === null) return
    const isTaken = this.#answer.data(chunk)
    if (this.#answer.isWaiting) this.#line?.lend()
    if (isTaken) return
    this.#line?.pause()
    this.#response.once('drain', () => {
      if (!this.#isOver) this.#line?.resume()
    })
  }

  endedWith(body: string): void {
    this.#isOver = true
    this.#answer?.endWith(body)
  }

  ended(rawTrailers: readonly string[]): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#answer?.end(rawTrailers)
    if (this.#answer?.isWaiting === true) this.#line?.lend()
  }

  broke(why: Parameters<Asker['broke']>[0]): void {
    if (this.#isOver) return
    this.#isOver = true
    if (this.#answer !== null) this.#response.destroy()
    else if (why === 'odd' || (this.#line?.wasUsed === true && isClosed(why)))
      this.#second = this.#ways.again.pass(this.#response, this.#passage)
    else this.#passage.failed(why === 'slow' ? 'slow' : 'down', reasonOf(why))
  }
}

/** No byte that could begin another line, whoever has said it. */
const unsendable = /[^\t\x20-\x7e\x80-\xff]/

/** @returns null where it cannot be sent */
function headOf({ request: { method = 'GET', url = '/' }, headers }: Passage): string | null {
  let text = `${method} ${url} HTTP/1.1\r\n`
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1] ?? ''
    if (unsendable.test(value)) return null
    text += `${headers[at] ?? ''}: ${value}\r\n`
  }
  return `${text}connection: keep-alive\r\n\r\n`
}

type Why = Parameters<Asker['broke']>[0]

/** The application closed a kept connection before it read the request. */
const isClosed = (why: Why): boolean =>
  why === 'cut' || (typeof why === 'object' && (why.code === 'ECONNRESET' || why.code === 'EPIPE'))

/** As node:http names it, which operators know. */
function reasonOf(why: Why): string {
  if (typeof why === 'object') return why.code ?? unheard
  return { slow: 'slow', cut: 'ECONNRESET', 'too-large': 'HPE_HEADER_OVERFLOW', odd: unheard }[why]
}
