"""One endpoint, several portals: each has its own events, and a mapping tells them apart."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest
import requests

from app.ingest.door import Door, Knock
from app.sandbox.server import Server
from app.sandbox.switches import STRICT
from app.sandbox.web import Options
from workers import settings as configuration
from workers import sources
from workers.changes import Change, Upsert
from workers.drain import Ended
from workers.errors import Full, MappingError, SettingsError, SourceError
from workers.events import Event
from workers.outcomes import EventState, Verdict
from workers.provision import wanted
from workers.receive import Received, receive
from workers.runtime import Runtime
from workers.settings import Endpoint, Written
from workers.signatures import Request
from workers.sources.portals import UNDECIDED, by_portal
from workers.store import Keep, Learned, Limits, Settlement, Store
from workers.translate import translate, why_nothing

NOW = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
FILE = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
vars: {european: emea}
on:
  saved:
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
      set: {firstname: "{{ body.firstname }} of {{ portal }}"}
    - upsert: company
      object: companies
      key: {domain: "{{ body.email | domain }}"}
      portal: emea
    - associate: [contact, company]
    - log: note
      on: [contact]
      when: "{{ portal == 'main' }}"
      set: {hs_note_body: "seen"}
"""
CHOICE = (
    "{{ vars.european if body.region == 'EU' else 'main' if body.region == 'US' else body.to }}"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.yaml"
    path.write_text(FILE, "utf-8")
    return path


@pytest.fixture
def store(redis_url: str) -> Iterator[Store]:
    found = Store(
        redis_url,
        limits=Limits(dedupe_s=3_600, max_backlog=3, future_tolerance_s=300),
        keep=Keep(handled_s=3_600, dead_s=3_600, clocks_s=3_600),
    )
    yield found
    found.close()


def endpoint(shop: Path, *, choice: str = "") -> Endpoint:
    written = Written(text=choice, file="hookline.yaml", line=7) if choice else None
    return Endpoint(name="shop", source=str(shop), portal="main", others=("emea",), choice=written)


def deliver(
    store: Store, shop: Path, *, choice: str = "", **body: object
) -> tuple[Received, dict[str, int]]:
    """Receive this body; return what was said, and how many events each portal was given."""
    about = endpoint(shop, choice=choice)
    received = receive(
        Request.of(headers={"Content-Type": "application/json"}, body=orjson.dumps(body)),
        endpoint=about,
        source=sources.load_for(about),
        store=store,
        now=NOW,
    )
    return received, accepted(store)


def accepted(store: Store) -> dict[str, int]:
    counts = {portal: store.counts(portal).get("accepted", 0) for portal in ("main", "emea")}
    return {portal: count for portal, count in counts.items() if count}


def event(portal: str, *, undecided: bool = False, **body: object) -> Event:
    return Event(
        id=f"{portal}.shop-1-0",
        portal=portal,
        endpoint="shop",
        source="shop",
        source_id="1",
        type="saved",
        time=NOW,
        received=NOW,
        headers={UNDECIDED: "undecided"} if undecided else {},
        body=orjson.dumps({"email": "zoe@acme.example", "firstname": "Zoe", **body}),
    )


def kinds(changes: list[Change]) -> list[str]:
    return [type(change).__name__ for change in changes]


# What the configuration says


def loaded(tmp_path: Path, lines: str) -> configuration.Settings:
    path = tmp_path / "hookline.yaml"
    path.write_text(
        "portals:\n  main: {token: a}\n  emea: {token: b}\n  apac: {token: c}\n"
        f"endpoints:\n  stripe:\n    source: stripe\n    secret: s\n{lines}",
        "utf-8",
    )
    return configuration.load({"HOOKLINE_CONFIG": str(path)})


@pytest.mark.parametrize(
    ("lines", "portals"),
    [
        ("    portal: emea\n", ("emea",)),
        ("    portals: emea\n", ("emea",)),
        ("    portals: [main, emea]\n", ("main", "emea")),
        ("    portals: [main, emea, main]\n", ("main", "emea")),
    ],
)
def test_an_endpoint_names_one_portal_or_several(
    tmp_path: Path, lines: str, portals: tuple[str, ...]
) -> None:
    assert loaded(tmp_path, lines).endpoints["stripe"].portals == portals


def test_an_expression_chooses_among_the_portals_of_an_endpoint(tmp_path: Path) -> None:
    found = loaded(tmp_path, "    portals: [main, emea]\n    portal: \"{{ 'emea' }}\"\n")
    choice = found.endpoints["stripe"].choice
    assert choice is not None
    assert (choice.text, choice.line) == ("{{ 'emea' }}", 10)


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ("    portals: [main, emae]\n", "there is no portal 'emae'; did you mean 'emea'?"),
        ("    portals: []\n", "portals: lists none"),
        ("    portal: \"{{ 'emea' }}\"\n", "portals: lists none"),
        ("    portal: main\n    portals: [main, emea]\n", "there are `portals` already; keep one"),
        ("", "portal: is missing; write which portal it writes to"),
    ],
)
def test_what_is_wrong_with_the_portals_is_said_with_its_line(
    tmp_path: Path, lines: str, fault: str
) -> None:
    with pytest.raises(SettingsError) as raised:
        loaded(tmp_path, lines)
    (found,) = raised.value.faults
    assert fault in found
    assert "hookline.yaml:" in found


