"""The tick comes each second, whatever happens to the machine's clock."""

from datetime import timedelta

import pytest

from workers.celery import (
    CHORE,
    DRAIN,
    LOOK,
    QUEUE,
    RETRY_S,
    application,
    ring,
    send_chore,
    send_look,
    steady,
)


def test_the_schedule_goes_by_a_clock_that_nobody_steps() -> None:
    found = application("memory://").conf.beat_schedule
    assert {name: each["schedule"].nowfun for name, each in found.items()} == {
        "tick": steady,
        "trim": steady,
    }


def test_what_was_done_a_moment_ago_is_due_in_a_second() -> None:
    tick = application("memory://").conf.beat_schedule["tick"]["schedule"]
    assert tick.is_due(steady() - timedelta(seconds=1)).is_due
    assert not tick.is_due(steady() + timedelta(seconds=1)).is_due


def test_no_bell_is_thrown_away_because_two_machines_disagree_on_the_time() -> None:
    app = application("memory://")
    ring(app, "acme", after=0)
    send_chore(app, "acme", "1")
    send_look(app, "acme")
    with app.connection_for_read() as connection, connection.SimpleQueue(QUEUE) as queue:
        sent = [queue.get_nowait() for _ in range(3)]
    assert [each.headers["task"] for each in sent] == [DRAIN, CHORE, LOOK]
    assert [each.headers["expires"] for each in sent] == [None, None, None]
    schedule = app.conf.beat_schedule
    assert all("expires" not in each.get("options", {}) for each in schedule.values())


def test_a_broker_that_is_away_is_looked_for_at_the_same_pace() -> None:
    waits: list[float] = []

    class Enough(Exception):
        pass

    def failed(_: Exception, wait_s: float) -> None:
        waits.append(wait_s)
        if len(waits) == 2:
            raise Enough

    connection = application("redis://127.0.0.1:1/0").connection_for_read()
    with connection, pytest.raises(Enough):
        connection.ensure_connection(failed, None)
    assert waits == [RETRY_S, RETRY_S]
