import { connect, type Socket } from 'node:net'
import type { Browser } from './browser.js'

export interface Answered {
  readonly status: number
  readonly location: string
  readonly cookies: readonly string[]
  readonly body: string
}

/** A request of which the server has everything but the last byte. */
interface Prepared {
  readonly socket: Socket
  readonly last: Buffer
  readonly answered: Promise<Answered>
}

interface Bytes {
  readonly browser: Browser
  readonly method: string
  readonly path: string
  readonly type: string
  /** At least one byte. */
  readonly body: string
}

/** A form of one browser, as bytes on the wire. */
export interface Form {
  readonly browser: Browser
  readonly path: string
  readonly fields: Record<string, string>
}

/**
 * Sends many forms at the same instant: each goes over a connection of its own, everything but the last byte
 * first, and then all the last bytes together.
 */
export async function atOnce(forms: readonly Form[]): Promise<Answered[]> {
  const prepared = await Promise.all(forms.map(prepare))
  for (const { socket, last } of prepared) socket.write(last)
  const answers = await Promise.all(prepared.map((one) => one.answered))
  for (const { socket } of prepared) socket.destroy()
  return answers
}

/** Sends a request and holds its last byte back. @returns what sends that, and waits for the answer */
export async function heldBack(bytes: Bytes): Promise<() => Promise<Answered>> {
  const { socket, last, answered } = await begin(bytes)
  await bytes.browser.copy().get('/healthz') // an answer to what was asked later: the server has the rest by now
  return async () => {
    socket.write(last)
    const answer = await answered
    socket.destroy()
    return answer
  }
}

const prepare = ({ browser, path, fields }: Form): Promise<Prepared> =>
  begin({
    browser,
    path,
    method: 'POST',
    type: 'application/x-www-form-urlencoded',
    body: new URLSearchParams(fields).toString(),
  })

async function begin({ browser, method, path, type, body }: Bytes): Promise<Prepared> {
  const { hostname, port } = new URL(browser.origin)
  const head = [
    `${method} ${path} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Content-Type: ${type}`,
    'Sec-Fetch-Site: same-origin',
    `Cookie: ${[...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ')}`,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
    '',
    '',
  ].join('\r\n')
  const bytes = Buffer.from(head + body)
  const socket = connect({ host: hostname, port: Number(port), noDelay: true })
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject)
    socket.once('connect', resolve)
  })
  const answered = readAnswer(socket)
  await new Promise<void>((resolve) => {
    socket.write(bytes.subarray(0, -1), () => {
      resolve()
    })
  })
  return { socket, last: bytes.subarray(-1), answered }
}

/** One answer with a Content-Length, or the end of the connection (status 0). */
export function readAnswer(socket: Socket): Promise<Answered> {
  return new Promise((resolve) => {
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      const answer = parseAnswer(text)
      if (answer !== null) resolve(answer)
    })
    const gone = (): void => {
      resolve(parseAnswer(text) ?? { status: 0, location: '', cookies: [], body: text })
    }
    socket.on('error', gone)
    socket.on('close', gone)
  })
}

function parseAnswer(text: string): Answered | null {
  const end = text.indexOf('\r\n\r\n')
  if (end < 0) return null
  const head = text.slice(0, end)
  const body = text.slice(end + 4)
  const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? '0')
  if (body.length < length) return null
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? '0'),
    location: /^location: (.*)$/im.exec(head)?.[1] ?? '',
    cookies: [...head.matchAll(/^set-cookie: (.*)$/gim)].map((match) => match[1] ?? ''),
    body,
  }
}

/** Who got a session out of it. */
export const gotSession = (answer: Answered): boolean =>
  answer.status === 303 &&
  answer.cookies.some((one) => /^(__Host-)?nightlatch-session(-[0-9a-f]{8})?=[\w-]{43};/.test(one))

/** How many answers there were of each status: `{ 303: 1, 401: 4, 429: 45 }`. */
export function tally(answers: readonly Answered[]): Record<number, number> {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}
