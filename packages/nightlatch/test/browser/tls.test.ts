import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { makeCertificate, tlsEnv } from '../support/certificate.js'
import { useChromium } from '../support/chromium.js'
import { patient } from '../support/pace.js'
import { testPassword } from '../support/people.js'
import { startProtected, type Protected } from '../support/protected.js'
import { Visitor } from '../support/visitor.js'

const application = createServer((_request, response) => {
  response
    .setHeader('content-type', 'text/html')
    .end('<!doctype html><title>app</title><h1>The application</h1>')
})
application.on('upgrade', ({ headers }: IncomingMessage, socket: Duplex) => {
  const key = `${String(headers['sec-websocket-key'])}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
  const accept = createHash('sha1').update(key).digest('base64')
  const head = ['101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket']
  socket.write(`HTTP/1.1 ${head.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  // A text frame, without a mask as servers send it.
  socket.write(Buffer.concat([Buffer.from([0x81, 5]), Buffer.from('hello')]))
})

let app: Protected
beforeAll(async () => {
  app = await startProtected(application, { env: tlsEnv(makeCertificate()) })
})
afterAll(() => app.close())

const chromium = useChromium()

it(
  'a real browser signs in by HTTP/2 with the certificate of the server itself, and opens a WebSocket beside it',
  async () => {
    await app.person('emma')
    await chromium.visiting({ ignoreHTTPSErrors: true }, async (page) => {
      const emma = new Visitor(page, app)
      await page.goto(`${app.server.settings.origin}/`)
      await emma.type('Username or email address', 'emma')
      await emma.type('Password', testPassword)
      await emma.press('Sign in')
      await emma.setUp()
      await emma.sees('The application')
      const protocol = await page.evaluate(() => {
        const [entry] = performance.getEntriesByType('navigation')
        return (entry as PerformanceNavigationTiming).nextHopProtocol
      })
      expect(protocol).toBe('h2')
      const heard = await page.evaluate(
        () =>
          new Promise((resolve, reject) => {
            const socket = new WebSocket(`wss://${location.host}/socket`)
            socket.addEventListener('message', ({ data }) => {
              resolve(data)
            })
            socket.addEventListener('error', reject)
          }),
      )
      expect(heard).toBe('hello')
    })
  },
  patient(60_000),
)
