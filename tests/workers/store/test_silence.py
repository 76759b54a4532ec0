"""A store that takes connections and says nothing is given up after one wait, not after several."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.workers.store.parts import PORTAL
from workers.errors import StoreDown
from workers.store import Keep, Limits, Store

SILENT_S = 0.2


@dataclass(slots=True)
class Silent:
    """A server that never answers, and what came to it."""

    listener: socket.socket
    came: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.listener.getsockname()[1]}/0"

    def listen(self) -> None:
        while True:
            try:
                self.came.append(self.listener.accept()[0])
            except OSError:  # closed
                return


@pytest.fixture
def silent() -> Iterator[Silent]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = Silent(listener)
        thread = threading.Thread(target=found.listen)
        thread.start()
        yield found
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in found.came:
            each.close()


@pytest.fixture
def store(silent: Silent) -> Iterator[Store]:
    store = Store(
        silent.url,
        limits=Limits(dedupe_s=60, max_backlog=10, future_tolerance_s=60),
        keep=Keep(handled_s=60, dead_s=60, clocks_s=60),
        timeout_s=SILENT_S,
    )
    yield store
    store.close()


def test_a_script_is_not_tried_again(store: Store, silent: Silent) -> None:
    with pytest.raises(StoreDown):
        store.renew(PORTAL, owner="a", lease_s=1)
    assert len(silent.came) == 1


def test_a_command_is_not_tried_again(store: Store, silent: Silent) -> None:
    with pytest.raises(StoreDown):
        store.leased(PORTAL)
    assert len(silent.came) == 1
