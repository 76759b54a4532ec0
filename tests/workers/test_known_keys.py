"""How long it is known which record a key means: as long as it is known who wrote that record."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workers.office import PORTAL, Office, later, office
from workers.changes import Keyed
from workers.store.keys import clock_key, id_key

EMAIL = "anne@x.example"
KEY = id_key(PORTAL, Keyed(object_type="contacts", property="email", value=EMAIL))


@pytest.fixture
def at(redis_url: str, tmp_path: Path) -> Iterator[Office]:
    with office(redis_url, tmp_path) as found:
        yield found


def saved(number: int, name: str) -> dict[str, object]:
    return {"id": f"s{number}", "type": "saved", "email": EMAIL, "firstname": name}


def test_a_key_that_is_written_by_lives_on_with_the_clocks_of_its_record(at: Office) -> None:
    """Else the first event after it was forgotten would write whatever its time is."""
    at.accept(saved(1, "Anne"))
    at.turn()
    at.store.redis.expire(KEY, 60)  # a life before it was written again
    later(at, 1)
    at.accept(saved(2, "Anna"))
    at.turn()
    record_id = at.store.redis.get(KEY).decode()
    clocks = at.store.redis.ttl(clock_key(PORTAL, ("contacts", record_id)))
    assert at.store.redis.ttl(KEY) >= clocks > 60
