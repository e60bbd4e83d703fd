import http from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Target } from './target.js'

/** Connections that are kept as long as the application has promised to keep them, and no others. */
export interface PromisedConnections {
  readonly agent: http.Agent
  /** What the application says of the connection that this answer came on. */
  heard(answer: IncomingMessage): void
}

const mostIdle = 64
const longestIdleMs = 30_000

/**
 * `Keep-Alive: timeout=5` is the application's word that it will not close an idle connection before: half of that time
 * even what must not be sent twice may follow on it. Where no such word is given, every request has a connection of
 * its own.
 */
export function promisedConnections({ isTls, servername }: Target): PromisedConnections {
  const options = { keepAlive: true, maxFreeSockets: mostIdle }
  const agent = isTls ? new https.Agent({ ...options, servername }) : new http.Agent(options)
  const idleMs = new WeakMap<Duplex, number>()
  const { keepSocketAlive, reuseSocket } = agent
  agent.keepSocketAlive = (socket) => {
    const ms = idleMs.get(socket) ?? 0
    if (ms === 0) return false
    keepSocketAlive.call(agent, socket)
    ;(socket as Socket).setTimeout(ms)
    // Whatever it says now is no answer to the request that comes next.
    socket.on('data', destroy)
    return true
  }
  agent.reuseSocket = (socket, request: ClientRequest) => {
    socket.off('data', destroy)
    reuseSocket.call(agent, socket, request)
  }
  return {
    agent,
    heard: ({ socket, headers }) => {
      idleMs.set(socket, promisedMs(String(headers['keep-alive'] ?? '')) / 2)
    },
  }
}

function destroy(this: Duplex): void {
  this.destroy()
}

/** RFC 2068 19.7.1.1, which servers still speak; 0 where nothing is promised. */
function promisedMs(header: string): number {
  const seconds = Number(/(?:^|[,\s])timeout=(\d{1,6})(?:$|[,;\s])/i.exec(header)?.[1] ?? 0)
  return Math.min(seconds * 1000, 2 * longestIdleMs)
}
