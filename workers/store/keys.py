"""The names of what is kept in Redis. Each has its portal as a hash tag: one cluster slot."""

import hashlib

from workers.changes import Keyed
from workers.knowledge import RecordId

NOBODY = "~"  # is no portal's name, and not empty: an empty hash tag is none to a cluster
BACKFILL = "~backfill"  # ends the name of the lane of an endpoint's backfilled events


def portal_key(portal: str, *parts: str) -> str:
    """Return the key of `parts` of one portal; "" is for what is of none, and is one slot too."""
    return ":".join((f"hl:{{{portal or NOBODY}}}", *parts))


def seen_key(portal: str, endpoint: str, source_id: str) -> str:
    """Return the dedupe key of an event: short, whatever the sender's ids look like."""
    digest = hashlib.blake2s(f"{endpoint}/{source_id}".encode(), digest_size=16).hexdigest()
    return portal_key(portal, "seen", digest)


def id_key(portal: str, key: Keyed) -> str:
    """Return where the record id of an identity is kept; the value itself is not in the name."""
    digest = hashlib.blake2s(key.value.encode(), digest_size=16).hexdigest()
    return portal_key(portal, "id", key.object_type, key.property, digest)


def about_key(portal: str, value: str) -> str:
    """Return the list of the events about a record with this key, whatever property it is of."""
    digest = hashlib.blake2s(value.strip().lower().encode(), digest_size=12).hexdigest()
    return portal_key(portal, "about", digest)


def clock_key(portal: str, record: RecordId) -> str:
    """Return the hash of the clocks of a record."""
    return portal_key(portal, "clock", *record)


def stream_key(portal: str, lane: str) -> str:
    """Return the stream of one endpoint's events: each has a lane, so that none fills the road."""
    return portal_key(portal, "events", lane)


def lanes_of(endpoint: str) -> tuple[str, str]:
    """Return the lanes of an endpoint: that of its live events, and that of its backfilled ones."""
    return endpoint, endpoint + BACKFILL


def endpoint_of(lane: str) -> str:
    """Return the endpoint whose events a lane has."""
    return lane.removesuffix(BACKFILL)


def seen_member(endpoint: str, seen: bytes) -> str:
    """Return the id, without the portal, of the event that a dedupe key stands for."""
    entry, tilde, rest = seen.decode().partition("~")
    return f"{endpoint}{tilde}{rest}-{entry}"


def event_id(portal: str, lane: str, entry: bytes) -> str:
    """Return our id of a stream entry: PORTAL.LANE-MILLISECONDS-SEQUENCE."""
    return f"{portal}.{lane}-{entry.decode()}"


def split_event_id(event_id: str) -> tuple[str, str]:
    """Return the portal of an event's id and the rest of it, which names it within the portal.

    Raises ValueError for what is not one of our ids.
    """
    portal, dot, member = event_id.partition(".")
    lane_and_entry(member)
    if not portal or not dot:
        raise ValueError(event_id)
    return portal, member


def lane_and_entry(member: str) -> tuple[str, str]:
    """Return the lane and the stream entry of an event, from its id without the portal."""
    lane, milliseconds, sequence = member.rsplit("-", 2)
    if not lane or not milliseconds.isdigit() or not sequence.isdigit():
        raise ValueError(member)
    return lane, f"{milliseconds}-{sequence}"
