"""What the soak looks at in the end finds what is wrong, and lets pass what mishaps explain."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.soak.deliveries import Delivery, Mix
from tests.soak.flatness import Reading
from tests.soak.mishaps import Mishap
from tests.soak.setting import PORTALS
from tests.soak.verdict import grown, latencies, lost_or_doubled, overloaded, swollen, unaccounted
from tests.soak.watch import FOR_EVER, Watch, kind_of

EMAIL = "a@x.example"
SECONDS = 200
COUNTS = {"accepted": 2, "done": 1, "ignored": 1}
EMPTY: dict[str, int] = {}


def delivery(*kinds: str, endpoint: str = "shop", **more: Any) -> Delivery:
    bodies: list[dict[str, object]] = [
        {"id": f"e{number}", "type": kind, "email": EMAIL, "at": number}
        for number, kind in enumerate(kinds)
    ]
    fields = {"bodies": bodies, "kinds": list(kinds), "due": 100.0, "status": 202, **more}
    return Delivery(endpoint=endpoint, **fields)


def records(lastname: str) -> dict[str, list[dict[str, Any]]]:
    return {"contacts": [{"id": "1", "properties": {"email": EMAIL, "lastname": lastname}}]}


def watched(name: str, value: Callable[[int], float]) -> Watch:
    watch = Watch(running=None, began=0.0)  # type: ignore[arg-type]  # nothing runs
    watch.series[name] = [Reading(at_s=at, value=value(at), life="1") for at in range(SECONDS)]
    return watch


def growing(watch: Watch, *mishaps: Mishap) -> list[str]:
    return [each.name for each in grown(watch, mishaps, since_s=70, until_s=200) if not each.flat]


def test_an_old_value_over_a_newer_one_is_found() -> None:
    held: dict[str, dict[str, list[dict[str, Any]]]]
    held = {"acme": records("e1"), "emea": {"contacts": []}}
    assert lost_or_doubled(held, [delivery("seen", "seen")]) == []
    held["acme"] = records("e0")
    found = lost_or_doubled(held, [delivery("seen", "seen")])
    assert found == [f"acme: {EMAIL}: last name e0, not e1"]


def test_an_event_that_ended_otherwise_or_twice_is_found() -> None:
    sent = [delivery("seen", "ping")]
    assert unaccounted({"acme": COUNTS, "emea": EMPTY}, sent) == []
    for wrong in ({**COUNTS, "done": 2}, {**COUNTS, "unknown": 1}, {**COUNTS, "waiting": 1}):
        assert len(unaccounted({"acme": wrong, "emea": EMPTY}, sent)) == 1


@pytest.mark.parametrize(
    ("status", "forged"), [(202, True), (401, False), (400, False), (500, False)]
)
def test_an_answer_that_a_delivery_should_not_get_is_found(status: int, *, forged: bool) -> None:
    found = unaccounted(dict.fromkeys(PORTALS, EMPTY), [delivery(status=status, forged=forged)])
    assert found == [f"shop: answered {status}, forged: {forged}"]


def test_a_forged_delivery_and_a_second_one_are_no_events() -> None:
    sent = [delivery("seen", status=401, forged=True), delivery("seen", status=200, again=True)]
    assert unaccounted(dict.fromkeys(PORTALS, EMPTY), sent) == []


def test_how_long_it_took_is_told_for_each_second() -> None:
    note = {"properties": {"hs_note_body": "e0", "hs_createdate": "1970-01-01T00:01:40.500Z"}}
    held: dict[str, dict[str, list[dict[str, Any]]]] = {"acme": {"notes": [note]}, "emea": {}}
    found = dict(latencies(held, [delivery("visited", answered=100.25)], began=90.0))
    assert found["POST to 202, p99"] == Reading(at_s=10, value=250)
    assert found["POST to applied, p50"] == Reading(at_s=10, value=500)


@pytest.mark.parametrize(
    "name",
    ["memory: worker-1", "files: web", "threads: store", "store: used memory", "keys: seen",
     "keys: that never expire", "elements: dead", "waiting: acme", "POST to 202, p50"],
)  # fmt: skip
def test_each_kind_of_series_is_found_that_grows(name: str) -> None:
    assert growing(watched(name, lambda at: 100 + 20 * at)) == [name]
    assert growing(watched(name, lambda at: 100 + at % 3)) == []


def test_a_latency_that_only_mishaps_raise_is_flat() -> None:
    mishaps = [Mishap(what="", since_s=at, until_s=at + 2) for at in range(80, 200, 30)]
    watch = watched("POST to 202, p99", lambda at: 10.0 + (10 * at if (at - 80) % 30 < 12 else 0))
    assert growing(watch, *mishaps) == []
    assert growing(watched("POST to 202, p99", lambda at: 10.0 * at), *mishaps)


@pytest.mark.parametrize(("seconds", "flat"), [(150, True), (1_800, False)], ids=["short", "long"])
def test_a_swing_of_the_latency_is_no_trend_in_a_short_soak(seconds: int, *, flat: bool) -> None:
    watch = Watch(running=None, began=0.0)  # type: ignore[arg-type]  # nothing runs
    name = "POST to applied, p50"
    watch.series[name] = [
        Reading(at_s=at, value=300 + 600 * at / seconds, life="1") for at in range(seconds)
    ]
    (found,) = grown(watch, [], since_s=0, until_s=seconds)
    assert found.flat is flat


def test_keys_that_live_for_longer_than_the_warm_up_are_not_judged_by_their_number() -> None:
    watch = watched("keys: flush", lambda at: 100.0 * at)
    watch.lives_s["flush"] = 600.0
    assert growing(watch) == []
    watch.lives_s["flush"] = FOR_EVER
    assert growing(watch) == ["keys: flush"]


def test_a_few_keys_more_that_never_expire_are_too_many() -> None:
    watch = watched("keys: result", lambda at: 1_000.0 + at / 5)
    assert growing(watch) == []
    watch.lives_s["result"] = FOR_EVER
    assert growing(watch) == ["keys: result"]


def test_the_kinds_of_keys_that_swell_are_named_first() -> None:
    watch = watched("size: clock", lambda at: 20 + at / 100)
    watch.series["size: seen"] = [Reading(at_s=at, value=30.0) for at in range(SECONDS)]
    found = swollen(watch, since_s=70, until_s=200)
    assert found == ["size: clock +1.30 MiB", "size: seen +0.00 MiB"]


def test_a_machine_that_was_taken_by_others_is_told() -> None:
    watch = watched("POST to 202, p50", lambda at: 100.0 * at)
    cores = [Reading(at_s=at, value=0.1 if at < 30 else 1.5) for at in range(SECONDS)]
    watch.series["machine: cores for others"] = cores
    (found,) = overloaded(watch, [], measured_s=30)
    assert "others used 0.1 cores while the capacity was measured, and 1.5 since" in found
    assert (
        overloaded(watched("POST to 202, p50", lambda at: 50.0 + at % 2), [], measured_s=30) == []
    )


def test_a_seed_tells_every_delivery() -> None:
    assert [Mix(1).next(5.0) for _ in range(3)] == [Mix(1).next(5.0) for _ in range(3)]
    assert Mix(1).next(5.0) != Mix(2).next(5.0)


def test_a_key_is_of_a_kind_whosever_it_is() -> None:
    assert kind_of("hl:{acme}:verdict:shop-1-0") == "verdict"
    assert kind_of("hl:{~}:measures") == "measures"
    assert kind_of("celery-task-meta-0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9") == "celery-task-meta-…"
    assert kind_of("hookline.unacked") == "hookline.unacked"
