"""A client on Authlib that says its secret in the body of the request. In: one JSON line of settings, then the address it was
sent back to. Out: one JSON line with the address to go to, then one with what it learned."""
import json
import os
import sys

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.requests_client import OAuth2Session
from authlib.jose import JsonWebKey, jwt
from authlib.oidc.core import CodeIDToken

given = json.loads(sys.stdin.readline())
session = OAuth2Session(
    given["id"],
    given["secret"],
    scope="openid profile email groups offline_access",
    redirect_uri=given["redirect"],
    token_endpoint_auth_method="client_secret_post",
    code_challenge_method="S256",
)
discovery = session.get(given["issuer"] + "/.well-known/openid-configuration", withhold_token=True).json()
verifier = "v" * 64
url, state = session.create_authorization_url(
    discovery["authorization_endpoint"], code_verifier=verifier, nonce="n-0S6"
)
print(json.dumps({"url": url}), flush=True)

back = sys.stdin.readline().strip()
token = session.fetch_token(
    discovery["token_endpoint"], authorization_response=back, state=state, code_verifier=verifier
)
keys = JsonWebKey.import_key_set(session.get(discovery["jwks_uri"], withhold_token=True).json())
claims = jwt.decode(
    token["id_token"],
    keys,
    claims_cls=CodeIDToken,
    claims_options={"iss": {"value": discovery["issuer"]}, "aud": {"value": given["id"]}},
    claims_params={"nonce": "n-0S6", "client_id": given["id"], "access_token": token["access_token"]},
)
claims.validate(leeway=5)
info = session.get(discovery["userinfo_endpoint"]).json()
renewed = session.refresh_token(discovery["token_endpoint"], refresh_token=token["refresh_token"])
revoked = session.revoke_token(
    discovery["revocation_endpoint"], renewed["refresh_token"], token_type_hint="refresh_token"
)
print(
    json.dumps(
        {
            "claims": dict(claims),
            "info": info,
            "renewed": "id_token" in renewed and renewed["refresh_token"] != token["refresh_token"],
            "revoked": revoked.status_code,
        }
    ),
    flush=True,
)
