"""Every refusal of the API as problem details, RFC 9457."""

import math
from collections.abc import Mapping
from http import HTTPStatus

import orjson
from flask import Response
from flask_smorest import Blueprint
from marshmallow import Schema, fields
from werkzeug.exceptions import HTTPException

from app.desk.refusals import Impossible, Misasked, Missing
from workers.errors import Faults, Refused, Retryable

PROBLEM = "application/problem+json"


class Problem(Schema):
    """What went wrong, for a program and for a person."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    errors = fields.List(fields.String(), metadata={"description": "each fault, with its place"})


def handle(blueprint: Blueprint) -> None:
    """Answer what the views of `blueprint` raise."""
    blueprint.register_error_handler(HTTPException, _http)
    blueprint.register_error_handler(Missing, lambda error: said(404, str(error)))
    blueprint.register_error_handler(Misasked, lambda error: said(422, str(error)))
    blueprint.register_error_handler(Impossible, lambda error: said(409, str(error)))
    blueprint.register_error_handler(Faults, _faults)
    blueprint.register_error_handler(
        Refused, lambda error: said(502, f"The CRM refused: {error}", title="Refused by the CRM")
    )
    blueprint.register_error_handler(Retryable, _later)


def said(
    status: int,
    detail: str,
    *,
    title: str = "",
    errors: list[str] | None = None,
    headers: Mapping[str, str] | None = None,
    retry_after_s: float | None = None,
) -> Response:
    """Return a problem."""
    told: dict[str, object] = {
        "type": "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors is not None:
        told["errors"] = errors
    more = dict(headers or {})
    if retry_after_s is not None:
        more["Retry-After"] = str(max(1, math.ceil(retry_after_s)))
    return Response(orjson.dumps(told), status, more, content_type=PROBLEM)


def _http(error: HTTPException) -> Response:
    data: Mapping[str, object] = getattr(error, "data", None) or {}
    messages = data.get("messages")
    headers = {k: v for k, v in dict(error.get_headers()).items() if k in ("Allow", "Retry-After")}
    if messages:
        errors = sorted(_flat(messages))
        return said(error.code or 422, "; ".join(errors)[:2000], errors=errors, headers=headers)
    return said(error.code or 500, error.description or "", title=error.name, headers=headers)


def _flat(messages: object, place: str = "") -> list[str]:
    """Return what is wrong with a request, each with its place: "query.limit: …"."""
    match messages:
        case dict():
            found: list[str] = []
            for name, each in messages.items():
                found += _flat(each, f"{place}.{name}" if place else str(name))
            return found
        case list():
            return [f"{place}: {each}" for each in messages]
        case _:
            return [f"{place}: {messages}"]


def _faults(error: Faults) -> Response:
    return said(422, str(error)[:2000], errors=list(error.faults))


def _later(error: Retryable) -> Response:
    return said(503, str(error), retry_after_s=error.retry_after_s or 5.0)
