"""What is shipped to deploy Hookline with refers to what there is, and is safe to run."""

import json
import re
from pathlib import Path
from typing import Any

import click
import pytest

from app import __version__
from app.cli import main
from tests.deploy import shipped
from tests.deploy.shipped import SHIPPED, UNITS, container, of, template
from workers import settings as configuration
from workers.pulse import EVERY_S
from workers.runtime import CARRIED_S

TOLD = list(shipped.told())
CALLS = sorted({" ".join(words) for _, words in TOLD})


def started() -> dict[str, list[str]]:
    """Every command line that is handed to `hookline`, by the place that it stands in."""
    found = {
        f"compose {name}": shipped.plain(each["command"])
        for name, each in shipped.services().items()
        if each.get("image") != "valkey/valkey:9"
    }
    for pods in of("Deployment"):
        found[f"kubernetes {pods['metadata']['name']}"] = shipped.arguments(pods)
    for each in UNITS:
        program, *words = shipped.plain(shipped.unit(each, "ExecStart").split())
        if program.endswith("/hookline"):
            found[each.name] = words
    (image,) = re.findall(r"^CMD (\[.+\])$", shipped.dockerfile(), flags=re.MULTILINE)
    return {**found, "image": [str(each) for each in json.loads(image)]}


def parsed(words: list[str]) -> click.Context:
    """What the command line makes of these words. Raises ClickException."""
    command: click.Command = main
    while isinstance(command, click.Group):
        verb, *words = words
        assert verb in command.commands, f"hookline knows no {verb}"
        command = command.commands[verb]
    return command.make_context(str(command.name), list(words))


@pytest.mark.parametrize("place", sorted(started()))
def test_what_is_started_is_a_verb_with_such_options(place: str) -> None:
    parsed(started()[place])


@pytest.mark.parametrize("call", CALLS)
def test_what_a_comment_tells_to_call_is_a_verb_with_such_options(call: str) -> None:
    parsed(call.split())


def test_comments_tell_how_the_first_user_is_made_wherever_web_makes_none() -> None:
    silent = {name for name, words in started().items() if "--no-admin" in words}
    assert silent == {"compose web", "kubernetes web", "hookline-web.service"}
    telling = {file for file, words in TOLD if words[:2] == ["user", "add"]}
    assert telling >= {"compose.yaml", "web.yaml", "kustomization.yaml", "hookline-web.service"}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.stem))
def test_each_unit_gives_away_what_it_does_not_need(unit: Path) -> None:
    said = unit.read_text("utf-8").splitlines()
    for line in ("DynamicUser=yes", "ProtectSystem=strict", "CapabilityBoundingSet=", "UMask=0077"):
        assert line in said


def test_the_units_find_the_store_that_their_own_unit_starts() -> None:
    (store,) = (each for each in UNITS if each.stem == "hookline-store")
    port = re.search(r"--port (\d+)", shipped.unit(store, "ExecStart"))
    assert port is not None
    for each in UNITS:
        if each != store:
            assert f"REDIS_URL=redis://127.0.0.1:{port[1]}/0" in shipped.unit(each, "Environment")


