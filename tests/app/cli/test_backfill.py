"""`hookline backfill`: rows become events, each once, however often it is killed and started."""

import contextlib
import gzip
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from app.cli.backfill.files import Row
from app.cli.backfill.loading import Loading, Rejects
from app.cli.backfill.rows import Reader
from app.sandbox.server import Server
from app.sandbox.switches import STRICT
from app.sandbox.web import Options
from tests.app.cli.conftest import Hookline
from tests.app.conftest import eventually
from workers import sources
from workers.drain import Ended
from workers.errors import MappingError
from workers.events import Arrival
from workers.outcomes import EventState, Verdict
from workers.receive import receive
from workers.runtime import Runtime
from workers.settings import Endpoint
from workers.signatures import Request
from workers.store import Learned, Progress, Query, Settlement, Store

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
OLD = datetime(2024, 1, 1, tzinfo=UTC)
SHOP = """\
source: shop
verify: {scheme: none}
keep_headers: [x-shop]
event: {id: "{{ body.id }}", type: "{{ body.type }}", time: "{{ body.at | from_iso }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""
BATCH = """\
source: shop
verify: {scheme: none}
event:
  each: "{{ body.events }}"
  id: "{{ body.id }}"
  type: "{{ headers.x_kind }}.{{ body.type }}"
on:
  a.saved: [{upsert: contact, object: contacts, key: {email: "{{ body.email }}"}}]
"""


# A row and its events


def reader(tmp_path: Path, text: str = SHOP, **how: Any) -> Reader:
    path = tmp_path / "shop.yaml"
    path.write_text(text, "utf-8")
    endpoint = Endpoint(name="shop", source=str(path), portal="acme")
    how = {"max_bytes": 1_000, "at": OLD, **how}
    return Reader(endpoint=endpoint, source=sources.load(path), **how)


def events(found: Reader, row: object) -> list[Arrival]:
    return found.events(Row(line=1, value=row), now=NOW)


def test_a_row_is_what_the_sender_would_post(tmp_path: Path) -> None:
    row = {"id": 7, "type": "saved", "at": "2024-05-06T07:08:09Z"}
    (found,) = events(reader(tmp_path), row)
    assert (found.endpoint, found.source_id, found.type) == ("shop", "7", "saved")
    assert found.time == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert json.loads(found.body) == row


def test_a_row_may_hold_several_events_and_headers(tmp_path: Path) -> None:
    body = {"events": [{"id": 1, "type": "saved"}, {"id": 2, "type": "left"}]}
    found = events(reader(tmp_path, BATCH), {"headers": {"X-Kind": "a"}, "body": body})
    assert [(each.source_id, each.type) for each in found] == [("1", "a.saved"), ("2", "a.left")]
    found = events(reader(tmp_path, BATCH, headers={"x-kind": "b"}), body)
    assert [each.type for each in found] == ["b.saved", "b.left"]


def test_with_a_type_given_a_row_is_an_events_body(tmp_path: Path) -> None:
    how = reader(tmp_path, BATCH, event="a.saved", id="Order No", time="when.at")
    row = {"Order No": "A-1", "when": {"at": "2024-02-03"}, "events": [1, 2]}
    (found,) = events(how, row)
    assert (found.source_id, found.type) == ("A-1", "a.saved")
    assert found.time == datetime(2024, 2, 3, tzinfo=UTC)
    assert json.loads(found.body) == row


def test_a_row_without_an_id_is_known_by_what_it_says(tmp_path: Path) -> None:
    how = reader(tmp_path, event="saved")
    one, same, other = (
        events(how, row)[0].source_id
        for row in ({"a": 1, "b": 2}, {"b": 2, "a": 1}, {"a": 1, "b": 3})
    )
    assert one == same != other
    assert events(reader(tmp_path, event="left"), {"a": 1, "b": 2})[0].source_id != one


def test_a_row_without_a_time_is_as_old_as_the_file(tmp_path: Path) -> None:
    row = {"id": 1, "type": "saved"}
    assert events(reader(tmp_path), row)[0].time == OLD
    with pytest.raises(MappingError, match="has no time; name where it is with --time"):
        events(reader(tmp_path, at=None), row)


@pytest.mark.parametrize(
    ("row", "how", "fault"),
    [
        ({"id": 1}, {}, "type: is missing"),
        ({"id": 1, "type": "saved", "at": "soon"}, {}, "'soon' is not a time"),
        ({"a": 1}, {"event": "saved", "id": "no"}, "has no 'no', which --id names"),
        ({"a": "soon"}, {"event": "saved", "time": "a"}, "a: 'soon' is not a time"),
        ({"a": "x" * 2_000}, {"event": "saved"}, "is larger than 1,000 bytes"),
        ("text", {}, "type: is missing"),
        (None, {"event": "saved", "id": "a"}, "has no 'a'"),
    ],
)
def test_what_is_wrong_with_a_row_is_said(
    row: object, how: dict[str, Any], fault: str, tmp_path: Path
) -> None:
    with pytest.raises(MappingError, match=fault):
        events(reader(tmp_path, **how), row)


# The command


@pytest.fixture
def environ(redis_url: str, tmp_path: Path) -> dict[str, str]:
    """An endpoint that nobody works for, so that what it took waits."""
    (tmp_path / "shop.yaml").write_text(SHOP, "utf-8")
    (tmp_path / "hookline.yaml").write_text(
        'portals: {acme: {base_url: "http://127.0.0.1:9", token: t}}\n'
        "endpoints: {shop: {source: ./shop.yaml, portal: acme}}\n",
        "utf-8",
    )
    return {"HOOKLINE_CONFIG": str(tmp_path / "hookline.yaml"), "REDIS_URL": redis_url}


@pytest.fixture
def runtime(environ: dict[str, str]) -> Iterator[Runtime]:
    found = Runtime.build(environ)
    yield found
    found.store.close()


def row(number: int) -> dict[str, object]:
    return {
        "id": f"e{number}",
        "type": "saved",
        "at": "2024-05-06T07:08:09Z",
        "email": f"p{number}@x.example",
    }


def write(folder: Path, count: int, name: str = "past.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(row(n)) + "\n" for n in range(count)), "utf-8")
    return path


def waiting(store: Store) -> list[str]:
    """The senders' ids of all that was taken in, sorted."""
    return sorted(
        (event.source_id for event in store.since("acme", since=OLD)), key=lambda id: int(id[1:])
    )


