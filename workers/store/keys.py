"""The names of what is kept in Redis. Each has its portal as a hash tag: one cluster slot."""

import hashlib

from workers.changes import Keyed
from workers.knowledge import RecordId


def portal_key(portal: str, *parts: str) -> str:
    """Return the key of `parts` of one portal."""
    return ":".join((f"hl:{{{portal}}}", *parts))


def seen_key(portal: str, endpoint: str, source_id: str) -> str:
    """Return the dedupe key of an event: short, whatever the sender's ids look like."""
    digest = hashlib.blake2s(f"{endpoint}/{source_id}".encode(), digest_size=16).hexdigest()
    return portal_key(portal, "seen", digest)


def id_key(portal: str, key: Keyed) -> str:
    """Return where the record id of an identity is kept; the value itself is not in the name."""
    digest = hashlib.blake2s(key.value.encode(), digest_size=16).hexdigest()
    return portal_key(portal, "id", key.object_type, key.property, digest)


def clock_key(portal: str, record: RecordId) -> str:
    """Return the hash of the clocks of a record."""
    return portal_key(portal, "clock", *record)


def split_event_id(event_id: str) -> tuple[str, str]:
    """Return the portal and the stream entry that an event's id is made of.

    Raises ValueError for what is not one of our ids.
    """
    portal, milliseconds, sequence = event_id.rsplit("-", 2)
    if not portal or not milliseconds.isdigit() or not sequence.isdigit():
        raise ValueError(event_id)
    return portal, f"{milliseconds}-{sequence}"
