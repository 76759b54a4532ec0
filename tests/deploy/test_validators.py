"""What is shipped to deploy Hookline with passes the checkers of the tools that it is for."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from app.web import create_app
from tests.deploy import shipped
from tests.deploy.shipped import KUBERNETES, SHIPPED, UNITS, tool
from tests.monitoring.system import TOKEN, body, system

KUBERNETES_VERSIONS = ("1.29", "1.37")
ADAPTER = KUBERNETES / "monitoring/prometheus-adapter.yaml"


def ran(*command: object, folder: Path | None = None, **environ: str) -> str:
    """What a checker says that finds no fault."""
    done = subprocess.run(
        [str(each) for each in command],
        cwd=folder,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environ},
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(folder: Path, *, into: Path) -> list[dict[str, Any]]:
    """What kustomize makes of a folder, with the Ingress where the folder is the overlay."""
    kubectl = tool("kubectl", "kubernetes-client")
    version = json.loads(ran(kubectl, "version", "--client", "--output=json", HOME=str(into)))
    copies = into / "deploy"
    for name in (KUBERNETES.name, shipped.OVERLAY.name):
        shutil.copytree(SHIPPED / name, copies / name, dirs_exist_ok=True)
    asked = copies / folder.relative_to(SHIPPED)
    if folder == shipped.OVERLAY:
        shutil.copy(shipped.INGRESS, asked / "ingress.yaml")
        listed = yaml.safe_load((asked / "kustomization.yaml").read_text("utf-8"))
        listed["resources"] += ["ingress.yaml", "../kubernetes/consume"]
        if int(re.sub(r"\D", "", version["clientVersion"]["minor"])) < 21:
            # Debian 12's kubectl has a kustomize that knew another word for folders.
            listed["bases"] = [each for each in listed["resources"] if "/" in each]
            listed["resources"] = [each for each in listed["resources"] if "/" not in each]
        (asked / "kustomization.yaml").write_text(yaml.safe_dump(listed), "utf-8")
    return list(yaml.safe_load_all(ran(kubectl, "kustomize", asked, HOME=str(into))))


def faults(manifest: dict[str, Any], version: str) -> list[str]:
    """What Kubernetes' own schema says of a manifest; a field that it does not know is a fault."""
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return [f"{'.'.join(map(str, error.path))}: {error.message}"]
    return []


def test_hadolint_finds_no_fault_in_the_dockerfile() -> None:
    hadolint = Path(sys.executable).parent / "hadolint"
    assert ran(hadolint, "--no-color", SHIPPED / "Dockerfile") == ""


def test_compose_reads_its_file_with_all_profiles(tmp_path: Path) -> None:
    """By Debian's docker-compose, which has no daemon here, and does not know `name:` yet."""
    text = (SHIPPED / "compose.yaml").read_text("utf-8")
    (tmp_path / "compose.yaml").write_text(re.sub(r"^name: .*$", "", text, flags=re.MULTILINE))
    said = ran(
        *(tool("docker-compose", "docker-compose"), "--file", "compose.yaml"),
        *("--profile", "queue", "--profile", "sandbox", "config"),
        folder=tmp_path,
        DOCKER_HOST="unix:///nowhere.sock",
        HOOKLINE_FOLDER="/etc/hookline",
        QUEUE_ENDPOINT="orders",
    )
    services = yaml.safe_load(said)["services"]
    assert set(services) == set(shipped.services())
    assert services["consume"]["command"][1:] == ["$${QUEUE_URL}", "events", "--endpoint", "orders"]
    assert (
        "/etc/hookline/hookline.yaml:/etc/hookline/hookline.yaml:ro" in services["web"]["volumes"]
    )
    assert services["worker"]["depends_on"] == {"store": {"condition": "service_healthy"}}


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    for unit in UNITS:  # whose programs are not installed here
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"), flags=re.M)
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        [
            *(tool("systemd-analyze", "systemd"), "verify", "--man=no"),
            *(str(tmp_path / each.name) for each in UNITS),
        ],
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_kubernetes_own_schemas_find_no_fault_in_the_manifests(version: str) -> None:
    for each in shipped.manifests():
        assert faults(each, version) == [], each["metadata"]["name"]


def test_a_word_that_kubernetes_does_not_know_is_found() -> None:
    (web,) = (each for each in shipped.of("Deployment") if each["metadata"]["name"] == "web")
    wrong = json.loads(json.dumps(web).replace("readinessProbe", "readynessProbe"))
    (fault,) = faults(wrong, KUBERNETES_VERSIONS[-1])
    assert "readynessProbe" in fault


