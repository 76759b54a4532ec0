"""One call from beginning to end: faults, credentials, limits, the answer, the file, the log."""

import time
from dataclasses import dataclass
from typing import Any

import orjson
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException

from app.sandbox import access
from app.sandbox.access import Access
from app.sandbox.calls import Log
from app.sandbox.consents import Consents
from app.sandbox.crm import Crm
from app.sandbox.errors import ApiError, correlation_id
from app.sandbox.faults import Fault, Faults
from app.sandbox.limits import Limits
from app.sandbox.storage import File
from app.sandbox.values import iso

LARGEST_URL = 8_000
JSON = "application/json;charset=utf-8"
_OURS = ("/_sandbox", "/favicon.ico")
_OPEN = ("/oauth/",)  # where a token is got, so that none is needed
_RARE = ("/merge", "/gdpr-delete")  # writes that change more than records


@dataclass(slots=True, kw_only=True)
class Sandbox:
    """A running account and its application."""

    crm: Crm
    limits: Limits
    faults: Faults
    access: Access
    consents: Consents
    log: Log
    app: "Application"
    file: File | None = None


class Application(Flask):
    """The Flask application of a sandbox; `sandbox` is set before the first call."""

    sandbox: Sandbox

    def full_dispatch_request(self) -> Response:
        """Answer one request: late, wrongly or not at all, when a fault says so."""
        sandbox, started = self.sandbox, time.perf_counter()
        if request.path == "/" or request.path.startswith(_OURS):
            with sandbox.crm.lock:
                response = super().full_dispatch_request()
                self._keep(records_only=False)
            return response
        request.get_data(cache=True)  # before the lock: a slow sender must not hold it
        struck = sandbox.faults.strike(request.method, request.path)
        delay_s = sandbox.faults.delay_s(struck)
        g.spoil = lambda count: sandbox.faults.spoiled(struck, count)
        refused = next((rule for rule in struck if rule.kind == "status"), None)
        own_ms = 0.0
        if refused is not None:
            response = error_response(refused.error())
        else:
            with sandbox.crm.lock:
                began = time.perf_counter()
                response = super().full_dispatch_request()
                if request.method != "GET":
                    hot = "/objects/" in request.path and not request.path.endswith(_RARE)
                    self._keep(records_only=hot)
                own_ms = (time.perf_counter() - began) * 1000
        if delay_s > 0:
            time.sleep(delay_s)
        response.headers["X-Sandbox-Own-Ms"] = f"{own_ms:.3f}"
        self._note(response, took_ms=(time.perf_counter() - started) * 1000)
        for rule in struck:
            if rule.kind in ("lost", "cut", "drip"):
                _break(rule, response)
        return response

    def _keep(self, *, records_only: bool) -> None:
        """Have the file say what the account is now."""
        if self.sandbox.file is not None:
            self.sandbox.file.save(self.sandbox.crm, records_only=records_only)

    def _note(self, response: Response, *, took_ms: float) -> None:
        with self.sandbox.crm.lock:
            self.sandbox.log.add(
                at=iso(self.sandbox.crm.now()),
                method=request.method,
                path=request.path,
                inputs=_count_inputs(),
                status=response.status_code,
                took_ms=round(took_ms, 3),
            )


def install(app: Application) -> None:
    """Put the gate before every view, and HubSpot's words around every error."""

    @app.before_request
    def gate() -> None:
        path = request.path
        if path == "/" or path.startswith((*_OURS, *_OPEN)):
            return
        crm, now = app.sandbox.crm, app.sandbox.crm.now()
        needed = access.scope(request.method, path, plural=crm.plural_name)
        app.sandbox.access.check(request.headers.get("Authorization", ""), needed=needed, now=now)
        if len(request.full_path) > LARGEST_URL:
            raise ApiError(414, "The request URI is too long; use a batch read.")
        g.limit_headers = app.sandbox.limits.take(
            path,
            now=now,
            retry_after=crm.switches.retry_after_on_429 == "present",
            association_headers=crm.switches.association_rate_headers == "on",
        )

    @app.after_request
    def add_headers(response: Response) -> Response:
        response.headers.update(g.get("limit_headers", {}))
        response.headers.setdefault("x-hubspot-correlation-id", correlation_id())
        return response

    @app.errorhandler(ApiError)
    def api_error(error: ApiError) -> Response:
        return error_response(error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        code = error.code or 500
        if code == 404:
            return Response("<html><body>Not found</body></html>", 404, content_type="text/html")
        found = ApiError(code, error.description or "", category="VALIDATION_ERROR")
        allowed = dict(error.get_headers()).get("Allow")
        found.headers = {"Allow": allowed} if allowed else {}
        return error_response(found)


def error_response(error: ApiError) -> Response:
    """Return an error as HubSpot answers it."""
    body = error.body()
    response = Response(orjson.dumps(body), error.status, content_type=JSON)
    response.headers["x-hubspot-correlation-id"] = str(body["correlationId"])
    response.headers.update(error.headers)
    return response


def _break(rule: Fault, response: Response) -> None:
    """Cut the connection: before the answer, in the middle of it, or after a slow drip."""
    socket: Any = request.environ.get("werkzeug.socket")
    if socket is None:
        return
    body = response.get_data()
    head = (
        f"HTTP/1.1 {response.status}\r\nContent-Type: {JSON}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
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
