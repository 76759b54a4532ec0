"""A span for each delivery, around the application; nothing at all where traces are off."""

from collections.abc import Callable, Iterable
from typing import Any

from app.ingest.requests import TRACE
from workers.traces import Traces

HOOKS = "/hooks/"
Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


def traced(app: Wsgi, traces: Traces | None) -> Wsgi:
    """Return `app` with a span around each delivery; `app` itself if traces are off."""
    if traces is None:
        return app

    def answer(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(HOOKS):
            return app(environ, start)
        headers = {
            name: environ[key]
            for name, key in (
                ("traceparent", "HTTP_TRACEPARENT"),
                ("tracestate", "HTTP_TRACESTATE"),
            )
            if key in environ
        }
        method: str = environ["REQUEST_METHOD"]
        with traces.inbound(method=method, route=f"{HOOKS}<name>", headers=headers) as inbound:

            def started(status: str, *more: Any) -> Any:
                inbound.answered(int(status[:3]))
                return start(status, *more)

            environ[TRACE] = inbound.traceparent
            return app(environ, started)

    return answer
