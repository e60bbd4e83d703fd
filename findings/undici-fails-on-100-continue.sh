#!/usr/bin/env bash
# undici 7.30.2, every way to ask.
# Expected: an informational answer that nobody asked for is skipped; a client must be able to (RFC 9110 15.2), 100 among them.
# Seen: 102 and 103 are handed on, 100 ends the connection and the request fails with UND_ERR_SOCKET, "bad response". There is no
#   way to wait for it either: a header `expect` is refused with NotSupportedError.
# Source: lib/dispatcher/client-h1.js, onHeadersComplete; lib/core/request.js, processHeader. node:http takes both.
# Needs: npm, node. Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts undici@7.30.2 >/dev/null
cat >ask.mjs <<'JS'
import { createServer } from 'node:net'
import { get } from 'node:http'
import { request } from 'undici'
const server = createServer((socket) => {
  socket.on('error', () => undefined)
  socket.on('data', (head) => {
    const status = /^GET \/(\S+)/.exec(head)[1].replace('-', ' ')
    socket.write(`HTTP/1.1 ${status}\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok`)
  })
}).listen(0, '127.0.0.1', async () => {
  const ask = (path) =>
    request(`http://127.0.0.1:${server.address().port}/${path}`)
      .then(async ({ statusCode, body }) => (await body.text(), statusCode))
      .catch(({ code, message }) => `${code} ${message}`)
  const byNode = await new Promise((resolve) =>
    get(`http://127.0.0.1:${server.address().port}/100-Continue`, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))),
  )
  console.log(`node:http ${byNode}; undici after 102 ${await ask('102-Processing')}, after 100 ${await ask('100-Continue')}`)
  process.exit()
})
JS
seen=$(node ask.mjs)
echo "$seen"
[ "$seen" = 'node:http 200; undici after 102 200, after 100 UND_ERR_SOCKET bad response' ] || {
  echo "not what was seen before"
  exit 1
}
