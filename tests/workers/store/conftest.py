"""The store of these tests: real, and empty."""

from collections.abc import Iterator

import pytest

from tests.workers.store.parts import opened
from workers.store import Store


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    store = opened(redis_url)
    yield store
    store.close()
