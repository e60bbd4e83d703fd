import type { ClientRequest, IncomingMessage, InformationEvent, ServerResponse } from 'node:http'
import { clientHeaders, passableTrailers } from './headers.js'

interface Addresses {
  readonly target: URL
  readonly publicOrigin: string
}

/** The application's answer, as it comes. False when it is none that could be passed on. */
export function passAnswer(answer: IncomingMessage, response: ServerResponse, at: Addresses): boolean {
  if (response.headersSent || response.destroyed) {
    answer.resume()
    return true
  }
  const headers = clientHeaders(answer, {
    mayHaveTrailers: mayHaveTrailers(answer, response),
    rewriteLocation: (location) => publicLocation(location, at),
  })
  if (!writeHead(answer, response, headers)) {
    answer.destroy()
    return false
  }
  // Events are announced before the first one comes.
  if (answer.headers['content-length'] === undefined) response.flushHeaders()
  answer.on('end', () => {
    const trailers = passableTrailers(answer.rawTrailers)
    if (trailers.length > 0) harmlessly(() => response.addTrailers(trailers))
  })
  answer.pipe(response)
  return true
}

/** Whether the answer goes to this client in chunks: node:http throws where trailers are announced for another one. */
const mayHaveTrailers = ({ statusCode }: IncomingMessage, { req }: ServerResponse): boolean =>
  req.httpVersion === '1.1' && req.method !== 'HEAD' && statusCode !== 204 && statusCode !== 304

/** As many names and values as node:http keeps of an answer: it may have forgotten the rest. */
const mostKept = 2000

function writeHead(answer: IncomingMessage, response: ServerResponse, headers: string[]): boolean {
  const { statusCode = 0, statusMessage = '', rawHeaders } = answer
  if (statusCode < 200 || statusCode > 599 || rawHeaders.length >= mostKept) return false
  return harmlessly(() => {
    if (/^[\t\x20-\x7e]+$/.test(statusMessage)) response.writeHead(statusCode, statusMessage, headers)
    else response.writeHead(statusCode, headers)
  })
}

/** A redirect to the application's own address would lead around us. */
function publicLocation(location: string, { target, publicOrigin }: Addresses): string {
  const rest = location.slice(target.origin.length)
  return location.startsWith(target.origin) && /^(?:[/?#]|$)/.test(rest) ? publicOrigin + rest : location
}

/** What the client sends after the body goes after the body. Has to be called before the body is piped. */
export function passTrailers(request: IncomingMessage, outgoing: ClientRequest): void {
  if (request.headers['transfer-encoding'] === undefined) return
  request.once('end', () => {
    const trailers = passableTrailers(request.rawTrailers)
    if (trailers.length > 0) harmlessly(() => outgoing.addTrailers(trailers))
  })
}

/** 102 and 103 (RFC 8297), which HTTP/1.0 does not know; 100 is asked for and answered on its own. */
export function passInformation(information: InformationEvent, response: ServerResponse): void {
  if (response.headersSent || response.destroyed || response.req.httpVersion === '1.0') return
  if (information.statusCode === 102) response.writeProcessing()
  const { link } = information.headers
  if (information.statusCode === 103 && link !== undefined)
    harmlessly(() => response.writeEarlyHints({ link }))
}

/** False when node:http does not send what somebody else has sent. */
function harmlessly(send: () => unknown): boolean {
  try {
    send()
    return true
  } catch {
    return false
  }
}
