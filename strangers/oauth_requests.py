"""Tokens by client credentials with requests-oauthlib, and the API used with them."""

from importlib.metadata import version as version_of

from oauthlib.oauth2 import BackendApplicationClient
from oauthlib.oauth2.rfc6749.errors import InvalidClientError
from requests_oauthlib import OAuth2Session

import oauth
import world

client_id, secret = oauth.client("publisher", "plugin.publish", "plugin.read")
address = f"{world.MARKET}/oauth/token"
# The library asks for https; everything here is on loopback.
oauth.plain_http()
session = OAuth2Session(client=BackendApplicationClient(client_id=client_id))
token = session.fetch_token(token_url=address, client_id=client_id, client_secret=secret)
assert set(token["scope"]) == {"plugin.publish", "plugin.read"}, token
me = session.get(f"{world.MARKET}/api/v1/me").json()
assert me["publisherName"] == "PowerX Samples" and set(me["scopes"]) == {"plugin.publish", "plugin.read"}, me
try:
    OAuth2Session(client=BackendApplicationClient(client_id=client_id)).fetch_token(
        token_url=address, client_id=client_id, client_secret="wrong")
    raise AssertionError("a wrong secret was accepted")
except InvalidClientError:
    pass
world.proven("requests-oauthlib", version_of("requests-oauthlib"), "client credentials, API used with the token",
             "wrong secret: invalid_client")
