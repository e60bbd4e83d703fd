/** A proxy of twenty lines on a bare library, which checks nothing: what any proxy in Node could cost at best. */
import { Agent, createServer, request as ask } from 'node:http'
import { createRequire } from 'node:module'
import { createProxyServer } from 'httpxy'
import { answerQuestions } from '../lib/child.mjs'

const { target, transport } = JSON.parse(process.argv[2])
const agent = new Agent({ keepAlive: true, maxFreeSockets: 64, scheduling: 'lifo' })
const ofOneHop = new Set(['connection', 'keep-alive', 'transfer-encoding', 'upgrade'])

/** Names and values in turn, without those of one connection. */
function passable(raw) {
  const out = []
  for (let at = 0; at < raw.length; at += 2)
    if (!ofOneHop.has(raw[at].toLowerCase())) out.push(raw[at], raw[at + 1])
  return out
}

function byHttpxy() {
  const proxy = createProxyServer({ target, agent })
  return (request, response) => void proxy.web(request, response)
}

function byNode() {
  const { hostname: host, port } = new URL(target)
  return (request, response) => {
    const { method, url: path, rawHeaders } = request
    const outgoing = ask({ host, port, agent, method, path, headers: passable(rawHeaders) }, (answer) => {
      response.writeHead(answer.statusCode, answer.statusMessage, passable(answer.rawHeaders))
      answer.pipe(response)
    })
    request.pipe(outgoing)
  }
}

function byUndici() {
  const { Pool } = createRequire(import.meta.url)('undici')
  const pool = new Pool(target, { connections: 256, headersTimeout: 0, bodyTimeout: 0 })
  return (request, response) => {
    let onDrain
    const handler = {
      onConnect() {},
      // eslint-disable-next-line max-params -- the library calls it so
      onHeaders(status, raw, resume, reason) {
        response.writeHead(status, reason, passable(raw.map((each) => each.latin1Slice())))
        onDrain = resume
        return true
      },
      onData: (chunk) => response.write(chunk) || (response.once('drain', onDrain), false),
      onComplete: () => response.end(),
      onError: () => response.destroy(),
    }
    const { method, url: path, rawHeaders } = request
    const hasBody = request.headers['content-length'] !== undefined
    const headers = passable(rawHeaders)
    pool.dispatch({ method, path, headers, body: hasBody ? request : null }, handler)
  }
}

const server = createServer({ httpxy: byHttpxy, node: byNode, undici: byUndici }[transport]())
server.listen(0, '127.0.0.1', () => answerQuestions({ port: server.address().port }))
