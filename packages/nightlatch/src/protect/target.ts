import { isIP } from 'node:net'

/** Where the application listens. */
export interface Target {
  readonly isTls: boolean
  /** A socket in the file system, or a host and a port. */
  readonly socketPath: string | null
  readonly host: string
  readonly port: number
  /** The name that its certificate has to have, whatever the Host header says; empty for a bare address. */
  readonly servername: string
  readonly origin: string
}

/** `http://127.0.0.1:5000`: scheme, host and port; or `unix:/run/app.sock`. */
export function targetOf(url: URL): Target {
  if (url.protocol === 'unix:') {
    const socketPath = decodeURIComponent(url.pathname)
    return {
      isTls: false,
      socketPath,
      host: 'localhost',
      port: 80,
      servername: '',
      origin: 'http://localhost',
    }
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isTls = url.protocol === 'https:'
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { isTls, socketPath: null, host, port, servername: isIP(host) === 0 ? host : '', origin: url.origin }
}

/** As net.connect and http.request take it. */
export const placeOf = ({ socketPath, host, port }: Target): Place =>
  socketPath === null ? { host, port } : { socketPath }

type Place = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/** As people name it: a socket has no origin. */
export const nameOf = ({ protocol, href, origin }: URL): string => (protocol === 'unix:' ? href : origin)
