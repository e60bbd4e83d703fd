import { isIP } from 'node:net'

/** Where the application listens. */
export interface Target {
  readonly isTls: boolean
  readonly place: Place
  /** The name that its certificate has to have, whatever the Host header says; empty for a bare address. */
  readonly servername: string
  readonly origin: string
}

/** As net.connect and http.request take it: a host and a port, or a socket in the file system. */
type Place = { readonly host: string; readonly port: number } | { readonly socketPath: string }

/** `http://127.0.0.1:5000`: scheme, host and port; or `unix:/run/app.sock`. */
export function targetOf(url: URL): Target {
  if (url.protocol === 'unix:') {
    const place = { socketPath: decodeURIComponent(url.pathname) }
    return { isTls: false, place, servername: '', origin: 'http://localhost' }
  }
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
  const isTls = url.protocol === 'https:'
  const port = url.port === '' ? (isTls ? 443 : 80) : Number(url.port)
  return { isTls, place: { host, port }, servername: isIP(host) === 0 ? host : '', origin: url.origin }
}

/** As people name it: a socket has no origin. */
export const nameOf = ({ protocol, href, origin }: URL): string => (protocol === 'unix:' ? href : origin)
