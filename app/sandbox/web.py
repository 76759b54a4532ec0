"""The sandbox as a Flask application: every family of calls, on every family of paths."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Blueprint
from werkzeug.routing import BaseConverter

from app.sandbox import (
    account,
    admin,
    association_batches,
    associations,
    labels,
    oauth,
    owners,
    pipelines,
    properties,
    record_batches,
    records,
    schemas,
    search,
    viewer,
)
from app.sandbox.access import Access
from app.sandbox.answering import Application, Sandbox, install
from app.sandbox.calls import Log
from app.sandbox.consents import Consents
from app.sandbox.crm import PORTAL_ID, Crm
from app.sandbox.faults import Faults
from app.sandbox.limits import Limits
from app.sandbox.storage import File
from app.sandbox.switches import LENIENT, STRICT, Switches

PRESETS = {"strict": STRICT, "lenient": LENIENT}
_OBJECTS = ("/crm/{}/objects", "/crm/objects/{}")
_ASSOCIATIONS = ("/crm/{}/associations", "/crm/associations/{}")
_FAMILIES: tuple[tuple[Callable[[Crm], Blueprint], tuple[str, ...]], ...] = (
    (records.blueprint, _OBJECTS),
    (record_batches.blueprint, _OBJECTS),
    (search.blueprint, _OBJECTS),
    (associations.blueprint, _OBJECTS),
    (association_batches.blueprint, _ASSOCIATIONS),
    (labels.blueprint, _ASSOCIATIONS),
    (labels.limits, tuple(f"{each}/definitions/configurations" for each in _ASSOCIATIONS)),
    (properties.blueprint, ("/crm/{}/properties", "/crm/properties/{}")),
    (pipelines.pipelines, ("/crm/{}/pipelines", "/crm/pipelines/{}")),
    (owners.blueprint, ("/crm/{}/owners", "/crm/owners/{}")),
    (schemas.blueprint, ("/crm-object-schemas/{}/schemas", "/crm/{}/schemas")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is started."""

    tier: str = "professional"
    seed: int = 1
    switches: Switches = STRICT
    data: Path | None = None


class _Version(BaseConverter):
    regex = r"v[1-4]|\d{4}-\d{2}(?:-beta)?"


def create_sandbox(options: Options | None = None) -> Sandbox:
    """Return a sandbox; its `app` is the WSGI application."""
    options = options or Options()
    crm = Crm(seed=options.seed, switches=options.switches)
    file = None if options.data is None else File(options.data)
    if file is not None:
        file.load(crm)
    access = Access()
    sandbox = Sandbox(
        crm=crm,
        limits=Limits(options.tier),
        faults=Faults(options.seed),
        access=access,
        consents=Consents(access, crm.random, PORTAL_ID),
        log=Log(),
        app=Application("app.sandbox"),
        file=file,
    )
    sandbox.app.sandbox = sandbox
    sandbox.app.url_map.converters["version"] = _Version
    sandbox.app.url_map.strict_slashes = False
    _routes(sandbox)
    install(sandbox.app)
    return sandbox


def _routes(sandbox: Sandbox) -> None:
    app, crm = sandbox.app, sandbox.crm
    for make, prefixes in _FAMILIES:
        for number, prefix in enumerate(prefixes):
            page = make(crm)
            page.name = f"{page.name}-{number}"
            page.url_value_preprocessor(_without_version)
            app.register_blueprint(page, url_prefix=prefix.format("<version:version>"))
    app.register_blueprint(account.blueprint(crm, sandbox.limits, sandbox.access))
    app.register_blueprint(oauth.blueprint(crm, sandbox.consents))
    app.register_blueprint(oauth.controls(crm, sandbox.consents))
    app.register_blueprint(
        admin.blueprint(
            crm,
            limits=sandbox.limits,
            faults=sandbox.faults,
            access=sandbox.access,
            consents=sandbox.consents,
            log=sandbox.log,
        )
    )
    app.register_blueprint(viewer.blueprint(crm, sandbox.log))


def _without_version(_: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        values.pop("version", None)
