/** A plain application: a small answer, or as many bytes as are asked for; the size of what is sent; an echo. */
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { answerQuestions } from '../lib/child.mjs'

const chunk = Buffer.alloc(64 * 1024, 'x')

const server = createServer((request, response) => {
  if (request.method === 'POST') {
    let received = 0
    request.on('data', (bytes) => (received += bytes.length))
    request.on('end', () => {
      const body = String(received)
      response.setHeader('content-length', body.length)
      response.end(body)
    })
    return
  }
  const wanted = Number(new URL(request.url, 'http://localhost').searchParams.get('bytes') ?? 0)
  if (wanted === 0) {
    response.setHeader('content-length', 5)
    response.end('hello')
    return
  }
  response.setHeader('content-length', wanted)
  let sent = 0
  const more = () => {
    while (sent < wanted) {
      const piece = chunk.subarray(0, wanted - sent)
      sent += piece.length
      if (!response.write(piece)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
})
const magic = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
/** The bytes come back as they are: whoever stands in between does not look into the frames. */
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + magic)
    .digest('base64')
  const lines = ['101 Switching Protocols', 'Upgrade: websocket', 'Connection: Upgrade']
  socket.write(`HTTP/1.1 ${lines.join('\r\n')}\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`)
  socket.on('error', () => socket.destroy())
  socket.pipe(socket)
})
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
