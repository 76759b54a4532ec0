"""Serving a sandbox over HTTP: in a thread of one's own process, or alone."""

import sys
import threading
from types import TracebackType
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from app.sandbox.answering import Sandbox
from app.sandbox.web import Options, create_sandbox


class _Handler(WSGIRequestHandler):
    """Keeps connections open, sends at once, and says nothing."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: the call log has it."""


class Server:
    """A sandbox that is served while the `with` block lasts.

    In other people's tests:

        @pytest.fixture
        def hubspot():
            with Server(Options(tier="unlimited")) as server:
                yield server.url

    Any client of HubSpot's works against `server.url` with any token; what the account then holds
    is in `server.sandbox.crm`, or at /_sandbox/records.
    """

    def __init__(
        self, options: Options | None = None, *, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        self.sandbox: Sandbox = create_sandbox(options)
        self._server: BaseWSGIServer = make_server(
            host, port, self.sandbox.app, threaded=True, request_handler=_Handler
        )
        self._server.daemon_threads = True  # type: ignore[attr-defined]
        self._server.handle_error = self._broken  # type: ignore[method-assign]
        self.url = f"http://{host}:{self._server.server_port}"

    def __enter__(self) -> "Server":
        threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="sandbox", daemon=True
        ).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        if self.sandbox.file is not None:
            with self.sandbox.crm.lock:
                self.sandbox.file.save(self.sandbox.crm, records_only=False)
                self.sandbox.file.close()

    def _broken(self, request: Any, client_address: Any) -> None:
        """Say nothing of a connection that a fault or the caller has cut."""
        if not isinstance(sys.exception(), OSError):
            type(self._server).handle_error(self._server, request, client_address)
