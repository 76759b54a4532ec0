"""Asking a portal, once an hour, what only it knows: unique properties, association labels."""

from collections.abc import Callable, Iterable

from workers.crm import replies
from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import Refused
from workers.knowledge import Definition, LabelKey, Uniqueness

FORBIDDEN = 403
NOT_FOUND = 404


def ask_definitions(
    wanted: Iterable[Definition], *, api: Api, ask: Callable[[Call], Reply]
) -> dict[Definition, Uniqueness]:
    """Return how the portal keeps each property; NONE for one that it does not have.

    One that we have no leave to read is left out.
    """
    found: dict[Definition, Uniqueness] = {}
    for object_type, name in sorted(wanted):
        try:
            reply = ask(api.property(object_type, name))
        except Refused as error:
            if error.status == FORBIDDEN:
                continue
            if error.status != NOT_FOUND:
                raise
            found[object_type, name] = Uniqueness.NONE
            continue
        body = reply.body if isinstance(reply.body, dict) else {}
        unique = body.get("hasUniqueValue") is True
        found[object_type, name] = Uniqueness.UNIQUE if unique else Uniqueness.PLAIN
    return found


def ask_labels(
    wanted: Iterable[LabelKey], *, api: Api, ask: Callable[[Call], Reply]
) -> dict[LabelKey, tuple[str, int] | None]:
    """Return category and type id of each label, None if the portal has no such; "" is unlabelled.

    Those of two types that we have no leave to read are left out.
    """
    wanted = set(wanted)
    found: dict[LabelKey, tuple[str, int] | None] = {}
    for from_type, to_type in sorted({(f, t) for f, t, _ in wanted}):
        asked = {key: None for key in wanted if key[:2] == (from_type, to_type)}
        try:
            labels = replies.labels(ask(api.labels(from_type, to_type)))
        except Refused as error:
            if error.status == FORBIDDEN:
                continue
            if error.status != NOT_FOUND:
                raise
            labels = ()
        found |= asked
        for label in labels:
            key = (from_type, to_type, label.label or "")
            if key in asked:
                found[key] = (label.category, label.type_id)
    return found
