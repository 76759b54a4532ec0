"""All processes go by the store's clock, whatever their own machines say."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.workers.store.parts import opened
from workers.store import Store
from workers.store.clock import ASK_EVERY_S, StoreClock
from workers.store.embedded import EmbeddedStore

FAR = timedelta(hours=6)
NEAR = timedelta(minutes=1)  # for the test itself


class Machine:
    """A machine whose clock is six hours slow; its monotonic clock is moved by the test."""

    def __init__(self) -> None:
        self.ticks_s = 100.0

    def now(self) -> datetime:
        return datetime.now(UTC) - FAR

    def monotonic(self) -> float:
        return self.ticks_s


@pytest.fixture
def machine() -> Machine:
    return Machine()


@pytest.fixture
def mortal(tmp_path: Path) -> Iterator[EmbeddedStore]:
    """A store that may be stopped."""
    with EmbeddedStore.start(tmp_path) as server:
        yield server


def clock(store: Store, machine: Machine) -> StoreClock:
    return StoreClock(store, own=machine.now, monotonic=machine.monotonic)


def test_a_wrong_clock_of_the_machine_is_not_looked_at(store: Store, machine: Machine) -> None:
    told = clock(store, machine)()
    assert abs(told - datetime.now(UTC)) < NEAR
    assert told.tzinfo is UTC


def test_between_two_questions_the_monotonic_clock_goes_on(store: Store, machine: Machine) -> None:
    found = clock(store, machine)
    first = found()
    machine.ticks_s += ASK_EVERY_S / 2
    assert found() == first + timedelta(seconds=ASK_EVERY_S / 2)


def test_the_store_is_asked_anew_after_a_while(store: Store, machine: Machine) -> None:
    found = clock(store, machine)
    found()
    machine.ticks_s += FAR.total_seconds()  # as no true six hours have passed, it is put right
    assert abs(found() - datetime.now(UTC)) < NEAR


def test_while_the_store_is_down_its_time_goes_on(mortal: EmbeddedStore, machine: Machine) -> None:
    store = opened(mortal.url)
    found = clock(store, machine)
    first = found()
    mortal.stop()
    machine.ticks_s += 60
    assert found() == first + timedelta(seconds=60)
    store.close()


def test_a_store_that_was_never_heard_leaves_the_machines_own(machine: Machine) -> None:
    store = opened("redis://127.0.0.1:1/0")
    assert abs(clock(store, machine)() - machine.now()) < NEAR
    store.close()
