"""The one route of the door."""

from time import perf_counter

from flask import Blueprint, Response, request

from app.ingest.door import Door, Knock, Runtime
from app.ingest.requests import body_of, headers_of, url_of
from workers.logs import log

METHODS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")


def blueprint(runtime: Runtime) -> Blueprint:
    """Return the blueprint that takes deliveries in. Raises SourceError if a source has faults."""
    pages = Blueprint("ingest", __name__)
    door = Door(runtime)
    settings = runtime.settings
    methods = list(METHODS)

    @pages.route("/hooks/<name>", methods=methods, provide_automatic_options=False)
    def deliver(name: str) -> Response:
        began = perf_counter()
        environ = request.environ
        told = door.answer(
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
            )
        )
        log.info(
            "delivery",
            endpoint=name[:64],
            status=told.status,
            **told.about,
            took_ms=round((perf_counter() - began) * 1000, 2),
        )
        return Response(told.body, told.status, told.headers, content_type=told.type)

    return pages
