"""What compose and Kubernetes start runs in a container: read-only, as a user without any rights.

No image is built here. bubblewrap makes a tree of what the Dockerfile copies, as read-only as an
image is, with a network of its own in which the services have their names; the commands, variables
and probes are those of the deploy files. Only /tmp can be written, and the store's /data.
"""

import json
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.deploy import shipped
from tests.deploy.shipped import OVERLAY, PROJECT, SHIPPED, container, of, tool
from workers.store.embedded import binary_path

HERE = Path(__file__).parent
USER = "10001"
UNWRITABLE = ("/x", "/opt/hookline/x", "/opt/hookline/app/x", "/etc/hookline/x", "/usr/x")
SECRETS = {
    "HUBSPOT_TOKEN": "a token",
    "STRIPE_SECRET": "whsec_of_the_tests",
    "METRICS_TOKEN": "a token for metrics",
    "QUEUE_URL": "redis://store:6379/5",
}
ENDPOINT = {"QUEUE_ENDPOINT": "stripe"}  # the one that both configurations have


def image() -> dict[str, str]:
    """The variables that the Dockerfile sets in the image."""
    (block,) = re.findall(r"^ENV ((?:.*\\\n)*.*)$", shipped.dockerfile(), flags=re.MULTILINE)
    pairs = (each.partition("=") for each in shlex.split(block.replace("\\\n", " ")))
    found = {name: value for name, _, value in pairs}
    found["PATH"] = found["PATH"].replace("$PATH", "/opt/store:/usr/local/bin:/usr/bin:/bin")
    return found


