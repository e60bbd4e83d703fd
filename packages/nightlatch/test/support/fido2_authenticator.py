"""An authenticator on python3-fido2 (Yubico): one JSON object a line in, one out. It shares no line with ours."""
import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

from cryptography.hazmat.backends import default_backend
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from fido2.client import ClientData
from fido2.cose import ES256, RS256, EdDSA
from fido2.ctap2 import AttestationObject, AttestedCredentialData, AuthenticatorData

keys = {}


def b64(data):
    return urlsafe_b64encode(bytes(data)).decode().rstrip("=")


def raw(text):
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def new_key(algorithm):
    if algorithm == -7:
        key = ec.generate_private_key(ec.SECP256R1(), default_backend())
        return key, ES256.from_cryptography_key(key.public_key())
    if algorithm == -8:
        key = ed25519.Ed25519PrivateKey.generate()
        return key, EdDSA.from_cryptography_key(key.public_key())
    key = rsa.generate_private_key(65537, 2048, default_backend())
    return key, RS256.from_cryptography_key(key.public_key())


def sign(algorithm, key, data):
    if algorithm == -7:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))
    if algorithm == -8:
        return key.sign(data)
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def ceremony(ask, kind):
    client = ClientData.build(
        type=ask.get("type", kind), challenge=ask["challenge"], origin=ask["origin"], **ask.get("client", {})
    )
    return client, sha256(ask["rpId"].encode()).digest(), ask.get("flags", 0x05), ask.get("counter", 0)


def create(ask):
    algorithm = ask.get("algorithm", -7)
    credential = sha256(ask["name"].encode()).digest()
    keys[ask["name"]] = (algorithm, *new_key(algorithm))
    client, rp_hash, flags, counter = ceremony(ask, "webauthn.create")
    attested = AttestedCredentialData.create(bytes(16), credential, keys[ask["name"]][2])
    data = AuthenticatorData.create(rp_hash, flags | 0x40, counter, attested)
    response = {
        "clientDataJSON": b64(client),
        "attestationObject": b64(AttestationObject.create("none", data, {}).with_string_keys()),
    }
    return {"id": b64(credential), "rawId": b64(credential), "type": "public-key", "response": response}


def get(ask):
    algorithm, key, _public = keys[ask["name"]]
    credential = sha256(ask["name"].encode()).digest()
    client, rp_hash, flags, counter = ceremony(ask, "webauthn.get")
    extensions = ask.get("extensions")
    data = AuthenticatorData.create(rp_hash, flags | (0x80 if extensions else 0), counter, b"", extensions)
    signature = sign(algorithm, key, bytes(data) + client.hash)
    response = {
        "clientDataJSON": b64(client),
        "authenticatorData": b64(data[: len(data) - ask.get("cut", 0)]),
        "signature": b64(signature),
        "userHandle": ask["userHandle"],
    }
    return {"id": b64(credential), "rawId": b64(credential), "type": "public-key", "response": response}


for line in sys.stdin:
    ask = json.loads(line)
    print(json.dumps(create(ask) if ask["do"] == "create" else get(ask)), flush=True)