def test_each_row_becomes_an_event_and_the_summary_counts_them(
    hookline: Hookline, environ: dict[str, str], runtime: Runtime, tmp_path: Path
) -> None:
    path = write(tmp_path, 500)
    done = hookline("backfill", str(path), "-e", "shop", environ=environ)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "events: 500 taken in, 0 known already\n"
    assert waiting(runtime.store) == [f"e{n}" for n in range(500)]
    (found,) = runtime.store.browse(["acme"], Query(text="e7"), limit=1).rows
    assert found.event.time == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)


def test_a_file_that_was_taken_in_is_not_read_again_unless_told(
    hookline: Hookline, environ: dict[str, str], tmp_path: Path
) -> None:
    path = write(tmp_path, 300)
    hookline("backfill", str(path), "-e", "shop", environ=environ)
    again = hookline("backfill", str(path), "-e", "shop", "--json", environ=environ)
    assert json.loads(again.stdout)["note"] == "it was all taken in before; see --again"
    anew = hookline("backfill", str(path), "-e", "shop", "--again", "--json", environ=environ)
    assert json.loads(anew.stdout) == {
        "rows": 300,
        "accepted": 0,
        "duplicates": 300,
        "rejected": 0,
        "ended": True,
        "note": "",
    }


def test_rejected_rows_are_written_down_and_can_be_mended_and_tried_again(
    hookline: Hookline, environ: dict[str, str], runtime: Runtime, tmp_path: Path
) -> None:
    path = write(tmp_path, 3)
    path.write_text(path.read_text("utf-8").replace('"type": "saved"', '"kind": "saved"', 1))
    with path.open("a") as file:
        file.write("nonsense\n")
    done = hookline("backfill", str(path), "-e", "shop", environ=environ)
    rejected = tmp_path / "past.jsonl.rejected.jsonl"
    assert done.returncode == 1
    assert f"rows rejected: 2; see {rejected}" in done.stdout
    found = [json.loads(line) for line in rejected.read_text("utf-8").splitlines()]
    assert [(each["line"], each["row"]) for each in found] == [
        (1, {**{k: v for k, v in row(0).items() if k != "type"}, "kind": "saved"}),
        (4, "nonsense"),
    ]
    assert "type: is missing" in found[0]["reason"]
    assert waiting(runtime.store) == ["e1", "e2"]
    mended = rejected.read_text("utf-8").splitlines()[0].replace("kind", "type")
    rejected.write_text(mended + "\n", "utf-8")
    done = hookline("backfill", str(rejected), "-e", "shop", environ=environ)
    assert done.stdout == "events: 1 taken in, 0 known already\n"
    assert waiting(runtime.store) == ["e0", "e1", "e2"]


