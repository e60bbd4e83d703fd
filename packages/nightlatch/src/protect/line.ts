import { connect as connectPlain } from 'node:net'
import type { OnReadOpts, Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Lines } from './passage.js'
import type { Hearer, Unreadable } from './reader.js'
import { AnswerReader } from './reader.js'
import type { Target } from './target.js'

/** Who has asked on a line. */
export interface Asker extends Hearer {
  /** The answer is not whole and will not be: why it cannot be read, or the error of the connection. */
  broke(why: Unreadable | 'slow' | NodeJS.ErrnoException): void
}

/** What becomes of a line. */
export interface LineKeeper {
  /** Its answer is whole, and another request may follow. */
  free(line: Line): void
  gone(line: Line): void
}

const keepAliveInitialDelay = 60_000

/** What is read at once: more of those who fill it. */
const usualRead = 64 * 1024
const largestRead = 256 * 1024

/** One connection to the application, and who waits for an answer on it. */
export class Line {
  /** When it was asked, or became free. */
  since = 0
  /** Something was answered on it before: the other side may be about to close it. */
  wasUsed = false
  readonly #keeper: LineKeeper
  readonly #socket: Socket
  readonly #reader = new AnswerReader()
  /** Used again for each read, unless somebody has still to send what lies in it. */
  #buffer = Buffer.allocUnsafeSlow(usualRead)
  #isLent = false
  #asker: Asker | null = null
  #isConnected = false
  #isPaused = false
  /** What is to be sent once there is a connection. */
  #waiting = ''
  #error: NodeJS.ErrnoException | 'slow' | null = null

  constructor({ target, connectMs }: Lines, keeper: LineKeeper) {
    this.#keeper = keeper
    const socket = (this.#socket = connect(target, {
      buffer: () => this.#buffer,
      callback: (length, bytes) => {
        this.#read(bytes as Buffer, length)
        return !this.#isPaused
      },
    }))
    const timer = setTimeout(() => {
      this.end('slow')
    }, connectMs)
    socket.once(target.isTls ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      this.#isConnected = true
      socket.write(this.#waiting, 'latin1')
      this.#waiting = ''
    })
    socket.on('end', () => {
      this.#settle(this.#reader.closed())
      socket.destroy()
    })
    socket.on('error', (error) => {
      this.#error ??= error
    })
    socket.once('close', () => {
      clearTimeout(timer)
      this.#break(this.#error ?? 'cut')
      keeper.gone(this)
    })
  }

  /** An answer is awaited, and nothing of it has come. */
  get isUnheard(): boolean {
    return this.#asker !== null && this.#reader.isUnheard
  }

  ask(asker: Asker, method: string, head: string): void {
    this.#asker = asker
    this.#reader.expect(asker, method)
    if (this.#isConnected) this.#socket.write(head, 'latin1')
    else this.#waiting = head
  }

  /** Called while something is heard: its bytes are needed for longer. */
  lend(): void {
    this.#isLent = true
  }

  /** Called while something is heard: nothing more is, until `resume`. */
  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#socket.resume()
  }

  end(why: 'slow' | null = null): void {
    this.#error ??= why
    this.#socket.destroy()
  }

  #read(bytes: Buffer, length: number): void {
    // Whatever is said without being asked is no answer to the request that comes next.
    if (this.#asker === null) {
      this.#socket.destroy()
      return
    }
    this.#settle(this.#reader.read(length < bytes.length ? bytes.subarray(0, length) : bytes))
    if (length === bytes.length && length < largestRead) this.#buffer = Buffer.allocUnsafeSlow(largestRead)
    else if (this.#isLent) this.#buffer = Buffer.allocUnsafeSlow(bytes.length)
    this.#isLent = false
  }

  #settle(problem: Unreadable | null): void {
    if (problem !== null) {
      this.#break(problem)
      this.#socket.destroy()
    } else if (this.#reader.isOver && this.#asker !== null) {
      this.#asker = null
      this.wasUsed = true
      this.#isPaused = false
      if (this.#reader.keeps) this.#keeper.free(this)
      else this.#socket.destroy()
    }
  }

  #break(why: Unreadable | 'slow' | NodeJS.ErrnoException): void {
    const asker = this.#asker
    this.#asker = null
    asker?.broke(why)
  }
}

function connect(target: Target, onread: OnReadOpts): Socket {
  const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay, onread }
  const { isTls, socketPath, host, port, servername } = target
  if (socketPath !== null) return connectPlain({ path: socketPath, onread })
  if (!isTls) return connectPlain({ host, port, ...options })
  // The name in the certificate is the target's, whatever the Host header says.
  return connectTls({ ...options, host, port, servername, ALPNProtocols: ['http/1.1'] })
}
