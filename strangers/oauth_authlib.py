"""Tokens by client credentials with Authlib; wrong secrets and foreign scopes are refused as OAuth2 says."""

from importlib.metadata import version as version_of

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session

import oauth
import world

client_id, secret = oauth.client("publisher", "plugin.publish", "plugin.read")
address = f"{world.MARKET}/oauth/token"

for method in ("client_secret_basic", "client_secret_post"):
    session = OAuth2Session(client_id, secret, scope="plugin.read", token_endpoint_auth_method=method)
    token = session.fetch_token(address, grant_type="client_credentials")
    assert token["token_type"].lower() == "bearer" and token["expires_in"] > 0, token
    assert token["scope"] == "plugin.read", token["scope"]
    answer = session.get(f"{world.MARKET}/api/marketplace/publisher/versions")
    assert answer.status_code == 200, answer.text
    # The narrowed token does not publish, though the client might.
    answer = session.post(f"{world.MARKET}/api/marketplace/plugins/publish", json={})
    assert answer.status_code == 403, answer.text


def refused(expected, id=client_id, password=secret, **options):
    try:
        OAuth2Session(id, password, **options).fetch_token(address, grant_type="client_credentials")
    except OAuthError as error:
        assert error.error == expected, error
        return
    raise AssertionError(f"accepted instead of {expected}")


refused("invalid_client", password="wrong")
refused("invalid_scope", scope="market.operate")
world.proven("authlib", version_of("authlib"), "client credentials by Basic and in the form", "scope narrowed",
             "invalid_client and invalid_scope understood")
