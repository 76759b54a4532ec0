"""What a sender is told when its events are kept."""

import gzip
import json
import zlib
from collections.abc import Callable
from uuid import uuid4

import pytest

from tests.app import serving
from tests.app.conftest import FORM, Door, eventually


def stripe_event(id: str | None = None, **more: object) -> bytes:
    """An event as Stripe sends it."""
    about = {"id": id or f"evt_{uuid4().hex}", "type": "invoice.paid", "created": 1_790_000_000}
    return json.dumps({**about, "data": {"object": {"id": "in_1"}}, **more}).encode()


def test_a_new_event_is_202_with_our_id_and_is_kept_as_it_was_sent(door: Door) -> None:
    body = stripe_event("evt_kept")
    said = door.deliver("stripe", body)
    assert said.status == 202
    event = door.store.event(said.json["id"])
    assert event is not None
    assert (event.endpoint, event.source, event.type) == ("stripe", "stripe", "invoice.paid")
    assert event.source_id == "evt_kept"
    assert json.loads(event.body) == json.loads(body)


def test_the_same_event_again_is_200_with_the_first_id(door: Door) -> None:
    body = stripe_event()
    first, second = door.deliver("stripe", body), door.deliver("stripe", body)
    assert (first.status, second.status) == (202, 200)
    assert first.json["id"] == second.json["id"]


def test_either_secret_of_a_rotation_is_good(door: Door) -> None:
    assert door.deliver("stripe", stripe_event(), secret=serving.OLD_SECRET).status == 202
    assert door.deliver("stripe", stripe_event(), secret=serving.SECRET).status == 202


def test_an_endpoint_with_a_rate_answers_429_until_it_may_have_more(door: Door) -> None:
    first = stripe_event()
    assert door.deliver("hourly", first).status == 202
    said = door.deliver("hourly", stripe_event())
    assert said.status == 429
    assert said.headers["content-type"] == "application/problem+json"
    assert int(said.headers["retry-after"]) > 60
    assert door.deliver("hourly", first).status == 200  # what it has it still knows
    assert door.deliver("stripe", stripe_event()).status == 202


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_events_may_be_posted_or_put(door: Door, method: str) -> None:
    body = stripe_event()
    path, headers = door.signed("stripe", body)
    assert door.send(path, method=method, headers=headers, body=body).status == 202


def test_a_body_in_pieces_is_as_good_as_one_in_one(door: Door) -> None:
    body = stripe_event()
    path, headers = door.signed("stripe", body)
    pieces = [body[:10], body[10:11], body[11:]]
    assert door.send(path, headers=headers, body=pieces).status == 202


def test_a_slash_at_the_end_of_the_url_changes_nothing(door: Door) -> None:
    body = stripe_event()
    path, headers = door.signed("stripe", body)
    assert door.send(f"{path}/", headers=headers, body=body).status == 202


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda body: zlib.compress(body, wbits=-15)),
        ("identity", bytes),
    ],
)
@pytest.mark.parametrize("signed", ["what is sent", "what is compressed"])
def test_a_compressed_body_is_read(
    door: Door, encoding: str, compress: Callable[[bytes], bytes], signed: str
) -> None:
    plain = stripe_event()
    sent = compress(plain)
    path, headers = door.signed("stripe", sent if signed == "what is sent" else plain)
    headers = [*headers, ("Content-Encoding", encoding)]
    assert door.send(path, headers=headers, body=sent).status == 202


