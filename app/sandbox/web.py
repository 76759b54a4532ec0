"""The sandbox as a Flask application: every family of paths, limits, faults, the call log."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BaseConverter

from app.sandbox import admin, associations, metadata, pipelines, records, search, viewer
from app.sandbox.calls import Log
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError
from app.sandbox.faults import Fault, Faults
from app.sandbox.limits import Limits
from app.sandbox.snapshots import File
from app.sandbox.switches import LENIENT, STRICT, Switches
from app.sandbox.values import iso

OPEN_PATHS = ("/_sandbox", "/oauth/")
LARGEST_URL = 8_000
TOO_MANY = 429


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a sandbox is started."""

    tier: str = "professional"
    seed: int = 1
    switches: Switches = STRICT
    data: Path | None = None


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """A running account and its application."""

    crm: Crm
    limits: Limits
    faults: Faults
    log: Log
    app: Flask
    file: File | None = None
    dirty: threading.Event = field(default_factory=threading.Event)


class _Version(BaseConverter):
    regex = r"v[1-4]|\d{4}-\d{2}(?:-beta)?"


def create_sandbox(options: Options | None = None) -> Sandbox:
    """Return a sandbox; its `app` is the WSGI application."""
    options = options or Options()
    crm = Crm(seed=options.seed, switches=options.switches)
    file = None if options.data is None else File(options.data)
    if file is not None:
        file.load(crm)
    sandbox = Sandbox(
        crm=crm,
        limits=Limits(options.tier),
        faults=Faults(Random(options.seed)),  # noqa: S311 (repeatable, not secret)
        log=Log(),
        app=Flask("app.sandbox"),
        file=file,
    )
    _routes(sandbox)
    _hooks(sandbox)
    return sandbox


def _routes(sandbox: Sandbox) -> None:
    app, crm = sandbox.app, sandbox.crm
    app.url_map.converters["version"] = _Version
    app.url_map.strict_slashes = False
    families: list[tuple[Callable[[Crm], Any], tuple[str, ...]]] = [
        (records.blueprint, ("/crm/{}/objects", "/crm/objects/{}")),
        (search.blueprint, ("/crm/{}/objects", "/crm/objects/{}")),
        (associations.in_object_path, ("/crm/{}/objects", "/crm/objects/{}")),
        (associations.in_batches, ("/crm/{}/associations", "/crm/associations/{}")),
        (metadata.properties, ("/crm/{}/properties", "/crm/properties/{}")),
        (pipelines.pipelines, ("/crm/{}/pipelines", "/crm/pipelines/{}")),
        (metadata.owners, ("/crm/{}/owners", "/crm/owners/{}")),
        (metadata.schemas, ("/crm-object-schemas/{}/schemas", "/crm/{}/schemas")),
    ]
    for make, prefixes in families:
        for number, prefix in enumerate(prefixes):
            page = make(crm)
            page.name = f"{page.name}-{number}"
            page.url_value_preprocessor(_without_version)
            app.register_blueprint(page, url_prefix=prefix.format("<version:version>"))
    app.register_blueprint(metadata.account(crm, sandbox.limits))
    app.register_blueprint(
        admin.blueprint(crm, limits=sandbox.limits, faults=sandbox.faults, log=sandbox.log)
    )
    app.register_blueprint(viewer.blueprint(crm, sandbox.log))


def _without_version(_: str | None, values: dict[str, Any] | None) -> None:
    if values is not None:
        values.pop("version", None)


