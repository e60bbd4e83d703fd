#!/usr/bin/env bash
# keepassxc-cli 2.7.4 (Debian 12).
# Expected: an entry that makes one-time passwords in KeePass itself (fields `TimeOtp-Secret-Base32` and others, since KeePass
#   2.47) has something in the column TOTP of a CSV export, as an entry with the field `otp` or `TOTP Seed` has: it is the same
#   format of file, and the XML export has the fields.
# Seen: the column is empty, and `show --totp` says that the entry has no TOTP. Whoever moves by CSV leaves those accounts
#   behind, without a word.
# Source: the three exports below; https://keepass.info/help/base/placeholders.html#otp for the fields.
# Needs: keepassxc-cli (apt-get install keepassxc). Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! command -v keepassxc-cli >/dev/null; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends keepassxc >/dev/null
fi
entry() { # name, field, value
  printf '<Entry><UUID>%s</UUID><String><Key>Title</Key><Value>%s</Value></String><String><Key>%s</Key><Value>%s</Value></String></Entry>' \
    "$(printf '%-16.16s' "$1" | base64)" "$1" "$2" "$3"
}
secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ
{
  printf '<?xml version="1.0"?><KeePassFile><Meta/><Root><Group><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Name>Root</Name>'
  entry uri otp "otpauth://totp/Wiki:ada?secret=$secret"
  entry keepass TimeOtp-Secret-Base32 "$secret"
  printf '</Group></Root></KeePassFile>'
} >vault.xml
export QT_QPA_PLATFORM=offscreen
printf 'a passphrase\na passphrase\n' | keepassxc-cli import -q -p vault.xml vault.kdbx
printf 'a passphrase\n' | keepassxc-cli export -q -f csv vault.kdbx >vault.csv
printf 'a passphrase\n' | keepassxc-cli export -q -f xml vault.kdbx >again.xml
uri=$(grep -c '"uri".*otpauth://' vault.csv || true)
keepass=$(grep '"keepass"' vault.csv | grep -c "$secret" || true)
xml=$(grep -c 'TimeOtp-Secret-Base32' again.xml || true)
code=no
printf 'a passphrase\n' | keepassxc-cli show -q -t vault.kdbx keepass >code 2>/dev/null && grep -Eq '^[0-9]{6}$' code && code=yes
echo "$(keepassxc-cli --version): CSV has the secret of the field otp: $uri, of KeePass's own field: $keepass; XML has that field: $xml; it makes a code: $code"
[ "$uri" = 1 ] && [ "$keepass" = 0 ] && [ "$xml" = 1 ] && [ "$code" = no ]
