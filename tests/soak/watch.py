"""Looking at everything once a second: memory, files, threads, keys, what waits."""

import csv
import os
import random
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis

from tests.bench.usage import busy_s, family, used_s
from tests.chaos.system import System
from tests.soak.flatness import Reading
from tests.soak.setting import PORTALS

EVERY_S = 1.0
KEYS_EVERY_S = 5.0  # every key is looked at
PAGE = 5_000
SAMPLE = 40  # keys of a kind that are asked for their time to live and their size
FOR_EVER = float("inf")
MIB = 2**20
KIB = 1024
_SIZES = {b"hash": "hlen", b"list": "llen", b"set": "scard", b"stream": "xlen", b"zset": "zcard"}


@dataclass(slots=True)
class Watch:
    """The readings of each series, by name; the moments are seconds since the soak began."""

    running: System
    began: float
    series: dict[str, list[Reading]] = field(default_factory=lambda: defaultdict(list))
    lives_s: dict[str, float] = field(default_factory=dict)  # of each kind of keys
    faults: list[str] = field(default_factory=list)
    _cpu: tuple[float, float, float] | None = None

    def look(self) -> None:
        """Take one reading of everything but the keys' names."""
        at_s = time.time() - self.began
        for name, process in list(self.running.running.items()):
            with suppress(OSError):
                pids = family(process.pid) if name == "web" else [process.pid]
                for number, pid in enumerate(pids):
                    self._process(name if number or name != "web" else "web's master", pid, at_s)
        with suppress(OSError):
            self._machine(at_s)

    def look_at_store(self, client: Any) -> None:
        """Take one reading of the store's own figures."""
        at_s = time.time() - self.began
        with suppress(redis.RedisError):
            info = client.info()
            space = info.get("db0", {"keys": 0, "expires": 0})
            self._note("store: used memory", at_s, info["used_memory"] / MIB)
            self._note("store: connections", at_s, info["connected_clients"])
            self._note("keys: all", at_s, space["keys"])
            self._note("keys: that never expire", at_s, space["keys"] - space["expires"])
            for portal in PORTALS:
                counts = client.hgetall(f"hl:{{{portal}}}:counts")
                self._note(f"waiting: {portal}", at_s, int(counts.get(b"waiting", 0)))
                self._note(f"handled: {portal}", at_s, int(counts.get(b"done", 0)))

    def look_at_keys(self, client: Any) -> None:
        """Take one reading of how many keys of each kind there are, and how large the lasting."""
        at_s = time.time() - self.began
        with suppress(redis.RedisError):
            kinds: dict[str, list[bytes]] = defaultdict(list)
            for key in _keys(client):
                kinds[kind_of(key.decode(errors="replace"))].append(key)
            for kind, keys in kinds.items():
                self._note(f"keys: {kind}", at_s, len(keys))
                some = random.sample(keys, min(SAMPLE, len(keys)))
                self._lives(client, kind, some)
                self._note(
                    f"size: {kind}", at_s, _bytes(client, some) / len(some) * len(keys) / MIB
                )
                if self.lives_s[kind] == FOR_EVER:
                    self._note(f"elements: {kind}", at_s, _elements(client, some))

    def _lives(self, client: Any, kind: str, keys: list[bytes]) -> None:
        pipe = client.pipeline(transaction=False)
        for key in keys:
            pipe.pttl(key)
        for ms in pipe.execute():
            life_s = FOR_EVER if ms == -1 else max(0, ms) / 1000
            self.lives_s[kind] = max(life_s, self.lives_s.get(kind, 0.0))

    def _process(self, name: str, pid: int, at_s: float) -> None:
        status = Path(f"/proc/{pid}/status").read_text()
        life = str(pid)
        found = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        if "VmRSS" in found:  # it is no corpse
            self._note(f"memory: {name}", at_s, int(found["VmRSS"]) / KIB, life)
            self._note(f"threads: {name}", at_s, int(found["Threads"]), life)
            files = len(os.listdir(f"/proc/{pid}/fd"))  # noqa: PTH208 (counts, no paths)
            self._note(f"files: {name}", at_s, files, life)

    def _machine(self, at_s: float) -> None:
        """Note the cores that were busy for us, and for others."""
        now, busy, used = time.monotonic(), busy_s(), used_s(os.getpid())
        if self._cpu is not None:
            before, busy_before, used_before = self._cpu
            ours = max(0.0, used - used_before) / (now - before)
            self._note("machine: cores for us", at_s, ours)
            others = (busy - busy_before) / (now - before) - ours
            self._note("machine: cores for others", at_s, max(0.0, others))
        self._cpu = (now, busy, used)

    def _note(self, name: str, at_s: float, value: float, life: str = "") -> None:
        self.series[name].append(Reading(at_s=at_s, value=value, life=life))

    def write(self, path: Path) -> None:
        """Write every reading as CSV: at_s, series, life, value."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow(("at_s", "series", "life", "value"))
            for name in sorted(self.series):
                for each in self.series[name]:
                    out.writerow((f"{each.at_s:.1f}", name, each.life, f"{each.value:g}"))


def kind_of(key: str) -> str:
    """Return what a key is of, without whose it is: of ours what follows the portal."""
    if key.startswith("hl:{"):
        return key.split(":")[2]
    return re.sub(r"[0-9a-f]{8}-?[0-9a-f]{4}.*", "…", key)


def _keys(client: Any) -> Iterator[bytes]:
    cursor = 0
    while True:
        cursor, keys = client.scan(cursor, count=PAGE)
        yield from keys
        if cursor == 0:
            return


def _bytes(client: Any, keys: list[bytes]) -> int:
    pipe = client.pipeline(transaction=False)
    for key in keys:
        pipe.memory_usage(key)
    return sum(size or 0 for size in pipe.execute())


def _elements(client: Any, keys: list[bytes]) -> int:
    total = 0
    for key in keys:
        size = _SIZES.get(client.type(key))
        total += 1 if size is None else getattr(client, size)(key)
    return total


@contextmanager
def watching(watch: Watch, store_url: str) -> Iterator[None]:
    """Look, once a second, while the block lasts."""
    over = threading.Event()

    def look() -> None:
        client = redis.Redis.from_url(store_url, socket_timeout=5)
        turn = 0
        while not over.wait(max(0.0, watch.began + turn * EVERY_S - time.time())):
            try:
                watch.look()
                watch.look_at_store(client)
                if turn % int(KEYS_EVERY_S / EVERY_S) == 0:
                    watch.look_at_keys(client)
            except Exception as error:  # noqa: BLE001 (who sees nothing must say so)
                watch.faults.append(f"second {turn}: {type(error).__name__}: {error}")
            turn = max(turn + 1, int((time.time() - watch.began) / EVERY_S))
        client.close()

    thread = threading.Thread(target=look, name="watch")
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
