"""The Marketplace's API, asked by schemathesis as every role."""

import openapi
import world

openapi.fuzz("Marketplace", world.MARKET, ["publisher", "reviewer", "operator", "installation", "anonymous"],
             endless=r"^/api/marketplace/events$|/stream$")
