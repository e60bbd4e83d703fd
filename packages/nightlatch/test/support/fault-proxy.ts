import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

interface Line {
  readonly near: Socket
  readonly far: Socket
  /** The connection on which a server hears of changes. */
  hears: boolean
}

/** One cut at one of the messages that come: before it reaches the database, or when its answer comes back. */
export interface Cut {
  readonly message: number | RegExp
  readonly when: 'before' | 'after'
}

/** Stands between a server and its database, and does to the line what networks do. */
export class FaultProxy {
  readonly url: string
  readonly #target: URL
  readonly #server: Server
  readonly #lines = new Set<Line>()
  #cut: Cut | null = null
  #messages = 0
  #isFrozen = false
  #refusesToHear = false
  /** How long each piece takes on its way to the database. */
  delayMs = 0

  private constructor(target: URL, server: Server) {
    this.#target = target
    this.#server = server
    const url = new URL(target)
    url.host = `127.0.0.1:${(server.address() as { port: number }).port}`
    this.url = url.href
    server.on('connection', (near) => this.#join(near))
  }

  static async start(target: string): Promise<FaultProxy> {
    // Half-open is half-open: who says goodbye to a host that stands still hears nothing.
    const server = createServer({ allowHalfOpen: true })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new FaultProxy(new URL(target), server)
  }

  /** Cuts once. @returns whether it came to that */
  async cutting(cut: Cut, act: () => Promise<void>): Promise<boolean> {
    this.#cut = cut
    this.#messages = 0
    await act()
    const wasCut = this.#cut === null
    this.#cut = null
    return wasCut
  }

  /** Every connection is cut, and new ones are refused. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    this.cutAll()
    await closed
  }

  async accept(): Promise<void> {
    const { port } = new URL(this.url)
    await new Promise<void>((resolve) => this.#server.listen(Number(port), '127.0.0.1', resolve))
  }

  /** Half-open: whatever is said disappears, and nothing comes back. */
  freeze(): void {
    this.#isFrozen = true
  }

  /** New connections work; those that were frozen are of no use any more. */
  thaw(): void {
    this.#isFrozen = false
    this.cutAll()
  }

  /** Whether there is a line of notifications. */
  get isHeard(): boolean {
    return [...this.#lines].some((line) => line.hears)
  }

  /** The line of notifications alone is cut and stays so. */
  refuseToHear(refuses: boolean): void {
    this.#refusesToHear = refuses
    if (refuses) for (const line of this.#lines) if (line.hears) this.#end(line)
  }

  cutAll(): void {
    for (const line of this.#lines) this.#end(line)
  }

  async close(): Promise<void> {
    this.cutAll()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket): void {
    const far = connect(Number(this.#target.port), this.#target.hostname)
    const line: Line = { near, far, hears: false }
    this.#lines.add(line)
    for (const socket of [near, far]) {
      socket.on('error', () => this.#end(line))
      socket.on('close', () => this.#end(line))
    }
    near.on('end', () => {
      if (!this.#isFrozen) this.#end(line)
    })
    near.on('data', (chunk: Buffer) => void this.#pass(line, chunk))
    far.on('data', (chunk: Buffer) => {
      if (!this.#isFrozen) near.write(chunk)
    })
  }

  async #pass(line: Line, chunk: Buffer): Promise<void> {
    if (chunk.includes('nightlatch-changes')) line.hears = true
    if (line.hears && this.#refusesToHear) return this.#end(line)
    if (this.#isFrozen) return
    const cut = line.hears ? null : this.#due(chunk)
    if (cut?.when === 'before') return this.#end(line)
    if (cut?.when === 'after') {
      // The database has done it: its answer is what gets lost.
      line.far.removeAllListeners('data')
      line.far.once('data', () => this.#end(line))
    }
    if (this.delayMs > 0) await sleep(this.delayMs)
    line.far.write(chunk)
  }

  #due(chunk: Buffer): Cut | null {
    const cut = this.#cut
    if (cut === null) return null
    this.#messages += 1
    const isIt =
      typeof cut.message === 'number'
        ? this.#messages === cut.message
        : cut.message.test(chunk.toString('latin1'))
    if (isIt) this.#cut = null
    return isIt ? cut : null
  }

  #end(line: Line): void {
    this.#lines.delete(line)
    line.near.destroy()
    line.far.destroy()
  }
}
