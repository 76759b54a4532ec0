"""What is shipped to deploy Hookline with is well formed, and refers to what there is."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from app import __version__
from app.cli.services import web, worker

PROJECT = Path(__file__).parent.parent.parent
SHIPPED = PROJECT / "deploy"
UNITS = sorted((SHIPPED / "systemd").glob("*.service"))
VERBS: dict[str, click.Command] = {"web": web, "worker": worker}


def manifests() -> list[dict[str, Any]]:
    listed = yaml.safe_load((SHIPPED / "kubernetes/kustomization.yaml").read_text("utf-8"))
    texts = [(SHIPPED / "kubernetes" / each).read_text("utf-8") for each in listed["resources"]]
    texts.append((SHIPPED / "kubernetes/ingress.example.yaml").read_text("utf-8"))
    return [each for text in texts for each in yaml.safe_load_all(text)]


def of(*kinds: str) -> list[dict[str, Any]]:
    return [each for each in manifests() if each["kind"] in kinds]


def template(pods: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = pods["spec"]["template"]
    return found


def services() -> dict[str, dict[str, Any]]:
    read = yaml.safe_load((SHIPPED / "compose.yaml").read_text("utf-8"))
    found: dict[str, dict[str, Any]] = read["services"]
    return found


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        missing = "the units were not checked: systemd-analyze is missing; apt-get install systemd"
        (pytest.fail if os.environ.get("HOOKLINE_CI") == "1" else pytest.skip)(missing)
    for unit in UNITS:  # whose programs are not installed here
        text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", unit.read_text("utf-8"), flags=re.M)
        (tmp_path / unit.name).write_text(text, "utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / each.name) for each in UNITS)],
        text=True,
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_each_unit_gives_away_what_it_does_not_need(unit: Path) -> None:
    said = unit.read_text("utf-8").splitlines()
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "UMask=0077"):
        assert line in said


def test_the_image_is_made_of_files_that_there_are_and_runs_without_root() -> None:
    text = (SHIPPED / "Dockerfile").read_text("utf-8")
    copied = [
        name
        for line in re.findall(r"^COPY (?!--from)(.+)$", text, flags=re.M)
        for name in line.split()[:-1]
    ]
    sent = (SHIPPED / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for name in copied:
        assert (PROJECT / name).exists()
        assert f"!{name}" in sent, f"the builder is not sent {name}"
    last = text.rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, flags=re.M)
    assert "/healthz" in last.split("HEALTHCHECK")[1].split("ENTRYPOINT")[0]


def test_the_services_of_compose_lead_to_each_other() -> None:
    found = services()
    assert set(found) == {"web", "worker", "consume", "store"}
    for name, service in found.items():
        assert service["read_only"], f"{name} may write to its root file system"
        assert service["cap_drop"] == ["ALL"]
        assert set(service.get("depends_on", ())) <= set(found)
    assert [name for name, each in found.items() if "profiles" in each] == ["consume"]
    options = " ".join(found["store"]["command"])
    assert "--appendonly yes" in options
    assert "--maxmemory-policy noeviction" in options


def test_what_is_started_is_a_verb_with_such_options() -> None:
    commands = [services()[name]["command"] for name in VERBS]
    commands += [template(each)["spec"]["containers"][0]["args"] for each in of("Deployment")]
    for verb, *rest in commands:
        VERBS[verb].make_context(verb, list(rest))


@pytest.mark.parametrize(
    "pods", of("Deployment", "StatefulSet"), ids=lambda p: p["metadata"]["name"]
)
def test_each_pod_is_without_root_and_within_bounds(pods: dict[str, Any]) -> None:
    spec = template(pods)["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    mounted = {each["name"] for each in spec.get("volumes", ())}
    mounted |= {each["metadata"]["name"] for each in pods["spec"].get("volumeClaimTemplates", ())}
    for container in spec["containers"]:
        assert container["securityContext"]["readOnlyRootFilesystem"]
        assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
        assert set(container["resources"]["requests"]) == {"cpu", "memory"}
        assert "memory" in container["resources"]["limits"]
        assert {each["name"] for each in container["volumeMounts"]} == mounted


def test_selectors_ports_and_targets_meet() -> None:
    pods = {each["metadata"]["name"]: each for each in of("Deployment", "StatefulSet")}
    labels = [template(each)["metadata"]["labels"] for each in pods.values()]
    for pod in pods.values():
        assert pod["spec"]["selector"]["matchLabels"] == template(pod)["metadata"]["labels"]
    for each in of("PodDisruptionBudget"):
        assert each["spec"]["selector"]["matchLabels"] in labels
    for each in of("NetworkPolicy"):
        assert each["spec"]["podSelector"]["matchLabels"] in labels
    for each in of("HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        assert pods[target["name"]]["kind"] == target["kind"]
        assert "replicas" not in pods[target["name"]]["spec"], "it would be set back each time"
        budgets = {
            b["metadata"]["name"]: b["spec"]["minAvailable"] for b in of("PodDisruptionBudget")
        }
        assert budgets[target["name"]] < each["spec"]["minReplicas"], "no node could be drained"
    ports = {}
    for each in of("Service"):
        assert each["spec"]["selector"] in labels
        container = template(pods[each["metadata"]["name"]])["spec"]["containers"][0]
        for port in each["spec"]["ports"]:
            assert port["targetPort"] in {named["name"] for named in container["ports"]}
            ports[each["metadata"]["name"], port["name"]] = port["port"]
    (ingress,) = of("Ingress")
    service = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (service["name"], service["port"]["name"]) in ports


def test_the_image_has_the_version_that_the_project_has() -> None:
    read = yaml.safe_load((SHIPPED / "kubernetes/kustomization.yaml").read_text("utf-8"))
    assert [each["newTag"] for each in read["images"]] == [__version__]


def test_the_proxy_takes_what_the_door_takes_and_believes_no_client() -> None:
    text = (SHIPPED / "nginx.conf").read_text("utf-8")
    limit = re.search(r"client_max_body_size (\d+)m;", text)
    assert limit is not None
    assert int(limit[1]) * 1024**2 >= 1_000_000  # max_body_bytes
    assert "X-Forwarded-For $remote_addr;" in text
    assert "proxy_add_x_forwarded_for" not in text
    assert text.count("{") == text.count("}")
