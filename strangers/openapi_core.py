"""The core's API, asked by schemathesis as every role."""

import openapi
import world

openapi.fuzz("core", world.CORE, ["north", "reader", "ops", "anonymous"], endless=r"/install/events$")
