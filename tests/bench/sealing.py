"""What does it cost at the door to seal each body before it is stored?"""

import argparse
import os
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from flask import Flask

from app.cli.services import WEB_THREADS
from app.web import create_app
from tests.app import serving
from tests.bench.door import BODY, deliveries, rate, serve
from tests.bench.tables import Table
from workers.sealing import Seal
from workers.settings import Settings
from workers.store.embedded import EmbeddedStore

KEY = bytes(range(32))
FACTORIES = {
    "as they came": "tests.bench.sealing:plain",
    "sealed (`encrypt_bodies`)": "tests.bench.sealing:sealed",
}
WARMING = 300
FIT_S = 30.0
ROUNDS = 4
SEALED = 20_000  # bodies, without a door


def plain() -> Flask:
    """Return the door that keeps bodies as they came."""
    return _app(serving.settings_of(os.environ["HOOKLINE_TEST_STORE"]))


def sealed() -> Flask:
    """Return the door that seals them."""
    settings = serving.settings_of(os.environ["HOOKLINE_TEST_STORE"])
    return _app(replace(settings, secret_keys=(KEY,), encrypt_bodies=True))


def _app(settings: Settings) -> Flask:
    runtime = serving.runtime(settings)
    runtime.store.fit(patience_s=FIT_S)  # as `hookline web` does before it serves
    return create_app(runtime)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--sealed", type=int, default=6_000, help="deliveries at each door")


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    rates = dict.fromkeys(FACTORIES, 0.0)
    with (
        tempfile.TemporaryDirectory(prefix="hookline-bench-") as folder,
        EmbeddedStore.start(Path(folder)) as server,
        serve(server.url, workers=1, threads=WEB_THREADS, factory=FACTORIES["as they came"]) as a,
        serve(
            server.url,
            workers=1,
            threads=WEB_THREADS,
            factory=FACTORIES["sealed (`encrypt_bodies`)"],
        ) as b,
    ):
        ports = dict(zip(FACTORIES, (a, b), strict=True))
        for port in ports.values():
            rate(port, deliveries("/hooks/stripe", WARMING), status=b"202")
        for _ in range(ROUNDS):
            for name, port in ports.items():
                sent = deliveries("/hooks/stripe", options.sealed // ROUNDS)
                rates[name] = max(rates[name], rate(port, sent, status=b"202"))
    table = Table(
        title=f"Sealing at the door: {options.sealed:,} signed deliveries",
        head=("bodies", "a second", "÷ as they came"),
    )
    first = rates["as they came"]
    for name, per_s in rates.items():
        table.add(name, f"{per_s:,.0f}", f"{per_s / first:.2f}")
    one_us, size = _one_us()
    table.notes.append(f"One body of {size} bytes is sealed in {one_us:.1f} µs, on one core.")
    table.show()


def _one_us() -> tuple[float, int]:
    """Return how long it takes to seal one body, and its size."""
    seal, body = Seal((KEY,)), (BODY % ("1", "1")).encode()
    began = time.perf_counter()
    for _ in range(SEALED):
        seal.sealed(body, what="the body of an event of portal acme")
    return (time.perf_counter() - began) / SEALED * 1e6, len(body)
