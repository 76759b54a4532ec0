"""The agency of these tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.app.agency import Agency, agency


@pytest.fixture
def office(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as found:
        yield found
