import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { disableAccount, findAccount } from '../../src/core/accounts/administration.js'
import type { Access } from '../../src/core/access/rules.js'
import { enrolledPerson, Phone, setUpKey, testPassword, type Enrolled } from '../support/app.js'
import {
  answerTo,
  ask,
  cookieOf,
  echo,
  seen,
  sendBytes,
  startProtected,
  until,
  type Protected,
} from '../support/protected.js'

let app: Protected
let ada: Enrolled
let asked = 0

beforeAll(async () => {
  app = await startProtected(
    (request, response) => {
      asked += 1
      echo(request, response)
    },
    { publicPaths: ['/public/*'] },
  )
  ada = await enrolledPerson(app)
})

afterAll(async () => {
  await app.close()
})

const page = { accept: 'text/html,application/xhtml+xml', 'sec-fetch-mode': 'navigate' }
const script = { accept: '*/*', 'sec-fetch-mode': 'cors' }
const stranger = () => app.browser()

/** Everybody who is not signed in, by the cookies that they have. */
const cookies: Record<string, () => Promise<string> | string> = {
  'no cookie': () => '',
  'a made-up session': () => `${app.cookieName('session')}=${'A'.repeat(43)}`,
  'an empty session': () => `${app.cookieName('session')}=`,
  'a malformed session': () => `${app.cookieName('session')}=%ff%fe"; drop`,
  'a right password only': async () => {
    const browser = stranger()
    await app.person('grace')
    await browser.submit('/_nightlatch/login', { username: 'grace', password: testPassword })
    const token = browser.cookies.get(app.cookieName('sign-in')) ?? ''
    return `${app.cookieName('sign-in')}=${token}; ${app.cookieName('session')}=${token}`
  },
  'the same session twice': () => {
    const token = ada.browser.cookies.get(app.cookieName('session')) ?? ''
    return `${app.cookieName('session')}=${token}; ${app.cookieName('session')}=${token}`
  },
  'a session by the name of https': () =>
    `__Host-nightlatch-session=${ada.browser.cookies.get(app.cookieName('session')) ?? ''}`,
}

