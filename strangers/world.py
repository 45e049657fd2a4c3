"""The servers as a client's script finds them: addresses, tokens, bundles, and the way to a listing.

Nothing here knows more than a stranger could: the public API, and what `px-plugin` leaves behind.
"""

import hashlib
import json
import os
import time
import uuid
from pathlib import Path

import requests

WORLD = json.loads(Path(os.environ["STRANGERS_WORLD"]).read_text())
MARKET = WORLD["market"]
CORE = WORLD["core"]
# Seconds a server may take for something that is under way.
PATIENCE = 60


def token(login):
    """The API token of a demo account; `installation` is the core at the Marketplace."""
    return WORLD["tokens"][login]


def call(method, url, login=None, expect=(200, 201, 202, 204), **options):
    """One request; its JSON document, or None when there is none."""
    headers = dict(options.pop("headers", {}))
    if login:
        headers["Authorization"] = f"Bearer {token(login)}"
    answer = requests.request(method, url, headers=headers, timeout=30, **options)
    assert answer.status_code in expect, f"{method} {url}: {answer.status_code} {answer.text[:500]}"
    return answer.json() if answer.content else None


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def bundle(name):
    """A bundle that `px-plugin pack` and `px-plugin sign` made: its facts, with `path`."""
    return WORLD["bundles"][name]


def register(facts):
    """Registers a version; answers its id and the absolute address of its upload."""
    made = call("POST", f"{MARKET}/api/marketplace/plugins/publish", "publisher", json={
        "publishRequestId": str(uuid.uuid4()),
        "pluginId": facts["pluginId"],
        "version": facts["version"],
        "channel": "stable",
        "artifact": {"sha256": facts["sha256"], "size": facts["size"]},
        "permissions": facts["permissions"],
        "signatures": [{"keyFingerprint": facts["keyFingerprint"]}],
        "notes": "- Sent by a client that knows the public API only.",
        # Without waiting between the batches of an upgrade.
        "rollout": {"channels": [{"name": "stable", "rollout": {"batches": [{"percentage": 100, "wait": "0s"}]}}],
                    "autoUpgrade": True},
    })
    return made["versionId"], requests.compat.urljoin(MARKET + "/", made["uploadUrl"])


def until(what, ask, patience=PATIENCE):
    """Asks again and again until there is an answer."""
    end = time.monotonic() + patience
    while True:
        found = ask()
        if found:
            return found
        assert time.monotonic() < end, f"{what} did not come about within {patience} s"
        time.sleep(0.2)


def version(version_id):
    return call("GET", f"{MARKET}/api/marketplace/plugins/{version_id}/review", "publisher")


def submit(version_id):
    """Submits an uploaded version and waits for the end of its automated review."""
    call("POST", f"{MARKET}/api/marketplace/plugins/{version_id}/submit-review", "publisher")
    return reviewed(version_id)


def reviewed(version_id):
    under_way = ("draft", "uploading", "submitted", "scanning")

    def ask():
        view = version(version_id)
        return view if view["state"] not in under_way else None

    view = until("the automated review", ask)
    assert view["state"] == "in_review", f"{view['state']}: {view['verdict']}"
    return view


def approve(version_id):
    """A reviewer claims and approves; answers the version once it is listed."""
    place = f"{MARKET}/api/marketplace/plugins/{version_id}/review"
    claim = call("POST", f"{place}/claim", "reviewer", json={})
    call("PATCH", place, "reviewer", json={
        "decision": "approve", "notes": "Looks right.", "claimToken": claim["claimToken"],
    })

    def ask():
        view = version(version_id)
        return view if view["state"] == "listed" else None

    return until("the listing", ask)


def publish(facts):
    """The whole way to a listing, with a plain `PUT` of the bytes."""
    version_id, upload = register(facts)
    call("PUT", upload, "publisher", data=Path(facts["path"]).read_bytes(),
         headers={"Content-Type": "application/octet-stream"})
    submit(version_id)
    return approve(version_id)


def bundle_url(digest):
    return f"{MARKET}/api/marketplace/bundles/{digest}.pxp"


def proven(client, client_version, *what):
    """The last words of a script that succeeded: the runner puts them into its table."""
    print("PROVEN " + json.dumps({"client": client, "version": client_version, "what": "; ".join(what)}))
