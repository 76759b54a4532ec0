"""What each vendor is told: a status that it takes for success, and none that makes it give up.

By the vendors' documentation. How long each waits is in the table too, for who reads it: the door
answers when the event is kept, which takes milliseconds.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.fuzz.gate import Gate, Said, gate
from workers import sources
from workers.store.embedded import EmbeddedStore

SAMPLES = Path(__file__).parent
ANY_2XX = frozenset(range(200, 300))


@dataclass(frozen=True, kw_only=True)
class Vendor:
    """What a vendor needs to hear."""

    good: frozenset[int] = ANY_2XX
    within_s: float | None = None  # that it says how long it waits
    final: tuple[int, ...] = (404, 410)  # at which some give the endpoint up at once
    handshake: str = ""  # what it asks before it sends


VENDORS = {
    "stripe": Vendor(),
    "hubspot": Vendor(within_s=5),
    "shopify": Vendor(within_s=5),
    "github": Vendor(within_s=10),
    "slack": Vendor(within_s=3, handshake="POST, signed: the challenge as text"),
    "calendly": Vendor(),
    "typeform": Vendor(within_s=30),
    "zendesk": Vendor(within_s=10),
    "intercom": Vendor(within_s=5, handshake="HEAD: 200"),
    "zoom": Vendor(
        good=frozenset({200, 204}), within_s=3, handshake="POST, signed: the token, and signed"
    ),
    "docusign": Vendor(within_s=100),
    "mailchimp": Vendor(within_s=10, handshake="GET, HEAD: 200"),
    "twilio": Vendor(good=frozenset({200, 204}), within_s=15),
    "sendgrid": Vendor(within_s=10),
    "segment": Vendor(within_s=5),
    "meta_lead_ads": Vendor(handshake="GET with the verify token: the challenge as text"),
    "standard_webhooks": Vendor(within_s=15),
    "svix": Vendor(within_s=15),
    "cloudevents": Vendor(handshake="OPTIONS: consent in WebHook-Allowed-Origin"),
    "basic": Vendor(),
    "bearer": Vendor(),
    "hmac": Vendor(),
    "token": Vendor(),
}
each_vendor = pytest.mark.parametrize("name", VENDORS)


@pytest.fixture(scope="module")
def at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gate]:
    with (
        EmbeddedStore.start(tmp_path_factory.mktemp("told"), appendfsync="no") as server,
        gate(server.url) as found,
    ):
        yield found


def sent(at: Gate, name: str, sample: Path) -> Said:
    found = json.loads(sample.read_text("utf-8"))
    body = found.get("raw") or json.dumps(found["body"])
    return at.deliver(name, body.encode(), headers=found["headers"].items())


def samples(name: str) -> list[Path]:
    return sorted((SAMPLES / name).glob("*.sample.json"))


def test_every_shipped_source_is_in_the_table() -> None:
    assert sorted(VENDORS) == sources.shipped()


@each_vendor
def test_a_new_event_and_the_same_again_are_a_success_to_its_vendor(at: Gate, name: str) -> None:
    for sample in samples(name):
        first, again = sent(at, name, sample), sent(at, name, sample)
        assert first.status in VENDORS[name].good, sample.name
        assert again.status in VENDORS[name].good, sample.name


@each_vendor
def test_an_event_of_no_interest_is_a_success_too(at: Gate, name: str) -> None:
    """Else the vendor would send it again, and switch the endpoint off in the end."""
    source = at.runtime.sources[name]
    unknown = {
        "id": "u1",
        "event_id": "u1",
        "messageId": "u1",
        "eventId": 1,
        "sg_event_id": "u1",
        "type": "nobody.asked",
        "event": "nobody.asked",
        "event_type": "nobody.asked",
        "topic": "nobody.asked",
        "subscriptionType": "nobody.asked",
        "specversion": "1.0",
        "source": "/u",
        "object": "page",
        "entry": [{"changes": [{"field": "u"}]}],
    }
    headers = [
        *(("Content-Type", "application/json"), ("X-GitHub-Event", "nobody_asked")),
        *(("X-GitHub-Delivery", "u1"), ("X-Shopify-Topic", "nobody/asked")),
    ]
    body = [unknown] if name in ("hubspot", "sendgrid", "segment") else unknown
    said = at.deliver(name, json.dumps(body).encode(), headers=headers)
    assert said.status in VENDORS[name].good, said.body
    assert source.steps_for("nobody.asked") in (None, (), source.default)


@each_vendor
def test_no_refusal_is_one_at_which_a_vendor_gives_up(at: Gate, name: str) -> None:
    (sample, *_) = samples(name)
    found = json.loads(sample.read_text("utf-8"))
    body = (found.get("raw") or json.dumps(found["body"])).encode()
    unsigned = at.ask(f"/hooks/{name}", headers=found["headers"].items(), body=body)
    assert unsigned.status == 401
    broken = at.deliver(name, b"{", headers=[("Content-Type", "application/json")])
    assert broken.status == 400
    assert {unsigned.status, broken.status}.isdisjoint(VENDORS[name].final)


@each_vendor
def test_a_source_has_the_handshake_of_its_vendor(at: Gate, name: str) -> None:
    asked = VENDORS[name].handshake
    declared = at.runtime.sources[name].handshake
    assert bool(asked) is bool(declared)
    for method in ("GET", "HEAD"):
        said = at.ask(f"/hooks/{name}", method=method)
        assert said.status == (200 if method in asked and "with" not in asked else 405)
