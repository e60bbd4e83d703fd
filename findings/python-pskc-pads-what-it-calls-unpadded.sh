#!/usr/bin/env bash
# python3-pskc 1.2-1 (Debian 12), with which pskc-utils writes key files (RFC 6030).
# Expected: a value whose EncryptionMethod is http://www.w3.org/2001/04/xmlenc#kw-aes128 is wrapped by RFC 3394, as XML
#   Encryption 1.0 says of that name; a secret of 20 bytes cannot be (only multiples of 8 bytes can), so the writer refuses it
#   or names another algorithm.
# Seen: a secret of 20 bytes is written under that very name, wrapped by RFC 5649 (with padding), which has a name of its own,
#   http://www.w3.org/2009/xmlenc11#kw-aes-128-pad. One of 16 bytes in the same file is wrapped by RFC 3394. Whoever unwraps as
#   the name says reads the second and takes the first for a wrong key.
# Source: unwrapping both with `cryptography` below.
# Needs: Debian's python3 and python3-pskc (apt-get install python3-pskc). Changes nothing outside of a temporary folder.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
if ! /usr/bin/python3 -c 'import pskc' 2>/dev/null; then
  apt-get update -qq >/dev/null
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pskc >/dev/null
fi

cat >wrap.py <<'PY'
import base64, re, sys
from cryptography.hazmat.primitives import keywrap
from pskc import PSKC

key = bytes.fromhex('00112233445566778899aabbccddeeff')

def written(secret):
    file = PSKC()
    file.add_key(id='K1', serial='S1', secret=secret, algorithm='urn:ietf:params:xml:ns:keyprov:pskc:totp',
                 response_length=6, response_encoding='DECIMAL', time_interval=30)
    file.encryption.setup_preshared_key(key=key, key_name='shared', algorithm='kw-aes128')
    file.write('file.xml')
    xml = open('file.xml', encoding='utf-8').read()
    value = re.search(r'<pskc:EncryptedValue>.*?</pskc:EncryptedValue>', xml, re.S).group(0)
    name = re.search(r'Algorithm="([^"]+)"', value).group(1)
    return name, base64.b64decode(re.search(r'CipherValue>([^<]+)<', value).group(1))

def opens(unwrap, data, secret):
    try:
        return unwrap(key, data) == secret
    except Exception:
        return False

seen = []
for secret in (b'1234567890123456', b'12345678901234567890'):
    name, data = written(secret)
    plain, padded = opens(keywrap.aes_key_unwrap, data, secret), opens(keywrap.aes_key_unwrap_with_padding, data, secret)
    print(f'{len(secret)} bytes: named {name.split("#")[1]}; RFC 3394 opens it: {plain}; RFC 5649 opens it: {padded}')
    seen.append((name.endswith('#kw-aes128'), plain, padded))
sys.exit(0 if seen == [(True, True, False), (True, False, True)] else 1)
PY
/usr/bin/python3 wrap.py
