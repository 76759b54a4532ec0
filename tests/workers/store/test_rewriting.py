"""What was deleted leaves the disk when the store's file is written anew, and nothing else does."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.app.conftest import eventually
from tests.workers.store.parts import NOW, PORTAL, arrival, opened, settle, take
from workers.errors import StoreDown
from workers.store import Store
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

GONE, KEPT = b"the-body-that-goes", b"the-body-that-stays"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedStore]:
    with EmbeddedStore.start(tmp_path, appendfsync="no") as found:
        with closing(client(found.url, timeout_s=10)) as admin:
            admin.config_set("rdbcompression", "no")  # it would hide what is looked for
        yield found


def on_disk(folder: Path) -> bytes:
    return b"".join(each.read_bytes() for each in (folder / "appendonlydir").iterdir())


def rewritten(store: Store) -> None:
    assert store.rewrite_files()
    eventually(lambda: not store.redis.info("persistence")["aof_rewrite_in_progress"])


def test_a_deleted_entry_of_a_stream_leaves_the_disk_and_its_neighbours_stay(
    server: EmbeddedStore, tmp_path: Path
) -> None:
    store = opened(server.url)
    bodies = [KEPT, GONE, KEPT]
    arrivals = [arrival(n, body=b'"%s %d"' % (body, n)) for n, body in enumerate(bodies)]
    store.accept(PORTAL, arrivals, received=NOW)
    fence = store.lease(PORTAL, owner="writer", lease_s=60)
    first, second, third = take(store)
    assert store.erase_event(second, unseen=True, fence=fence)
    assert GONE in on_disk(tmp_path)
    rewritten(store)
    assert GONE not in on_disk(tmp_path)
    assert on_disk(tmp_path).count(KEPT) == 2
    store.close()
    server.process.kill()
    with EmbeddedStore.start(tmp_path) as again:
        store = opened(again.url)
        assert take(store) == [first, third]  # they were in hand, and are so still
        settle(store, [first, third], fence=fence)
        assert store.counts(PORTAL) == {"accepted": 3, "waiting": 0, "done": 2, "erased": 1}
        store.close()


def test_a_store_without_such_a_file_gets_none(server: EmbeddedStore, tmp_path: Path) -> None:
    with closing(client(server.url, timeout_s=10)) as admin:
        admin.config_set("appendonly", "no")
        before = {each.name for each in (tmp_path / "appendonlydir").iterdir()}
        store = opened(server.url)
        assert store.rewrite_files()
        assert {each.name for each in (tmp_path / "appendonlydir").iterdir()} == before
        store.close()


def test_a_user_who_may_not_ask_for_it_is_told_what_to_give(server: EmbeddedStore) -> None:
    with closing(client(server.url, timeout_s=10)) as admin:
        rights = ("on", ">word", "~*", "&*", "+@all", "-bgrewriteaof")
        admin.execute_command("ACL", "SETUSER", "limited", *rights)
    store = opened(server.url.replace("redis://", "redis://limited:word@"))
    with pytest.raises(StoreDown, match=r"bgrewriteaof.*deploy/store/users\.acl"):
        store.rewrite_files()
    store.close()


def test_one_a_day_is_asked_to_have_it_done(redis_url: str) -> None:
    store = opened(redis_url)
    assert store.daily_rewriting()
    assert not store.daily_rewriting()
    store.close()
