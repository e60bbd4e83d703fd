#!/usr/bin/env bash
# qr 0.7.0 (npm), `qr/decode.js`.
# Expected: a QR code is found in a photo or screenshot of any size that fits into memory; the README names no limit.
# Seen: a picture with a side over 4096 pixels is refused with a RangeError, whatever it shows: a long screenshot of a phone
#   (1080 x 9000), two monitors side by side. Whoever takes every error of the decoder for "there is no code" tells people
#   so without having looked.
# Source: the package's decode.js, which checks width and height before it begins.
# Needs: node, npm. Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{ "private": true, "type": "module" }' >package.json
npm install --silent --no-audit --no-fund qr@0.7.0

cat >sizes.mjs <<'JS'
import encodeQR from 'qr'
import decodeQR from 'qr/decode.js'

const code = encodeQR('https://example.org/', 'raw', { ecc: 'medium', border: 4 })

/** White, with the code in a corner, ten pixels a module. */
function picture(width, height) {
  const data = new Uint8Array(width * height * 4).fill(255)
  for (let y = 0; y < code.length * 10; y += 1)
    for (let x = 0; x < code.length * 10; x += 1)
      if (code[Math.floor(y / 10)][Math.floor(x / 10)]) data.fill(0, (y * width + x) * 4, (y * width + x) * 4 + 3)
  return { width, height, data }
}

for (const [width, height] of [[1080, 4096], [1080, 4097], [1080, 9000]]) {
  let seen
  try {
    seen = decodeQR(picture(width, height))
  } catch (error) {
    seen = error.name
  }
  console.log(`${width} x ${height}: ${seen}`)
}
JS
seen=$(node sizes.mjs)
echo "$seen"
[ "$seen" = '1080 x 4096: https://example.org/
1080 x 4097: RangeError
1080 x 9000: RangeError' ] || {
  echo "not what was seen before"
  exit 1
}
