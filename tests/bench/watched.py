"""What the console costs the door while ten people have its first page open."""

import argparse
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import requests

from app.access import accounts
from app.cli.ports import free_port
from app.cli.wire import answers
from tests.bench import door
from tests.bench.load import arrival
from tests.bench.memory import request
from tests.bench.rig import PORTAL, now, rig
from tests.bench.tables import Table
from workers.store.minutes import DAY_MINUTES
from workers.store.people import Role

BROWSERS = 10
DELIVERIES = 12_000  # in a round: they take longer than a page stays as it is
EVERY_S = 5.0  # as the page updates itself
ROUNDS = 4  # in turns, and the best of each
PASSWORD = "four words of no meaning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be chosen."""
    parser.add_argument("--browsers", type=int, default=BROWSERS)


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    alone: list[float] = []
    watched: list[float] = []
    with rig() as found:
        for minute in range(DAY_MINUTES, 0, -1):
            found.runtime.store.note_minute(PORTAL, now=now() - timedelta(minutes=minute))
        accounts.add(found.runtime.store, "bench", role=Role.VIEWER, now=now())
        accounts.set_password(found.runtime.store, "bench", PASSWORD)
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        found.hookline(
            *("web", "web", "--port", str(port)), ready=lambda: answers(f"{url}/healthz")
        )
        sessions = [_logged_in(url) for _ in range(options.browsers)]
        _rate(port, run_="warm")
        for turn in range(ROUNDS):
            alone.append(_rate(port, run_=f"alone{turn}"))
            with _open(sessions, url):
                watched.append(_rate(port, run_=f"watched{turn}"))
        for session in sessions:
            session.close()
    table = Table(
        title=f"The door, and the console open in {options.browsers} browsers",
        head=("", "deliveries/s", "÷ alone"),
    )
    best = max(alone)
    table.add("alone", f"{best:,.0f}", "1.00")
    table.add("with the console open", f"{max(watched):,.0f}", f"{max(watched) / best:.2f}")
    table.notes.append(
        f"Two web processes; each browser asks anew every {EVERY_S:g} s. The best of {ROUNDS}."
    )
    table.show()


def _rate(port: int, *, run_: str) -> float:
    bodies = [arrival("contact", number, run=run_).body for number in range(DELIVERIES)]
    return door.rate(port, [request(body) for body in bodies], status=b"202")


def _logged_in(url: str) -> requests.Session:
    session = requests.Session()
    page = session.get(f"{url}/login", timeout=30).text
    form = re.search(r'name="csrf_token" value="([^"]+)"', page)
    if form is None:
        raise RuntimeError("the page of the log-in has no form")
    fields = {"csrf_token": form[1], "name": "bench", "password": PASSWORD}
    session.post(f"{url}/login", data=fields, timeout=30)
    return session


@contextmanager
def _open(sessions: Sequence[requests.Session], url: str) -> Iterator[None]:
    """Keep the first page open in each of the browsers, while the block lasts."""
    over = threading.Event()
    threads = [
        threading.Thread(
            target=_browse, args=(session, url, over, EVERY_S * number / len(sessions))
        )
        for number, session in enumerate(sessions)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _browse(session: requests.Session, url: str, over: threading.Event, after_s: float) -> None:
    over.wait(after_s)
    while not over.is_set():
        said = session.get(f"{url}/figures", timeout=30, headers={"X-Fragment": "1"})
        if said.status_code != 200:
            raise RuntimeError(said.text[:200])
        over.wait(EVERY_S)