describe('whoever is not signed in', () => {
  it.each(Object.entries(cookies))('gets nothing of the application with %s', async (_name, cookie) => {
    const header = { cookie: await cookie() }
    const before = asked
    const shown = await stranger().get('/secret?a=1&b=%20x', { ...header, ...page })
    expect(shown).toMatchObject({
      status: 303,
      location: `/_nightlatch/login?next=${encodeURIComponent('/secret?a=1&b=%20x')}`,
    })
    const program = await stranger().get('/secret', { ...header, ...script })
    expect(program).toMatchObject({ status: 401 })
    expect(program.headers['content-type']).toContain('application/problem+json')
    expect(program.headers['cache-control']).toBe('no-store')
    expect(JSON.parse(program.body)).toMatchObject({ status: 401, code: 'not-signed-in' })
    expect(asked).toBe(before)
  })

  it.each(['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'DELETE', 'PATCH', 'QUERY', 'PROPFIND'])(
    'gets the same answer to %s',
    async (method) => {
      const before = asked
      const reply = await stranger().send('/secret', { method, headers: script })
      expect(reply.status).toBe(401)
      expect(asked).toBe(before)
    },
  )

  it('gets it to a form, too, which leads back to the page that it was on', async () => {
    const headers = { ...page, referer: `http://localhost:${app.port}/form?id=7` }
    const reply = await stranger().send('/save', { method: 'POST', headers, body: 'a=b' })
    expect(reply).toMatchObject({ status: 303, location: '/_nightlatch/login?next=%2Fform%3Fid%3D7' })
    const elsewhere = { ...page, referer: 'https://evil.example/' }
    expect((await stranger().send('/save', { method: 'POST', headers: elsewhere })).location).toBe(
      '/_nightlatch/login?next=%2F',
    )
  })

  it('gets it while a large body is on its way, which nobody keeps', async () => {
    const socket = connect(app.port, '127.0.0.1')
    const answer = until(socket, /\}$/)
    socket.write('POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000000\r\n\r\n')
    const chunk = Buffer.alloc(1_000_000)
    for (let count = 0; count < 100; count += 1) {
      if (!socket.write(chunk)) await once(socket, 'drain')
    }
    expect(await answer).toMatch(/^HTTP\/1\.1 401 /)
    const next = until(socket, /"code":"not-signed-in".*\}$/)
    socket.write('GET /again HTTP/1.1\r\nHost: localhost\r\n\r\n')
    expect(await next).toMatch(/^HTTP\/1\.1 401 /)
    socket.destroy()
  })

  it('is told so before an upload, not after', async () => {
    const headers = { expect: '100-continue', 'content-length': '1000000000' }
    const sending = ask({ port: app.port, host: '127.0.0.1', path: '/upload', method: 'POST', headers })
    let toldToGoOn = false
    sending.on('continue', () => (toldToGoOn = true))
    sending.flushHeaders()
    const answer = await answerTo(sending)
    expect(answer.status).toBe(401)
    expect(answer.headers.connection).toBe('close')
    expect(toldToGoOn).toBe(false)
  })

  it('gets it in place of a WebSocket', async () => {
    const socket = connect(app.port, '127.0.0.1')
    socket.write(
      'GET /socket HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
    const text = await until(socket, /\}$/)
    expect(text).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(text).toContain('application/problem+json')
    expect(text).not.toContain('<html')
  })

  it('reaches what is public, as nobody', async () => {
    const reply = await stranger().get('/public/a', {
      ...page,
      'remote-user': 'admin',
      remote_groups: 'admins',
    })
    const headers = Object.entries(seen(reply).headers).filter(([name]) => /remote/i.test(name))
    expect(Object.fromEntries(headers)).toEqual({
      'remote-user': '',
      'remote-name': '',
      'remote-email': '',
      'remote-groups': '',
    })
  })

  it.each([
    '/public/../secret',
    '/public/%2e%2e/secret',
    '/public/..;/secret',
    '/public;/../secret',
    '//public/x',
    '/public%2fsecret',
    '/PUBLIC/a',
    '/publicity',
    '/public\\..\\secret',
    '/secret#/public',
    '/secret?/public/a',
  ])('does not reach %s by the rule for /public', async (path) => {
    const before = asked
    const answer = await sendBytes(
      app.port,
      `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|401) /)
    expect(asked).toBe(before)
  })
})

describe('rules', () => {
  it('ask for no factor, one, two, or a group, and lead through the set-up back to the page', async () => {
    const rule = (path: string, access: Access, groups: string[] | null = null) => ({
      ...{ hosts: null, paths: [path], methods: null, groups, access },
    })
    const strict = await startProtected(echo, {
      env: { NIGHTLATCH_MFA: 'optional' },
      rules: {
        rules: [
          rule('/open', 'public'),
          rule('/never', 'deny'),
          rule('/team/*', 'one-factor', ['team']),
          rule('/admin/*', 'two-factors'),
          rule('/keys/*', 'phishing-resistant'),
        ],
        otherwise: 'one-factor',
      },
    })
    await strict.person('ada')
    const person = strict.browser()
    expect((await person.get('/never', script)).status).toBe(403)
    expect((await person.get('/open', script)).status).toBe(200)
    expect((await person.get('/other', script)).status).toBe(401)
    await person.submit('/_nightlatch/login', { username: 'ada', password: testPassword })
    expect(seen(await person.get('/other', script)).headers['remote-user']).toBe('ada')
    expect((await person.get('/team/x', script)).status).toBe(403)
    expect(JSON.parse((await person.get('/admin/x', script)).body)).toMatchObject({
      status: 401,
      code: 'second-factor-required',
    })
    const due = await person.get('/keys/x', page)
    expect([due.status, due.location]).toEqual([303, '/_nightlatch/mfa/passkey-due'])
    expect(JSON.parse((await person.get('/keys/x', script)).body)).toMatchObject({ code: 'passkey-required' })
    expect((await person.get('/admin/x?y=1', page)).location).toBe('/_nightlatch/mfa/setup')
    const phone = new Phone(setUpKey((await person.get('/_nightlatch/mfa/setup')).body), strict.clock)
    await person.submit('/_nightlatch/mfa/setup', { otp: phone.code() })
    const saved = await person.post('/_nightlatch/mfa/recovery-codes', { saved: 'yes' })
    expect(saved.location).toBe('/admin/x?y=1')
    expect((await person.get('/admin/x?y=1', page)).status).toBe(200)
    await strict.close()
  })
})

describe('whoever the headers claim to be', () => {
  const aliases = ['Remote-User', 'rEMOTE-uSER', 'Remote_User', 'Remote.User', 'REMOTE_USER', 'remote-user']
  const names = ['Remote-Name', 'Remote_Email', 'Remote.Groups', 'remote_groups']

  it('is not who the application sees', async () => {
    const lies = [...aliases, ...names].map((name) => `${name}: admin\r\n`).join('')
    const forwarded =
      'X_Forwarded_Proto: https\r\nX-Forwarded-Host: evil.test\r\nX-Forwarded-Host: evil2.test\r\n' +
      'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded.For: 1.2.3.4\r\nX-Forwarded-Uri: /public\r\nForwarded: for=1.2.3.4\r\n' +
      'X-Original-URL: /public\r\nX_Original_URL: /public\r\nX-Rewrite-URL: /public\r\nX-Forwarded-Prefix: /evil\r\n' +
      [
        'X-Real-IP',
        'X_Client_IP',
        'X-Cluster-Client-IP',
        'True-Client-IP',
        'X.Forwarded',
        'X-Host',
        'X-HTTP-Host-Override',
      ]
        .concat(
          'Keep-Alive',
          'Proxy-Connection',
          'Proxy-Authorization',
          'Proxy_Authenticate',
          'HTTP2-Settings',
        )
        .concat('Transfer_Encoding', 'Content_Length', 'Te', 'Trailer', 'Proxy-Authenticate')
        .map((name) => `${name}: 1.2.3.4\r\n`)
        .join('')
    const answer = await sendBytes(
      app.port,
      `GET /who HTTP/1.1\r\nHost: evil.test\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\n${lies}${forwarded}\r\n`,
    )
    const { raw, headers } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n{') + 4)) as ReturnType<
      typeof seen
    >
    const heads = raw.filter((_, at) => at % 2 === 0).filter((name) => !/^(?:host|connection)$/.test(name))
    expect(heads.sort()).toEqual(
      [
        'remote-email',
        'remote-groups',
        'remote-name',
        'remote-user',
        'x-forwarded-for',
        'x-forwarded-host',
      ].concat('x-forwarded-proto', 'x-real-ip'),
    )
    expect(headers).toMatchObject({
      'remote-user': 'ada',
      'remote-name': '',
      'remote-email': '',
      'remote-groups': '',
      'x-forwarded-for': '127.0.0.1',
      'x-forwarded-host': `localhost:${app.port}`,
      'x-forwarded-proto': 'http',
      host: `localhost:${app.port}`,
    })
  })

  it('is refused for good: nothing is offered that would be of no use', async () => {
    for (const [line, wanted] of [
      ['TRACE /who', /^HTTP\/1\.1 501 [^]*"code":"unknown-method"/],
      ['GET /who\\', /^HTTP\/1\.1 400 [^]*<h1/],
    ] as const) {
      const answer = await sendBytes(
        app.port,
        `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: text/html\r\nSec-Fetch-Mode: navigate\r\n\r\n`,
      )
      expect(answer).toMatch(wanted)
      expect(answer).not.toMatch(/Try again|reference"/)
    }
  })

  it('may send its body in chunks, in any spelling of that', async () => {
    const answer = await sendBytes(
      app.port,
      `POST /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 200 [^]*"body":"ok"\}/)
  })

  it('may say a thing twice', async () => {
    const headers = { cookie: cookieOf(ada.browser), 'set-cookie': ['a=1', 'b=2'] }
    const { body } = await answerTo(ask({ port: app.port, host: '127.0.0.1', path: '/who', headers }).end())
    const { raw } = seen({ body: body.toString() })
    expect(raw.filter((_, at) => raw[at - 1] === 'set-cookie')).toEqual(['a=1', 'b=2'])
  })

  it('cannot be taken away by naming our headers as those of the connection', async () => {
    const reply = await ada.browser.get('/who', {
      connection: 'close, Remote-User, X-Forwarded-For, Cookie, Host, Content-Length',
    })
    expect(seen(reply).headers).toMatchObject({ 'remote-user': 'ada', 'x-forwarded-for': '127.0.0.1' })
  })

  it.each([
    ['a space in a header name', 'Remote User: admin\r\n'],
    ['a space before the colon', 'Remote-User : admin\r\n'],
    ['a folded line', 'X-A: b\r\n Remote-User: admin\r\n'],
    ['two hosts', 'Host: localhost\r\n'],
    ['two ways to tell the length', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n'],
    ['two lengths', 'Content-Length: 3\r\nContent-Length: 4\r\n'],
    ['another coding', 'Transfer-Encoding: gzip, chunked\r\n'],
    ['a coding that is none', 'Transfer-Encoding: xchunked\r\n'],
  ])('is refused with %s', async (_name, header) => {
    const before = asked
    const answer = await sendBytes(
      app.port,
      `POST /who HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\n${header}\r\n`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400 /)
    expect(asked).toBe(before)
  })

  it.each([
    ['a method that shows headers', 'TRACE /who'],
    ['a tunnel to somewhere else', 'CONNECT localhost:22'],
    ['every resource at once', 'OPTIONS *'],
    ['a path that is no path', 'GET who'],
    ['a path with what may be a slash', 'GET /who\\'],
    ['bytes that are no ASCII', 'GET /\xff\xfe'],
  ])('is refused with %s', async (_name, line) => {
    const before = asked
    const answer = await sendBytes(
      app.port,
      Buffer.from(
        `${line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: ${cookieOf(ada.browser)}\r\n\r\n`,
        'latin1',
      ),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (?:400|501) /)
    expect(asked).toBe(before)
  })

  it.each(['GET', 'POST'])(
    'cannot be said in the body of a %s whose length comes after a thousand headers',
    async (method) => {
      const body = 'GET /who HTTP/1.1\r\nHost: localhost\r\nRemote-User: admin\r\n\r\n'
      const before = asked
      const answer = await sendBytes(
        app.port,
        `${method} /public/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n${'a:\r\n'.repeat(2500)}Content-Length: ${body.length}\r\n\r\n${body}`,
      )
      expect(answer).toMatch(/^HTTP\/1\.1 200 /)
      const { body: arrived } = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n{') + 4)) as ReturnType<
        typeof seen
      >
      expect(arrived).toBe(body)
      expect(asked).toBe(before + 1)
    },
  )

  it('keeps our cookies from the application, in every spelling', async () => {
    const cookie = `a=1; ${cookieOf(ada.browser)}; __Host-nightlatch-device=x; NIGHTLATCH-SESSION=y; =nightlatch-x=1;nightlatch-y=2; z=26`
    expect(seen(await ada.browser.get('/who', { cookie })).headers['cookie']).toBe('a=1; z=26')
  })
})

