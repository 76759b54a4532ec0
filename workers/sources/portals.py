"""Which of an endpoint's portals an event is for.

An endpoint with several portals sends every event to all of them, or to those that its `portal`
expression names. That is asked once, when the event is accepted, and holds from then on. An event
for which it cannot be told is kept for every portal, dead in each with the reason; replayed after
the expression was mended, it goes where it belongs and is ignored elsewhere.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import orjson

from workers.errors import MappingError
from workers.events import Arrival, Event
from workers.expressions import Missing, Scope
from workers.filters.values import sequence, shown, text
from workers.sources.model import Source

UNDECIDED = "hookline-portal"  # a header of events that are in every portal for want of a choice


def scope(about: Arrival | Event, source: Source, *, time: datetime, received: datetime) -> Scope:
    """Return what the expressions of one event can name. Raises MappingError."""
    try:
        body = orjson.loads(about.body)
    except orjson.JSONDecodeError as error:
        raise MappingError(f"{source.file}: the event's body is not JSON: {error}") from error
    return Scope(
        body=body,
        headers=about.headers,
        received=received,
        event={
            "id": about.source_id,
            "type": about.type,
            "time": time,
            "endpoint": about.endpoint,
            "source": about.source,
        },
        variables=source.variables,
        portal=about.portal if isinstance(about, Event) else None,
    )


def by_portal(
    arrivals: Sequence[Arrival], source: Source, *, portals: Sequence[str], received: datetime
) -> dict[str, list[Arrival]]:
    """Return what is to be kept for each portal, in the order of `portals`."""
    if source.choice is None:
        return {portal: list(arrivals) for portal in portals}
    found: dict[str, list[Arrival]] = {portal: [] for portal in portals}
    for arrival in arrivals:
        kept = arrival
        try:
            if arrival.fault:
                wanted: Sequence[str] = portals[:1]  # nothing can be read of it; one copy will do
            else:
                time = arrival.time or received
                wanted = chosen(source, scope(arrival, source, time=time, received=received))
        except MappingError:
            wanted = portals
            kept = replace(arrival, headers={**arrival.headers, UNDECIDED: "undecided"})
        for portal in wanted:
            found[portal].append(kept)
    return {portal: kept for portal, kept in found.items() if kept}


def chosen(source: Source, scope: Scope) -> tuple[str, ...]:
    """Return the portals that the expression names. Raises MappingError unless all are known."""
    choice = source.choice
    if choice is None:
        return source.portals
    try:
        value = choice(scope)
        listed = sequence(value) if isinstance(value, list | tuple) else (value,)
        names = [text(each) for each in listed if not isinstance(each, Missing) and each]
    except (MappingError, ValueError) as error:
        raise MappingError(f"{choice.place}: portal: {error}; in {choice.source}") from error
    strangers = [name for name in names if name not in source.portals]
    if strangers or not names:
        what = f"{shown(strangers[0])} is none of them" if strangers else "names none of them"
        known = ", ".join(source.portals)
        raise MappingError(f"{choice.place}: portal: {what} ({known}); in {choice.source}")
    return tuple(dict.fromkeys(names))


def elsewhere(event: Event, source: Source, scope: Scope) -> str:
    """Return why an event that no portal was chosen for at first is not this portal's; or "".

    Raises MappingError if it still cannot be told.
    """
    if UNDECIDED not in event.headers or source.choice is None:
        return ""
    names = chosen(source, scope)
    if event.portal in names:
        return ""
    return f"{source.choice.place}: it is for {' and '.join(names)}"
