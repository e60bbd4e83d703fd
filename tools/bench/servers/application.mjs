/** A plain application: a small answer, or as many bytes as are asked for. */
import { createServer } from 'node:http'
import { answerQuestions } from '../lib/child.mjs'

const chunk = Buffer.alloc(64 * 1024, 'x')

const server = createServer((request, response) => {
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
      sent += chunk.length
      if (!response.write(sent > wanted ? chunk.subarray(0, wanted - sent + chunk.length) : chunk)) {
        response.once('drain', more)
        return
      }
    }
    response.end()
  }
  more()
})
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
