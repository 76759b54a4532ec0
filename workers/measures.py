"""What is counted over all processes: each family's name, labels and buckets. Pure.

A family is kept as fields of one hash for each portal, so that any process can add and any can
read. Label values come from the configuration or from closed sets: never from a payload.
"""

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

SEPARATOR = "\x1f"
SUM = "sum"  # of a histogram, in microseconds
DOOR_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
CALL_S = (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
LIFE_S = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600, 21_600, 86_400)


class Kind(StrEnum):
    """How a family is added to."""

    COUNTER = "counter"
    GAUGE = "gauge"  # the last that was told
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """One thing that is counted; one of portals has the label `portal` before its own."""

    name: str  # without the prefix hookline_ and the suffix _total
    help: str
    labels: tuple[str, ...] = ()
    of_portals: bool = True
    kind: Kind = Kind.COUNTER
    buckets: tuple[float, ...] = ()  # upper bounds in seconds; the last, without one, is not named

    def field(self, values: Sequence[str], part: str = "") -> str:
        """Return the field of the portal's hash for these label values."""
        if len(values) != len(self.labels):
            raise ValueError(f"{self.name}: {len(values)} values for the labels {self.labels}")
        head = f"{self.name}{SEPARATOR}" + SEPARATOR.join(values) if values else self.name
        return f"{head}{SEPARATOR}{part}" if part else head

    def bucket(self, seconds: float) -> str:
        """Return the bucket that a duration falls into; its bound belongs to it."""
        return str(bisect.bisect_left(self.buckets, seconds))


@dataclass(frozen=True, slots=True, kw_only=True)
class Histogram:
    """What was observed: how many in each bucket, and the sum."""

    counts: tuple[int, ...]  # one for each bound, and one for what is beyond the last
    sum_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The value of one family for one set of label values, the portal first if it has one."""

    family: Family
    labels: tuple[str, ...]
    value: float | Histogram


ACCEPTED = Family(
    name="events_accepted",
    help="Events that were kept; a duplicate is not one.",
    labels=("endpoint",),
)
DUPLICATES = Family(
    name="events_duplicate",
    help="Events that had been accepted before.",
    labels=("endpoint",),
)
DELIVERIES = Family(
    name="deliveries",
    help="Requests to the endpoints, by the answer and its reason.",
    of_portals=False,
    labels=("endpoint", "status", "reason"),
)
SIGNATURES = Family(
    name="signature_failures",
    help="Deliveries whose signature was refused, by the reason.",
    of_portals=False,
    labels=("endpoint", "reason"),
)
MESSAGES = Family(
    name="queue_messages",
    help="Messages from queues and calls of hookline.accept, by what became of them.",
    of_portals=False,
    labels=("endpoint", "became"),
)
ACCEPT_S = Family(
    name="accept_seconds",
    help="From a delivery's arrival at the door to its answer of 2xx.",
    of_portals=False,
    labels=("endpoint",),
    kind=Kind.HISTOGRAM,
    buckets=DOOR_S,
)
WAIT_S = Family(
    name="event_wait_seconds",
    help="From an event's acceptance until a writer first took it up.",
    labels=("endpoint",),
    kind=Kind.HISTOGRAM,
    buckets=LIFE_S,
)
APPLY_S = Family(
    name="event_apply_seconds",
    help="From an event's acceptance until all that it asked for was done.",
    labels=("endpoint",),
    kind=Kind.HISTOGRAM,
    buckets=LIFE_S,
)
HANDLED = Family(
    name="events_handled",
    help="Events that were handled, by the state that they came to and the reason for it.",
    labels=("endpoint", "state", "reason"),
)
OUTCOMES = Family(
    name="outcomes",
    help="What became of each change that a mapping asked for, by the reason.",
    labels=("state", "reason"),
)
TURNS = Family(name="turns", help="Turns of the writer that handled events.")
TURN_S = Family(
    name="turn_seconds",
    help="How long a turn of the writer took.",
    kind=Kind.HISTOGRAM,
    buckets=CALL_S,
)
DRAINS = Family(name="drains", help="Drains of a portal, by their end.", labels=("ended",))
CALLS = Family(
    name="crm_calls",
    help="Calls to the CRM, by kind and status; 0 is a call without an answer.",
    labels=("kind", "status"),
)
INPUTS = Family(
    name="crm_call_inputs",
    help="Inputs that the calls to the CRM carried.",
    labels=("kind",),
)
CALL_TIME_S = Family(
    name="crm_call_seconds",
    help="How long the CRM took to answer.",
    labels=("kind",),
    kind=Kind.HISTOGRAM,
    buckets=CALL_S,
)
THROTTLES = Family(
    name="throttles",
    help="Times that a limit was reached, by which limit.",
    labels=("limit",),
)
PAUSES = Family(
    name="portal_pauses",
    help="Pauses of a portal because nothing got through, by the reason.",
    labels=("reason",),
)
DAILY = Family(
    name="quota_daily_calls", help="Calls that the portal may make in a day.", kind=Kind.GAUGE
)
DAILY_LEFT = Family(
    name="quota_daily_left_calls",
    help="Calls that are left of the day's, as the last answer said.",
    kind=Kind.GAUGE,
)

FAMILIES: Mapping[str, Family] = {
    each.name: each
    for each in (
        ACCEPTED,
        DUPLICATES,
        DELIVERIES,
        SIGNATURES,
        MESSAGES,
        ACCEPT_S,
        WAIT_S,
        APPLY_S,
        HANDLED,
        OUTCOMES,
        TURNS,
        TURN_S,
        DRAINS,
        CALLS,
        INPUTS,
        CALL_TIME_S,
        THROTTLES,
        PAUSES,
        DAILY,
        DAILY_LEFT,
    )
}


def measured(portal: str, fields: Iterable[tuple[str, int]]) -> list[Measured]:
    """Return what the fields of a portal's hash say; a family that is not known is left out.

    What is of no portal stands in the hash of the portal "".
    """
    first = (portal,) if portal else ()
    plain: dict[tuple[str, tuple[str, ...]], int] = {}
    spread: dict[tuple[str, tuple[str, ...]], dict[str, int]] = {}
    for field, value in fields:
        name, *values = field.split(SEPARATOR)
        family = FAMILIES.get(name)
        if family is None:
            continue
        if family.kind is Kind.HISTOGRAM:
            spread.setdefault((name, tuple(values[:-1])), {})[values[-1]] = value
        else:
            plain[name, tuple(values)] = value
    found = [
        Measured(family=FAMILIES[name], labels=(*first, *values), value=value)
        for (name, values), value in plain.items()
    ]
    for (name, labels), parts in spread.items():
        family = FAMILIES[name]
        counts = tuple(parts.get(str(n), 0) for n in range(len(family.buckets) + 1))
        histogram = Histogram(counts=counts, sum_s=parts.get(SUM, 0) / 1_000_000)
        found.append(Measured(family=family, labels=(*first, *labels), value=histogram))
    return found
