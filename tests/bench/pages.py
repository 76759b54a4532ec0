"""How long the API and the console take for each page, with many events in the store."""

import argparse
import re
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import orjson
from flask.testing import FlaskClient

from app.access import accounts, tokens
from app.web import create_app
from tests.bench.load import A_DELIVERY, arrival, drain_slice
from tests.bench.rig import PORTAL, Rig, now, rig
from tests.bench.tables import Table, say
from workers.store import Store
from workers.store.minutes import DAY_MINUTES
from workers.store.people import Role

EVENTS = 200_000
LARGEST = 1_000_000
SLICE_S = 8.0
WRONG = 2_000
PADDING = "x" * 800
TIMES = 9
AIM_MS = 150
DEEP = 40  # pages
PASSWORD = "four words of no meaning"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing can be chosen; `--long` takes the largest number."""


def run(options: argparse.Namespace) -> None:
    """Print the table."""
    events = LARGEST if options.long else EVENTS
    with rig(slice_s=SLICE_S) as found:
        _fill(found, events)
        counts = found.runtime.store.counts(PORTAL)
        _, text = tokens.issue(
            found.runtime.store, label="bench", role=Role.ADMIN, days=1, maker="", now=now()
        )
        app = create_app(found.runtime)
        program, person = app.test_client(), app.test_client()
        program.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {text}"
        _log_in(person, found.runtime.store)
        table = Table(
            title=f"Pages, with {events:,} events in the store",
            head=("", "median ms", "longest ms", "KB"),
        )
        late: list[str] = []
        asked = [(program, path) for path in _of_the_api(program)]
        asked += [(person, path) for path in _of_the_console(program)]
        for client, path in asked:
            took_ms, size = _took(client, path)
            table.add(path[:70], f"{took_ms[0]:.0f}", f"{took_ms[1]:.0f}", f"{size / 1000:.0f}")
            if took_ms[0] > AIM_MS:
                late.append(path)
    stand = ", ".join(f"{number:,} {name}" for name, number in sorted(counts.items()))
    table.notes.append(f"{stand}. Each asked {TIMES} times, in one process without a network.")
    told = f"slower than {AIM_MS} ms: {', '.join(late)}" if late else f"all within {AIM_MS} ms"
    table.notes.append(f"The median is {told}.")
    table.show()


def _fill(found: Rig, events: int) -> None:
    store = found.runtime.store
    began = time.perf_counter()
    wrong = [
        replace(each, body=orjson.dumps({**orjson.loads(each.body), "email": f"wrong {number}"}))
        for number in range(WRONG)
        for each in [arrival("contact", number, run="wrong", padding=PADDING)]
    ]
    for start in range(0, WRONG, A_DELIVERY):
        store.accept(PORTAL, wrong[start : start + A_DELIVERY], received=now())
    for start in range(0, events - WRONG, A_DELIVERY):
        endpoint = "company" if start // A_DELIVERY % 4 == 0 else "contact"
        arrivals = [
            arrival(endpoint, number, run="pages", padding=PADDING)
            for number in range(start, start + A_DELIVERY)
        ]
        store.accept(PORTAL, arrivals, received=now())
        if start == (events // 2) // A_DELIVERY * A_DELIVERY:
            drain_slice(found)
    for minute in range(DAY_MINUTES, 0, -1):
        store.note_minute(PORTAL, now=now() - timedelta(minutes=minute))
    say(f"\nfilled in {time.perf_counter() - began:.0f} s")


def _of_the_api(client: FlaskClient) -> Iterator[str]:
    """Give the paths that are asked for."""
    yield "/api/v1/overview?minutes=1440"
    yield "/api/v1/events"
    yield "/api/v1/events?limit=200"
    for state in ("waiting", "retrying", "done", "ignored", "dead", "unknown"):
        yield f"/api/v1/events?state={state}"
    yield "/api/v1/events?endpoint=company"
    yield "/api/v1/events?type=none"
    yield "/api/v1/events?text=pages-77"
    yield "/api/v1/events?text=pages-12345"
    yield "/api/v1/events?key=visitor3@company0.example"
    yield f"/api/v1/events?cursor={_deep(client)}"
    first = client.get("/api/v1/events?state=done&limit=1").get_json()
    seen = client.get("/api/v1/events?limit=1").get_json()
    for page in (seen, first):
        if page["events"]:
            yield f"/api/v1/events/{page['events'][0]['id']}"
    yield "/api/v1/groups"
    yield f"/api/v1/portals/{PORTAL}/records/contacts/visitor3@company0.example"
    yield from ("/api/v1/endpoints", "/api/v1/endpoints/contact")
    yield from ("/api/v1/portals", "/api/v1/mappings", "/api/v1/mappings/contact")
    yield from ("/api/v1/chores", "/api/v1/openapi.json")


def _of_the_console(client: FlaskClient) -> Iterator[str]:
    """Give every page that needs no name, and lists as they are asked for."""
    for rule in client.application.url_map.iter_rules():
        of_it = rule.endpoint.startswith("console.") and not rule.rule.startswith("/login")
        if of_it and not rule.arguments and "GET" in (rule.methods or ()):
            yield rule.rule
    yield from (f"/events?{each}" for each in ("state=done", "state=dead", "type=none"))


def _log_in(client: FlaskClient, store: Store) -> None:
    accounts.add(store, "bench", role=Role.ADMIN, now=now())
    accounts.set_password(store, "bench", PASSWORD)
    form = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/login").text)
    if form is None:
        raise RuntimeError("the page of the log-in has no form")
    fields = {"csrf_token": form[1], "name": "bench", "password": PASSWORD}
    client.post("/login", data=fields)


def _deep(client: FlaskClient) -> str:
    """Return the cursor of a page far back."""
    cursor = ""
    for _ in range(DEEP):
        query = f"?limit=200&cursor={cursor}" if cursor else "?limit=200"
        cursor = client.get(f"/api/v1/events{query}").get_json()["next"] or cursor
    return cursor


def _took(client: FlaskClient, path: str) -> tuple[tuple[float, float], int]:
    """Return the median and the longest time of a page in ms, and its size in bytes."""
    took: list[float] = []
    size = 0
    for _ in range(TIMES):
        began = time.perf_counter()
        said = client.get(path)
        took.append((time.perf_counter() - began) * 1000)
        if said.status_code != 200:
            raise RuntimeError(f"{path}: {said.status_code}: {said.text[:200]}")
        size = len(said.data)
    took.sort()
    return (took[len(took) // 2], took[-1]), size
