"""What the API tells of portals and endpoints, and lets a person do with them."""

from flask import Flask

from tests.app.agency import ACME, SHOP, Agency
from tests.app.api.conftest import Callers
from workers.drain import Ended
from workers.signatures import Request, sign


def test_a_portal_is_stopped_and_goes_on(office: Agency, callers: Callers) -> None:
    office.saved([1])
    callers.viewer.post(f"/portals/{ACME}/stop", status=403)
    callers.emea.post(f"/portals/{ACME}/stop", status=404)
    told = callers.operator.post(f"/portals/{ACME}/stop", {"reason": "a clean-up in the CRM"})
    assert told["paused"] == "stopped by token operator: a clean-up in the CRM"
    assert told["stop"]["by"] == "token operator"
    assert office.drain() is Ended.PAUSED
    assert office.runtime.tick() == []
    assert office.store.backlog(ACME).waiting == 1
    told = callers.operator.post(f"/portals/{ACME}/go")
    assert told["paused"] is None
    assert office.drain() is Ended.EMPTY
    assert office.store.counts(ACME)["done"] == 1
    callers.operator.post(f"/portals/{ACME}/go", status=409)
    assert [deed.what for deed in office.store.deeds().deeds] == ["go", "stop"]


def test_a_look_tells_the_account_and_what_is_missing(office: Agency, callers: Callers) -> None:
    assert callers.viewer.get(f"/portals/{ACME}")["survey"] is None
    callers.viewer.post(f"/portals/{ACME}/look", status=403)
    assert callers.operator.post(f"/portals/{ACME}/look", status=202)["looking"]
    office.runtime.look(ACME)
    told = callers.viewer.get(f"/portals/{ACME}")
    assert not told["looking"]
    survey = told["survey"]
    assert survey["account"]["id"]
    assert survey["refused"] == ""
    assert "contacts.email (unique)" in survey["present"]
    assert "notes.hookline_key (unique)" in survey["missing"]
    assert survey["daily_limit"] is not None
    assert [each["name"] for each in callers.viewer.get("/portals")["portals"]] == ["acme", "emea"]


def test_the_token_of_a_portal_is_nowhere(callers: Callers, office: Agency) -> None:
    office.runtime.look(ACME)
    assert "'token'" not in str(callers.admin.get(f"/portals/{ACME}"))


def test_an_endpoint_tells_its_url_and_whether_events_arrive(
    office: Agency, callers: Callers
) -> None:
    told = callers.viewer.get(f"/endpoints/{SHOP}")
    assert told["url"] == "http://localhost/hooks/shop"
    assert told["proofs"] == ["header x-shop-signature"]
    assert (told["accepted"], told["last"], told["recent"]) == (0, None, [])
    ids = office.saved(range(3))
    told = callers.viewer.get(f"/endpoints/{SHOP}")
    assert told["accepted"] == 3
    assert [each["id"] for each in told["recent"]] == ids[::-1]
    assert "a-secret" not in str(told)
    callers.emea.get(f"/endpoints/{SHOP}", status=404)
    callers.viewer.get("/endpoints/none", status=404)


def test_an_endpoint_tells_which_secret_is_used(
    app: Flask, callers: Callers, office: Agency
) -> None:
    assert callers.viewer.get(f"/endpoints/{SHOP}")["proved"] == [{"place": 1, "last": None}]
    body = b'{"id":"e1","type":"saved"}'
    request = Request.of(headers={"content-type": "application/json"}, body=body)
    scheme = office.runtime.sources[SHOP].scheme
    signed = sign(scheme, request, secret="a-secret", now=office.now)
    headers = {"content-type": "application/json", **signed}
    assert app.test_client().post(f"/hooks/{SHOP}", data=body, headers=headers).status_code == 202
    (use,) = callers.viewer.get(f"/endpoints/{SHOP}")["proved"]
    assert use["last"] is not None


def test_an_endpoint_tells_why_a_signature_was_refused(
    app: Flask, callers: Callers, office: Agency
) -> None:
    body = {"id": "e1", "type": "saved"}
    assert app.test_client().post(f"/hooks/{SHOP}", json=body).status_code == 401
    (refusal,) = callers.viewer.get(f"/endpoints/{SHOP}")["refusals"]
    assert "x-shop-signature" in refusal["detail"].lower()
    assert refusal["times"] == 1
    assert office.store.counts(ACME) == {}
