"""What is shipped for Prometheus and Grafana passes their checkers and asks for what there is."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

HERE = Path(__file__).parent
SHIPPED = HERE.parent.parent / "deploy" / "monitoring"
NAMES = re.compile(r"\bhookline_\w+")


def checked(promtool: str, *args: str, folder: Path) -> str:
    done = subprocess.run(
        [promtool, *args], cwd=folder, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def rules() -> list[dict[str, Any]]:
    read = yaml.safe_load((SHIPPED / "alerts.yaml").read_text("utf-8"))
    return [rule for group in read["groups"] for rule in group["rules"]]


def panels() -> list[dict[str, Any]]:
    read = json.loads((SHIPPED / "dashboard.json").read_text("utf-8"))
    return [panel for panel in read["panels"] if panel["type"] != "row"]


def filled(query: str) -> str:
    """A query as Grafana sends it, for all portals."""
    return query.replace("$__rate_interval", "5m").replace("$portal", ".*")


def queries() -> list[str]:
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def test_promtool_finds_no_fault_in_the_metrics(promtool: str, told: str) -> None:
    done = subprocess.run(
        [promtool, "check", "metrics"], input=told, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_promtool_reads_the_rules_and_the_configuration(promtool: str) -> None:
    checked(promtool, "check", "rules", "alerts.yaml", folder=SHIPPED)
    told = checked(promtool, "check", "config", "prometheus.yml", folder=SHIPPED)
    assert "1 rule files found" in told


def test_each_alert_fires_when_it_should_and_not_before(promtool: str) -> None:
    checked(promtool, "test", "rules", "alerts.test.yaml", folder=HERE)


def test_each_alert_has_such_a_test() -> None:
    read = yaml.safe_load((HERE / "alerts.test.yaml").read_text("utf-8"))
    tested = [check for case in read["tests"] for check in case["alert_rule_test"]]
    fired = {each["alertname"] for each in tested if each.get("exp_alerts")}
    quiet = {each["alertname"] for each in tested if not each.get("exp_alerts")}
    assert fired == quiet == {rule["alert"] for rule in rules()}


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_each_alert_says_what_is_wrong_and_where_to_read_on(rule: dict[str, Any]) -> None:
    assert rule["annotations"]["summary"]
    assert re.fullmatch(r"deploy/README\.md#[a-z0-9-]+", rule["annotations"]["runbook"])
    assert rule["labels"]["severity"] in ("critical", "warning")


def test_what_is_to_be_read_on_is_there() -> None:
    told = SHIPPED.parent / "README.md"
    if not told.is_file():
        pytest.skip("deploy/README.md is not written yet")
    headings = re.findall(r"^#+ (.*)$", told.read_text("utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", each.lower()).replace(" ", "-") for each in headings}
    asked = {rule["annotations"]["runbook"].partition("#")[2] for rule in rules()}
    assert asked - anchors == set()


def test_prometheus_parses_every_query_of_the_dashboard(promtool: str, tmp_path: Path) -> None:
    filled = [each.replace("$__rate_interval", "5m").replace("$portal", ".*") for each in queries()]
    listed = [{"record": f"query:{n}", "expr": each} for n, each in enumerate(filled)]
    group = {"groups": [{"name": "dashboard", "rules": listed}]}
    (tmp_path / "rules.yaml").write_text(json.dumps(group), "utf-8")
    checked(promtool, "check", "rules", "rules.yaml", folder=tmp_path)


def test_every_metric_that_is_asked_for_is_there(told: str) -> None:
    there: set[str] = set()
    for family in text_string_to_metric_families(told):
        there.add(family.name)
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
        there |= {family.name + each for each in suffixes.get(family.type, ())}
    asked = {
        name for text in (*queries(), *(r["expr"] for r in rules())) for name in NAMES.findall(text)
    }
    assert asked - there == set()
    assert len(asked) > 20


def test_the_labels_that_are_asked_for_are_there(told: str) -> None:
    labels: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(told):
        for sample in family.samples:
            labels.setdefault(sample.name, set()).update(sample.labels)
    for query in (*queries(), *(rule["expr"] for rule in rules())):
        for name, selector in re.findall(r"\b(hookline_\w+)\{([^}]*)\}", query):
            asked = set(re.findall(r"(\w+)\s*[=!]", selector))
            if name in labels:  # what never happened has no labels yet
                assert asked <= labels[name], query


def test_the_panels_of_the_dashboard_do_not_lie_upon_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in panels():
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for x in range(at["x"], at["x"] + at["w"]):
            for y in range(at["y"], at["y"] + at["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                taken[x, y] = panel["title"]
