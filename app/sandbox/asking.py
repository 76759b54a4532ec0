"""Reading requests: lists in a query in either spelling, JSON bodies, flags."""

from collections.abc import Mapping

import orjson
from flask import Response, request

from app.sandbox.errors import ApiError

LARGEST_QUERY = 8_000


def answer(body: object, status: int = 200) -> Response:
    """Return a JSON answer; an empty one for 204."""
    if status == 204:
        return Response(status=204)
    return Response(
        orjson.dumps(body), status=status, content_type="application/json;charset=utf-8"
    )


def names(parameter: str) -> list[str]:
    """Return a list of the query: comma-separated, repeated, or both."""
    return [
        part.strip()
        for value in request.args.getlist(parameter)
        for part in value.split(",")
        if part.strip()
    ]


def flag(parameter: str) -> bool:
    """Return a boolean of the query, in any case."""
    return request.args.get(parameter, "").lower() == "true"


def number(parameter: str, *, default: int, most: int) -> int:
    """Return a number of the query."""
    text = request.args.get(parameter, "")
    if not text:
        return default
    if not text.isdigit() or int(text) < 1:
        raise ApiError(400, f"{parameter} must be a positive number, not {text!r}")
    if int(text) > most:
        raise ApiError(400, f"{parameter} must be at most {most}")
    return int(text)


def body() -> dict[str, object]:
    """Return the JSON object of a request. Raises the 400 or 415."""
    if request.mimetype not in ("application/json", ""):
        raise ApiError(
            415, f"Content type {request.mimetype} is not supported; send application/json."
        )
    try:
        found = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise ApiError(400, f"Invalid input JSON on line 1, column 1: {error}") from None
    if not isinstance(found, dict):
        raise ApiError(400, "Invalid input JSON on line 1, column 1: an object is expected")
    return found


def required(found: Mapping[str, object], name: str) -> object:
    """Return a field of a body. Raises HubSpot's complaint that it was not set."""
    if name not in found:
        raise ApiError(
            400,
            f"Invalid input JSON on line 1, column 2. Some required fields were not set: [{name}]",
        )
    return found[name]


def inputs(found: Mapping[str, object], *, most: int = 100) -> list[dict[str, object]]:
    """Return the inputs of a batch. Raises ApiError for none or too many."""
    listed = required(found, "inputs")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise ApiError(400, "Invalid input JSON on line 1, column 2: inputs is a list of objects")
    if not listed:
        raise ApiError(400, "Batch input provided should have at least one object.")
    if len(listed) > most:
        raise ApiError(
            400,
            f"The maximum number of inputs supported in a batch is {most}. "
            "Please reduce the number of items and try again",
        )
    return listed


def text(value: object) -> str:
    """Return an id as text, whether it came as a number or as a string."""
    return "" if value is None else str(value)


def mapping(value: object) -> dict[str, object]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}
