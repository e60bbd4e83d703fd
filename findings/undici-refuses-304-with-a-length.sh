#!/usr/bin/env bash
# undici 7.30.2, `request`, `stream` and `dispatch` alike.
# Expected: a 304 ends with its head; it may name the length that the 200 would have had (RFC 9110 8.6), as many servers do.
# Seen: once the head has arrived the request fails, UND_ERR_RES_CONTENT_LENGTH_MISMATCH, and the connection with it: the
#   length is compared with the bytes of a body that cannot come. Only the answer to HEAD is left out of the comparison.
# Source: lib/dispatcher/client-h1.js, onMessageComplete. node:http takes the same answer.
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
  socket.on('data', () => socket.write('HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 5000\r\n\r\n'))
}).listen(0, '127.0.0.1', async () => {
  const url = `http://127.0.0.1:${server.address().port}/`
  const byNode = await new Promise((resolve) => get(url, (answer) => answer.resume().on('end', () => resolve(answer.statusCode))))
  const byUndici = await request(url, { headers: { 'if-none-match': '"a"' } })
    .then(async ({ statusCode, body }) => (await body.text(), statusCode))
    .catch(({ code }) => code)
  console.log(`node:http ${byNode}, undici ${byUndici}`)
  process.exit()
})
JS
seen=$(node ask.mjs)
echo "$seen"
[ "$seen" = 'node:http 304, undici UND_ERR_RES_CONTENT_LENGTH_MISMATCH' ] || {
  echo "not what was seen before"
  exit 1
}
