"""The way from messages into the store: read each by itself, keep many in one step."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from workers import measures
from workers.bodies import Unreadable
from workers.errors import Faults
from workers.events import Arrival
from workers.logs import log
from workers.queues.messages import Message
from workers.receive import MAX_EVENTS, Received, keep, read
from workers.settings import Endpoint, Settings
from workers.settings.fields import nearest
from workers.sources import Source
from workers.store import Store

MAX_BYTES = 32_000_000  # of bodies in one step: beyond 512 MB at once the store would hang up
UNKNOWN = "unknown"  # in what is counted: every name that is no endpoint's


class Runtime(Protocol):
    """What an inlet is made of."""

    @property
    def settings(self) -> Settings: ...  # noqa: D102
    @property
    def sources(self) -> Mapping[str, Source]: ...  # noqa: D102
    @property
    def store(self) -> Store: ...  # noqa: D102
    @property
    def clock(self) -> Callable[[], datetime]: ...  # noqa: D102

    def ring(self, portal: str) -> None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Messages whose events are kept in one step."""

    messages: Sequence[Message]
    arrivals: Sequence[Arrival]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inlet:
    """An endpoint, as what comes from a queue meets it."""

    endpoint: Endpoint
    source: Source
    runtime: Runtime

    @classmethod
    def of(cls, runtime: Runtime, name: str) -> "Inlet":
        """Return the inlet of the endpoint of that name. Raises Faults if there is none."""
        endpoint = runtime.settings.endpoints.get(name)
        if endpoint is None:
            known = nearest(name[:64], runtime.settings.endpoints)
            raise Faults([f"endpoint: there is no {name[:64]!r}; {known}"])
        return cls(endpoint=endpoint, source=runtime.sources[name], runtime=runtime)

    def read(self, message: Message) -> list[Arrival]:
        """Return the events of a message. Raises Unreadable; what else goes wrong is a bug of ours.

        A bug is made Unreadable too, after it is logged: one message must not stop the queue.
        """
        try:
            return read(
                message.request(max_bytes=self.runtime.settings.max_body_bytes),
                endpoint=self.endpoint,
                source=self.source,
                now=self.runtime.clock(),
            )
        except Unreadable:
            raise
        except Exception as error:
            log.exception("message not read", endpoint=self.endpoint.name)
            raise Unreadable(
                f"The message could not be read ({type(error).__name__}); the log says why.",
                status=500,
                title="Fault of ours",
            ) from error

    def keep(self, arrivals: Sequence[Arrival]) -> Received:
        """Keep events in one step, and ring. Raises Full or StoreDown; send them again then."""
        received = keep(
            arrivals,
            endpoint=self.endpoint,
            source=self.source,
            store=self.runtime.store,
            now=self.runtime.clock(),
        )
        for portal in received.rings:
            self.runtime.ring(portal)
        return received


def count(store: Store, endpoint: str, *, kept: int = 0, dead: int = 0) -> None:
    """Count messages over all processes, by what became of them."""
    for became, number in (("kept", kept), ("dead", dead)):
        if number:
            store.tally.count(measures.MESSAGES, "", endpoint, became, by=number)


def batches(read: Iterable[tuple[Message, Sequence[Arrival]]]) -> Iterator[Batch]:
    """Yield the messages in their order, as many together as one step of the store takes."""
    messages: list[Message] = []
    found: list[Arrival] = []
    size = 0
    for message, arrivals in read:
        more = sum(len(each.body) for each in arrivals)
        if messages and (len(found) + len(arrivals) > MAX_EVENTS or size + more > MAX_BYTES):
            yield Batch(messages=messages, arrivals=found)
            messages, found, size = [], [], 0
        messages.append(message)
        found.extend(arrivals)
        size += more
    if messages:
        yield Batch(messages=messages, arrivals=found)
