import { StorageError } from '../errors.js'

/** One server to try, as an address of its own. */
interface PostgresServer {
  /** For messages: never the user or the password. */
  readonly name: string
  readonly url: string
}

export interface PostgresTarget {
  /** In the order in which they are tried. */
  readonly servers: readonly [PostgresServer, ...PostgresServer[]]
  readonly connectMs: number
}

const wrong = (why: string): StorageError =>
  new StorageError('no-access', `the database address is not right: ${why}`)

/**
 * `postgres://user:password@h1:5432,h2:5432/db?target_session_attrs=read-write`, as libpq has it. The driver
 * knows one host a connection, so each host gets an address of its own.
 */
export function parsePostgresUrl(text: string): PostgresTarget {
  const parts = /^postgres(?:ql)?:\/\/(?:([^/?#]*)@)?([^/?#@]*)(\/[^?#]*)?(?:\?([^#]*))?$/.exec(text)
  if (parts === null) throw wrong('it has the form postgres://user:password@host:5432/database')
  const [, user, hosts = '', path = '/', query = ''] = parts
  const options = new URLSearchParams(query)
  const connectMs = takeConnectTime(options)
  mustWantToWrite(options)
  settleTls(options)
  const left = options.toString()
  const rest = `${path}${left === '' ? '' : `?${left}`}`
  const serverAt = (host: string): PostgresServer => ({
    name: host === '' ? (options.get('host') ?? 'localhost') : host,
    url: mustBeUrl(`postgres://${user === undefined ? '' : `${user}@`}${host}${rest}`),
  })
  const [one = '', ...more] = hosts.split(',')
  return { servers: [serverAt(one), ...more.map(serverAt)], connectMs }
}

function mustBeUrl(url: string): string {
  // A host may be left out when a socket folder is given: only then is it not a URL for the URL class.
  if (!URL.canParse(url.replace(/^postgres:\/\/([^@/]*@)?(?=\/)/, 'postgres://$1localhost')))
    throw wrong('a host, port or password has characters that must be written as %…')
  return url
}

function takeConnectTime(options: URLSearchParams): number {
  const text = options.get('connect_timeout') ?? '3'
  options.delete('connect_timeout')
  const seconds = Number(text)
  if (!(seconds > 0 && seconds <= 60)) throw wrong('connect_timeout is a number of seconds from 1 to 60')
  return seconds * 1000
}

/** Every server is asked whether it takes writes, so there is nothing to choose. */
function mustWantToWrite(options: URLSearchParams): void {
  const wanted = options.get('target_session_attrs') ?? 'read-write'
  options.delete('target_session_attrs')
  if (wanted !== 'read-write' && wanted !== 'primary' && wanted !== 'any')
    throw wrong('target_session_attrs can only be read-write: a server that takes no writes cannot serve')
}

/** libpq has modes that verify less, or fall back to plain text: who asks for TLS here gets all of it. */
const verifying = ['allow', 'prefer', 'require', 'verify-ca', 'verify-full']

/** The driver takes a mode that it does not know for one that it does, and other words for `ssl` it does not survive. */
function settleTls(options: URLSearchParams): void {
  const mode = options.get('sslmode')
  if (mode !== null && verifying.includes(mode)) options.set('sslmode', 'verify-full')
  else if (mode !== null && mode !== 'disable' && mode !== 'no-verify')
    throw wrong('sslmode is verify-full, or disable, or no-verify')
  const ssl = options.get('ssl')
  if (ssl === null || ssl === 'true' || ssl === '1') return
  if (ssl !== 'false' && ssl !== '0') throw wrong('ssl is true or false')
  options.set('ssl', '0')
}
