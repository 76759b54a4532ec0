"""The YAML file that HOOKLINE_CONFIG names → `Settings`, or every fault that it has."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workers import documents
from workers.errors import Faults, SettingsError
from workers.settings.fields import Fields, Notes
from workers.settings.model import Settings
from workers.settings.openid import open_id
from workers.settings.parts import endpoint, named, numbers, optional, portal
from workers.settings.secrets import needs_keys, secret_key_files, secret_keys
from workers.settings.stores import broker_url, store_sync, store_url
from workers.settings.whom import notices

SYNCS = ("everysec", "always", "no")
METRICS = ("loopback", "token", "open")
OTLP = "OTEL_EXPORTER_OTLP_ENDPOINT"
PROJECT = Path(__file__).parent.parent.parent

LIMITS = {  # of each number, the smallest and the largest that make sense
    "max_body_bytes": (1, 100_000_000),
    "dedupe_s": (0, 1_000_000_000),
    "keep_handled_s": (60, 1_000_000_000),
    "keep_dead_s": (60, 1_000_000_000),
    "keep_clocks_s": (60, 1_000_000_000),
    "future_tolerance_s": (0, 86_400),
    "max_backlog": (1, 1_000_000_000),
    "turn_events": (1, 10_000),
    "slice_s": (0.1, 600),
    "lease_s": (1, 600),
    "retry_first_s": (0.1, 3_600),
    "retry_ceiling_s": (1, 86_400),
    "give_up_s": (1, 100_000_000),
    "trusted_proxies": (0, 10),
    "session_s": (60, 31_536_000),
}


def shipped() -> Path:
    """Return the configuration that comes with Hookline; it serves the sandbox."""
    path = PROJECT / "deploy" / "hookline.yaml"
    return path if path.is_file() else Path(sys.prefix) / "share" / "hookline" / "hookline.yaml"


def load(environ: Mapping[str, str]) -> Settings:
    """Return the settings. Raises SettingsError with every fault of the file at once.

    An endpoint whose secret is not set is no fault: it answers 503, and `warnings` says so.
    """
    given = environ.get("HOOKLINE_CONFIG")
    path = Path(given) if given else shipped()
    try:
        root = documents.read(path, name=str(path))
    except Faults as error:
        where = "HOOKLINE_CONFIG: " if given else ""
        raise SettingsError([where + fault for fault in error.faults]) from error
    notes = Notes(environ=environ)
    settings = _settings(Fields(root, path="", notes=notes), folder=path.parent)
    if notes.faults:
        raise SettingsError(sorted(dict.fromkeys(notes.faults), key=_line))
    return settings


def _line(fault: str) -> int:
    found = re.search(r":(\d+): ", fault)
    return int(found[1]) if found else 0


def _metrics(top: Fields) -> dict[str, Any]:
    """Return who may see the metrics."""
    who = top.choice("metrics", "loopback", METRICS)
    token = top.text("metrics_token") or None
    if who == "token" and token is None:
        told = "needs a token; write `metrics_token: ${METRICS_TOKEN}`"
        top.fault(top.node.items["metrics"], "metrics", told)
    return {"metrics": who, "metrics_token": token}


def _settings(top: Fields, *, folder: Path) -> Settings:
    environ = top.notes.environ
    store = store_url(top, environ.get("REDIS_URL") or None)
    broker = broker_url(top, environ.get("BROKER_URL") or None, store=store)
    dirs = tuple(folder / each for each in top.texts("sources"))
    for each in dirs:
        if not each.is_dir():
            top.fault(top.node.items["sources"], "sources", f"{each} is no folder; check the path")
    portals = named(top, "portals", portal, advice="add one, with its token")
    endpoints = named(
        top,
        "endpoints",
        lambda entry, name: endpoint(entry, name, folder=folder, dirs=dirs, portals=portals),
        advice="add one, with its source, portal and secret",
    )
    keys = secret_keys(top)
    encrypted = top.truth("encrypt_bodies", default=False)
    needs_keys(top, keys, encrypted=encrypted, portals=portals)
    settings = Settings(
        secret_keys=keys,
        secret_key_files=secret_key_files(top),
        encrypt_bodies=encrypted,
        store_url=store,
        broker_url=broker,
        store_sync=store_sync(top),
        results_url=top.url("results", None, ()),
        portals=portals,
        endpoints=endpoints,
        sources_dirs=dirs,
        max_store_bytes=optional(top, "max_store_bytes", low=10_000_000),
        embedded=top.truth("embedded", default=not environ.get("REDIS_URL")),
        data_dir=Path(top.text("data_dir") or ".hookline"),
        appendfsync=top.choice("appendfsync", "everysec", SYNCS),
        otlp_endpoint=top.url("otlp_endpoint", environ.get(OTLP) or None, ("http", "https")),
        notices=notices(top),
        oidc=open_id(top),
        **_metrics(top),
        external_url=top.url("external_url", None, ("https", "http")),
        mask=tuple(top.texts("mask")) if top.get("mask") else None,
        warnings=tuple(top.notes.warnings),
        **numbers(top, Settings, LIMITS),
    )
    top.close()
    return settings
