"""What must hold at the end: nothing lost or doubled, every event accounted for, nothing grown."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any

from tests.bench.tables import percentile
from tests.chaos.audit import judged
from tests.soak.deliveries import STATES, Delivery
from tests.soak.flatness import Bound, Judgement, Reading, judge
from tests.soak.mishaps import Mishap
from tests.soak.setting import PORTALS
from tests.soak.watch import FOR_EVER, Watch

Held = Mapping[str, list[dict[str, Any]]]  # a CRM's records by type

BEFORE_S = 1.0  # of a mishap: the moments are those of its end
AFTER_S = 10.0  # of a mishap, in which what waited is made up for
FOUND = (200, 202)
SETTLED_S = 25.0  # of a process's life, after which it has all that it needs
FAULTS = 10  # of one kind that are told
SWOLLEN = 3  # kinds of keys that are told when the store has grown
TRUSTED_S = 10.0  # as long as deliveries wait for no longer, retention is longer than any delay
SHORT_S = 300.0  # of judging: then swings, and a worker that warms up, look like a trend
IN_SHORT = 5  # so many times the floor is allowed of memory and of what follows the load
MEMORY = Bound(share=0.04, floor=3.0)
COUNTS = Bound(share=0.1, floor=16.0)  # pools fill: two processes of web have eight threads each
KEYS = Bound(share=0.15, floor=100.0)
LASTING = Bound(share=0.0, floor=10.0)
ELEMENTS = Bound(share=0.15, floor=100.0)
WAITING = Bound(share=0.5, floor=100.0)
KEPT = Bound(share=0.5, floor=30.0)
APPLIED = Bound(share=0.5, floor=150.0)
BOUNDS = {
    "memory: ": (MEMORY, "MiB"),
    "store: used memory": (MEMORY, "MiB"),
    "store: connections": (COUNTS, "connections"),
    "threads: ": (COUNTS, "threads"),
    "files: ": (COUNTS, "open files"),
    "keys: that never expire": (LASTING, "keys"),
    "keys: ": (KEYS, "keys"),
    "elements: ": (ELEMENTS, "elements"),
    "waiting: ": (WAITING, "events"),
    "POST to 202": (KEPT, "ms"),
    "POST to applied": (APPLIED, "ms"),
}


def lost_or_doubled(held: Mapping[str, Held], deliveries: Sequence[Delivery]) -> list[str]:
    """Return what the records of each portal's CRM lack, or have too much."""
    faults: list[str] = []
    for portal in PORTALS:
        accepted = [
            body
            for each in deliveries
            if portal in each.portals and each.status in FOUND and not each.again
            for kind, body in zip(each.kinds, each.bodies, strict=True)
            if kind not in STATES
        ]
        found = [*judged(held[portal], accepted), *_seen(held[portal], accepted)]
        faults += [f"{portal}: {fault}" for fault in found]
    return faults


def _seen(held: Held, accepted: Iterable[Mapping[str, object]]) -> Iterator[str]:
    """Give the contacts whose last name is not that of when they were seen last."""
    people = {each["properties"].get("email"): each["properties"] for each in held["contacts"]}
    newest: dict[str, tuple[float, str]] = {}
    for body in accepted:
        if body["type"] == "seen":
            email, stamp = str(body["email"]), (float(str(body["at"])), str(body["id"]))
            newest[email] = max(newest.get(email, stamp), stamp)
    for email, (_, id) in newest.items():
        name = people.get(email, {}).get("lastname")
        if name != id:
            yield f"{email}: last name {name}, not {id}"


def unaccounted(
    counts: Mapping[str, Mapping[str, int]], deliveries: Sequence[Delivery]
) -> list[str]:
    """Return where the events of each state are not as many as were sent to end so."""
    faults = [
        f"{each.endpoint}: answered {each.status}, forged: {each.forged}"
        for each in deliveries
        if each.status not in ((401,) if each.forged else FOUND)
    ]
    for portal in PORTALS:
        expected: Counter[str] = Counter()
        for each in deliveries:
            if portal in each.portals and not each.forged and not each.again:
                expected.update(STATES.get(kind, "done") for kind in each.kinds)
        if expected:
            expected["accepted"] = expected.total()
        found = {name: n for name, n in counts[portal].items() if n}
        if found != dict(expected):
            faults.append(f"{portal}: counted {found}, sent {dict(expected)}")
    return faults


