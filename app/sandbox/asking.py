"""Reading requests: lists in a query in either spelling, JSON bodies, flags."""

from collections.abc import Callable, Mapping

import orjson
from flask import Response, g, request

from app.sandbox.errors import ApiError, unreadable, unset


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
    given = request.args.get(parameter, "")
    if not given:
        return default
    found = number_of(given, parameter)
    if found < 1:
        raise ApiError(400, f"{parameter} must be a positive number, not {given!r}")
    if found > most:
        raise ApiError(400, f"{parameter} must be at most {most}")
    return found


def cursor() -> int:
    """Return where a page begins. Raises the 400 for what is no cursor of ours."""
    return number_of(request.args.get("after") or "0", "after")


def number_of(value: object, name: str) -> int:
    """Return a whole number that came as a number or as a string. Raises the 400."""
    written = text(value)
    if not (written.isascii() and written.isdigit() and len(written) < 19):
        raise ApiError(400, f"{name} must be a number, not {written!r}")
    return int(written)


def body() -> dict[str, object]:
    """Return the JSON object of a request. Raises the 400 or 415."""
    if request.mimetype not in ("application/json", ""):
        raise ApiError(
            415, f"Content type {request.mimetype} is not supported; send application/json."
        )
    try:
        found = orjson.loads(request.get_data())
    except orjson.JSONDecodeError as error:
        raise unreadable(str(error)) from None
    if not isinstance(found, dict):
        raise unreadable("an object is expected")
    return found


def required(found: Mapping[str, object], name: str) -> object:
    """Return a field of a body. Raises HubSpot's complaint that it was not set."""
    if name not in found:
        raise unset(name)
    return found[name]


def inputs(
    found: Mapping[str, object], *, most: int = 100, what: str = "inputs"
) -> list[dict[str, object]]:
    """Return the inputs of a batch. Raises ApiError for none or too many."""
    listed = required(found, "inputs")
    if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
        raise unreadable("inputs is a list of objects")
    if not listed:
        raise ApiError(400, "Batch input provided should have at least one object.")
    if len(listed) > most:
        raise ApiError(
            400,
            f"The maximum number of {what} supported in a batch is {most}. "
            "Please reduce the number of items and try again",
        )
    return listed


def text(value: object) -> str:
    """Return an id as text, whether it came as a number or as a string."""
    return "" if value is None else str(value)


def mapping(value: object) -> dict[str, object]:
    """Return a JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows(value: object, name: str) -> list[dict[str, object]]:
    """Return a list of JSON objects. Raises the 400 for anything else."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise unreadable(f"{name} is a list of objects")
    return value


def words(value: object) -> list[str]:
    """Return a list of texts, an empty one for anything else."""
    return [text(each) for each in value] if isinstance(value, list) else []


def spoiled(count: int) -> frozenset[int]:
    """Return which of `count` inputs a fault on demand makes fail."""
    choose: Callable[[int], frozenset[int]] | None = g.get("spoil")
    return frozenset() if choose is None else choose(count)
