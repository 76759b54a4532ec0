"""Many messages are kept in one step of the store, as many as that takes."""

from hypothesis import given
from hypothesis import strategies as st

from workers.events import Arrival
from workers.queues import Message
from workers.queues.inlets import MAX_BYTES, batches
from workers.receive import MAX_EVENTS


def arrivals(number: int, size: int) -> list[Arrival]:
    """So many events of a message, with a body of that size each."""
    one = Arrival(endpoint="e", source="s", source_id="1", type="t", time=None, body=bytes(size))
    return [one] * number


@given(st.lists(st.sampled_from([0, 1, 2, MAX_EVENTS // 2, MAX_EVENTS]), max_size=12))
def test_every_message_is_in_one_batch_and_no_batch_is_too_long(numbers: list[int]) -> None:
    read = [(Message(body=b""), arrivals(number, 0)) for number in numbers]
    found = list(batches(read))
    assert [each for batch in found for each in batch.messages] == [each for each, _ in read]
    assert sum(len(batch.arrivals) for batch in found) == sum(numbers)
    assert all(len(batch.arrivals) <= MAX_EVENTS for batch in found)


def test_no_batch_is_larger_than_the_store_reads_at_once() -> None:
    read = [(Message(body=b""), arrivals(1, MAX_BYTES // 3)) for _ in range(7)]
    assert [len(batch.messages) for batch in batches(read)] == [3, 3, 1]


def test_one_message_larger_than_that_goes_alone() -> None:
    read = [(Message(body=b""), arrivals(1, size)) for size in (1, MAX_BYTES * 2, 1)]
    assert [len(batch.messages) for batch in batches(read)] == [1, 1, 1]
