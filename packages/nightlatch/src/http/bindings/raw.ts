import { STATUS_CODES } from 'node:http'
import type { HttpResponse } from '../request.js'

/** A response of HTTP/1.1 in bytes, for a connection that has left node:http or never came so far. It ends with it. */
export function onTheWire({ status, headers, body }: HttpResponse): Buffer {
  const content = Buffer.from(body)
  const ending = { connection: 'close', 'content-length': String(content.length) }
  const lines = Object.entries({ ...headers, ...ending }).map(([name, value]) => `${name}: ${value}`)
  const head = [`HTTP/1.1 ${String(status)} ${STATUS_CODES[status] ?? ''}`, ...lines, '', ''].join('\r\n')
  return Buffer.concat([Buffer.from(head, 'latin1'), content])
}