describe('the end of a session', () => {
  const again = (person: Enrolled) => person.browser.copy().get('/who', script)

  it('takes effect on the next request after sign-out', async () => {
    const bea = await enrolledPerson(app, 'bea')
    const copy = bea.browser.copy()
    expect((await again(bea)).status).toBe(200)
    await bea.browser.submit('/_nightlatch/logout')
    expect((await copy.get('/who', script)).status).toBe(401)
  })

  it('takes effect on the next request after disabling', async () => {
    const cleo = await enrolledPerson(app, 'cleo')
    const { core } = app.nightlatch
    await disableAccount(core, (await findAccount(core, 'cleo'))!)
    expect((await again(cleo)).status).toBe(401)
  })

  it('takes effect when it has been idle for too long', async () => {
    const dora = await enrolledPerson(app, 'dora')
    app.clock.advance(12 * 3600 + 1)
    expect((await again(dora)).status).toBe(401)
    ada = await enrolledPerson(app, 'ada2')
  })
})

describe('our own pages', () => {
  it('are below /_nightlatch, for everybody', async () => {
    expect((await stranger().get('/_nightlatch/login')).status).toBe(200)
    expect((await stranger().get('/_nightlatch')).location).toBe('/_nightlatch/login')
    expect((await stranger().get('/_nightlatch/healthz')).status).toBe(200)
    expect((await stranger().get('/_nightlatch/nothing')).status).toBe(404)
  })

  it('take a form whose sender asks before it sends it', async () => {
    const body = 'username=ada&password=wrong'
    const headers = {
      ...{ ...page, expect: '100-continue', 'content-length': String(body.length) },
      ...{ 'content-type': 'application/x-www-form-urlencoded', origin: `http://localhost:${app.port}` },
    }
    const sending = ask({
      port: app.port,
      host: '127.0.0.1',
      path: '/_nightlatch/login',
      method: 'POST',
      headers,
    })
    const answer = answerTo(sending)
    sending.flushHeaders()
    await once(sending, 'continue')
    sending.end(body)
    expect((await answer).body.toString()).toContain('<h1')
  })

  it('do not hide what only looks like them', async () => {
    expect((await stranger().get('/_nightlatchx', script)).status).toBe(401)
    expect(seen(await ada.browser.get('/_nightlatchx')).url).toBe('/_nightlatchx')
  })

  it('lead back to the page first asked for, with its query', async () => {
    const browser = stranger()
    await app.person('emma')
    // As browsers send it: neither \ nor | is encoded in a query.
    const first = await browser.get('/deep/page?x=1\\|&y=%26', page)
    const next = new URL(first.location, 'http://localhost').searchParams.get('next') ?? ''
    expect(next).toBe('/deep/page?x=1%5C|&y=%26')
    await browser.submit('/_nightlatch/login', { username: 'emma', password: testPassword, next })
    const { Phone, setUpKey } = await import('../support/app.js')
    const phone = new Phone(setUpKey((await browser.get('/_nightlatch/mfa/setup')).body), app.clock)
    await browser.submit('/_nightlatch/mfa/setup', { otp: phone.code() })
    const saved = await browser.post('/_nightlatch/mfa/recovery-codes', { saved: 'yes' })
    expect(saved.location).toBe('/deep/page?x=1%5C|&y=%26')
    expect(seen(await browser.get(saved.location)).headers['remote-user']).toBe('emma')
    expect(seen(await browser.get('/deep/page?x=1\\')).url).toBe('/deep/page?x=1\\')
  })
})
