"""What marks a person, or opens a door, is shown where it is said to be, and nowhere else."""

import hashlib
import hmac
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from kombu import Connection

from app.cli import main
from app.cli.ports import free_port
from app.sandbox.server import Server
from app.sandbox.web import Options
from tests.app.conftest import eventually
from workers.store.clients import client
from workers.store.embedded import EmbeddedStore

EMAIL = "mona.marked@example.com"
PHONE = "+4799887766"
NAME = "Mona Markedsdatter"
TOKEN = "tok-marked-5f3a9c77"  # what a payload may hold of secrets
PORTAL_TOKEN = "pat-marked-of-the-portal"
SECRET = "secret-marked-of-the-endpoint"
PERSON = (EMAIL, "99887766", NAME, "Markedsdatter")
SECRETS = (PORTAL_TOKEN, SECRET)
JSON = "application/json"
QUEUE = "orders"
CONFIG = """\
store: {store}
portals:
  crm: {{base_url: "{crm}", token: "${{PORTAL_TOKEN}}"}}
endpoints:
  shop: {{source: shop.yaml, portal: crm, secret: "${{ENDPOINT_SECRET}}"}}
"""
SOURCE = """\
source: shop
verify: {scheme: hmac, header: X-Shop-Signature}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set:
        firstname: "{{ body.name }}"
        phone: "{{ body.phone }}"
        lifecyclestage: "{{ body.stage }}"
    - log: note
      on: [contact]
      set: {hs_note_body: "saved {{ body.name }}, {{ body.phone }}"}
  broken:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.name | from_unix }}"}
"""
CHANGED = "source: shop\non:" + SOURCE.partition("on:")[2].replace("firstname:", "lastname:")


