#!/usr/bin/env bash
# Node 20.20, node:http2, a server whose client resets a request in the middle of its body with RST_STREAM NO_ERROR.
# Expected: as with HTTP/1.1, a body that was cut off is an error, or at least never ends with `end`: no frame said END_STREAM.
# Seen: the request emits `end` and says `complete`, as for a whole body. A proxy that pipes it passes half an upload on as a whole
#   one. So whoever passes bodies on has to look whether the stream was closed before its body ended.
# Source: RFC 9113 8.1 (a message ends with END_STREAM); lib/internal/http2/core.js, onStreamClose, pushes null whatever the code.
# Needs: node, openssl. Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >server.mjs <<'JS'
import { createServer } from 'node:http2'
import { connect } from 'node:net'
const frame = (type, flags, stream, payload = Buffer.alloc(0)) => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}
const field = (name, value) =>
  Buffer.concat([Buffer.from([0, name.length]), Buffer.from(name), Buffer.from([value.length]), Buffer.from(value)])
const head = Buffer.concat([field(':method', 'POST'), field(':scheme', 'http'), field(':path', '/'), field(':authority', 'x')])
const server = createServer((request) => {
  let body = ''
  request.on('data', (chunk) => {
    body += chunk
    socket.write(frame(3, 0, 1, Buffer.from([0, 0, 0, 0])))
  })
  request.on('end', () => {
    console.log(`node ${process.versions.node}: end after ${JSON.stringify(body)}, complete: ${request.complete}`)
    process.exit(0)
  })
  request.on('close', () => setImmediate(() => process.exit(1)))
})
let socket
server.listen(0, '127.0.0.1', () => {
  socket = connect(server.address().port, '127.0.0.1', () => {
    socket.write(Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(4, 0, 0), frame(1, 4, 1, head)]))
    socket.write(frame(0, 0, 1, Buffer.from('the first half')))
  })
  socket.resume()
})
JS
node server.mjs || {
  echo "not what was seen before"
  exit 1
}