# What a mapping says


def test_a_step_may_be_for_one_portal_and_a_condition_may_name_it(shop: Path) -> None:
    source = sources.load_for(endpoint(shop))
    main, emea = translate(event("main"), source), translate(event("emea"), source)
    assert kinds(main) == ["Upsert", "Log"]
    assert kinds(emea) == ["Upsert", "Upsert", "Associate"]
    assert isinstance(main[0], Upsert)
    assert main[0].properties["firstname"] == "Zoe of main"


def test_a_step_may_be_for_several_portals(shop: Path) -> None:
    shop.write_text(FILE.replace("portal: emea", "portal: [emea, main]"), "utf-8")
    source = sources.load_for(endpoint(shop))
    assert "Associate" in kinds(translate(event("main"), source))
    assert "Associate" in kinds(translate(event("emea"), source))
    assert "Associate" not in kinds(translate(event("apac"), source))


def test_an_event_of_which_no_step_is_for_the_portal_says_so(shop: Path) -> None:
    shop.write_text(FILE.partition("    - upsert: company")[0] + "      portal: emea\n", "utf-8")
    source = sources.load_for(endpoint(shop))
    assert translate(event("main"), source) == []
    assert "none is for this portal" in why_nothing(event("main"), source)


def test_a_portal_that_the_endpoint_has_not_is_a_fault_with_its_line(shop: Path) -> None:
    shop.write_text(FILE.replace("portal: emea", "portal: [emea, apac]"), "utf-8")
    with pytest.raises(SourceError) as raised:
        sources.load_for(endpoint(shop, choice="{{ body.region | lowr }}"))
    line = FILE[: FILE.index("portal: emea")].count("\n") + 1
    assert set(raised.value.faults) == {
        "hookline.yaml:7: there is no filter 'lowr'; did you mean 'lower'?",
        f"{shop}:{line}: this endpoint has no portal 'apac'; use one of emea, main",
    }


def test_only_the_portals_that_a_step_is_for_are_given_its_properties(shop: Path) -> None:
    source = sources.load_for(endpoint(shop))
    needed = {
        portal: {(each.object_type, each.name) for each in wanted([source], portal=portal)}
        for portal in ("main", "emea")
    }
    assert ("companies", "domain") in needed["emea"]
    assert ("companies", "domain") not in needed["main"]
    assert ("contacts", "firstname") in needed["main"] & needed["emea"]


# What is kept where


def test_an_event_is_kept_for_every_portal_and_each_bell_is_rung(store: Store, shop: Path) -> None:
    received, kept = deliver(store, shop, id=1, type="saved", email="zoe@acme.example")
    assert kept == {"main": 1, "emea": 1}
    assert received.rings == ("main", "emea")
    assert [receipt.id.partition(".")[0] for receipt in received.receipts] == ["main", "emea"]


