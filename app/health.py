"""Can this process do its work? /healthz asks the process, /readyz what it needs.

/readyz/door asks less: whether events can be kept. By it a balancer chooses the processes that it
sends deliveries to: one that keeps events is of use while no worker works.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

from flask import Blueprint, Response, jsonify

from workers.errors import Retryable, Unfit
from workers.reasons import reason_of
from workers.settings import Settings
from workers.store import Store

WORKER_S = 30.0  # without a sign of a worker, until nobody is assumed to work


class Runtime(Protocol):
    """What health is about."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102


def blueprint(runtime: Runtime) -> Blueprint:
    """Return the pages that whatever watches this process asks for."""
    pages = Blueprint("health", __name__)

    @pages.get("/healthz")
    def healthz() -> Response:
        return jsonify(status="ok")

    @pages.get("/readyz")
    def readyz() -> tuple[Response, int, Mapping[str, str]]:
        return _answer(readiness(runtime.store, runtime.settings, now=runtime.clock()))

    @pages.get("/readyz/door")
    def door() -> tuple[Response, int, Mapping[str, str]]:
        faults = keeping(runtime.store)
        return _answer({"status": _status(faults), "faults": faults})

    return pages


def _answer(found: Mapping[str, Any]) -> tuple[Response, int, Mapping[str, str]]:
    if found["faults"]:
        return jsonify(found), 503, {"Retry-After": "5"}
    return jsonify(found), 200, {}


def _status(faults: Sequence[str]) -> str:
    return "not ready" if faults else "ready"


def keeping(store: Store) -> list[str]:
    """Return why the store takes no events; nothing if it does."""
    try:
        store.fit()
        store.writable()
    except Retryable as error:
        return [_ailing(error)]
    return []


def _ailing(error: Retryable) -> str:
    if isinstance(error, Unfit):
        return str(error)
    return f"{error}; check that the store runs and that its disk has room"


def _portal(store: Store, name: str, *, now: datetime) -> dict[str, object]:
    """Return how many of its events wait, and the class of the reason for which it is paused."""
    paused = store.paused(name, now=now)
    why = None if paused is None else reason_of(paused[1]).value
    return {**asdict(store.backlog(name, now=now)), "paused": why}


def readiness(store: Store, settings: Settings, *, now: datetime) -> dict[str, Any]:
    """Return whether events can be kept and are worked on, and how each portal stands."""
    faults: list[str] = []
    seen_s: float | None = None
    portals: dict[str, object] = {}
    try:
        store.fit()
        store.writable()
        seen_s = store.workers_seen(now=now)
        portals = {name: _portal(store, name, now=now) for name in settings.portals}
    except Retryable as error:
        faults.append(_ailing(error))
    else:
        if seen_s is None:
            faults.append("worker: none was ever seen; start one with `hookline worker`")
        elif seen_s > WORKER_S:
            faults.append(f"worker: the last sign was {seen_s:.0f} s ago; look at its log")
    return {
        "status": _status(faults),
        "faults": faults,
        "worker_seen_s": seen_s,
        "portals": portals,
    }
