"""A primary is killed under load: what was answered 2xx is there, once, and work goes on."""

from collections.abc import Callable
from pathlib import Path

from tests.store_servers.plant import Plant, plant
from tests.store_servers.servers import cluster, watched
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