@pytest.mark.parametrize("folder", [*shipped.BASES.values(), shipped.OVERLAY], ids=lambda f: f.name)
def test_kustomize_builds_each_folder_into_manifests_without_fault(
    folder: Path, tmp_path: Path
) -> None:
    made = built(folder, into=tmp_path)
    for each in made:
        assert faults(each, KUBERNETES_VERSIONS[-1]) == [], each["metadata"]["name"]
    generated = {each["metadata"]["name"] for each in made if each["kind"] == "ConfigMap"}
    for pods in (each for each in made if each["kind"] == "Deployment"):
        container = pods["spec"]["template"]["spec"]["containers"][0]
        assert container["image"].startswith("registry.example.com/hookline:")
        asked = {each["configMapRef"]["name"] for each in container["envFrom"]}
        if folder == shipped.OVERLAY:  # which has all that its pods ask for, but the secrets
            volumes = pods["spec"]["template"]["spec"]["volumes"]
            asked |= {each["configMap"]["name"] for each in volumes if "configMap" in each}
            assert asked <= generated
    if folder == shipped.OVERLAY:
        assert {each["metadata"]["namespace"] for each in made} == {"hookline"}
        assert {each["kind"] for each in made} >= {"Ingress", "HorizontalPodAutoscaler"}


# By what workers grow


def test_prometheus_reads_what_it_is_to_ask() -> None:
    said = ran(
        *(tool("promtool", "prometheus"), "check", "config", "--syntax-only"),
        KUBERNETES / "monitoring/prometheus.yml",
    )
    assert "SUCCESS" in said


def query() -> str:
    """The query of the adapter's one rule, as the adapter sends it."""
    (rule,) = shipped.read(ADAPTER)["rules"]["external"]
    filled = rule["metricsQuery"].replace("<<.Series>>", rule["seriesQuery"])
    return str(filled.replace("<<.LabelMatchers>>", ""))


def test_workers_grow_by_the_metric_that_the_adapter_makes() -> None:
    (rule,) = shipped.read(ADAPTER)["rules"]["external"]
    (worker,) = (
        each
        for each in shipped.of("HorizontalPodAutoscaler")
        if each["metadata"]["name"] == "worker"
    )
    (metric,) = worker["spec"]["metrics"]
    assert metric["external"]["metric"] == {"name": rule["name"]["as"]}


def test_the_metrics_that_the_adapter_asks_for_are_there_with_their_labels(
    redis_url: str, tmp_path: Path
) -> None:
    with system(redis_url, tmp_path) as runtime:
        client = create_app(runtime).test_client()
        assert client.post("/hooks/shop", json=body(1), headers=TOKEN).status_code == 202
        text = client.get("/metrics").get_data(as_text=True)
    labels = {
        sample.name: set(sample.labels)
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    asked = set(re.findall(r"hookline_\w+", query()))
    assert len(asked) == 3
    for name in asked:
        assert "portal" in labels[name]


@pytest.mark.parametrize(
    ("writer", "paused", "age"),
    [(0, 0, 300), (1, 0, 20), (0, 1, 20)],
    ids=["nobody writes", "somebody writes", "paused"],
)
def test_only_events_that_more_workers_would_help_count(
    writer: int, paused: int, age: int, tmp_path: Path
) -> None:
    """One portal's oldest event is 300 s old, another's 20 s, where nobody writes."""
    rules = {"groups": [{"name": "g", "rules": [{"record": "age", "expr": query()}]}]}
    name = "hookline_backlog_oldest_age_seconds"
    series = {
        f'{name}{{portal="old",endpoint="a"}}': 300,
        f'{name}{{portal="old",endpoint="b"}}': 10,
        f'{name}{{portal="new",endpoint="a"}}': 20,
        'hookline_portal_writer{portal="old"}': writer,
        'hookline_portal_writer{portal="new"}': 0,
        'hookline_portal_paused{portal="old",reason="throttled"}': paused,
        'hookline_portal_paused{portal="old",reason="other"}': 0,
        'hookline_portal_paused{portal="new",reason="throttled"}': 0,
    }
    case = {
        "interval": "1m",
        "input_series": [
            {"series": name, "values": f"{value} {value}"} for name, value in series.items()
        ],
        "promql_expr_test": [
            {
                "expr": "age",
                "eval_time": "1m",
                "exp_samples": [{"labels": "age", "value": age}],
            }
        ],
    }
    (tmp_path / "rules.yaml").write_text(json.dumps(rules), "utf-8")
    (tmp_path / "test.yaml").write_text(
        json.dumps({"rule_files": ["rules.yaml"], "tests": [case]}), "utf-8"
    )
    ran(tool("promtool", "prometheus"), "test", "rules", "test.yaml", folder=tmp_path)