def overloaded(watch: Watch, mishaps: Sequence[Mishap], *, measured_s: float) -> list[str]:
    """Return that the machine was too slow for what it took while its capacity was measured.

    Nothing else is worth looking at then: what is kept for a minute was gone before it was used.
    """
    waited_ms = [each.value for each in _calm(watch.series["POST to 202, p50"], mishaps)]
    if max(waited_ms, default=0.0) < TRUSTED_S * 1000:
        return []
    others = watch.series["machine: cores for others"]
    before = median(each.value for each in others if each.at_s <= measured_s)
    since = median(each.value for each in others if each.at_s > measured_s)
    return [
        f"deliveries waited for {max(waited_ms) / 1000:.0f} s; others used {before:.1f} cores "
        f"while the capacity was measured, and {since:.1f} since: run it alone"
    ]


def latencies(
    held: Mapping[str, Held], deliveries: Sequence[Delivery], *, began: float
) -> Iterator[tuple[str, Reading]]:
    """Give p50 and p99 of each second in ms: from when it was due to the 202, and to the note."""
    noted = {
        (portal, note["properties"]["hs_note_body"]): datetime.fromisoformat(
            note["properties"]["hs_createdate"]
        ).timestamp()
        for portal in PORTALS
        for note in held[portal].get("notes", [])
    }
    took: dict[tuple[str, int], list[float]] = defaultdict(list)
    for each in deliveries:
        if each.again or each.forged:
            continue
        second = int(each.due - began)
        took["POST to 202", second].append(each.answered - each.due)
        for portal in each.portals:
            for body in each.bodies:
                at = noted.get((portal, str(body["id"])))
                if at is not None:
                    took["POST to applied", second].append(at - each.due)
    for (what, second), seconds in sorted(took.items()):
        for share in (50, 99):
            value = percentile(seconds, share / 100) * 1000
            yield f"{what}, p{share}", Reading(at_s=float(second), value=value)


def grown(
    watch: Watch, mishaps: Sequence[Mishap], *, since_s: float, until_s: float
) -> list[Judgement]:
    """Return the judgement of each series; of those that follow the load, outside of mishaps."""
    found: list[Judgement] = []
    for name in sorted(watch.series):
        bound = next((each for start, each in BOUNDS.items() if name.startswith(start)), None)
        life_s = watch.lives_s.get(name.removeprefix("keys: "), 0.0)
        if bound is None or since_s < life_s < FOR_EVER:
            continue
        allowed = LASTING if life_s == FOR_EVER else bound[0]
        readings = list(watch.series[name])
        if name.startswith(("waiting: ", "POST to ")):
            readings = list(_calm(readings, mishaps))
        if name.startswith(("memory: ", "threads: ", "files: ")):
            readings = list(_settled(readings))
        if until_s - since_s < SHORT_S and name.startswith(("memory: ", "waiting: ", "POST to ")):
            allowed = Bound(share=allowed.share, floor=IN_SHORT * allowed.floor)
        found.append(
            judge(name, readings, since_s=since_s, until_s=until_s, bound=allowed, unit=bound[1])
        )
    return found


def swollen(watch: Watch, *, since_s: float, until_s: float) -> list[str]:
    """Return which kinds of keys grew most in size, as far as a sample of them tells."""
    found = [
        judge(name, each, since_s=since_s, until_s=until_s, bound=MEMORY, unit="MiB")
        for name, each in watch.series.items()
        if name.startswith("size: ")
    ]
    found.sort(key=lambda each: each.growth or 0.0, reverse=True)
    return [f"{each.name} {each.growth or 0.0:+,.2f} MiB" for each in found[:SWOLLEN]]


def unjudged(watch: Watch, *, since_s: float) -> dict[str, float]:
    """Return the kinds of keys that live longer than the warm-up, and how long, in seconds.

    They cannot have reached their number; those without any time to live are judged all the same.
    """
    return {kind: life_s for kind, life_s in watch.lives_s.items() if since_s < life_s < FOR_EVER}


def _calm(readings: Iterable[Reading], mishaps: Sequence[Mishap]) -> Iterator[Reading]:
    for each in readings:
        if not any(
            mishap.since_s - BEFORE_S <= each.at_s <= mishap.until_s + AFTER_S for mishap in mishaps
        ):
            yield each


def _settled(readings: Iterable[Reading]) -> Iterator[Reading]:
    began: dict[str, float] = {}
    for each in readings:
        if each.at_s - began.setdefault(each.life, each.at_s) >= SETTLED_S:
            yield each
