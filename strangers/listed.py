"""A listed bundle for the clients that only read."""

import world

facts = world.bundle("listed")
url = world.bundle_url(facts["sha256"])


def ensure():
    """Lists it, unless an earlier script did."""
    known = world.requests.get(f"{world.MARKET}/api/marketplace/plugins/{facts['pluginId']}/versions", timeout=30)
    if known.status_code == 200 and facts["version"] in known.text:
        return facts
    world.publish(facts)
    return facts


def listing():
    """What the catalog says about it."""
    answer = world.call("GET", f"{world.MARKET}/api/marketplace/plugins/{facts['pluginId']}/versions")
    return next(v for v in answer if v["artifact"]["sha256"] == facts["sha256"])
