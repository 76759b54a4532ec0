"""Senders in a process of their own: by a fixed schedule, whatever the answers, each until kept."""

import heapq
import http.client
import multiprocessing
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from itertools import count
from multiprocessing.connection import Connection
from typing import Any

import redis

from tests.soak.deliveries import Delivery, Mix
from tests.soak.setting import PORTALS

SENDERS = 24
TICK_S = 0.002
LOOK_S = 0.05
RETRY_S = 0.5  # after which a sender tries again what was not taken
ANSWER_S = 10.0
FLOOD = 3_000  # events that wait, with which a flood holds back


@dataclass(slots=True)
class _Senders:
    """The schedule, and the threads that send what is due."""

    port: int
    store_url: str
    mix: Mix
    per_s: float = 0.0
    flooding: bool = False
    next_due: float = 0.0
    done: list[Delivery] = field(default_factory=list)
    taken: int = 0  # deliveries that have it, without those that are sent again
    open: int = 0  # deliveries that were scheduled and have no final answer yet
    lock: threading.Lock = field(default_factory=threading.Lock)
    _heap: list[tuple[float, int, Delivery]] = field(default_factory=list)
    _ready: "queue.SimpleQueue[Delivery]" = field(default_factory=queue.SimpleQueue)
    _order: Iterator[int] = field(default_factory=count)

    def start(self) -> None:
        threading.Thread(target=self._schedule, daemon=True).start()
        for _ in range(SENDERS):
            threading.Thread(target=self._send, daemon=True).start()

    def offer(self, per_s: float) -> None:
        """Send so many deliveries a second from now on, evenly; 0: none."""
        with self.lock:
            self.flooding, self.per_s, self.next_due = False, per_s, time.time()

    def flood(self) -> None:
        """Send as many as are taken and handled."""
        with self.lock:
            self.flooding, self.per_s = True, 0.0

    def _schedule(self) -> None:
        wait = threading.Event()
        client = redis.Redis.from_url(self.store_url)
        looked, room = 0.0, True
        while True:
            now = time.time()
            if self.flooding and now - looked > LOOK_S:
                looked, room = now, _waiting(client) < FLOOD
            with self.lock:
                while self.per_s and self.next_due <= now:
                    self._add(self.next_due)
                    self.next_due += 1 / self.per_s
                while self.flooding and room and self._ready.qsize() < SENDERS:
                    self._add(now)
                    _, _, delivery = heapq.heappop(self._heap)
                    self._ready.put(delivery)
                while self._heap and self._heap[0][0] <= now:
                    self._ready.put(heapq.heappop(self._heap)[2])
            wait.wait(TICK_S)

    def _add(self, due: float) -> None:
        delivery = self.mix.next(due)
        self._push(due, delivery)
        after_s = self.mix.again_after_s()
        if after_s is not None and not delivery.forged:
            second = copy(delivery)
            second.again, second.due = True, due + after_s
            self._push(second.due, second)

    def _push(self, due: float, delivery: Delivery) -> None:
        self.open += 1
        heapq.heappush(self._heap, (due, next(self._order), delivery))

    def _send(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=ANSWER_S)
        while True:
            delivery = self._ready.get()
            delivery.tries += 1
            try:
                connection.request(
                    "POST", f"/hooks/{delivery.endpoint}", delivery.text, dict(delivery.headers())
                )
                answer = connection.getresponse()
                answer.read()
                delivery.status = answer.status
            except (OSError, http.client.HTTPException):
                connection.close()
                delivery.status = 0
            delivery.answered = time.time()
            with self.lock:
                if delivery.status in (0, 503):
                    again = (delivery.answered + RETRY_S, next(self._order), delivery)
                    heapq.heappush(self._heap, again)
                else:
                    delivery.text = b""
                    self.done.append(delivery)
                    self.taken += not delivery.again
                    self.open -= 1


def _waiting(client: Any) -> int:
    try:
        found = [client.hget(f"hl:{{{portal}}}:counts", "waiting") for portal in PORTALS]
    except redis.RedisError:
        return FLOOD
    return sum(int(each or 0) for each in found)


def _serve(control: Connection, port: int, store_url: str, seed: int) -> None:
    senders = _Senders(port=port, store_url=store_url, mix=Mix(seed))
    senders.start()
    while True:
        try:
            asked, value = control.recv()
        except EOFError:
            return
        match asked:
            case "offer":
                senders.offer(value)
            case "flood":
                senders.flood()
            case "told":
                with senders.lock:
                    control.send((senders.taken, senders.open))
            case "end":
                with senders.lock:
                    control.send(senders.done)
                return
            case _:
                raise ValueError(asked)


@dataclass(frozen=True, slots=True)
class Load:
    """The senders, as whoever directs them sees them."""

    pid: int
    _control: Connection

    def offer(self, per_s: float) -> None:
        """Have so many deliveries a second sent, evenly, from now on."""
        self._control.send(("offer", per_s))

    def flood(self) -> None:
        """Have as many sent as are taken and handled."""
        self._control.send(("flood", None))

    def told(self) -> tuple[int, int]:
        """Return how many deliveries have their final answer, and how many have none yet.

        What is sent a second time does not count among the first.
        """
        self._control.send(("told", None))
        found: tuple[int, int] = self._control.recv()
        return found

    def end(self) -> list[Delivery]:
        """End it, and return every delivery that has its final answer."""
        self._control.send(("end", None))
        found: list[Delivery] = self._control.recv()
        return found


@contextmanager
def load(*, port: int, store_url: str, seed: int) -> Iterator[Load]:
    """Start the senders, who begin when they are told; they are gone after the block."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(
        target=_serve, args=(theirs, port, store_url, seed), name="senders", daemon=True
    )
    process.start()
    theirs.close()
    try:
        yield Load(process.pid or 0, ours)
    finally:
        process.kill()
        process.join()