def test_an_event_twice_is_a_duplicate_in_each_portal(store: Store, shop: Path) -> None:
    first, _ = deliver(store, shop, id=1, type="saved")
    again, kept = deliver(store, shop, id=1, type="saved")
    assert kept == {"main": 1, "emea": 1}
    assert (again.fresh, again.rings) == (0, ())
    assert [each.id for each in again.receipts] == [each.id for each in first.receipts]


@pytest.mark.parametrize(("region", "portal"), [("EU", "emea"), ("US", "main")])
def test_an_event_is_kept_for_the_portal_that_is_chosen(
    store: Store, shop: Path, region: str, portal: str
) -> None:
    _, kept = deliver(store, shop, choice=CHOICE, id=1, type="saved", region=region)
    assert kept == {portal: 1}


def test_an_event_may_be_for_several_of_the_portals(store: Store, shop: Path) -> None:
    _, kept = deliver(store, shop, choice=CHOICE, id=1, type="saved", to=["emea", "main"])
    assert kept == {"main": 1, "emea": 1}


@pytest.mark.parametrize("to", ["apac", None, "", [], ["main", "apac"]])
def test_an_event_that_names_no_known_portal_is_kept_and_dead_in_each(
    store: Store, shop: Path, to: object
) -> None:
    received, kept = deliver(store, shop, choice=CHOICE, id=1, type="saved", to=to)
    assert kept == {"main": 1, "emea": 1}
    source = sources.load_for(endpoint(shop, choice=CHOICE))
    for receipt in received.receipts:
        found = store.event(receipt.id)
        assert found is not None
        with pytest.raises(MappingError, match=r"hookline.yaml:7: portal: .*main, emea"):
            translate(found, source)


def test_once_the_choice_is_mended_such_an_event_goes_where_it_belongs(shop: Path) -> None:
    mended = sources.load_for(endpoint(shop, choice="{{ 'emea' if body.to == 'apac' }}"))
    assert kinds(translate(event("emea", undecided=True, to="apac"), mended))
    assert translate(event("main", undecided=True, to="apac"), mended) == []
    why = why_nothing(event("main", undecided=True, to="apac"), mended)
    assert why == "hookline.yaml:7: it is for emea"


def test_what_was_chosen_at_first_holds_whatever_the_expression_says_now(shop: Path) -> None:
    changed = sources.load_for(endpoint(shop, choice="{{ 'emea' }}"))
    assert kinds(translate(event("main"), changed)) == ["Upsert", "Log"]


def test_the_events_of_one_delivery_may_be_for_different_portals(shop: Path) -> None:
    shop.write_text(FILE.replace("event: {", 'event: {each: "{{ body }}", '), "utf-8")
    about = endpoint(shop, choice=CHOICE)
    source = sources.load_for(about)
    bodies = [{"id": n, "type": "saved", "region": "EU" if n % 3 else "US"} for n in range(6)]
    found = sources.arrivals(source, endpoint="shop", headers={}, body=bodies, received=NOW)
    kept = by_portal(found, source, portals=about.portals, received=NOW)
    assert {portal: [a.source_id for a in its] for portal, its in kept.items()} == {
        "main": ["0", "3"],
        "emea": ["1", "2", "4", "5"],
    }


# When one of them refuses


def fill(store: Store, portal: str) -> None:
    """Let as many events wait in a portal as it takes."""
    source = sources.load("hmac")
    for number in range(3):
        found = sources.arrivals(
            source,
            endpoint="other",
            headers={},
            body={"id": f"x{number}", "type": "x"},
            received=NOW,
        )
        store.accept(portal, found, received=NOW)


def empty(store: Store, portal: str) -> None:
    """Handle what waits in a portal."""
    fence = store.lease(portal, owner="tests", lease_s=60)
    done = Verdict(state=EventState.DONE, reason="")
    events = store.take(portal, now=NOW, limit=100)
    store.settle(
        portal,
        [Settlement(event=each, verdict=done, attempts=1) for each in events],
        Learned(),
        fence=fence,
        now=NOW,
    )


