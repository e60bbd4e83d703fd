#!/usr/bin/env bash
# node:http of Node 20.20, a response and a request.
# Expected: a header is sent in the same bytes whichever call sends it; node:http reads and writes them one byte a character (RFC 9110 5.5).
# Seen: what was read as one byte e9 leaves as e9 with `end` and `write`, and as the two bytes c3 a9 where `flushHeaders` sends the head.
# Source: lib/_http_outgoing.js: flushHeaders calls _send(''), which puts head and text together and leaves the encoding to the
#   socket, whose default is UTF-8; every other way says latin1. What passes headers on, a proxy of events for one, changes them so.
# Needs: node. Changes nothing.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/ask.mjs" <<'JS'
import { createServer, request } from 'node:http'
import { connect, createServer as listen } from 'node:net'
const ways = {
  end: (message) => message.end(),
  write: (message) => message.write(Buffer.from('x')),
  flushHeaders: (message) => message.flushHeaders(),
}
const bytesOf = (head) => /x-name: ([^\r]*)/i.exec(head)[1].split('').map((one) => one.charCodeAt(0).toString(16)).join(' ')
const seen = []
for (const [name, send] of Object.entries(ways)) {
  const server = createServer((_asked, response) => send(response.setHeader('x-name', '\xe9'))).listen(0)
  const answered = await new Promise((resolve) => {
    const socket = connect(server.address().port, () => socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n'))
    socket.once('data', (bytes) => resolve(bytesOf(bytes.toString('latin1'))))
  })
  const sent = await new Promise((resolve) => {
    const behind = listen((socket) => socket.once('data', (bytes) => resolve(bytesOf(bytes.toString('latin1'))))).listen(0, () =>
      send(request({ port: behind.address().port, method: 'POST', headers: { 'x-name': '\xe9' } })),
    )
  })
  seen.push(`${name}: response ${answered}, request ${sent}`)
}
console.log(seen.join('; '))
process.exit()
JS
seen=$(node "$folder/ask.mjs")
echo "$seen"
[ "$seen" = 'end: response e9, request e9; write: response e9, request e9; flushHeaders: response c3 a9, request c3 a9' ] || {
  echo "not what was seen before"
  exit 1
}
