"""A primary is killed under load: what was answered 2xx is there, once, and work goes on."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.store_servers.plant import Plant, plant
from tests.store_servers.servers import HOST, Node, cluster, eventually, watched
from tests.workers.store.parts import PORTAL, accept, opened
from workers.errors import StoreDown
from workers.store.embedded import EmbeddedStore

SYNC = "store_sync: {replicas: 1, timeout_s: 0.5}"
EVENTS = 40  # before the blow, and after it


def endured(running: Plant, fail: Callable[[], None]) -> None:
    """Send, have the store fail over, go on sending; then judge."""
    with running.load():
        running.sent(EVENTS)
        fail()
        running.sent(EVENTS)
    assert running.audit() == []
    assert running.said.keys() <= {200, 202, 503}, running.said
    assert running.said[503], "the primary was away, and nobody was told"


def test_no_event_is_lost_or_doubled_when_sentinels_choose_another_primary(
    tmp_path: Path, project: Path
) -> None:
    with (
        watched(tmp_path / "servers") as servers,
        plant(
            tmp_path / "plant",
            project,
            store=servers.url,
            broker=servers.url,  # the doorbell goes the same way
            portals=["one"],
            sync=SYNC,
        ) as running,
    ):
        endured(running, servers.fail)


def test_no_event_is_lost_or_doubled_when_a_primary_of_a_cluster_dies(
    tmp_path: Path, project: Path, valkey: EmbeddedStore
) -> None:
    with (
        cluster(tmp_path / "servers", replicas=1) as servers,
        plant(
            tmp_path / "plant",
            project,
            store=servers.url,
            broker=f"{valkey.url.removesuffix('/0')}/15",
            portals=["one", "two", "three"],
            sync=SYNC,
        ) as running,
    ):
        owner = running.store.redis.get_node_from_key
        owners = {owner(f"hl:{{{portal}}}").port for portal in running.portals}
        assert len(owners) == 3, "the portals are on all three primaries"
        endured(running, servers.fail)


def test_the_slots_that_had_no_server_are_found_again_when_it_is_back(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers, closing(opened(servers.url)) as store:
        accept(store, [1])
        node = store.redis.get_node_from_key(f"hl:{{{PORTAL}}}")
        (gone,) = (each for each in servers.nodes if each.port == node.port)
        gone.kill()
        with pytest.raises(StoreDown):
            accept(store, [2])
        gone.start()

        def taken() -> bool:
            try:
                return bool(accept(store, [2]))
            except StoreDown:
                return False

        eventually(taken, what="it is found again")
        assert store.counts(PORTAL)["accepted"] == 2


def test_a_cluster_that_moves_a_portal_is_followed(tmp_path: Path) -> None:
    with cluster(tmp_path) as servers, closing(opened(servers.url)) as store:
        accept(store, [1])
        slot = store.redis.keyslot(f"hl:{{{PORTAL}}}")
        node = store.redis.get_node_from_key(f"hl:{{{PORTAL}}}")
        (before,) = (each for each in servers.nodes if each.port == node.port)
        after = next(each for each in servers.nodes if each is not before)
        move(slot, before, after, among=servers.nodes)
        assert accept(store, [1, 2])  # the first is a duplicate there as well
        assert store.counts(PORTAL)["accepted"] == 2


def move(slot: int, before: Node, after: Node, *, among: Sequence[Node]) -> None:
    """Move a slot with all its keys to another primary, as an operator does."""
    names = {each.port: each.client().execute_command("CLUSTER MYID") for each in (before, after)}
    source, target = before.client(), after.client()
    target.execute_command("CLUSTER SETSLOT", slot, "IMPORTING", names[before.port])
    source.execute_command("CLUSTER SETSLOT", slot, "MIGRATING", names[after.port])
    while keys := source.execute_command("CLUSTER GETKEYSINSLOT", slot, 100):
        source.execute_command("MIGRATE", HOST, after.port, "", 0, 5_000, "KEYS", *keys)
    for each in (after, *(other for other in among if other is not after)):
        each.client().execute_command("CLUSTER SETSLOT", slot, "NODE", names[after.port])
