"""What happens when the store's disk is full, or when the CRM takes our token no more."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.journeys.conftest import eventually
from tests.workers.office import Office, office
from tests.workers.store.parts import PORTAL, accept, opened
from workers.errors import StoreDown
from workers.outcomes import EventState
from workers.store.embedded import EmbeddedStore

MOST = 10_000  # events, far more than the files are given room for


@contextmanager
def full_disk(server: EmbeddedStore, folder: Path) -> Iterator[None]:
    """Let the store's files grow by a little, and then no more."""
    size = max(file.stat().st_size for file in (folder / "appendonlydir").iterdir())
    limit = (size + 2_000, resource.RLIM_INFINITY)
    resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, limit)
    yield
    if server.process.poll() is None:
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="Linux alone limits what runs")
@pytest.mark.parametrize("appendfsync", ["everysec", "always"])
def test_a_full_disk_is_told_to_senders_and_what_was_accepted_is_kept(
    tmp_path: Path, appendfsync: str
) -> None:
    server = EmbeddedStore.start(tmp_path, appendfsync=appendfsync)
    store = opened(server.url, max_backlog=2 * MOST)
    kept: list[str] = []

    def fill() -> None:
        for number in range(MOST):
            kept.extend(accept(store, [number]))

    with full_disk(server, tmp_path), pytest.raises(StoreDown):
        fill()
    assert 0 < len(kept) < MOST
    if appendfsync == "always":  # it ends itself, and whoever runs it starts it again
        assert server.process.wait() != 0
        server = EmbeddedStore.start(tmp_path, port=server.port, appendfsync=appendfsync)

    def taken() -> bool:
        try:
            kept.extend(accept(store, [MOST]))
        except StoreDown:  # it looks once a second whether there is room
            return False
        return True

    eventually(taken, what="there is room, and events are accepted again")
    server.process.kill()
    server.process.wait()
    with EmbeddedStore.start(tmp_path, port=server.port):
        assert all(store.event(each) is not None for each in kept)
        assert store.backlog(PORTAL).waiting == len(kept)
    store.close()


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def test_a_token_that_is_refused_pauses_the_portal_and_no_event_is_lost(at: Office) -> None:
    body = {"type": "saved", "email": "a@x.example", "firstname": "Anne"}
    first, second = at.accept({**body, "id": "s1"}, {**body, "id": "s2"})
    at.fault("status", "/batch/upsert", status=401)
    done = at.turn()
    assert done.pause_s == 60
    assert "401" in done.reason
    for event in (first, second):
        assert at.state(event) is EventState.RETRYING
        assert "401" in at.standing(event).reason
    at.work_off()
    assert {at.state(first), at.state(second)} == {EventState.DONE}
    assert at.contact("a@x.example")["firstname"] == "Anne"
