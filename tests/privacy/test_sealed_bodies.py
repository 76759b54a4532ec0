"""With `encrypt_bodies` the store has nothing of what events say, and every reader reads it."""

import re
import zlib
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from tests.app.agency import ACME, Agency, agency
from tests.app.conftest import eventually
from tests.privacy.keeping import where
from workers.drain import Ended
from workers.errors import Faults, Locked
from workers.notices.conditions import conditions
from workers.notices.round import read
from workers.outcomes import EventState
from workers.sealing import Seal, name_of
from workers.settings import Notices
from workers.store import Query
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

OLD, NEW = b"o" * 32, b"n" * 32
MARKS = (b"zoe.marked@example.com", b"Zoe Marked")
LONG = "x" * 2_000  # so that it is compressed


@pytest.fixture
def found(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as opened:
        seal_with(opened, OLD)
        yield opened


def seal_with(found: Agency, *keys: bytes, encrypt: bool = True) -> None:
    """Let the processes have these keys from now on."""
    found.store.seal = Seal.of(keys)
    found.store.encrypt = encrypt


def marked(found: Agency, number: int, **more: object) -> str:
    """Accept an event about a person."""
    body = {"id": f"e{number}", "type": "saved", "email": MARKS[0].decode()}
    [id] = found.accept({**body, "name": MARKS[1].decode(), "note": True, **more})
    return id


def test_nothing_of_what_events_say_is_in_the_store_whatever_becomes_of_them(
    found: Agency, redis_url: str
) -> None:
    done = marked(found, 1)
    marked(found, 2, text=LONG)
    dead = marked(found, 3, stage="Zoe Marked of no stage")
    found.work_off()
    waiting = marked(found, 4)
    found.server.sandbox.faults.add({"kind": "status", "path": "contacts", "status": 503})
    assert where(redis_url, *MARKS) == []
    store = found.store
    rows = store.browse([ACME], Query(), limit=10).rows
    assert {each.event.id for each in rows} >= {done, dead, waiting}
    assert all(MARKS[0] in each.event.body for each in rows)
    [letter] = store.browse([ACME], Query(state=EventState.DEAD), limit=10).rows
    assert letter.standing is not None
    assert "no stage" in letter.standing.reason
    calls = {
        call
        for each in rows
        if each.standing is not None
        for outcome in each.standing.outcomes
        for call in outcome.calls
    }
    assert any(MARKS[0].decode() in str(store.call(ACME, call)) for call in calls)
    assert store.replay(dead, state=EventState.DEAD, now=found.now)
    found.work_off()
    assert store.counts(ACME)["dead"] == 1
    assert where(redis_url, *MARKS) == []


def test_without_it_they_are_there_so_that_the_search_would_find_them(
    found: Agency, redis_url: str
) -> None:
    seal_with(found, OLD, encrypt=False)
    marked(found, 1, text=LONG)
    marked(found, 2, stage="Zoe Marked of no stage")
    found.work_off()
    kinds = {each.split(":")[2] for each in where(redis_url, *MARKS)}
    assert kinds >= {"events", "kept", "call", "verdict"}


def test_what_was_kept_before_it_was_asked_for_and_after_is_read_alike(found: Agency) -> None:
    seal_with(found, OLD, encrypt=False)
    plain = marked(found, 1)
    seal_with(found, OLD)
    sealed = marked(found, 2)
    seal_with(found, OLD, encrypt=False)
    found.work_off()
    for id in (plain, sealed):
        event = found.store.event(id)
        assert event is not None
        assert MARKS[0] in event.body
    assert found.store.counts(ACME)["done"] == 2


def test_a_key_is_rotated_without_losing_what_the_older_one_sealed(found: Agency) -> None:
    older = marked(found, 1)
    seal_with(found, NEW, OLD)
    newer = marked(found, 2)
    found.work_off()
    assert found.store.counts(ACME)["done"] == 2
    seal_with(found, NEW)  # when what the older one sealed is past its time
    assert found.store.event(newer) is not None
    with pytest.raises(Locked, match=name_of(OLD)):
        found.store.event(older)


@pytest.mark.parametrize("keys", [(NEW,), ()], ids=["another", "none"])
def test_without_the_key_the_portal_waits_and_says_which_and_goes_on_with_it(
    found: Agency, keys: tuple[bytes, ...]
) -> None:
    marked(found, 1)
    seal_with(found, *keys, encrypt=False)
    for _ in range(3):
        assert found.drain() is Ended.PAUSED
        pause = found.store.paused(ACME, now=found.now)
        assert pause is not None
        assert name_of(OLD) in pause[1]
        assert "secret_key" in pause[1]
        reading = read(found.store, ACME, now=found.now)
        told = [each.name for each in conditions(reading, Notices(targets=()))]
        assert told == ["locked"]
        found.later(minutes=2)
    assert found.store.counts(ACME) == {"accepted": 1, "waiting": 1}
    seal_with(found, *keys, OLD)
    found.work_off()
    assert found.store.counts(ACME)["done"] == 1


def test_a_body_that_was_changed_in_the_store_is_a_dead_letter_and_its_neighbours_go_on(
    found: Agency, redis_url: str
) -> None:
    marked(found, 1)
    stream = f"hl:{{{ACME}}}:events:shop"
    with closing(client(redis_url, timeout_s=10)) as store:
        [(entry, fields)] = store.xrange(stream)
        store.xdel(stream, entry)
        fields[b"b"] = fields[b"b"][:-1] + bytes([fields[b"b"][-1] ^ 1])
        store.xadd(stream, fields, id=f"{int(entry.split(b'-')[0]) + 1}-0")
    neighbour = marked(found, 2)
    found.work_off()
    [letter] = found.store.browse([ACME], Query(state=EventState.DEAD), limit=10).rows
    assert letter.standing is not None
    assert "was changed after it was sealed" in letter.standing.reason
    event = found.store.event(neighbour)
    assert event is not None
    assert found.store.standings([event])[neighbour].state is EventState.DONE


# A process that begins


@pytest.mark.parametrize("keys", [(NEW,), ()], ids=["another", "none"])
def test_a_process_without_the_key_says_at_its_start_which_is_missing(
    found: Agency, keys: tuple[bytes, ...]
) -> None:
    found.runtime.fit()
    marked(found, 1)
    seal_with(found, *keys, encrypt=bool(keys))
    with pytest.raises(Faults, match=f"{name_of(OLD)}.*secret_key"):
        found.runtime.fit()
    seal_with(found, *keys, OLD, encrypt=bool(keys))
    found.runtime.fit()
    found.work_off()
    assert found.store.counts(ACME)["done"] == 1


def test_a_key_that_was_rotated_may_be_left_out_when_its_time_is_over(found: Agency) -> None:
    found.runtime.fit()
    seal_with(found, NEW, OLD)
    found.runtime.trim()  # as the beat does each hour
    seal_with(found, NEW)
    found.runtime.fit()


def test_a_lost_key_can_be_gone_on_without_as_it_is_told(found: Agency, redis_url: str) -> None:
    found.runtime.fit()
    seal_with(found, NEW)
    with pytest.raises(Faults) as told:
        found.runtime.fit()
    [key] = re.findall(r"delete (\S+) to go on", str(told.value))
    with closing(client(redis_url, timeout_s=10)) as store:
        assert store.delete(key) == 1
    found.runtime.fit()
    marked(found, 1)
    found.work_off()
    assert found.store.counts(ACME)["done"] == 1


def test_a_back_up_of_what_is_sealed_tells_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    with EmbeddedStore.start(folder, appendfsync="no") as server:
        with agency(server.url, tmp_path) as clear:
            marked(clear, 1, text=LONG)
            clear.work_off()
        assert any(mark in _files(folder) for mark in MARKS)  # it would be found
        with closing(client(server.url, timeout_s=10)) as store:
            store.flushall()
            store.bgrewriteaof()
            eventually(lambda: not store.info("persistence")["aof_rewrite_in_progress"])
        assert not any(mark in _files(folder) for mark in MARKS)
        with agency(server.url, tmp_path) as sealed:
            seal_with(sealed, OLD)
            marked(sealed, 1, text=LONG)
            marked(sealed, 2, stage="Zoe Marked of no stage")
            sealed.work_off()
            marked(sealed, 3)
    assert not any(mark in _files(folder) for mark in MARKS)


def _files(folder: Path) -> bytes:
    """What a back-up copies; what is compressed in it is opened."""
    held = b"".join(each.read_bytes() for each in (folder / "appendonlydir").iterdir())
    found = [held]
    for start in (each.start() for each in re.finditer(rb"x\x01", held)):
        with suppress(zlib.error):
            found.append(zlib.decompressobj().decompress(held[start:], 100_000))
    return b"\n".join(found)
