"""The door, and what it is compared with, in one application."""

import os

from flask import Flask, Response, request

from app.ingest.requests import headers_of
from tests.app import serving
from workers.celery import application as celery_application
from workers.receive import receive
from workers.signatures import Request, verify


def application() -> Flask:
    """Return the tests' application, with two doors more.

    /hooks/-/each/NAME keeps an event as the door does, and publishes a Celery task for it besides;
    /hooks/-/task/NAME publishes a task that carries the event, and keeps nothing itself.
    """
    app = serving.application()
    url = os.environ["HOOKLINE_TEST_STORE"]
    runtime = serving.runtime(serving.settings_of(url))
    celery = celery_application(url)

    def verified(name: str) -> Request:
        asked = Request(
            method="POST",
            url=f"{serving.URL}/hooks/{name}",
            headers=headers_of(request.environ),
            body=request.get_data(),
        )
        secrets = runtime.settings.endpoints[name].secrets
        scheme = runtime.sources[name].scheme
        assert verify(scheme, asked, secrets=secrets, now=serving.now()).ok
        return asked

    @app.post("/hooks/-/each/<name>")
    def each(name: str) -> Response:
        received = receive(
            verified(name),
            endpoint=runtime.settings.endpoints[name],
            source=runtime.sources[name],
            store=runtime.store,
            now=serving.now(),
        )
        for receipt in received.receipts:
            if not receipt.duplicate:
                celery.send_task("bench.event", args=[receipt.id], ignore_result=True)
        return Response(b"", 202)

    @app.post("/hooks/-/task/<name>")
    def task(name: str) -> Response:
        body = verified(name).body.decode()
        celery.send_task("bench.event", args=[body], ignore_result=True)
        return Response(b"", 202)

    return app