def test_the_image_is_made_of_files_that_there_are_and_runs_without_root() -> None:
    sent = (SHIPPED / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    for name in shipped.copied():
        assert (shipped.PROJECT / name).exists()
        assert f"!{name}" in sent, f"the builder is not sent {name}"
    last = shipped.dockerfile().rsplit("\nFROM ", 1)[1]
    assert re.search(r"^USER [1-9]\d*:[1-9]\d*$", last, flags=re.MULTILINE)
    assert "/healthz" in last.split("HEALTHCHECK")[1].split("ENTRYPOINT")[0]


def test_the_services_of_compose_lead_to_each_other() -> None:
    found = shipped.services()
    assert set(found) == {"web", "worker", "consume", "sandbox", "store"}
    for name, service in found.items():
        assert service["read_only"], f"{name} may write to its root file system"
        assert service["cap_drop"] == ["ALL"]
        assert set(service.get("depends_on", ())) <= set(found)
    assert {name for name, each in found.items() if "profiles" in each} == {"consume", "sandbox"}
    options = " ".join(found["store"]["command"])
    assert "--appendonly yes" in options
    assert "--maxmemory-policy noeviction" in options


@pytest.mark.parametrize(
    "pods", of("Deployment", "StatefulSet"), ids=lambda p: p["metadata"]["name"]
)
def test_each_pod_is_without_root_and_within_bounds(pods: dict[str, Any]) -> None:
    spec = template(pods)["spec"]
    assert spec["securityContext"]["runAsNonRoot"]
    mounted = {each["name"] for each in spec.get("volumes", ())}
    mounted |= {each["metadata"]["name"] for each in pods["spec"].get("volumeClaimTemplates", ())}
    held = container(pods)
    assert held["securityContext"]["readOnlyRootFilesystem"]
    assert held["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert set(held["resources"]["requests"]) == {"cpu", "memory"}
    assert "memory" in held["resources"]["limits"]
    assert {each["name"] for each in held["volumeMounts"]} == mounted


def test_selectors_ports_and_targets_meet() -> None:
    pods = {each["metadata"]["name"]: each for each in of("Deployment", "StatefulSet")}
    labels = [template(each)["metadata"]["labels"] for each in pods.values()]
    for pod in pods.values():
        assert pod["spec"]["selector"]["matchLabels"] == template(pod)["metadata"]["labels"]
    budgets = {}
    for each in of("PodDisruptionBudget"):
        assert each["spec"]["selector"]["matchLabels"] in labels
        budgets[each["metadata"]["name"]] = each["spec"].get("minAvailable", 0)
    for each in of("HorizontalPodAutoscaler"):
        target = each["spec"]["scaleTargetRef"]
        assert pods[target["name"]]["kind"] == target["kind"]
        assert "replicas" not in pods[target["name"]]["spec"], "it would be set back each time"
        assert budgets[target["name"]] < each["spec"]["minReplicas"], "no node could be drained"
    ports = {}
    for each in of("Service"):
        assert each["spec"]["selector"] in labels
        for port in each["spec"]["ports"]:
            named = container(pods[each["metadata"]["name"]])["ports"]
            assert port["targetPort"] in {one["name"] for one in named}
            ports[each["metadata"]["name"], port["name"]] = port["port"]
    (ingress,) = of("Ingress")
    service = ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert (service["name"], service["port"]["name"]) in ports


def test_the_network_lets_in_who_must_come_in_and_nobody_else() -> None:
    policies = {each["metadata"]["name"]: each["spec"] for each in of("NetworkPolicy")}
    pods = {each["metadata"]["name"]: each for each in of("Deployment", "StatefulSet")}
    assert set(policies) == set(pods)  # a pod without one would be open to all
    for name, policy in policies.items():
        assert policy["podSelector"]["matchLabels"] == template(pods[name])["metadata"]["labels"]
        assert "Ingress" in policy["policyTypes"]
    (web,) = policies["web"]["ingress"]
    spaces = [each["namespaceSelector"]["matchLabels"] for each in web["from"]]
    assert [list(each.values()) for each in spaces] == [["ingress-nginx"], ["monitoring"]]
    assert web["ports"] == [{"port": container(pods["web"])["ports"][0]["containerPort"]}]
    (store,) = policies["store"]["ingress"]
    (peer,) = store["from"]
    (rule,) = peer["podSelector"]["matchExpressions"]
    ours = {p["metadata"]["labels"]["part"] for p in pods.values() if container(p).get("envFrom")}
    assert (rule["key"], rule["operator"], set(rule["values"])) == ("part", "In", ours)
    assert ours == {"web", "worker", "consume"}
    assert store["ports"] == [{"port": container(pods["store"])["ports"][0]["containerPort"]}]


def test_web_is_asked_whether_it_can_keep_events_and_not_whether_somebody_works() -> None:
    (web,) = (each for each in of("Deployment") if each["metadata"]["name"] == "web")
    assert container(web)["readinessProbe"]["httpGet"]["path"] == "/readyz/door"
    assert container(web)["livenessProbe"]["httpGet"]["path"] == "/healthz"


def test_nothing_is_stopped_for_slowness_while_it_carries_the_store_over() -> None:
    pods = {each["metadata"]["name"]: container(each) for each in of("Deployment")}
    for name in ("web", "worker"):
        probe = pods[name]["startupProbe"]
        assert probe["periodSeconds"] * probe["failureThreshold"] > CARRIED_S
    (worker,) = (each for each in UNITS if each.stem == "hookline-worker")
    assert int(shipped.unit(worker, "TimeoutStartSec")) > CARRIED_S
    assert int(shipped.unit(worker, "WatchdogSec")) > 10 * EVERY_S
    patience = [shipped.services()["worker"]["healthcheck"]["start_period"]]
    patience += re.findall(r"--start-period=(\S+)", shipped.dockerfile())
    assert [int(each.removesuffix("s")) > CARRIED_S for each in patience] == [True, True]


def test_the_example_reads_its_secrets_from_the_folder_and_shows_its_metrics_to_prometheus(
    tmp_path: Path,
) -> None:
    (web,) = (each for each in of("Deployment") if each["metadata"]["name"] == "web")
    environ = shipped.environment(web)
    mounts = {each["name"]: each["mountPath"] for each in container(web)["volumeMounts"]}
    assert environ["HOOKLINE_SECRETS"] == mounts["secrets"]
    example = shipped.OVERLAY / "hookline.yaml"
    named = set(re.findall(r"\$\{(\w+)\}", example.read_text("utf-8"))) - environ.keys()
    told = (shipped.OVERLAY / "kustomization.yaml").read_text("utf-8")
    for name in named:
        assert name in told, f"{name} is not among the secrets to be made"
        (tmp_path / name).write_text(f"{name} of the tests\n")
    environ |= {"HOOKLINE_SECRETS": str(tmp_path), "HOOKLINE_CONFIG": str(example)}
    settings = configuration.load(environ)
    assert settings.warnings == ()
    assert (settings.metrics, settings.metrics_token) == ("token", "METRICS_TOKEN of the tests")
    (scrape,) = shipped.read(shipped.KUBERNETES / "monitoring/prometheus.yml")["scrape_configs"]
    assert scrape["authorization"]["credentials_file"].endswith("/METRICS_TOKEN")
    host, _, port = scrape["static_configs"][0]["targets"][0].partition(":")
    space = shipped.read(shipped.OVERLAY / "kustomization.yaml")["namespace"]
    services = {each["metadata"]["name"]: each for each in of("Service")}
    assert host == f"web.{space}.svc"
    assert int(port) == services["web"]["spec"]["ports"][0]["port"]


def test_the_image_has_the_version_that_the_project_has() -> None:
    tags = [
        (each["name"], each["newTag"])
        for folder in (*shipped.BASES.values(), shipped.OVERLAY)
        for each in shipped.read(folder / "kustomization.yaml")["images"]
    ]
    image = "registry.example.com/hookline"
    assert tags == [("hookline", __version__), ("hookline", __version__), (image, __version__)]
