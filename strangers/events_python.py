"""The event feed read with the CloudEvents SDK: every event is one, and survives the SDK unchanged."""

import datetime
import json
from importlib.metadata import version as version_of

from cloudevents.core.bindings import http

import world

page = world.call("GET", f"{world.MARKET}/api/marketplace/events?after=0&limit=500", "installation")
assert page["events"], "nothing has happened yet"
kinds = set()
for plain in page["events"]:
    message = http.HTTPMessage({"content-type": "application/cloudevents+json"}, json.dumps(plain).encode())
    event = http.from_http_event(message)
    assert event.get_specversion() == "1.0" and event.get_source() and event.get_id()
    again = json.loads(http.to_structured_event(event).body)
    moments = [datetime.datetime.fromisoformat(text) for text in (again.pop("time"), plain["time"])]
    assert moments[0] == moments[1], moments
    assert again == {name: value for name, value in plain.items() if name != "time"}, (plain, again)
    kinds.add(event.get_type())
world.proven("cloudevents (PyPI)", version_of("cloudevents"),
             f"{len(page['events'])} events parsed and unchanged", ", ".join(sorted(kinds)))
