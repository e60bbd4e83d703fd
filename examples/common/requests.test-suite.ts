import { connect } from 'node:net'
import { expect, it } from 'vitest'
import { seen, sendBytes, until } from '../../packages/nightlatch/test/support/protected.js'
import { publicHost, type Behind } from './headers.test-suite.js'

const overriding = [
  'X-HTTP-Method-Override: DELETE',
  'X-HTTP-Method: DELETE',
  'X-Method-Override: DELETE',
  'x-http-method-override: PUT',
  'X-Original-URL: /overridden',
  'X-Original-URI: /overridden',
  'X-Rewrite-URL: /overridden',
  'X-Rewrite-URI: /overridden',
  'X-Original-Path: /overridden',
  'X-Original-Host: overridden.example',
  'X-Original-Proto: overridden',
  'X-Original-Scheme: overridden',
  'X-Original-For: overridden',
  'X-Original-Forwarded-For: overridden',
  'X-Forwarded-Uri: /overridden',
  'X-Forwarded-Method: DELETE',
]

const lists = [
  ['Connection: Remote-User'],
  ['Connection: close, Remote-User, Remote-Groups'],
  ['Connection: close', 'Connection: remote-user'],
  ['Connection: ,Remote-User ,,Cookie'],
  ['Connection: Remote-User, X-Forwarded-Host, X-Forwarded-Proto, Host'],
]

/** Queries that are none of our business, and that some applications live on. */
const queries = [
  'a=1&a=2',
  '100%',
  'a=%E9',
  'fbclid=a%ZZ',
  'a=%',
  '&&==',
  'a[]=1&a[]=2',
  'q=%00%ff',
  'next=/x&next=/y',
]

/** `=` before it: a cookie without a name, which is sent as its bare value. */
const ours = [
  'session',
  'sign-in',
  'forward',
  'device',
  'trusted',
  'invitation',
  'next',
  'notice',
  'bounces',
].flatMap((name) => [
  `nightlatch-${name}`,
  `nightlatch-${name}-3f9a2c1b`,
  `__Host-nightlatch-${name}`,
  `__Secure-nightlatch-${name}`,
  `=nightlatch-${name}`,
])

