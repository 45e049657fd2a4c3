"""The dashboards are what Grafana's own data model takes, and ask the data source that is provisioned."""

import json
import re
from importlib.metadata import version
from pathlib import Path

import yaml
from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

import world

GRAFANA = Path(__file__).resolve().parent.parent / "deploy/grafana"


def lost(ours, theirs, path=""):
    """Where the model did not keep what we wrote: a name it does not know, or a value it changed."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        for name, value in ours.items():
            if name not in theirs:
                yield f"{path}.{name} is unknown"
            else:
                yield from lost(value, theirs[name], f"{path}.{name}")
    elif isinstance(ours, list) and isinstance(theirs, list) and len(ours) == len(theirs):
        for place, (one, other) in enumerate(zip(ours, theirs)):
            yield from lost(one, other, f"{path}[{place}]")
    elif ours != theirs:
        yield f"{path}: {ours!r} became {theirs!r}"


def taken(board):
    return json.loads(json.dumps(Dashboard.from_json(board), cls=JSONEncoder))


def sources():
    for file in (GRAFANA / "provisioning/datasources").iterdir():
        for source in yaml.safe_load(file.read_text())["datasources"]:
            yield source["type"], source["uid"]


def overlap(one, other):
    """Whether two panels' places lie over each other."""
    return (one["x"] < other["x"] + other["w"] and other["x"] < one["x"] + one["w"]
            and one["y"] < other["y"] + other["h"] and other["y"] < one["y"] + one["h"])


plugins.register_default_plugins()
known, panels, uids = set(sources()), 0, set()
for file in sorted((GRAFANA / "dashboards").glob("*.json")):
    board = json.loads(file.read_text())
    wrong = list(lost(board, taken(board)))
    assert not wrong, f"{file.name}: {'; '.join(wrong)}"
    # The check itself must be able to fail.
    spelled = json.loads(file.read_text())
    spelled["panels"][0]["gridPoz"] = spelled["panels"][0].pop("gridPos")
    assert list(lost(spelled, taken(spelled))), "a misspelled name is taken"
    assert board["uid"] not in uids, f"{file.name}: its uid is another's, too"
    uids.add(board["uid"])
    for place, panel in enumerate(board["panels"]):
        where = f"{file.name}, {panel['title']}"
        panels += 1
        asks = {(s["type"], s["uid"]) for s in [panel["datasource"], *(t["datasource"] for t in panel["targets"] if "datasource" in t)]}
        assert asks <= known, f"{where}: data sources {asks - known} are not provisioned"
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, f"{where}: wider than the board"
        for other in board["panels"][:place]:
            assert not overlap(panel["gridPos"], other["gridPos"]), f"{where}: lies over {other['title']}"

for file in (GRAFANA / "provisioning/dashboards").iterdir():
    for provider in yaml.safe_load(file.read_text())["providers"]:
        assert provider["type"] == "file" and provider["options"]["path"].startswith("/"), file.name

sdk = re.sub(r"^.*!", "", version("grafana_foundation_sdk"))
world.proven("grafana-foundation-sdk", sdk, f"{len(uids)} dashboards with {panels} panels are what Grafana's model takes, nothing lost",
             "panels ask provisioned data sources and do not overlap")
