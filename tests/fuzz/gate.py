"""The real application with an endpoint for every shipped source, asked without a network."""

import io
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from flask import Flask

from app.web import create_app
from tests.app import serving
from tests.senders import SENDERS
from workers import signatures, sources
from workers.settings import Endpoint
from workers.signatures import Request

MAX_BODY = 200_000


@dataclass(frozen=True, kw_only=True)
class Said:
    """What the application answered."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Gate:
    """The application, and what is behind it."""

    def __init__(self, app: Flask, runtime: serving.Runtime) -> None:
        self.app = app
        self.runtime = runtime

    def ask(
        self,
        path: str,
        *,
        method: str = "POST",
        query: str = "",
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Said:
        """Hand this to the application as its server would; of a doubled header, both joined."""
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            "wsgi.multithread": False,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        for name, value in headers:
            key = name.upper().replace("-", "_")
            key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
            environ[key] = f"{environ[key]},{value}" if key in environ else value
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start(status: str, pairs: list[tuple[str, str]], _: object = None) -> Any:
            started.append((status, pairs))
            return lambda _: None

        pieces = self.app(environ, start)
        answer = b"".join(pieces)
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
        ((status, pairs),) = started
        found = {name.lower(): value for name, value in pairs}
        return Said(status=int(status[:3]), headers=found, body=answer)

    def deliver(
        self,
        name: str,
        body: bytes,
        *,
        headers: Iterable[tuple[str, str]] = (),
        query: str = "",
        method: str = "POST",
    ) -> Said:
        """Ask with a genuine signature over exactly this.

        Raises ValueError if a signature cannot cover it: of a form that is none, for Twilio.
        """
        given = list(headers)
        scheme = self.runtime.sources[name].scheme
        secret = SENDERS[name].secret(0)
        url = f"{serving.URL}/hooks/{name}" + (f"?{query}" if query else "")
        request = Request.of(method=method, url=url, headers=given, body=body)
        request = replace(request, url=signatures.address(scheme, request, secret=secret))
        now = self.runtime.clock()
        added = signatures.sign(scheme, request, secret=secret, now=now, id=_first(given, "-id"))
        kept = [(each, value) for each, value in given if each.lower() not in added]
        return self.ask(
            f"/hooks/{name}",
            method=method,
            query=request.url.partition("?")[2],
            headers=[*kept, *added.items()],
            body=body,
        )

    def keys(self) -> int:
        """How many keys there are in the store.

        Left out are the list of what was refused of late, and the bell, which passes by itself.
        """
        keys: list[bytes] = self.runtime.store.redis.keys("*")
        return sum(b":refused:" not in key and not key.endswith(b":bell") for key in keys)

    def accepted(self) -> int:
        """How many events were kept so far."""
        return self.runtime.store.counts(serving.PORTAL).get("accepted", 0)


def _first(headers: Iterable[tuple[str, str]], ending: str) -> str | None:
    names = (f"webhook{ending}", f"svix{ending}")
    return next((value for name, value in headers if name.lower() in names), None)


@contextmanager
def gate(store_url: str) -> Iterator[Gate]:
    """The application with a store of its own."""
    plain = serving.settings_of(store_url)
    endpoints = {
        name: Endpoint(
            name=name,
            source=name,
            portal=serving.PORTAL,
            secrets=(SENDERS[name].known(SENDERS[name].secret(0)),),
            handshake_token=serving.VERIFY_TOKEN,
        )
        for name in sources.shipped()
    }
    runtime = serving.runtime(replace(plain, endpoints=endpoints, max_body_bytes=MAX_BODY))
    try:
        yield Gate(app=create_app(runtime), runtime=runtime)
    finally:
        runtime.store.close()
