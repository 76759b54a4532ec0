"""All pages of a list or search, one call at a time."""

from collections.abc import Callable, Iterator
from dataclasses import replace

from workers.crm.call import Call
from workers.crm.linked import Linked, linked
from workers.crm.rows import Reply, Row, search
from workers.crm.shapes import after, mapping
from workers.errors import Unanswered


def pages(send: Callable[[Call], Reply], call: Call) -> Iterator[Reply]:
    """Send `call`, and again for each page that follows; nothing is sent before it is asked for.

    A list may change meanwhile: what moves behind the cursor is not seen again. HubSpot refuses
    a search beyond its first 10,000 records. Raises what `send` does, and Unanswered for a cursor
    that comes back, since that list would never end.
    """
    seen: set[str] = set()
    while True:
        reply = send(call)
        yield reply
        cursor = after(reply.body)
        if cursor is None:
            return
        if cursor in seen:
            raise Unanswered(f"{call.method} {call.path}: the page after {cursor} came back")
        seen.add(cursor)
        call = at(call, cursor)


def records(send: Callable[[Call], Reply], call: Call) -> Iterator[Row]:
    """Return every record of a list or search, page after page."""
    for reply in pages(send, call):
        yield from search(reply).results


def associated(send: Callable[[Call], Reply], call: Call) -> Iterator[Linked]:
    """Return every record that one is associated with, page after page."""
    for reply in pages(send, call):
        yield from linked(reply).results


def at(call: Call, cursor: str) -> Call:
    """Return `call` for the page that begins at `cursor`."""
    if call.method == "GET":
        query = tuple((name, value) for name, value in call.query if name != "after")
        return replace(call, query=(*query, ("after", cursor)))
    return replace(call, body={**mapping(call.body), "after": cursor})
