import { statSync } from 'node:fs'
import type { SecureContextOptions } from 'node:tls'
import { readTls, tlsWarning, type TlsFiles, type TlsPair } from '../config/tls-files.js'
import type { HttpLog } from '../http/services.js'

/** What TLS is offered with: today's versions and Node's own choice of ciphers. */
const offered = { minVersion: 'TLSv1.2' } as const

type Context = SecureContextOptions & typeof offered

interface Renewal {
  readonly files: TlsFiles
  /** The host that browsers ask for. */
  readonly host: string
  readonly log: Pick<HttpLog, 'info' | 'warn'>
  /** From one look at the files to the next. */
  readonly lookMs: number
}

const dayMs = 86_400_000

/** The certificate that a server shows, which is another one when its files are renewed. */
export class Certificate {
  readonly #renewal: Renewal
  #pair: TlsPair
  /** The files as they were read last, and as they were found at the last look. */
  #read: string
  #found: string
  #warnedAt = -Infinity

  /** @throws where the files cannot be used */
  constructor(renewal: Renewal) {
    this.#renewal = renewal
    this.#read = this.#found = stateOf(renewal.files)
    const read = readTls(renewal.files)
    if (read.kind === 'problems') throw new Error(whyNot(read))
    this.#pair = read.pair
    this.#warn()
  }

  get context(): Context {
    return { ...offered, cert: this.#pair.cert, key: this.#pair.key }
  }

  /** Reads both again, and goes on with the old ones where the new ones cannot be used. */
  renew(use: (context: Context) => void): void {
    const { files, log } = this.#renewal
    this.#read = this.#found = stateOf(files)
    const read = readTls(files)
    if (read.kind === 'problems') {
      log.warn('tls.not-renewed', { reason: `the old certificate goes on: ${whyNot(read)}` })
      return
    }
    this.#pair = read.pair
    use(this.context)
    log.info?.('tls.renewed', { reason: `until ${read.pair.notAfter.toISOString()}` })
    this.#warnedAt = -Infinity
    this.#warn()
  }

  /**
   * Looks now and then whether the files are others. Whoever renews them writes one after the other: they are read once they
   * have stayed the same from one look to the next. @returns what ends it
   */
  watch(use: (context: Context) => void): () => void {
    const { files, lookMs } = this.#renewal
    const timer = setInterval(() => {
      const found = stateOf(files)
      const isSettled = found === this.#found
      this.#found = found
      if (isSettled && found !== this.#read) this.renew(use)
      this.#warn()
    }, lookMs)
    timer.unref()
    return () => {
      clearInterval(timer)
    }
  }

  /** Once a day at most. */
  #warn(): void {
    const { host, log } = this.#renewal
    const now = Date.now()
    if (now - this.#warnedAt < dayMs) return
    this.#warnedAt = now
    const reason = tlsWarning(this.#pair, { now, host })
    if (reason !== null) log.warn('tls.certificate', { reason })
  }
}

const whyNot = ({ cert, key }: { readonly cert: string | null; readonly key: string | null }): string =>
  [cert === null ? [] : `the certificate ${cert}`, key === null ? [] : `the key ${key}`].flat().join(', ')

/** Changes with whatever is written there, also behind a link. */
const stateOf = ({ certFile, keyFile }: TlsFiles): string => `${stateOfOne(certFile)} ${stateOfOne(keyFile)}`

function stateOfOne(path: string): string {
  try {
    const { ino, size, mtimeMs } = statSync(path)
    return `${String(ino)} ${String(size)} ${String(mtimeMs)}`
  } catch {
    return 'none'
  }
}