def test_a_portal_that_refuses_is_told_to_the_sender_whose_next_delivery_fills_the_rest(
    store: Store, shop: Path
) -> None:
    fill(store, "emea")
    with pytest.raises(Full):
        deliver(store, shop, id=1, type="saved")
    assert accepted(store) == {"main": 1, "emea": 3}
    with pytest.raises(Full):
        deliver(store, shop, id=1, type="saved")
    assert accepted(store) == {"main": 1, "emea": 3}
    empty(store, "emea")
    again, kept = deliver(store, shop, id=1, type="saved")
    assert kept == {"main": 1, "emea": 4}
    assert [receipt.duplicate for receipt in again.receipts] == [True, False]
    assert again.rings == ("emea",)
    again, kept = deliver(store, shop, id=1, type="saved")
    assert kept == {"main": 1, "emea": 4}
    assert again.fresh == 0


def test_where_the_first_portal_refuses_none_is_asked(store: Store, shop: Path) -> None:
    fill(store, "main")
    with pytest.raises(Full):
        deliver(store, shop, id=1, type="saved")
    assert accepted(store) == {"main": 3}


# The whole way


@pytest.fixture
def hubspots() -> Iterator[dict[str, Server]]:
    options = Options(tier="unlimited", switches=STRICT.changed(search_lag_s=0.0))
    with Server(options) as main, Server(options) as emea:
        yield {"main": main, "emea": emea}


def records(server: Server, object_type: str) -> list[dict[str, Any]]:
    found = requests.get(f"{server.url}/_sandbox/records", timeout=30).json()
    return [each["properties"] for each in found.get(object_type, [])]


def test_one_delivery_becomes_records_in_two_portals(
    redis_url: str, tmp_path: Path, shop: Path, hubspots: Mapping[str, Server]
) -> None:
    path = tmp_path / "hookline.yaml"
    portals = "".join(
        f"  {name}: {{base_url: {server.url}, token: t}}\n" for name, server in hubspots.items()
    )
    path.write_text(
        f"portals:\n{portals}endpoints:\n  shop:\n    source: {shop}\n    portals: [main, emea]\n"
        "max_backlog: 1\n",
        "utf-8",
    )
    runtime = Runtime.build({"HOOKLINE_CONFIG": str(path), "REDIS_URL": redis_url})
    body = {"id": 1, "type": "saved", "email": "zoe@acme.example", "firstname": "Zoe"}

    def knock() -> int:
        about = {"content-type": ["application/json"]}
        return (
            Door(runtime)
            .answer(
                Knock(
                    name="shop",
                    method="POST",
                    url="http://hooks.example.com/hooks/shop",
                    headers=about,
                    read=lambda: orjson.dumps(body),
                )
            )
            .status
        )

    source = sources.load("hmac")
    waits = sources.arrivals(
        source, endpoint="shop", headers={}, body={"id": "x", "type": "x"}, received=NOW
    )
    runtime.store.accept("emea", waits, received=NOW)
    assert knock() == 503
    assert runtime.drain("main") is Ended.EMPTY
    assert [each["firstname"] for each in records(hubspots["main"], "contacts")] == ["Zoe of main"]
    assert records(hubspots["emea"], "contacts") == []
    assert runtime.drain("emea") is Ended.EMPTY
    assert knock() == 202
    assert knock() == 200
    for portal in hubspots:
        assert runtime.drain(portal) is Ended.EMPTY
    assert [each["firstname"] for each in records(hubspots["main"], "contacts")] == ["Zoe of main"]
    assert [each["firstname"] for each in records(hubspots["emea"], "contacts")] == ["Zoe of emea"]
    assert len(records(hubspots["main"], "notes")) == 1
    assert records(hubspots["main"], "companies") == []
    assert len(records(hubspots["emea"], "companies")) == 1
    assert records(hubspots["emea"], "notes") == []
    runtime.store.close()
