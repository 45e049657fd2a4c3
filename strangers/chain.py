"""The whole chain through the public APIs: published, listed, told, installed, upgraded by policy, taken back."""

import json

import world

PLUGINS = f"{world.CORE}/api/v1/admin/plugins"


def subscribe(plugin, webhook):
    world.call("POST", f"{world.MARKET}/api/marketplace/subscriptions", "installation", json={
        "tenantRef": world.WORLD["tenant"], "tenantName": "North", "pluginId": plugin, "channel": "stable",
        "policy": "auto", "webhookUrl": webhook,
    })


def install(facts, login="north"):
    """Installs a listed version for a tenant, once the core has heard of it."""

    def asked():
        answer = world.requests.post(f"{PLUGINS}/install/url", timeout=30, json={
            "pluginId": facts["pluginId"], "version": facts["version"],
            "acknowledgedPermissions": facts["permissions"], "acknowledgeHighRisk": True,
        }, headers={"Authorization": f"Bearer {world.token(login)}"})
        return answer.json() if answer.status_code == 202 else None

    job = world.until("the core's knowing of the listing", asked)["installJobId"]

    def ended():
        view = world.call("GET", f"{PLUGINS}/install/status?jobId={job}", login)
        return view if view["status"] in ("committed", "failed", "rolled_back", "cancelled", "quarantined") else None

    view = world.until("the install", ended)
    assert view["status"] == "committed", json.dumps(view)


def serves(facts, login="north"):
    """The version that answers through the gateway."""
    return world.call("GET", f"{world.CORE}/_p/{facts['pluginId']}/api/hello", login)["version"]


def upgraded_by_policy(facts, login="north"):
    world.call("PUT", f"{PLUGINS}/{facts['pluginId']}/policy", login, json={"policy": "auto"})
    world.publish(facts)

    def installed():
        plugins = world.call("GET", f"{PLUGINS}/installed", login)
        mine = next(p for p in plugins if p["pluginId"] == facts["pluginId"])
        return mine["version"] == facts["version"] and not mine.get("operation")

    world.until("the upgrade by policy", installed)


def take_back(facts, login="north"):
    world.call("POST", f"{PLUGINS}/upgrade/rollback", login,
               json={"pluginId": facts["pluginId"], "reason": "tried by a client"})


def audit():
    """Both audit chains are whole; how long they are."""
    lengths = []
    for url, login in ((f"{world.MARKET}/api/marketplace/audit/verify", "operator"),
                       (f"{world.CORE}/api/v1/admin/audit/verify", "ops")):
        answer = world.call("GET", url, login)
        assert answer["entries"] > 0 and answer["firstBad"] is None, answer
        lengths.append(answer)
    return lengths
