"""The JSON API under /api/v1, with the same powers as the console, and its OpenAPI document."""

from http import HTTPStatus
from typing import Any

from flask import Flask
from flask_smorest import Api

from app import __version__
from app.api import events, home, letters, mappings, people, persons, portals, records
from app.api.problems import PROBLEM, Problem
from app.desk import Desk

PREFIX = "/api/v1"


class Documented(Api):
    """The API's document; errors are the application's own affair."""

    ERROR_SCHEMA = Problem

    def _register_error_handlers(self) -> None:
        """Leave them: each blueprint has its own."""

    def _register_responses(self) -> None:
        """Say that errors are problem details."""
        self.spec.components.schema("Problem", schema=Problem)
        content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
        for status in HTTPStatus:
            said = {"description": status.phrase, "content": content}
            self.spec.components.response(status.name, said, lazy=True)
        said = {"description": "It was not done, and why", "content": content}
        self.spec.components.response("DEFAULT_ERROR", said)

    def _register_pagination_header(self) -> None:
        """Leave it out: pages go by cursors."""


def add_api(app: Flask, desk: Desk) -> None:
    """Add the API to the application."""
    app.config.update(
        API_TITLE="Hookline",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        OPENAPI_JSON_PATH="openapi.json",
    )
    security: dict[str, Any] = {"token": {"type": "http", "scheme": "bearer"}}
    api = Documented(
        app,
        spec_kwargs={
            "components": {"securitySchemes": security},
            "security": [{"token": []}],
            "servers": [{"url": "/"}],
        },
    )
    for part in (home, events, letters, records, mappings, portals, people, persons):
        api.register_blueprint(part.blueprint(desk), url_prefix=PREFIX)
