/** The limit: node:http with a constant answer of the size of a small page. */
import { createServer } from 'node:http'
import { answerQuestions } from '../lib/child.mjs'

const body = 'x'.repeat(1500)
const server = createServer((_request, response) => {
  response.writeHead(200, { 'content-type': 'text/html; charset=utf-8', 'content-length': body.length })
  response.end(body)
})
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
