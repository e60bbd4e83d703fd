#!/usr/bin/env bash
# Caddy 2.6.2 (Debian 12), `forward_auth` with `copy_headers`.
# Expected: a header that the answer of the authentication server does not have is not set on the way to the application.
# Seen: it is set to the text of Caddy's own placeholder, {http.reverse_proxy.header.NAME}, which an application takes for
#   somebody's name. So an authentication server behind Caddy sends every header each time, empty where there is nothing.
# Source: caddyserver/caddy#6610, mended in 2.9 by caddyserver/caddy#6608.
# Needs: Debian 12 with apt-get, node, curl. Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
pids=()
trap 'kill "${pids[@]}" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
apt-get download caddy=2.6.2-5 >/dev/null
dpkg-deb -x caddy_2.6.2-5_*.deb package

cat >Caddyfile <<'CADDY'
{
  admin off
  auto_https off
}
http://127.0.0.1:8971 {
  forward_auth 127.0.0.1:8972 {
    uri /verify
    copy_headers Remote-User Remote-Name
  }
  reverse_proxy 127.0.0.1:8973
}
CADDY
cat >servers.mjs <<'JS'
import { createServer } from 'node:http'
const authentication = createServer((_request, response) => response.setHeader('Remote-User', 'ada').end())
const application = createServer(({ headers }, response) =>
  response.end(`user: ${headers['remote-user']}, name: ${headers['remote-name']}`),
)
authentication.listen(8972, '127.0.0.1')
application.listen(8973, '127.0.0.1')
JS
node servers.mjs &
pids+=($!)
package/usr/bin/caddy run --config Caddyfile --adapter caddyfile >caddy.log 2>&1 &
pids+=($!)

seen=$(curl -sS --retry 20 --retry-connrefused --retry-delay 1 http://127.0.0.1:8971/)
echo "the application saw   $seen"
[ "$seen" = 'user: ada, name: {http.reverse_proxy.header.Remote-Name}' ] || {
  echo "not what was seen before"
  exit 1
}
