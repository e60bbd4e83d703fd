#!/usr/bin/env bash
# keepassxc-cli 2.7.4 (Debian 12).
# Expected: an entry that was removed (`rm`, which puts it into the recycle bin) is not in a CSV export, or is marked there: whoever
#   moves by CSV moves what they have, and the XML export says which group is the bin (RecycleBinUUID).
# Seen: it is a row like every other one, password and all; only the name of its group, which is in the language of the program, tells.
# Source: the two exports below; https://keepassxc.org/docs/KeePassXC_UserGuide (exporting databases).
# Needs: keepassxc-cli (apt-get install keepassxc). Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! command -v keepassxc-cli >/dev/null; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends keepassxc >/dev/null
fi
export QT_QPA_PLATFORM=offscreen
with() { printf 'a passphrase\n%s' "${2-}" | keepassxc-cli $1 2>/dev/null; }
printf 'a passphrase\na passphrase\n' | keepassxc-cli db-create -q -p vault.kdbx >/dev/null 2>&1
with 'add -q -u ada vault.kdbx Kept'
with 'add -q -u ada -p vault.kdbx Removed' $'thrown away\nthrown away\n'
with 'rm -q vault.kdbx Removed'
with 'export -q -f csv vault.kdbx' >vault.csv
with 'export -q -f xml vault.kdbx' >vault.xml
bin=$(grep -o '<RecycleBinUUID>[^<]*' vault.xml | cut -d'>' -f2)
row=$(grep '"Removed"' vault.csv || true)
echo "$(keepassxc-cli --version): the XML names the bin: $bin; the CSV has the removed entry: ${row:-no}"
[ -n "$bin" ] && [ "$bin" != AAAAAAAAAAAAAAAAAAAAAA== ] && [[ $row == *'/Recycle Bin"'* && $row == *'"thrown away"'* ]]
