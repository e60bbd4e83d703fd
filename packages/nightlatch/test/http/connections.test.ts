import { EventEmitter } from 'node:events'
import type { Http2Session } from 'node:http2'
import type { Socket } from 'node:net'
import { beforeEach, describe, expect, it } from 'vitest'
import { Connections, type ConnectionLimits } from '../../src/http/bindings/connections.js'

const limits: ConnectionLimits = {
  ...{ perAddress: 3, all: 5, takenBack: 4 },
  ...{ stalledMs: 100, expectingMs: 200, quietMs: 400, waitingMs: 50, endingMs: 20 },
}

/** A socket as far as it is looked at: the bounds are about bytes and time, and those are set here. */
class Wire extends EventEmitter {
  readonly remoteAddress: string | undefined
  readonly remotePort: number
  bytesRead = 0
  bytesWritten = 0
  writableLength = 0
  isDestroyed = false
  paused = false
  _handle: { writeQueueSize?: number } | null = null
  _httpMessage: { req: { complete: boolean; rawHeaders: string[] } } | null = null

  constructor(address: string | null = '192.0.2.1', port = 1) {
    super()
    this.remoteAddress = address ?? undefined
    this.remotePort = port
  }

  isPaused(): boolean {
    return this.paused
  }

  destroy(): void {
    if (this.isDestroyed) return
    this.isDestroyed = true
    this.emit('close')
  }

  /** node:http is at work on a request. */
  asks(complete: boolean, rawHeaders: string[] = []): this {
    this._httpMessage = { req: { complete, rawHeaders } }
    return this
  }
}

const socketOf = (wire: Wire): Socket => wire as unknown as Socket

