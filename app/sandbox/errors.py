"""HubSpot's error bodies."""

import secrets
import time
import uuid
from collections.abc import Mapping, Sequence

import orjson


def correlation_id() -> str:
    """Return what names an answer: a UUID of version 7."""
    milliseconds = time.time_ns() // 1_000_000
    number = (milliseconds << 80) | secrets.randbits(80)
    number = number & ~(0xF << 76) | (0x7 << 76)
    return str(uuid.UUID(int=number & ~(0x3 << 62) | (0x2 << 62)))


class ApiError(Exception):
    """An answer that is an error; `body` is as HubSpot words it."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        category: str | None = "VALIDATION_ERROR",
        context: Mapping[str, Sequence[str]] | None = None,
        errors: Sequence[Mapping[str, object]] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        self.status = status
        self.message = message
        self.category = category
        self.context = dict(context or {})
        self.errors = list(errors or [])
        self.headers = dict(headers or {})
        self.more = more
        super().__init__(message)

    def body(self) -> dict[str, object]:
        """Return the error envelope."""
        body: dict[str, object] = {
            "status": "error",
            "message": self.message,
            "correlationId": correlation_id(),
        }
        if self.category is not None:
            body["category"] = self.category
        if self.context:
            body["context"] = self.context
        if self.errors:
            body["errors"] = self.errors
        body.update(self.more)
        return body

    def row(self, trace: str | None) -> dict[str, object]:
        """Return the error as one row of a 207, naming the input by its trace id."""
        context = dict(self.context)
        if trace is not None:
            context["objectWriteTraceId"] = [trace]
        return {
            "status": "error",
            "category": self.category or "OBJECT_NOT_FOUND",
            "message": self.message,
            "context": context,
            "errors": self.errors,
            "links": {},
        }


def not_found(*, plain: bool, record_id: str = "") -> ApiError:
    """Return the 404 for an id that is not there."""
    if record_id and not record_id.isdigit():
        return ApiError(
            404,
            "Object not found.  objectId are usually numeric.",
            category="OBJECT_NOT_FOUND",
            context={"id": [record_id]},
        )
    return ApiError(404, "resource not found", category=None if plain else "OBJECT_NOT_FOUND")


def unreadable(what: str) -> ApiError:
    """Return the 400 of a body that is not of the shape it must have."""
    return ApiError(400, f"Invalid input JSON on line 1, column 2: {what}")


def unset(*names: str) -> ApiError:
    """Return the 400 of a body that lacks fields."""
    return ApiError(
        400,
        "Invalid input JSON on line 1, column 2. "
        f"Some required fields were not set: [{', '.join(names)}]",
    )


def duplicates(ids: Sequence[str]) -> ApiError:
    """Return the 400 of a batch that names one record twice."""
    once = list(dict.fromkeys(ids))
    return ApiError(
        400,
        f"Duplicate IDs found in batch input: [{', '.join(once)}]. IDs must be unique",
        context={"ids": once},
    )


def missing(kind: str, ids: Sequence[str]) -> ApiError:
    """Return the error of a batch that names records that are not there."""
    return ApiError(
        404,
        f"Could not get some {kind} objects, they may be deleted or not exist. "
        "Check that ids are valid.",
        category="OBJECT_NOT_FOUND",
        context={"ids": list(ids)},
    )


def conflict(existing_id: str) -> ApiError:
    """Return the 409 of a contact whose e-mail is taken."""
    return ApiError(
        409,
        f"Contact already exists. Existing ID: {existing_id}",
        category="CONFLICT",
        context={"existingId": [existing_id]},
    )


def taken(*, portal_id: int, kind: str, name: str, value: str, own: str, holder: str) -> ApiError:
    """Return the 400 of a unique value that another record has."""
    coordinates = (
        f"PropertyValueCoordinates{{portalId={portal_id}, "
        f"objectTypeId=ObjectTypeId{{legacyObjectType={kind}}}, "
        f"propertyName={name}, value={value}}}"
    )
    return ApiError(400, f"Cannot set {coordinates} on {own}. {holder} already has that value.")


def invalid_values(faults: Sequence[Mapping[str, str]], *, portal_id: int) -> ApiError:
    """Return the 400 that lists every property value that was not valid."""
    items = [
        {
            "isValid": False,
            "message": fault["message"],
            "error": fault["code"],
            "name": fault["name"],
            "localizedErrorMessage": fault["message"],
            "propertyValue": fault["value"],
            "portalId": portal_id,
        }
        for fault in faults
    ]
    return ApiError(
        400,
        "Property values were not valid: " + orjson.dumps(items).decode(),
        errors=[
            {
                "message": fault["message"],
                "code": fault["code"],
                "context": {"propertyName": [fault["name"]]},
            }
            for fault in faults
        ],
    )


def together(errors: Sequence[ApiError]) -> ApiError:
    """Return one error for a batch that is refused whole, with every fault in it."""
    first = errors[0]
    if len(errors) == 1:
        return first
    return ApiError(
        first.status,
        first.message,
        category=first.category,
        context=first.context,
        errors=[
            detail
            for error in errors
            for detail in (error.errors or [{"message": error.message, "code": error.category}])
        ],
    )
