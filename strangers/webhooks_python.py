"""Webhooks of the Marketplace verified with standardwebhooks; changed and old ones are refused."""

import datetime
import http.server
import json
import threading
from importlib.metadata import version as version_of

from standardwebhooks import Webhook, WebhookVerificationError

import world

received = []


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received.append(({name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
threading.Thread(target=server.serve_forever, daemon=True).start()
facts = world.bundle("webhooks_python")
subscription = world.call("POST", f"{world.MARKET}/api/marketplace/subscriptions", "installation", json={
    "tenantRef": "webhooks-python", "tenantName": "Receiver in Python", "pluginId": facts["pluginId"],
    "channel": "stable", "policy": "notify", "webhookUrl": f"http://127.0.0.1:{server.server_port}/hook",
})
webhook = Webhook(subscription["webhookSecret"])
world.publish(facts)
headers, body = world.until("the delivery", lambda: next(
    (got for got in list(received) if facts["pluginId"].encode() in got[1]), None))

event = webhook.verify(body, headers)
assert event["type"] == "plugin.publish.approved", event["type"]
assert headers["content-type"].startswith("application/cloudevents+json"), headers["content-type"]


def refused(what, data, fields, verifier=webhook):
    try:
        verifier.verify(data, fields)
    except WebhookVerificationError as error:
        return str(error)
    raise AssertionError(f"accepted: {what}")


refused("a changed body", body.replace(facts["version"].encode(), b"9.9.9"), headers)
refused("another id", body, headers | {"webhook-id": "msg_other"})
refused("another secret", body, headers, Webhook("whsec_" + "QUJD" * 8))
# Not only is the signature over the time: a whole message signed well, but an hour ago, is too old.
then = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=1)
refused("a changed time", body, headers | {"webhook-timestamp": str(int(then.timestamp()))})
old = headers | {
    "webhook-timestamp": str(int(then.timestamp())),
    "webhook-signature": webhook.sign(headers["webhook-id"], then, body.decode()),
}
assert "too old" in refused("an old message", body, old)

world.call("DELETE", f"{world.MARKET}/api/marketplace/subscriptions/{subscription['subscriptionId']}", "installation")
world.proven("standardwebhooks (PyPI)", version_of("standardwebhooks"),
             f"{event['type']} of {json.loads(body)['subject']} verified",
             "changed body, id, secret and time refused", "old message refused")