describe('the connections of one server', () => {
  let now = 1000
  let all: Connections
  beforeEach(() => {
    now = 1000
    all = new Connections(limits, { isTrusted: (address) => address === '192.0.2.99', now: () => now })
  })

  const open = (wire = new Wire()): Wire => {
    all.opened(socketOf(wire))
    return wire
  }
  const why = (): string =>
    [...(all.report()?.counts ?? new Map<string, number>())].map(([one, n]) => `${one} ${String(n)}`).join()

  /** Looks first when nothing has moved yet, and then at a moment. @returns why it was ended */
  function endedAfter(wire: Wire, ms: number): string {
    all.prune(now)
    all.prune(now + ms)
    expect(wire.isDestroyed).toBe(true)
    return why()
  }

  const holdsUntil = (wire: Wire, ms: number, reason: string): void => {
    all.prune(now)
    all.prune(now + ms - 1)
    expect([wire.isDestroyed, all.report()]).toEqual([false, null])
    all.prune(now + ms)
    expect([wire.isDestroyed, why()]).toEqual([true, `${reason} 1`])
  }

  describe('CONN-2 end what is still for too long, each kind with a patience of its own', () => {
    it.each<readonly [string, (wire: Wire) => void, number, string]>([
      ['between requests', () => undefined, 50, 'no-request'],
      ['a body that does not come', (wire) => wire.asks(false), 100, 'body-stalled'],
      [
        'a body that waits for a word',
        (wire) => wire.asks(false, ['Host', 'a', 'Expect', '100-continue']),
        200,
        'body-stalled',
      ],
      [
        'a header whose value is that word',
        (wire) => wire.asks(false, ['X-Test', 'expect']),
        100,
        'body-stalled',
      ],
      ['a body that nobody reads here', (wire) => (wire.asks(false).paused = true), 400, 'quiet'],
      ['an answer that takes its time', (wire) => wire.asks(true), 400, 'quiet'],
      ['an answer that is not taken', (wire) => (wire.asks(true).writableLength = 1), 100, 'answer-not-read'],
      ['a socket', (wire) => all.tunnel(socketOf(wire)), 400, 'quiet'],
    ])('%s', (_name, state, ms, reason) => {
      const wire = open()
      state(wire)
      holdsUntil(wire, ms, reason)
    })

    it.each<readonly [string, (wire: Wire) => void]>([
      ['a byte that came', (wire) => (wire.bytesRead += 1)],
      ['a byte that went', (wire) => (wire.bytesWritten += 1)],
      ['a byte of those that lay here', (wire) => (wire.writableLength -= 1)],
      ['a byte of those that lie with the system', (wire) => (wire._handle = { writeQueueSize: 4 })],
    ])('%s is movement', (_name, moves) => {
      const wire = open().asks(true)
      wire.writableLength = 5
      wire._handle = { writeQueueSize: 5 }
      all.prune(now)
      moves(wire)
      all.prune(now + 99)
      all.prune(now + 99 + 99)
      expect(wire.isDestroyed).toBe(false)
      all.prune(now + 99 + 100)
      expect(why()).toBe('answer-not-read 1')
    })

    it('what was sent its last bytes, when the other side does not close; that is no reason to tell', () => {
      const wire = open().asks(true)
      all.ending(socketOf(wire))
      all.prune(now + 19)
      expect(wire.isDestroyed).toBe(false)
      all.prune(now + 20)
      expect([wire.isDestroyed, all.report()]).toEqual([true, null])
    })

    it('and say once what was ended, and whose the last one was', () => {
      open()
      open(new Wire('192.0.2.7'))
      all.prune(now + 50)
      expect(all.report()).toEqual({ counts: new Map([['no-request', 2]]), address: '192.0.2.7' })
      expect(all.report()).toBeNull()
      all.ended(socketOf(new Wire(null)), 'quiet')
      expect(all.report()).toEqual({ counts: new Map([['quiet', 1]]), address: '192.0.2.7' })
    })
  })

  describe('CONN-1 make room at their bound', () => {
    const isThere = (wires: readonly Wire[]): boolean[] => wires.map(({ isDestroyed }) => !isDestroyed)

    it('by the oldest of the same address that waits without a request', () => {
      const [busy, first, second] = [open().asks(true), open(), open()]
      const other = open(new Wire('192.0.2.2'))
      const newest = open()
      expect(isThere([busy, first, second, other, newest])).toEqual([true, false, true, true, true])
      expect(why()).toBe('too-many 1')
      open()
      expect(isThere([busy, second, newest])).toEqual([true, false, true])
    })

    it('else by one whose body has not come for ten seconds, else by the newest', () => {
      const [slow, answered, read] = [open().asks(false), open().asks(true), open().asks(false)]
      read.paused = true
      now += 9_999
      const newest = open()
      expect(isThere([slow, answered, read, newest])).toEqual([true, true, true, false])
      now += 1
      const later = open()
      expect(isThere([slow, answered, read, later])).toEqual([false, true, true, true])
    })

    it('of all together, where no address is over its own', () => {
      const wires = [1, 2, 3, 4, 5].map((end) => open(new Wire(`192.0.2.${String(end)}`)))
      expect(isThere(wires)).toEqual([true, true, true, true, true])
      const newest = open(new Wire('192.0.2.6'))
      expect(isThere([...wires, newest])).toEqual([false, true, true, true, true, true])
    })

    it('and a proxy has as many as it needs, up to the bound for all', () => {
      const wires = [1, 2, 3, 4, 5].map(() => open(new Wire('192.0.2.99')))
      expect(isThere(wires)).toEqual([true, true, true, true, true])
      open(new Wire('192.0.2.99'))
      expect(isThere(wires)).toEqual([false, true, true, true, true])
    })

    it('a connection counts once, and no more once it has closed', () => {
      const first = open()
      open(first)
      const wires = [open(), open()]
      first.destroy()
      wires.push(open())
      expect(isThere(wires)).toEqual([true, true, true])
      expect(all.report()).toBeNull()
    })

    it('an IPv6 network of 64 bits is one address; a socket that has gone already is of none', () => {
      const wires = ['2001:db8::1', '2001:db8::2', '2001:db8::3', '2001:db8::4'].map((one) =>
        open(new Wire(one)),
      )
      expect(isThere(wires)).toEqual([false, true, true, true])
      expect([all.networkOf(socketOf(wires[1]!)), all.networkOf(socketOf(new Wire()))]).toEqual([
        '2001:db8:0:0::/64',
        '',
      ])
    })

    it('a socket that upgrades or an open request of HTTP/2 is no place to make', () => {
      const [tunnel, many, waiting] = [open(), open(), open()]
      all.tunnel(socketOf(tunnel))
      all.streamOpened(socketOf(many))
      open()
      expect(isThere([tunnel, many, waiting])).toEqual([true, true, false])
      all.streamClosed(socketOf(many), '192.0.2.1')
      open()
      expect(isThere([tunnel, many])).toEqual([true, false])
    })
  })

  describe('the handshake of TLS', () => {
    it('is part of a connection, which is known by the secure socket from then on', () => {
      const [bare, secure] = [new Wire('192.0.2.1', 7), new Wire('192.0.2.1', 7)]
      all.handshake(socketOf(bare))
      expect(all.bare(socketOf(secure))).toBe(bare)
      expect(all.bare(socketOf(new Wire('192.0.2.1', 8)))).toBeUndefined()
      all.secured(socketOf(secure))
      expect(all.bare(socketOf(secure))).toBeUndefined()
      expect([all.networkOf(socketOf(secure)), all.networkOf(socketOf(bare))]).toEqual(['192.0.2.1', ''])
      secure.asks(true)
      holdsUntil(secure, 400, 'quiet')
      expect(all.networkOf(socketOf(secure))).toBe('')
    })

    it('of a connection that made room meanwhile, or that nobody knows, ends it', () => {
      const unknown = new Wire('192.0.2.5', 9)
      all.secured(socketOf(unknown))
      expect(unknown.isDestroyed).toBe(true)
      const [bare, secure] = [new Wire('192.0.2.1', 7), new Wire('192.0.2.1', 7)]
      all.handshake(socketOf(bare))
      bare.destroy()
      expect(all.bare(socketOf(secure))).toBeUndefined()
      all.secured(socketOf(secure))
      expect(secure.isDestroyed).toBe(true)
    })
  })

  describe('sockets', () => {
    it('end when the server stops, and so does one that comes afterwards; nothing else does', () => {
      const [tunnel, busy, waiting] = [open(), open().asks(true), open()]
      all.tunnel(socketOf(tunnel))
      all.endTunnels()
      expect([tunnel, busy, waiting].map(({ isDestroyed }) => isDestroyed)).toEqual([true, false, false])
      all.tunnel(socketOf(busy))
      expect([busy, waiting].map(({ isDestroyed }) => isDestroyed)).toEqual([true, false])
    })
  })

  describe('the requests of HTTP/2', () => {
    it('are as many as connections may be, by address and altogether, and count until they are closed', () => {
      const [one, other] = [open(), open(new Wire('192.0.2.2'))]
      const opened = (wire: Wire): boolean => all.streamOpened(socketOf(wire))
      expect([opened(one), opened(one), opened(one), opened(one)]).toEqual([true, true, true, false])
      expect([opened(other), opened(other), opened(other)]).toEqual([true, true, false])
      all.streamClosed(socketOf(one), '192.0.2.1')
      expect([opened(one), opened(one)]).toEqual([true, false])
      for (let count = 0; count < 3; count += 1) all.streamClosed(socketOf(one), '192.0.2.1')
      expect([opened(other), opened(one), opened(one)]).toEqual([true, true, true])
      expect(all.streamOpened(socketOf(new Wire()))).toBe(false)
    })

    it('of a proxy are only bound altogether', () => {
      const proxy = open(new Wire('192.0.2.99'))
      expect([1, 2, 3, 4, 5, 6].map(() => all.streamOpened(socketOf(proxy)))).toEqual([
        true,
        true,
        true,
        true,
        true,
        false,
      ])
    })

    it('are what a connection is idle without, and since when is what counts', () => {
      const wire = open()
      expect(all.isIdle(socketOf(wire))).toBe(true)
      all.streamOpened(socketOf(wire))
      expect(all.isIdle(socketOf(wire))).toBe(false)
      holdsNothing(wire, 399)
      now += 500
      all.streamClosed(socketOf(wire), '192.0.2.1')
      expect([all.isIdle(socketOf(wire)), all.isIdle(socketOf(new Wire()))]).toEqual([true, true])
      wire.bytesRead += 1
      all.prune(now + 49)
      expect(wire.isDestroyed).toBe(false)
      expect(endedAfter(wire, 50)).toBe('no-request 1')
    })

    it('that are taken back end the connection when they are too many in a row; ten a second are forgotten', () => {
      const wire = open()
      let destroyed: unknown[] = []
      const session = { destroy: (...given: unknown[]) => (destroyed = given) } as unknown as Http2Session
      const back = (times: number): void => {
        for (let time = 0; time < times; time += 1) all.takenBack(socketOf(wire), session)
      }
      back(9)
      expect(destroyed).toEqual([])
      all.streamOpened(socketOf(wire))
      back(4)
      now += 100
      back(1)
      expect(destroyed).toEqual([])
      now += 5000
      back(4)
      expect(destroyed).toEqual([])
      back(1)
      expect(destroyed).toEqual([undefined, 0xb])
      expect(all.report()).toEqual({ counts: new Map([['taken-back', 1]]), address: '192.0.2.1' })
    })

    const holdsNothing = (wire: Wire, ms: number): void => {
      all.prune(now + ms)
      expect(wire.isDestroyed).toBe(false)
    }
  })
})