def _hooks(sandbox: Sandbox) -> None:
    app, crm, faults = sandbox.app, sandbox.crm, sandbox.faults
    views = app.full_dispatch_request

    def serve() -> Response:
        """Answer one request: late, wrongly or not at all, when a fault says so."""
        started = time.perf_counter()
        if request.path.startswith("/_sandbox") or request.path == "/":
            with crm.lock:
                return views()
        struck = faults.strike(request.method, request.path)
        request.get_data(cache=True)
        delay_s = faults.delay_s(struck)
        refused = next((rule for rule in struck if rule.kind == "status"), None)
        if refused is not None:
            response = _error(_injected(refused))
        else:
            with crm.lock:
                began = time.perf_counter()
                crm.partial = any(rule.kind == "partial" for rule in struck)
                response = views()
                g.own_ms = (time.perf_counter() - began) * 1000
                sandbox.dirty.set()
        if delay_s > 0:
            time.sleep(delay_s)
        took_ms = (time.perf_counter() - started) * 1000
        with crm.lock:
            sandbox.log.add(
                at=iso(crm.now()),
                method=request.method,
                path=request.path,
                inputs=_count_inputs(),
                status=response.status_code,
                took_ms=round(took_ms, 3),
            )
        for rule in struck:
            if rule.kind in ("lost", "cut", "drip"):
                _break(rule, response)
        response.headers["X-Sandbox-Own-Ms"] = f"{getattr(g, 'own_ms', 0.0):.3f}"
        return response

    app.full_dispatch_request = serve  # type: ignore[method-assign]

    @app.before_request
    def gate() -> None:
        path = request.path
        if path == "/" or any(path.startswith(prefix) for prefix in OPEN_PATHS):
            return
        _authorise(request.headers.get("Authorization", ""))
        if len(request.full_path) > LARGEST_URL:
            raise ApiError(414, "The request URI is too long; use a batch read.")
        g.limit_headers = sandbox.limits.take(
            path,
            now=crm.now(),
            retry_after=crm.switches.retry_after_on_429 == "present",
            association_headers=crm.switches.association_rate_headers == "on",
        )

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(g.get("limit_headers", {}))
        return response

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        return _error(error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.code or 500
        if code == 404:
            return Response("<html><body>Not found</body></html>", 404, content_type="text/html")
        return _error(ApiError(code, error.description or "", category="VALIDATION_ERROR"))


def _authorise(header: str) -> None:
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise ApiError(
            401,
            "Authentication credentials not found. This API supports OAuth 2.0 authentication.",
            category="INVALID_AUTHENTICATION",
        )
    if token.strip() == "expired":
        raise ApiError(
            401,
            "The OAuth token used to make this call expired 75 second(s) ago.",
            category="EXPIRED_AUTHENTICATION",
            context={"expire time": ["2026-01-01T00:00:00Z"]},
        )
    if token.strip().startswith("readonly") and request.method != "GET":
        scope = "crm.objects.contacts.write"
        raise ApiError(
            403,
            "This app hasn't been granted all required scopes to make this call.",
            category="MISSING_SCOPES",
            errors=[
                {
                    "message": "One or more of the following scopes are required.",
                    "context": {"requiredGranularScopes": [scope]},
                }
            ],
        )


def _error(error: ApiError) -> Response:
    body = error.body()
    response = Response(
        orjson.dumps(body), error.status, content_type="application/json;charset=utf-8"
    )
    response.headers["x-hubspot-correlation-id"] = str(body["correlationId"])
    response.headers.update(error.headers)
    return response


def _injected(rule: Fault) -> ApiError:
    headers = {}
    if rule.retry_after_s is not None:
        headers["Retry-After"] = f"{rule.retry_after_s:g}"
    message = f"injected {rule.status}"
    if rule.status == TOO_MANY:
        return ApiError(
            TOO_MANY, message, category=None, headers=headers, policyName="TEN_SECONDLY_ROLLING"
        )
    return ApiError(rule.status, message, category=None, headers=headers)


def _break(rule: Fault, response: Response) -> None:
    """Cut the connection: before the answer, in the middle of it, or after a slow drip."""
    socket = request.environ.get("werkzeug.socket")
    if socket is None:
        return
    body = response.get_data()
    head = (
        f"HTTP/1.1 {response.status}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()
    try:
        if rule.kind == "cut":
            socket.sendall(head + body[: len(body) // 2])
        elif rule.kind == "drip":
            socket.sendall(head)
            for byte in range(len(body)):
                socket.sendall(body[byte : byte + 1])
                time.sleep(rule.delay_s)
        socket.shutdown(2)
    except OSError:
        pass  # the caller has gone already, which is as good


def _count_inputs() -> int:
    if "/batch/" not in request.path:
        return 1
    try:
        found = orjson.loads(request.get_data())
    except orjson.JSONDecodeError:
        return 0
    listed = found.get("inputs") if isinstance(found, dict) else None
    return len(listed) if isinstance(listed, list) else 0


PRESETS = {"strict": STRICT, "lenient": LENIENT}