/** What the application gets of a request that passes, and what it does not. */
export function requestCases(behind: () => Behind): void {
  const host = () => `localhost:${behind().port}`
  const send = async (line: string, lines: readonly string[], own = host()) => {
    const before = behind().asked()
    const closing = lines.some((one) => /^connection:.*close/i.test(one)) ? [] : ['Connection: close']
    const head = [line, `Host: ${own}`, ...lines, ...closing]
    const answer = await sendBytes(behind().port, Buffer.from(`${head.join('\r\n')}\r\n\r\n`, 'latin1'))
    const status = Number(/^HTTP\/1\.\d (\d{3})/.exec(answer)?.[1] ?? 0)
    const body = answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)
    return { status, answer, body, reached: behind().asked() > before }
  }
  const ada = () => `Cookie: ${behind().signedIn}`

  it.each([
    ['a public name in Host', 'GET /secret HTTP/1.1', publicHost],
    ['a public name in the whole address', `GET http://${publicHost}/secret HTTP/1.1`, publicHost],
    [
      'one name in the whole address, a public one in Host',
      'GET http://localhost/secret HTTP/1.1',
      publicHost,
    ],
    ['no name', 'GET /secret HTTP/1.0', ''],
  ])('FA-48 %s opens nothing of the only application', async (_title, line, own) => {
    expect(await send(line, [], own)).toMatchObject({ reached: false })
  })

  it.each(lists.map((lines) => [lines.join(' and '), lines] as const))(
    'FA-49 %s takes nothing of ours away',
    async (_title, lines) => {
      const answer = await send('GET /who HTTP/1.1', [...lines, ada()])
      expect(answer.status).toBe(200)
      const { headers } = seen(answer)
      expect(headers['remote-user']).toBe('ada')
      expect(headers['connection'] ?? '').not.toMatch(/remote|forwarded/i)
    },
  )

  it('FA-49 nor with the handshake of a WebSocket', async () => {
    const socket = connect(behind().port, '127.0.0.1')
    socket.write(
      `GET /socket HTTP/1.1\r\nHost: ${host()}\r\nConnection: Upgrade, Remote-User\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${ada()}\r\n\r\n`,
    )
    expect(await until(socket, /\r\n\r\nada$/)).toMatch(/^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  it.each(overriding)('FA-50 %s does not reach the application', async (line) => {
    const answer = await send('GET /who HTTP/1.1', [line, ada()])
    expect(answer.status).toBe(200)
    expect(answer.body).not.toMatch(/DELETE|PUT|overridden/)
    expect(seen(answer)).toMatchObject({ method: 'GET', url: '/who' })
  })

  it.each([
    ['theme=dark'],
    [
      'a=1',
      'b="x y"',
      'nightlatchish=1',
      'c=nightlatch-session=x',
      'd=',
      'e=%E9;f',
      'g={http.request.host}',
      'h=$host',
    ],
  ])('FA-51 of the cookies, the application gets its own as they were: %s', async (...own) => {
    const mixed = own.flatMap((one, at) => [one, `${ours[at % ours.length]}=secret${at}`])
    const all = [...ours.map((name) => `${name}=secret`), ...mixed, ...ours.map((name) => `${name}=secret`)]
    const session =
      behind()
        .signedIn.split('; ')
        .find((one) => /nightlatch-session/.test(one)) ?? ''
    const cookie = [...all.filter((one) => !/^(?:__Host-)?nightlatch-session/.test(one)), session].join('; ')
    const answer = await send('GET /who HTTP/1.1', [`Cookie: ${cookie}`])
    expect(answer.status).toBe(200)
    expect(seen(answer).headers['cookie']).toBe(own.join('; '))
    expect(answer.body).not.toContain('secret')
  })

  it('FA-51 it gets no cookie at all where there were none but ours, and those of a stranger on public paths', async () => {
    const mine = await send('GET /who HTTP/1.1', [ada()])
    expect(seen(mine).headers['cookie']).toBeUndefined()
    const line = `Cookie: nightlatch-session=${'A'.repeat(43)}; theme=dark`
    const stranger = await send('GET /public/who HTTP/1.1', [line])
    expect(seen(stranger).headers['cookie']).toBe('theme=dark')
  })

  it('FA-51 of several Cookie lines as well', async () => {
    const answer = await send('GET /who HTTP/1.1', [
      'Cookie: a=1',
      ada(),
      'Cookie: nightlatch-next=secret; b=2',
    ])
    expect(answer.status).toBe(200)
    expect(answer.body).not.toContain('secret')
    expect(seen(answer).headers['cookie']).toBe('a=1; b=2')
  })

  it.each(['/caf%E9', '/%E9t%E9/%C3%A9', '/%ff'])(
    'FA-52 %s is none of UTF-8, and Ada gets it all the same, a stranger sign-in',
    async (path) => {
      expect(await send(`GET ${path} HTTP/1.1`, ['Accept: text/html'])).toMatchObject({ reached: false })
      const mine = await send(`GET ${path} HTTP/1.1`, [ada()])
      expect([mine.status, seen(mine).url]).toEqual([200, path])
      const stranger = await send(`GET ${path} HTTP/1.1`, [])
      expect([401, 302]).toContain(stranger.status)
    },
  )

  it.each([
    ...['/caf\xe9', '/caf\xc3\xa9', '/a\\b', '/%zz', '/%', '/a%00b', '/public/..%5c\xe9'],
    'http://localhost?x',
  ])(
    'FA-52 %j, which can be read in two ways or in none, is refused by what the proxy takes for a refusal',
    async (path) => {
      for (const who of [[ada()], []]) {
        const { status, reached } = await send(`GET ${path} HTTP/1.1`, who)
        expect([path, status < 500, reached && status !== 200]).toEqual([path, true, false])
        if (who.length === 0) expect(reached).toBe(false)
      }
    },
  )

  it.each(['/public/who#x', '/public/#/who', '/who#', '/who?a#b'])(
    'FA-53 %s never reaches the application with its #, which some cut off and others take for a part of the path',
    async (path) => {
      for (const who of [[ada()], []]) {
        const answer = await send(`GET ${path} HTTP/1.1`, who)
        expect(answer.status).toBeLessThan(500)
        if (answer.reached) expect(seen(answer).url).not.toContain('#')
      }
    },
  )

  it.each(queries)('the query %s is none of our business', async (query) => {
    const page = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
    const mine = await send(`GET /who?${query} HTTP/1.1`, [ada()])
    expect([mine.status, seen(mine).url]).toEqual([200, `/who?${query}`])
    const open = await send(`GET /public/who?${query} HTTP/1.1`, [])
    expect([open.status, seen(open).url]).toEqual([200, `/public/who?${query}`])
    expect((await send(`GET /who?${query} HTTP/1.1`, page)).status).toBe(302)
    expect((await send(`GET /auth/login?${query} HTTP/1.1`, page)).status).toBe(200)
  })

  it('a query that cannot be decoded does not stop a WebSocket', async () => {
    const socket = connect(behind().port, '127.0.0.1')
    socket.write(
      `GET /socket?a=%E9&a=% HTTP/1.1\r\nHost: ${host()}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${ada()}\r\n\r\n`,
    )
    expect(await until(socket, /\r\n\r\nada$/)).toMatch(/^HTTP\/1\.1 101 /)
    socket.destroy()
  })

  it.each([2000, 7900, 9000, 12_000])('an address of %d characters passes', async (length) => {
    const query = 'x'.repeat(length)
    const mine = await send(`GET /who?${query} HTTP/1.1`, [ada()])
    expect(mine.status).toBe(200)
    expect(seen(mine).url.length).toBe(5 + length)
    expect((await send(`GET /public/who?${query} HTTP/1.1`, [])).status).toBe(200)
    const refused = await send(`GET /who?${query} HTTP/1.1`, [
      'Accept: text/html',
      'Sec-Fetch-Mode: navigate',
    ])
    expect(refused.status).toBe(302)
  })

  it.each([20_000, 40_000, 100_000])(
    'one of %d characters passes or is refused, and is no outage',
    async (length) => {
      const answer = await send(`GET /who?${'x'.repeat(length)} HTTP/1.1`, [ada()])
      expect([200, 400, 414, 431]).toContain(answer.status)
    },
  )
}