def people(folder: Path) -> Path:
    """The folder /etc, after what the Dockerfile does to it."""
    etc = folder / "etc"
    etc.mkdir()
    for name in ("passwd", "group"):
        (etc / name).write_text("root:x:0:0::/root:/bin/sh\n"[: None if name == "passwd" else 9])
    for name in ("shadow", "gshadow"):
        (etc / name).touch()
    (step,) = re.findall(r"^RUN (groupadd (?:.*\\\n)*.*)$", shipped.dockerfile(), re.MULTILINE)
    words = [tool("bwrap", "bubblewrap"), *system(), "--uid", "0", "--gid", "0"]
    words += ["--bind", str(etc), "/etc", "/bin/sh", "-ec", step]
    done = subprocess.run(words, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return etc


def system() -> Iterator[str]:
    """The words for what the base image brings: here, what this machine has."""
    yield from ("--unshare-all", "--die-with-parent", "--new-session")
    yield from ("--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr")
    for name in ("bin", "sbin", "lib", "lib64"):
        if Path("/", name).is_symlink():
            yield from ("--symlink", f"usr/{name}", f"/{name}")
        elif Path("/", name).exists():
            yield from ("--ro-bind", f"/{name}", f"/{name}")


def tree(folder: Path, config: Path, *, secrets_at: str) -> Iterator[str]:
    """The words by which bubblewrap makes the container's tree."""
    etc = people(folder)
    (etc / "hosts").write_text("127.0.0.1 localhost store sandbox web worker\n", "utf-8")
    yield from (*system(), "--clearenv", "--uid", USER, "--gid", USER, "--cap-drop", "ALL")
    bound = {
        sys.base_prefix: Path(sys.base_prefix),
        "/opt/hookline/.venv": Path(sys.prefix),
        "/opt/store/valkey-server": binary_path(),
        **{f"/etc/{name}": etc / name for name in ("hosts", "passwd", "group")},
        "/etc/hookline/hookline.yaml": config,
        secrets_at: folder / "secrets",
        "/inside.py": HERE / "inside.py",
    }
    for name in shipped.copied():
        if name not in ("deploy/install.py", "deploy/requirements.txt"):  # which make the .venv
            bound[f"/opt/hookline/{name}"] = PROJECT / name
    for to, what in bound.items():
        yield from ("--ro-bind", str(what), to)
    yield from ("--tmpfs", "/tmp", "--tmpfs", "/data", "--remount-ro", "/")  # noqa: S108
    yield from ("--chdir", "/opt/hookline")
    for name, value in image().items():
        yield from ("--setenv", name, value)


def ran(
    folder: Path,
    config: Path,
    *,
    services: Sequence[dict[str, Any]],
    calls: Sequence[Sequence[str]],
    secrets_at: str,
) -> dict[str, Any]:
    """What became of the services, the calls, and two events: one by the door, one by the queue."""
    bwrap = tool("bwrap", "bubblewrap")
    secrets = folder / "secrets"
    for name, value in SECRETS.items():
        (secrets / name).write_text(f"{value}\n", "utf-8")
    sample = json.loads((PROJECT / "tests/sources/stripe/invoice.paid.sample.json").read_text())
    body = sample["body"]
    (secrets / "event.json").write_text(json.dumps(body | {"id": "evt_door"}), "utf-8")
    order = {
        "services": [*others(), *services],
        "unwritable": UNWRITABLE,
        "calls": [*calls, ["send", "stripe", f"{secrets_at}/event.json", "--same", "--json"]],
        "token": {"Authorization": f"Bearer {SECRETS['METRICS_TOKEN']}"},
        "message": (SECRETS["QUEUE_URL"], "events", json.dumps(body | {"id": "evt_queue"})),
        "events": 2,
    }
    done = subprocess.run(
        [bwrap, *tree(folder, config, secrets_at=secrets_at), "python", "/inside.py"],
        input=json.dumps(order),
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    account: dict[str, Any] = json.loads(done.stdout)
    return account | {"log": done.stderr}


def others() -> Iterator[dict[str, Any]]:
    """The store and the sandbox, as compose starts them."""
    found = shipped.services()
    yield {
        "name": "store",
        "command": found["store"]["command"],
        "environment": {},
        "folder": "/data",
        "probes": [],  # by a program that is not here
    }
    yield from composed("sandbox")


def composed(*names: str) -> Iterator[dict[str, Any]]:
    """Services of compose."""
    (health,) = re.findall(r"^ +CMD (\[.+\])$", shipped.dockerfile(), flags=re.MULTILINE)
    for name in names:
        service = shipped.services()[name]
        test = service.get("healthcheck", {}).get("test", ["CMD", *json.loads(health)])
        if test[0] == "CMD-SHELL":
            test = ["CMD", "sh", "-c", test[1].replace("$$", "$")]
        yield {
            "name": name,
            "command": ["hookline", *shipped.plain(service["command"], ENDPOINT)],
            "environment": shipped.services()["web"]["environment"] if name != "sandbox" else {},
            "probes": []
            if service.get("healthcheck") == {"disable": True}
            else [{"exec": test[1:]}],
        }


def podded() -> Iterator[dict[str, Any]]:
    """The pods of Kubernetes, with their probes."""
    for pods in of("Deployment"):
        held = container(pods)
        probes = []
        for each in ("startupProbe", "readinessProbe", "livenessProbe"):
            if "exec" in held.get(each, {}):
                probes.append({"exec": held[each]["exec"]["command"]})
            elif "httpGet" in held.get(each, {}):
                probes.append({"path": held[each]["httpGet"]["path"]})
        yield {
            "name": pods["metadata"]["name"],
            "command": ["hookline", *shipped.arguments(pods, ENDPOINT)],
            "environment": shipped.environment(pods),
            "probes": probes,
        }


@pytest.fixture(scope="module", autouse=True)
def namespaces() -> None:
    """That this machine lets containers be made."""
    words = [tool("bwrap", "bubblewrap"), *system(), "/bin/true"]
    tried = subprocess.run(words, text=True, capture_output=True, check=False)
    if tried.returncode:
        shipped.leave_out(f"not run: {tried.stderr.strip()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "secrets").mkdir()
    return tmp_path


def judged(account: dict[str, Any]) -> None:
    """Nothing could be written, nobody had rights; both events were waited for."""
    assert (account["home"], account["user"]) == (None, int(USER))
    assert set(account["refused"].values()) == {"Read-only file system"}
    assert "superuser" not in account["log"]  # as which Celery takes who has no name


def test_what_compose_starts_runs_read_only_with_the_configuration_that_is_shipped(
    folder: Path,
) -> None:
    account = ran(
        folder,
        SHIPPED / "hookline.yaml",
        services=list(composed("worker", "web", "consume")),
        calls=[["check"], ["provision"], ["user", "add", "zoe", "--role", "admin"]],
        secrets_at=shipped.services()["web"]["environment"]["HOOKLINE_SECRETS"],
    )
    judged(account)
    assert "no faults: " in account["calls"][0]
    assert account["calls"][2].startswith("zoe (admin): one-time password ")


def test_what_kubernetes_starts_runs_read_only_with_the_configuration_of_the_example(
    folder: Path,
) -> None:
    text = (OVERLAY / "hookline.yaml").read_text("utf-8")
    local = "  acme:\n    base_url: http://sandbox:8788\n"  # and no account of anybody's
    assert text.count("  acme:\n") == 1
    (folder / "hookline.yaml").write_text(text.replace("  acme:\n", local), "utf-8")
    account = ran(
        folder,
        folder / "hookline.yaml",
        services=list(podded()),
        calls=[
            ["provision", "acme"],
            ["check", "--portal", "acme"],
            ["user", "add", "zoe", "--role", "admin"],
        ],
        secrets_at="/run/secrets/hookline",
    )
    judged(account)
    assert account["metrics"] == [401, 200]
