import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const script = fileURLToPath(new URL('stoppable-server.mjs', import.meta.url))

export interface StoppableServer {
  readonly origin: string
  readonly pid: number
  /** Everything it has written. */
  told(): string
  /** Sends the signal; resolves with the exit status when the process has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

interface Circumstances {
  readonly env?: Record<string, string>
  /** A shell line before the server's own: `ulimit -f 100`. */
  readonly limit?: string
}

/** The built server as a process of its own, on a data folder. */
export function startStoppable(dataFolder: string, more: Circumstances = {}): Promise<StoppableServer> {
  mustBeBuilt()
  const env = {
    PATH: process.env['PATH'] ?? '',
    NIGHTLATCH_PORT: '0',
    NIGHTLATCH_DATA: dataFolder,
    ...more.env,
  }
  const child =
    more.limit === undefined
      ? spawn(process.execPath, [script], { env })
      : spawn('/bin/sh', ['-c', `trap '' XFSZ; ${more.limit}; exec "$0" "$1"`, process.execPath, script], {
          env,
        })
  let told = ''
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  return new Promise((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      told += chunk.toString()
      const port = /^port (\d+)$/m.exec(told)?.[1]
      if (port === undefined) return
      resolve({
        origin: `http://127.0.0.1:${port}`,
        pid: child.pid ?? 0,
        told: () => told,
        end: (signal) => {
          child.kill(signal)
          return ended
        },
      })
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    void ended.then(() => {
      reject(new Error(`the server did not start:\n${told}`))
    })
  })
}

function mustBeBuilt(): void {
  const dist = new URL('../../dist/compose/http-server.js', import.meta.url)
  try {
    statSync(dist)
  } catch {
    throw new Error('These tests need the built server: run `npm run build` first.')
  }
}
