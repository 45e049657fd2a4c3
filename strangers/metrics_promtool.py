"""What both servers export is what Prometheus accepts, and what rules and dashboards ask for."""

import json
import re
import subprocess
from pathlib import Path

import chain
import chain_sink
import world

DEPLOY = Path(__file__).resolve().parent.parent / "deploy"
# The scenario and the use cases fix these names; promtool would spell some of them otherwise.
FIXED = {
    "plugin_online_publish_count", "plugin_online_approval_duration", "plugin_online_install_success_rate",
    "marketplace_publish_count", "marketplace_automation_pass_rate", "marketplace_review_sla_breached",
    "marketplace_notifications_failure_rate", "plugins_online_install_success_rate",
    "plugins_online_install_duration_ms", "plugins_online_install_rollback_count",
    "plugins_auto_upgrade_batch_latency",
}
WORDS = {"and", "or", "unless", "on", "by", "bool", "up"}


def promtool(*words, **options):
    return subprocess.run(["promtool", *words], capture_output=True, text=True, **options)


def wanted(expression):
    """Names of the metrics in a PromQL expression."""
    text = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\"[^\"]*\"", " ", expression)
    text = re.sub(r"\b(by|on|without|ignoring)\s*\([^)]*\)", " ", text)
    names = re.findall(r"\b[a-zA-Z_][a-zA-Z0-9_]*\b(?!\s*\()", text)
    return {name for name in names if name not in WORDS}


def expressions():
    """Everything that rules and dashboards ask, with where."""
    for line in re.finditer(r"expr: (>-\n(?:\s{10,}.*\n)+|.*)", (DEPLOY / "prometheus/rules.yml").read_text()):
        yield "rules.yml", line.group(1)
    for file in sorted((DEPLOY / "grafana/dashboards").glob("*.json")):
        for panel in json.loads(file.read_text())["panels"]:
            for target in panel["targets"]:
                yield f"{file.name}, {panel['title']}", target["expr"]


# Something of everything has to happen first.
first, second = world.bundle("chain_1"), world.bundle("chain_2")
with chain_sink.receiver() as webhook:
    chain.subscribe(first["pluginId"], webhook)
    world.publish(first)
    chain.install(first)
    chain.upgraded_by_policy(second)
    chain.take_back(second)
    world.until("the roll-back", lambda: chain.serves(first) == first["version"])

pages = {"powerx-marketplace": f"{world.MARKET}/metrics", "powerx": f"{world.CORE}/metrics"}
asked = list(expressions())
names = {name for _, expression in asked for name in wanted(expression)}


def exported():
    texts = {job: world.requests.get(url, timeout=30).text for job, url in pages.items()}
    there = {line.split("{")[0].split(" ")[0] for text in texts.values() for line in text.splitlines()
             if line and not line.startswith("#")}
    return texts, there


def all_there():
    """Gauges are written every half minute; every name that is asked for must come."""
    texts, there = exported()
    return (texts, there) if names <= there else None


try:
    texts, there = world.until("every metric", all_there, 90)
except AssertionError:
    _, there = exported()
    missing = sorted({f"{name} ({where})" for where, e in asked for name in wanted(e) if name not in there})
    raise AssertionError(f"asked for, but exported by nobody: {', '.join(missing)}") from None

remarks = []
for job, text in texts.items():
    checked = promtool("check", "metrics", input=text)
    # 3: well-formed, with remarks about names.
    assert checked.returncode in (0, 3), f"{job}: {checked.stdout}{checked.stderr}"
    remarks += [line for line in (checked.stdout + checked.stderr).splitlines() if line.split()[0] not in FIXED]
assert not remarks, "\n".join(remarks)

on_boards = {re.sub(r"_(bucket|sum|count)$", "", name) if name not in FIXED else name
             for where, expression in asked if where != "rules.yml" for name in wanted(expression)}
assert FIXED <= on_boards, f"on no dashboard: {FIXED - on_boards}"

for words in (["check", "rules", "rules.yml"], ["test", "rules", "rules_test.yml"], ["check", "config", "prometheus.yml"]):
    done = promtool(*words, cwd=DEPLOY / "prometheus")
    assert done.returncode == 0, done.stdout + done.stderr
for name, expression in asked:
    # Dashboards' expressions are PromQL: a rule made of each must be accepted.
    rule = json.dumps({"groups": [{"name": "x", "rules": [{"record": "x", "expr": re.sub(r"^>-", "", expression).strip()}]}]})
    done = promtool("check", "rules", "--lint=none", "/dev/stdin", input=rule)
    assert done.returncode == 0, f"{name}: {expression}: {done.stdout}{done.stderr}"

version = re.search(r"version ([\w.+~-]+)", (lambda r: r.stdout + r.stderr)(promtool("--version"))).group(1)
world.proven("promtool", version, f"both /metrics accepted ({len(there)} series names)",
             f"{len(asked)} expressions of rules and dashboards ask for {len(names)} names, all exported",
             "rules checked and tested")
