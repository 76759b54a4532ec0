"""With store_sync a 2xx means that so many replicas have it; without, that the primary has."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.store_servers.servers import HOST, Node, eventually, followers
from tests.workers.store.parts import NOW, PORTAL, accept, arrival, held, opened, settle, take
from workers.errors import StoreDown
from workers.settings import Sync
from workers.store import Store

SHORT_S = 0.2


class Pair:
    """A primary and a replica, which can be stopped for a while."""

    def __init__(self, folder: Path) -> None:
        at_once = ("--appendfsync", "always")
        self.primary = Node(folder=folder / "primary", options=at_once)
        follows = ("--replicaof", HOST, str(self.primary.port), *at_once)
        self.replica = Node(folder=folder / "replica", options=follows)

    def opened(self, sync: Sync | None) -> Store:
        store = opened(f"redis://{HOST}:{self.primary.port}/0")
        store.sync = sync
        return store

    def signal(self, number: int) -> None:
        assert self.replica.process is not None
        self.replica.process.send_signal(number)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pair = Pair(tmp_path_factory.mktemp("pair"))
    try:
        pair.primary.start()
        pair.replica.start()
        eventually(lambda: followers(pair.primary) == 1, what="the replica follows")
        yield pair
    finally:
        pair.signal(signal.SIGCONT)
        pair.replica.kill()
        pair.primary.kill()


@pytest.fixture
def pair(both: Pair) -> Iterator[Pair]:
    both.primary.client().flushall()
    yield both
    both.signal(signal.SIGCONT)


@pytest.mark.parametrize("disk", [False, True])
def test_what_is_accepted_is_on_the_replica_when_it_is_answered(pair: Pair, *, disk: bool) -> None:
    store = pair.opened(Sync(replicas=1, timeout_s=5, disk=disk))
    for number in range(3 if disk else 20):  # of its disk a replica tells once a second
        accept(store, [number])
        kept = pair.replica.client().xlen(f"hl:{{{PORTAL}}}:events:shop")
        assert kept == number + 1
    store.close()


@pytest.mark.parametrize("disk", [False, True])
def test_what_no_replica_has_is_refused_and_known_when_it_comes_again(
    pair: Pair, *, disk: bool
) -> None:
    store = pair.opened(Sync(replicas=1, timeout_s=SHORT_S, disk=disk))
    pair.signal(signal.SIGSTOP)
    with pytest.raises(StoreDown, match=r"only 0 of 1 replicas had .* safe to send it again"):
        accept(store, [1])
    with pytest.raises(StoreDown, match="only 0 of 1"):  # though it is known by now
        accept(store, [1])
    pair.signal(signal.SIGCONT)
    store.sync = Sync(replicas=1, timeout_s=5, disk=disk)
    again = store.accept(PORTAL, [arrival(1)], received=NOW)
    assert [each.duplicate for each in again.receipts] == [True]
    assert pair.replica.client().xlen(f"hl:{{{PORTAL}}}:events:shop") == 1
    store.close()


def test_without_it_the_primary_is_enough(pair: Pair) -> None:
    store = pair.opened(None)
    pair.signal(signal.SIGSTOP)
    assert accept(store, [1])
    store.close()


def test_a_turn_is_neither_begun_nor_ended_on_a_primary_alone(pair: Pair) -> None:
    store = pair.opened(Sync(replicas=1, timeout_s=5))
    accept(store, [1])
    fence = held(store)
    events = take(store)
    store.intend(PORTAL, ["create"], fence=fence, now=NOW)
    store.sync = Sync(replicas=1, timeout_s=SHORT_S)
    pair.signal(signal.SIGSTOP)
    with pytest.raises(StoreDown, match="only 0 of 1"):
        store.intend(PORTAL, ["another"], fence=fence, now=NOW)
    with pytest.raises(StoreDown, match="only 0 of 1"):
        settle(store, events, fence=fence)
    with pytest.raises(StoreDown, match="only 0 of 1"):
        held(store, owner="writer")
    store.close()


def test_a_disk_alone_can_be_waited_for(pair: Pair) -> None:
    store = pair.opened(Sync(replicas=0, timeout_s=5, disk=True))
    pair.signal(signal.SIGSTOP)
    assert accept(store, [1])
    store.close()


def test_a_server_that_closes_every_connection_is_met_again_each_time(pair: Pair) -> None:
    store = pair.opened(None)
    for number in range(150):  # more than a pool of the client's would ever make
        accept(store, [number])
        pair.primary.client().client_kill_filter(_type="normal", skipme=True)
    assert store.counts(PORTAL)["accepted"] == 150
    store.close()
