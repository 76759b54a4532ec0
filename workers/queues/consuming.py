"""Takes messages, keeps their events, and only then lets the broker forget them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TypeVar

from workers.bodies import Unreadable
from workers.errors import Retryable
from workers.events import Arrival
from workers.logs import log
from workers.queues.brokers import Broker, Open
from workers.queues.inlets import Inlet, batches, count
from workers.queues.messages import Message

WAIT_S = 0.5  # for messages, before it is looked whether to stop
BEAT_S = 1.0  # between signs of life while the store takes nothing
FIRST_S = 0.25
CEILING_S = 30.0
T = TypeVar("T")
TRIES = 5  # to reach the broker, for a run that is to end by itself


@dataclass(slots=True, kw_only=True)
class Consumption:
    """What a consumer has done so far."""

    messages: int = 0
    events: int = 0  # that were new
    duplicates: int = 0
    dead: int = 0

    def add(self, other: "Consumption") -> None:
        """Count what another has done as well."""
        self.messages += other.messages
        self.events += other.events
        self.duplicates += other.duplicates
        self.dead += other.dead


def delays(random: Callable[[], float]) -> Iterator[float]:
    """Yield how long to wait after each failure: ever longer, never quite the same."""
    ceiling = FIRST_S
    while True:
        yield ceiling * (0.5 + random() / 2)
        ceiling = min(CEILING_S, ceiling * 2)


def consume(
    inlet: Inlet,
    broker: Broker,
    *,
    until_empty: bool,
    monotonic: Callable[[], float],
    random: Callable[[], float],
) -> Consumption:
    """Consume until the broker's `stop` is set or, if asked for, the queue is empty.

    A message is acknowledged after its events are kept, or it is confirmed among the dead letters;
    until then it is the broker's, whatever becomes of us. Raises Permanent if the broker refuses
    us from the start.
    """
    done = Consumption()
    pauses = delays(random)

    def unreachable(reason: str, wait_s: float) -> None:
        log.warning("broker gone", queue=broker.queue, reason=reason, retry_s=round(wait_s, 1))

    while not broker.stop.is_set():
        before = done.messages
        try:
            with broker.opened(tries=TRIES if until_empty else None, told=unreachable) as queue:
                if queue is not None:
                    consumer = Consumer(
                        inlet=inlet, broker=broker, queue=queue, monotonic=monotonic, random=random
                    )
                    _drain(consumer, done, until_empty=until_empty)
                return done
        except broker.errors as error:
            if done.messages > before:
                pauses = delays(random)
            pause_s = next(pauses)
            unreachable(broker.reason(error), pause_s)
            broker.stop.wait(pause_s)
    return done


def _drain(consumer: "Consumer", done: Consumption, *, until_empty: bool) -> None:
    tap = consumer.queue.tap
    while not consumer.broker.stop.is_set():
        messages = tap.take(consumer.broker.prefetch, wait_s=WAIT_S)
        if messages:
            done.add(consumer.settle(messages))
        elif until_empty and not tap.waiting():
            return
    tap.give_back(())


@dataclass(slots=True, kw_only=True)
class Consumer:
    """Settles the messages of a queue, some at a time; `hand` is what is not settled yet."""

    inlet: Inlet
    broker: Broker
    queue: Open
    monotonic: Callable[[], float]
    random: Callable[[], float]
    hand: list[Message] = field(default_factory=list)

    def settle(self, messages: list[Message]) -> Consumption:
        """Keep what can be read, move the rest to the dead letters, and say so in a line.

        What it does not come to before it should stop is given back.
        """
        started = self.monotonic()
        done = Consumption()
        self.hand = messages
        read: list[tuple[Message, list[Arrival]]] = []
        dead: list[tuple[Message, str]] = []
        for message in messages:
            try:
                read.append((message, self.inlet.read(message)))
            except Unreadable as error:
                dead.append((message, f"{error.title}: {error}"))
        if not (self._keep(read, done) and self._bury(dead, done)):
            self.queue.tap.give_back(self.hand)
        kept, name = done.messages - done.dead, self.inlet.endpoint.name
        count(self.inlet.runtime.store, name, kept=kept, dead=done.dead)
        log.info(
            "batch consumed",
            queue=self.broker.queue,
            endpoint=name,
            **asdict(done),
            given_back=len(self.hand),
            took_s=round(self.monotonic() - started, 3),
        )
        return done

    def _keep(self, read: Sequence[tuple[Message, list[Arrival]]], done: Consumption) -> bool:
        for batch in batches(read):
            received = self._patiently(partial(self.inlet.keep, batch.arrivals))
            if received is None:
                return False
            done.events += received.fresh
            done.duplicates += len(received.receipts) - received.fresh
            self._settled(batch.messages, done)
        return True

    def _bury(self, dead: Sequence[tuple[Message, str]], done: Consumption) -> bool:
        for message, reason in dead:
            about = {
                "x-hookline-reason": reason[:1000],
                "x-hookline-queue": self.broker.queue,
                "x-hookline-endpoint": self.inlet.endpoint.name,
                "x-hookline-time": self.inlet.runtime.clock().isoformat(),
            }
            if self._patiently(partial(self.queue.dead.send, message, about)) is None:
                return False
            log.warning(
                "message dead", queue=self.queue.dead.queue, reason=reason.partition(":")[0]
            )
            done.dead += 1
            self._settled([message], done)
        return True

    def _settled(self, messages: Sequence[Message], done: Consumption) -> None:
        self.queue.tap.acknowledge(messages)
        gone = {id(each) for each in messages}
        self.hand = [each for each in self.hand if id(each) not in gone]
        done.messages += len(messages)

    def _patiently(self, act: Callable[[], T]) -> T | None:
        """Return what the act does, however often it has to be tried; None if it should stop."""
        pauses = delays(self.random)
        while True:
            try:
                return act()
            except Retryable as error:
                pause_s = next(pauses)
                log.warning(
                    "waiting",
                    queue=self.broker.queue,
                    in_hand=len(self.hand),
                    reason=str(error),
                    retry_s=round(pause_s, 1),
                )
            until = self.monotonic() + pause_s
            while (left := until - self.monotonic()) > 0:
                if self.broker.stop.wait(min(left, BEAT_S)):
                    return None
                self.queue.tap.hold(self.hand)