@dataclass(kw_only=True)
class Town:
    """A Hookline that runs, and what it was asked and answered."""

    folder: Path
    home: str
    environ: Mapping[str, str]
    crm: Server
    answers: list[bytes]

    def say(self, *args: str, given: str = "") -> str:
        """All that `hookline` says, of whatever kind."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "app.cli", *args],
            env=dict(self.environ),
            cwd=self.folder,
            input=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.stdout + done.stderr

    def post(
        self, body: bytes, *, signed: bool = True, path: str = "shop", type: str = JSON
    ) -> int:
        proof = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
        answer = requests.post(
            f"{self.home}/hooks/{path}?api_token={TOKEN}",
            data=body,
            headers={
                "Content-Type": type,
                "X-Shop-Signature": proof if signed else proof[::-1],
                "Authorization": f"Bearer {TOKEN}",
                "X-Request-Id": EMAIL,
            },
            timeout=30,
        )
        self.answers.append(str(answer.headers).encode() + answer.content)
        return answer.status_code

    def logs(self) -> dict[str, str]:
        return {each.name: each.read_text("utf-8") for each in self.folder.glob("*.log")}


def event(id: str, type: str = "saved", **more: object) -> dict[str, object]:
    """What a sender says of a person."""
    return {
        "id": id,
        "type": type,
        "email": EMAIL,
        "name": NAME,
        "phone": PHONE,
        "api_token": TOKEN,
        **more,
    }


def body(id: str, type: str = "saved", **more: object) -> bytes:
    return json.dumps(event(id, type, **more)).encode()


@contextmanager
def started(folder: Path, environ: Mapping[str, str], *args: str) -> Iterator[None]:
    with (folder / f"{args[0]}.log").open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "app.cli", *args],
            cwd=folder,
            env=dict(environ),
            stdout=out,
            stderr=out,
        )
    try:
        yield
        assert process.poll() is None
    finally:
        process.terminate()
        process.wait(timeout=60)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """One in which all that can happen to an event has happened."""
    folder = tmp_path_factory.mktemp("town")
    project = str(Path(__file__).parent.parent.parent)
    port = free_port()
    with ExitStack() as stack:
        store = stack.enter_context(
            EmbeddedStore.start(tmp_path_factory.mktemp("store"), appendfsync="no")
        )
        crm = stack.enter_context(Server(Options(tier="unlimited")))
        (folder / "hookline.yaml").write_text(CONFIG.format(store=store.url, crm=crm.url))
        (folder / "shop.yaml").write_text(SOURCE)
        (folder / "changed.yaml").write_text(CHANGED)
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": project,
            "HOOKLINE_CONFIG": str(folder / "hookline.yaml"),
            "PORTAL_TOKEN": PORTAL_TOKEN,
            "ENDPOINT_SECRET": SECRET,
            "COLUMNS": "500",
        }
        home = f"http://127.0.0.1:{port}"
        found = Town(folder=folder, home=home, environ=environ, crm=crm, answers=[])
        web = ("web", "--port", str(port), "--workers", "1", "--no-admin")
        consume = ("consume", store.url, QUEUE, "--endpoint", "shop")
        for args in (web, ("worker", "--threads", "2"), consume):
            stack.enter_context(started(folder, environ, *args))
        eventually(lambda: _answers(home))
        _happen(found, store.url)
        yield found


def _happen(town: Town, store_url: str) -> None:
    """Send what is good, and what is bad in every way."""
    assert town.post(body("e1")) == 202
    assert town.post(body("e1")) == 200
    assert town.post(body("e2", stage=f"{NAME} of no stage")) == 202
    assert town.post(body("e3", "broken")) == 202
    assert town.post(body("e4", "unmapped")) == 202
    assert town.post(body("e5"), signed=False) == 401
    assert town.post(f'{{"email": "{EMAIL}", '.encode()) == 400
    assert town.post(json.dumps({"email": EMAIL, "name": NAME}).encode()) == 400  # no id
    assert town.post(body("e6"), path="nowhere") == 404
    assert town.post(NAME.encode(), type="text/plain") == 415
    assert town.post(body("e7", text="x" * 1_100_000)) == 413
    with Connection(store_url) as connection, closing(connection.SimpleQueue(QUEUE)) as queue:
        queue.put(event("q1"))
        queue.put({"email": EMAIL, "name": NAME})
        queue.put(f"{EMAIL}, {NAME}: no JSON", serializer="raw", compression=None)
    with closing(client(store_url, timeout_s=10)) as store:
        eventually(lambda: store.llen(QUEUE) == 0)
        eventually(lambda: store.hget("hl:{crm}:counts", "waiting") == b"0")


def _answers(home: str) -> bool:
    try:
        return requests.get(f"{home}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def shown(text: str, marks: Sequence[str]) -> list[str]:
    """The lines in which a mark stands."""
    return [line for line in text.splitlines() if any(mark in line for mark in marks)]


ALL = (*PERSON, TOKEN, *SECRETS)


def test_no_answer_of_the_door_tells_what_was_sent(town: Town) -> None:
    assert len(town.answers) >= 11
    for each in town.answers:
        assert shown(each.decode(), ALL) == []


def test_no_log_tells_what_was_sent_nor_any_secret(town: Town) -> None:
    logs = town.logs()
    assert logs.keys() == {"web.log", "worker.log", "consume.log"}
    assert "event handled" in logs["worker.log"]
    for name, text in logs.items():
        assert shown(text, ALL) == [], name


# Each verb, how it is called, and whether it is there to show what events or records say.
QUIET, SHOWS = (), PERSON
REASON = (NAME, "Markedsdatter")  # a reason may quote the value that was refused
VERBS: dict[str, list[tuple[tuple[str, ...], Sequence[str]]]] = {
    "backfill": [(("past.jsonl", "--endpoint", "shop"), QUIET)],
    "blame": [(("contacts", EMAIL), QUIET), (("contacts", "nobody@example.com"), QUIET)],
    "capture": [(("shop", "--last", "5", "--folder", "masked"), QUIET)],
    "check": [((), QUIET), (("--portal", "crm"), QUIET)],
    "connect": [(("crm",), QUIET)],
    "crm": [(("read", "contacts", EMAIL, "--by", "email"), SHOWS)],
    "events": [
        (("list",), REASON),
        (("list", "--json"), REASON),
        (("list", "--key", EMAIL), REASON),
        (("show", "ID"), SHOWS),
    ],
    "forget": [((EMAIL, "--dry-run"), QUIET)],
    "new": [(("source", "another"), QUIET)],
    "notify": [((), QUIET)],
    "plan": [(("shop.sample.json", "--endpoint", "shop"), SHOWS)],
    "provision": [(("crm", "--dry-run"), QUIET)],
    "rehearse": [(("--mapping", "changed.yaml", "--endpoint", "shop"), SHOWS)],
    "replay": [(("--all-dead", "--dry-run"), QUIET), (("--all-dead",), QUIET)],
    "schema": [((), QUIET)],
    "send": [(("shop",), QUIET)],
    "test": [((), QUIET)],
    "token": [(("new", "a test"), QUIET), (("list",), QUIET)],
    "user": [(("add", "ada", "--role", "admin"), QUIET), (("list",), QUIET)],
}
SERVICES = {"run", "web", "worker", "consume", "sandbox"}  # their logs are looked at


def test_every_verb_is_looked_at() -> None:
    assert {*VERBS} | SERVICES == set(main.commands)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_shows_persons_only_where_it_is_there_for_that(town: Town, verb: str) -> None:
    (town.folder / "past.jsonl").write_bytes(body("b1") + b"\n" + NAME.encode() + b"\n")
    sample = {"headers": {"content-type": "application/json"}, "body": event("s1")}
    (town.folder / "shop.sample.json").write_text(json.dumps(sample))
    id = json.loads(town.say("events", "list", "--json"))[0]["id"]
    for args, allowed in VERBS[verb]:
        said = town.say(verb, *(id if each == "ID" else each for each in args))
        assert said
        assert "Usage:" not in said, said
        assert bool(shown(said, PERSON)) == bool(allowed), said  # it does show what it is there for
        assert shown(said, [mark for mark in ALL if mark not in allowed]) == []


def test_a_captured_sample_has_made_up_people_unless_it_is_said_otherwise(town: Town) -> None:
    town.say("capture", "shop", "--last", "5", "--folder", "made-up")
    samples = list((town.folder / "made-up").glob("*.sample.json"))
    assert samples
    for each in samples:
        assert shown(each.read_text("utf-8"), ALL) == []
    town.say("capture", "shop", "--unmasked", "--folder", "plain")
    [plain] = (town.folder / "plain").glob("*.sample.json")
    assert shown(plain.read_text("utf-8"), PERSON)


# The API and the console

LISTS = {  # of the API, and what may be in them
    "/events": REASON,
    **dict.fromkeys(
        (
            *("/audit", "/chores", "/endpoints", "/groups", "/mappings", "/overview", "/portals"),
            *("/tokens", "/users"),
        ),
        QUIET,
    ),
}


def asked(town: Town, path: str, *, role: str) -> str:
    """What the API answers to a program with this role."""
    token = town.say("token", "new", "a test", "--role", role).split()[-1]
    answer = requests.get(
        f"{town.home}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, timeout=30
    )
    assert answer.ok, answer.text
    return answer.text


def test_the_lists_of_the_api_tell_no_more_than_reasons(town: Town) -> None:
    document = json.loads(asked(town, "/openapi.json", role="viewer"))
    paths = {
        path.removeprefix("/api/v1") for path, each in document["paths"].items() if "get" in each
    }
    assert {path for path in paths if "{" not in path} == LISTS.keys()
    for path, allowed in LISTS.items():
        text = asked(town, path, role="admin")
        found = [mark for mark in ALL if mark not in allowed and mark in text]
        assert found == [], (path, text[:2_000])


def test_an_event_tells_of_persons_to_all_and_of_secrets_to_nobody_who_did_not_ask(
    town: Town,
) -> None:
    rows = json.loads(town.say("events", "list", "--json"))
    for id in [each["id"] for each in rows]:
        for role in ("viewer", "operator", "admin"):
            text = asked(town, f"/events/{id}", role=role)
            assert EMAIL in text
            for mark in (TOKEN, *SECRETS):
                assert mark not in text, (role, mark)


def test_metrics_tell_nothing_of_events(town: Town) -> None:
    text = requests.get(f"{town.home}/metrics", timeout=30).text
    assert "hookline_events" in text
    assert shown(text, ALL) == []
