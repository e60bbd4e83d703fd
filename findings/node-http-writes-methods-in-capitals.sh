#!/usr/bin/env bash
# Node 20.20: a request that came by node:http2 with a method in small letters is sent on by node:http.
# Expected: methods are case-sensitive, and the next server gets the word that this one got, or an error.
# Seen: `patch` arrives as PATCH. Whoever compares the method with a list before the request is passed on compares another one than
#   the next server sees; by HTTP/1.1 nothing of the kind comes in, for the parser knows methods in capitals only.
# Source: RFC 9110 9.1 (the method token is case-sensitive); lib/_http_client.js, ClientRequest: method.toUpperCase().
# Needs: node. Changes nothing.
set -euo pipefail
node --input-type=module <<'JS' || { echo "not what was seen before"; exit 1; }
import http from 'node:http'
import http2 from 'node:http2'
const behind = http.createServer(({ method }, response) => response.end(method)).listen(0, '127.0.0.1')
const front = http2.createServer(({ method }, response) => {
  const options = { port: behind.address().port, host: '127.0.0.1', method }
  http.request(options, (answer) => {
    response.setHeader('x-came-as', method)
    answer.pipe(response)
  }).end()
})
front.listen(0, '127.0.0.1', () => {
  const client = http2.connect(`http://127.0.0.1:${front.address().port}`)
  const asked = client.request({ ':method': 'patch', ':path': '/' })
  let cameAs = ''
  let sentAs = ''
  asked.on('response', (headers) => (cameAs = headers['x-came-as']))
  asked.setEncoding('utf8').on('data', (text) => (sentAs += text))
  asked.on('end', () => {
    console.log(`node ${process.versions.node}: came as ${cameAs}, was sent on as ${sentAs}`)
    process.exit(cameAs === 'patch' && sentAs === 'PATCH' ? 0 : 1)
  })
  asked.end()
})
JS