def test_csv_from_standard_input_with_a_type_an_id_and_a_time(
    hookline: Hookline, environ: dict[str, str], runtime: Runtime
) -> None:
    text = "No,Mail,When\n1,a@x.example,2024-01-02\n2,b@x.example,2024-01-03\n3,c@x.example,\n"
    options = ("-e", "shop", "--event", "saved", "--id", "No", "--time", "When")
    done = hookline("backfill", "-", *options, environ=environ, given=text)
    assert done.returncode == 1
    assert "events: 2 taken in" in done.stdout
    assert "rows rejected: 1; see backfill.rejected.jsonl" in done.stdout
    done = hookline("backfill", "-", *options, "--at", "2023-12-31", environ=environ, given=text)
    assert done.stdout == "events: 1 taken in, 2 known already\n"
    found = {e.source_id: e.time.date().isoformat() for e in runtime.store.since("acme", since=OLD)}
    assert found == {"1": "2024-01-02", "2": "2024-01-03", "3": "2023-12-31"}


def test_a_packed_array_whose_rows_have_no_time_counts_from_when_it_was_written(
    hookline: Hookline, environ: dict[str, str], runtime: Runtime, tmp_path: Path
) -> None:
    path = tmp_path / "past.json.gz"
    rows = [{"id": f"e{n}", "type": "saved"} for n in range(5)]
    path.write_bytes(gzip.compress(json.dumps(rows).encode()))
    os.utime(path, (OLD.timestamp(), OLD.timestamp()))
    done = hookline("backfill", str(path), "-e", "shop", environ=environ)
    assert done.stdout == "events: 5 taken in, 0 known already\n"
    assert {event.time for event in runtime.store.since("acme", since=OLD)} == {OLD}


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("past.jsonl", "-e", "shp"), "there is no endpoint 'shp'; did you mean 'shop'?"),
        (("none.jsonl", "-e", "shop"), "none.jsonl: cannot be read"),
        (("past.jsonl",), "Missing option"),
        (("past.jsonl", "-e", "shop", "--at", "soon"), "'soon' is not a time"),
    ],
)
def test_what_cannot_be_done_is_said(
    args: tuple[str, ...],
    told: str,
    hookline: Hookline,
    environ: dict[str, str],
    tmp_path: Path,
) -> None:
    write(tmp_path, 1)
    done = hookline("backfill", *args, environ=environ)
    assert done.returncode != 0
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_where_a_person_looks_on_a_bar_shows_how_far_it_is(
    environ: dict[str, str], runtime: Runtime, project: Path, tmp_path: Path
) -> None:
    path = write(tmp_path, 3_000)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "backfill", str(path), "-e", "shop"],
        cwd=tmp_path,
        env={**os.environ, **environ, "PYTHONPATH": str(project), "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # at its end a terminal says so
        while piece := os.read(ours, 65_536):
            seen += piece
    os.close(ours)
    assert process.wait(timeout=60) == 0
    assert b"3,000 taken in" in seen
    assert b"100 %" in seen
    assert len(waiting(runtime.store)) == 3_000


def test_rows_of_a_table_become_records_and_what_is_newer_stays(
    hookline: Hookline, redis_url: str, tmp_path: Path
) -> None:
    (tmp_path / "shop.yaml").write_text(
        SHOP + '      set: {firstname: "{{ body.name }}"}\n', "utf-8"
    )
    options = Options(tier="unlimited", switches=STRICT.changed(search_lag_s=0.0))
    with Server(options) as crm:
        (tmp_path / "hookline.yaml").write_text(
            f"portals: {{acme: {{base_url: '{crm.url}', token: t}}}}\n"
            "endpoints: {shop: {source: ./shop.yaml, portal: acme}}\n",
            "utf-8",
        )
        environ = {"HOOKLINE_CONFIG": str(tmp_path / "hookline.yaml"), "REDIS_URL": redis_url}
        runtime = Runtime.build(environ)
        live = {"id": "live", "type": "saved", "email": "a@x.example", "name": "New"}
        delivery = Request.of(
            headers={"Content-Type": "application/json"}, body=json.dumps(live).encode()
        )
        receive(
            delivery,
            endpoint=runtime.settings.endpoints["shop"],
            source=runtime.sources["shop"],
            store=runtime.store,
            now=datetime.now(UTC),
        )
        text = "email,name,since\na@x.example,Old,2024-01-01\nb@x.example,Bea,2024-01-02\n"
        (tmp_path / "people.csv").write_text(text, "utf-8")
        args = ("people.csv", "-e", "shop", "--event", "saved", "--time", "since")
        assert hookline("backfill", *args, environ=environ).returncode == 0
        assert runtime.drain("acme") is Ended.EMPTY
        found = requests.get(f"{crm.url}/_sandbox/records", timeout=30).json()["contacts"]
        names = {e["properties"]["email"]: e["properties"]["firstname"] for e in found}
        assert names == {"a@x.example": "New", "b@x.example": "Bea"}
        runtime.store.close()


# Stopping and waiting


def settle(store: Store) -> int:
    """Handle what waits; return how many events that were."""
    fence = store.lease("acme", owner="tests", lease_s=60)
    events = store.take("acme", now=datetime.now(UTC), limit=10_000)
    done = Verdict(state=EventState.DONE, reason="")
    store.settle(
        "acme",
        [Settlement(event=each, verdict=done, attempts=1) for each in events],
        Learned(),
        fence=fence,
        now=datetime.now(UTC),
    )
    return len(events)


def loading(runtime: Runtime, folder: Path, tell: Callable[[Progress, str], None]) -> Loading:
    return Loading(
        runtime=runtime,
        reader=Reader(
            endpoint=runtime.settings.endpoints["shop"],
            source=runtime.sources["shop"],
            max_bytes=1_000,
        ),
        name="this",
        rejects=Rejects(folder / "rejected.jsonl", anew=True),
        wait=lambda _: settle(runtime.store),
        tell=tell,
        progress=Progress(),
    )


def test_while_too_much_waits_it_waits_too_and_loses_nothing(
    environ: dict[str, str], tmp_path: Path
) -> None:
    with (tmp_path / "hookline.yaml").open("a") as file:
        file.write("max_backlog: 1000\n")  # of which a backfill uses half
    runtime = Runtime.build(environ)
    waits: list[str] = []
    found = loading(runtime, tmp_path, lambda _, why: waits.append(why) if why else None)
    done = found.load(Row(line=n + 1, value=row(n)) for n in range(1_700))
    assert (done.accepted, done.duplicates, done.ended) == (1_700, 0, True)
    assert waits
    assert all("events wait already" in each for each in waits)
    assert runtime.store.counts("acme")["accepted"] == 1_700
    runtime.store.close()


def test_a_backfill_that_is_killed_again_and_again_loses_and_doubles_nothing(
    environ: dict[str, str], runtime: Runtime, project: Path, tmp_path: Path
) -> None:
    count = 12_000
    path = write(tmp_path, count)
    with path.open("a") as file:
        file.write("nonsense\n")
    command = [sys.executable, "-P", "-m", "app.cli", "backfill", str(path), "-e", "shop"]
    store = runtime.store

    def accepted() -> int:
        return store.counts("acme").get("accepted", 0)

    for kill_at in (1, count // 4, count // 2):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env={**os.environ, **environ, "PYTHONPATH": str(project)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(lambda at=kill_at: accepted() >= at)  # type: ignore[misc]
        process.send_signal(signal.SIGKILL)
        process.wait(timeout=60)
    assert accepted() < count
    done = subprocess.run(
        [*command, "--json"],
        cwd=tmp_path,
        env={**os.environ, **environ, "PYTHONPATH": str(project)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    summary = json.loads(done.stdout)
    assert summary["accepted"] + summary["duplicates"] == count
    assert summary["rejected"] == 1
    assert accepted() == count
    assert waiting(store) == [f"e{n}" for n in range(count)]
    rejected = (tmp_path / "past.jsonl.rejected.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["line"] for line in rejected] == [count + 1]
