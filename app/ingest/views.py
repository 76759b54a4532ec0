"""The one route of the door."""

from time import perf_counter

from flask import Blueprint, Response, request

from app.ingest.counting import UNKNOWN, count_delivery
from app.ingest.door import Door, Knock, Runtime
from app.ingest.problems import Told
from app.ingest.requests import TRACE, body_of, headers_of, url_of
from workers.logs import log

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def blueprint(runtime: Runtime) -> Blueprint:
    """Return the blueprint that takes deliveries in. Raises SourceError if a source has faults."""
    pages = Blueprint("ingest", __name__)
    door = Door(runtime)
    settings = runtime.settings
    methods = list(METHODS)

    def answer(knock: Knock) -> Told:
        try:
            return door.answer(knock)
        except Exception:
            broken = Told(status=500, about={"reason": "bug"})
            count(knock.name, broken, 0.0)
            raise

    def count(name: str, told: Told, took_s: float) -> None:
        endpoint = name if name in door.gates else UNKNOWN
        count_delivery(runtime.store.tally, endpoint, told, took_s=took_s)

    @pages.route("/hooks/<name>", methods=methods, provide_automatic_options=False)
    def deliver(name: str) -> Response:
        began = perf_counter()
        environ = request.environ
        told = answer(
            Knock(
                name=name,
                method=environ["REQUEST_METHOD"],
                url=url_of(
                    environ,
                    external_url=settings.external_url,
                    trusted_proxies=settings.trusted_proxies,
                ),
                headers=headers_of(environ),
                read=lambda: body_of(environ, max_bytes=settings.max_body_bytes),
                trace=environ.get(TRACE, ""),
            )
        )
        took_s = perf_counter() - began
        count(name, told, took_s)
        log.info(
            "delivery",
            endpoint=name[:64],
            status=told.status,
            **told.about,
            took_ms=round(took_s * 1000, 2),
        )
        return Response(told.body, told.status, told.headers, content_type=told.type)

    return pages
