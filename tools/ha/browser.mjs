/** What a browser or a program sends, one connection a request, and what came of it. */
import { request } from 'node:http'

const patienceMs = 15_000

/**
 * @param {number} port
 * @param {{ call: string, body?: unknown, cookie?: string, from?: string }} ask `call` is method and path; `from` an address of loopback
 * @returns {Promise<{ status: number, code: string, cookies: string[], value: any }>} status 0: no whole answer came
 */
export function send(port, { call, body, cookie, from = '127.0.0.1' }) {
  const [method, path] = call.split(' ')
  const text = body === undefined ? '' : JSON.stringify(body)
  const headers = {
    'sec-fetch-site': 'same-origin',
    connection: 'close',
    ...(text === '' ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
    ...(cookie === undefined ? {} : { cookie }),
  }
  const where = { host: '127.0.0.1', port, method, path: `/api/v1${path}`, headers, localAddress: from }
  return new Promise((resolve) => {
    const cut = () => resolve({ status: 0, code: 'cut', cookies: [], value: {} })
    const asked = request({ ...where, agent: false, timeout: patienceMs }, (answer) => {
      let said = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk) => (said += chunk))
      answer.on('error', cut)
      answer.on('close', () => (answer.complete ? resolve(asReply(answer, said)) : cut()))
    })
    asked.on('timeout', () => asked.destroy())
    asked.on('error', cut)
    asked.end(text)
  })
}

function asReply(answer, said) {
  const isJson = String(answer.headers['content-type']).includes('json')
  const value = isJson && said !== '' ? JSON.parse(said) : {}
  const cookies = answer.headers['set-cookie'] ?? []
  return { status: answer.statusCode, code: String(value.code ?? ''), cookies, value }
}

/** `name=value` of a cookie that was set, '' when it was not. */
export const cookieOf = (reply, name) =>
  /^[^;]*/.exec(reply.cookies.find((one) => new RegExp(`^nightlatch-${name}(?:-\\w+)?=`).test(one)) ?? '')[0]

/** It may or may not have happened: the connection was cut, or the server does not know either. */
export const isUnknown = ({ status }) => status === 0 || status >= 500