def test_one_delivery_may_carry_many_events_each_known_by_itself(door: Door) -> None:
    def event(number: int) -> dict[str, object]:
        return {
            "eventId": number,
            "subscriptionId": 1,
            "portalId": 2,
            "objectId": 3,
            "occurredAt": 1_790_000_000_000,
            "subscriptionType": "contact.creation",
        }

    first = door.deliver("hubspot", json.dumps([event(1), event(2)]).encode(), query="?a=%2Fb")
    again = door.deliver("hubspot", json.dumps([event(2), event(3)]).encode())
    known = door.deliver("hubspot", json.dumps([event(1), event(3)]).encode())
    assert (first.status, first.json["accepted"], first.json["duplicates"]) == (202, 2, 0)
    assert (again.status, again.json["accepted"], again.json["duplicates"]) == (202, 1, 1)
    assert again.json["ids"][0] == first.json["ids"][1]
    assert (known.status, known.json["accepted"], known.json["duplicates"]) == (200, 0, 2)


def test_an_array_without_events_is_well_and_keeps_nothing(door: Door) -> None:
    before = door.accepted()
    said = door.deliver("hubspot", b"[]")
    assert (said.status, said.json) == (200, {"ids": [], "accepted": 0, "duplicates": 0})
    assert door.accepted() == before


def test_a_form_with_json_in_a_field_is_read(door: Door) -> None:
    issue = {"number": 1, "title": "t", "updated_at": "2026-09-21T14:13:20Z"}
    payload = json.dumps({"action": "opened", "issue": issue, "repository": {"full_name": "a/b"}})
    body = f"payload={payload}".replace('"', "%22").encode()
    headers = [("X-GitHub-Event", "issues"), ("X-GitHub-Delivery", uuid4().hex)]
    said = door.deliver("github", body, kind=FORM, headers=headers)
    event = door.store.event(said.json["id"])
    assert event is not None
    assert (said.status, event.type) == (202, "issues.opened")


def test_a_form_with_brackets_is_read_and_needs_its_token(door: Door) -> None:
    body = b"type=subscribe&fired_at=2026-09-21+14%3A13%3A20&data%5Bemail%5D=zoe%40acme.example"
    said = door.deliver("mailchimp", body, kind=FORM)
    event = door.store.event(said.json["id"])
    assert event is not None
    assert json.loads(event.body)["data"] == {"email": "zoe@acme.example"}
    assert door.send("/hooks/mailchimp", headers=[FORM], body=body).status == 401


def test_a_source_may_have_an_answer_of_its_own(door: Door) -> None:
    body = f"MessageSid={uuid4().hex}&Body=Hi+Zo%C3%AB&From=%2B15550100001".encode()
    for _ in range(2):
        said = door.deliver("twilio", body, kind=FORM, query="?tenant=7")
        assert (said.status, said.body) == (200, b"<Response/>")
        assert said.headers["content-type"].startswith("text/xml")
    body = b'{"id":"9","type":"a"}'
    said = door.send("/hooks/picky", headers=[("Content-Type", "application/json")], body=body)
    assert (said.status, said.body) == (204, b"")


def test_a_number_beyond_64_bits_keeps_its_digits(door: Door) -> None:
    id = "1" + "0" * 25 + "7"
    body = f'{{"id":{id},"type":"a"}}'.encode()
    said = door.send("/hooks/open", body=body)
    event = door.store.event(said.json["id"])
    assert event is not None
    assert (said.status, event.source_id) == (202, id)
    assert json.loads(event.body)["id"] == id


def test_the_log_has_one_line_for_a_delivery_and_neither_secret_nor_body(door: Door) -> None:
    body = stripe_event(note="a-private-note")
    path, headers = door.signed("stripe", body)
    said = door.send(f"{path}?token=a-private-token", headers=headers, body=body)
    refused = door.send(path, headers=[("Stripe-Signature", "t=1,v1=a-private-proof")], body=body)
    assert refused.status == 401
    eventually(lambda: said.json["id"].encode() in door.log.read_bytes())
    log = door.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if said.json["id"] in line]
    assert [line["reason"] for line in lines] == ["accepted"]
    assert lines[0]["status"] == 202
    for private in ("a-private", serving.SECRET, serving.OLD_SECRET, serving.VERIFY_TOKEN, "v1="):
        assert private not in log
