#!/usr/bin/env bash
# otpclient-cli 3.1.4 (Debian 12).
# Expected: `export -t andotp_plain` writes andOTP's plain JSON, and `andotp_encrypted` asks for a passphrase and writes the encrypted file,
#   as `otpclient-cli --help-export` names them.
# Seen: the other way round. Whoever asks for an encrypted backup gets every secret in clear, and is asked for nothing.
# Source: `otpclient-cli --help-export`, and the two files below; the vault is made after the program's source (nonce, salt, AES-256-GCM under
#   PBKDF2 with SHA-512), because no command of it adds an account.
# Needs: otpclient-cli, expect (apt-get) and node. Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! command -v otpclient-cli >/dev/null || ! command -v expect >/dev/null; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends otpclient-cli expect >/dev/null
fi
node -e '
const { createCipheriv, pbkdf2Sync, randomBytes } = require("node:crypto")
const [nonce, salt] = [randomBytes(16), randomBytes(32)]
const account = { type: "TOTP", label: "ada", issuer: "Wiki", secret: "GEZDGNBVGY3TQOJQ", digits: 6, algo: "SHA1", period: 30 }
const cipher = createCipheriv("aes-256-gcm", pbkdf2Sync("a passphrase", salt, 100000, 32, "sha512"), nonce)
cipher.setAAD(Buffer.concat([nonce, salt]))
const sealed = Buffer.concat([cipher.update(JSON.stringify([account])), cipher.final()])
require("node:fs").writeFileSync("vault.enc", Buffer.concat([nonce, salt, sealed, cipher.getAuthTag()]))
'
mkdir -p home/.config plain encrypted
printf '[config]\ndb_path=%s\nuse_secret_service=false\n' "$folder/vault.enc" >home/.config/otpclient.cfg
cat >ask <<'END'
set timeout 1
set left 60
spawn -noecho {*}$argv
expect {
  "assword: " { send -- "a passphrase\r"; exp_continue }
  timeout { incr left -1; if {$left > 0} { send -- "a passphrase\r"; exp_continue } }
  eof
}
END
export HOME="$folder/home" XDG_CONFIG_HOME="$folder/home/.config"
for kind in plain encrypted; do expect ask otpclient-cli export -t "andotp_$kind" -d "$folder/$kind" >"$kind.said"; done
inClear() { grep -rl GEZDGNBVGY3TQOJQ "$1" >/dev/null && echo yes || echo no; }
plain=$(inClear plain) encrypted=$(inClear encrypted)
echo "$(otpclient-cli -v | head -1): the secret is in clear in andotp_plain: $plain, in andotp_encrypted: $encrypted"
[ "$plain" = no ] && [ "$encrypted" = yes ]
