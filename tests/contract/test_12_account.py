"""12c. Owners, object library, account, tokens."""

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk
from workers.crm import tenant

FORM = {"client_id": "app", "client_secret": "hush", "redirect_uri": "https://example.org/done"}


def test_owners_are_listed_and_read_by_either_id(sdk: Sdk, ours: Ours) -> None:
    owners = tenant.owners(ours.send(ours.api.owners()))
    assert [each["id"] for each in sdk.owners()["results"]] == [owner.id for owner in owners]
    first = owners[0]
    assert sdk.owner(first.id)["email"] == first.email
    by_user = ours.send(ours.api.owner(str(first.user_id), by="userId"))
    assert tenant.owner(by_user).id == first.id
    [same] = tenant.owners(ours.send(ours.api.owners(email=first.email)))
    assert same == first


def test_an_owner_of_a_record_is_one_of_the_accounts(sdk: Sdk, ours: Ours) -> None:
    owner = sdk.owners()["results"][0]["id"]
    made = ours.made("contacts", email="ann@example.org", hubspot_owner_id=owner)
    row = ours.read("contacts", made.id, "hubspot_owner_id")
    assert row.properties["hubspot_owner_id"] == owner


def test_the_account_tells_its_id_zone_and_currency(sdk: Sdk, ours: Ours) -> None:
    account = tenant.account(ours.send(ours.api.account()))
    assert str(sdk.account()["portalId"]) == account.portal_id
    assert account.portal_id.isdigit()
    assert (bool(account.time_zone), len(account.currency)) == (True, 3)


def test_the_use_of_the_day_is_told(ours: Ours) -> None:
    [usage, *_] = tenant.usage(ours.send(ours.api.usage()))
    assert usage.used is not None
    assert usage.limit is not None


def test_a_code_becomes_a_token_and_the_token_is_renewed(sdk: Sdk, ours: Ours) -> None:
    token = tenant.token(ours.send(ours.api.token_from_code(**FORM, code="granted")))
    assert (bool(token.access_token), token.expires_in_s) == (True, 1_800)
    app = {name: FORM[name] for name in ("client_id", "client_secret")}
    call = ours.api.token_from_refresh(**app, refresh_token=token.refresh_token)
    assert tenant.token(ours.send(call)).access_token != token.access_token
    renewed = sdk.token(grant_type="refresh_token", refresh_token=token.refresh_token, **app)
    assert renewed["token_type"] == "bearer"


def test_tokens_are_asked_for_with_a_form(plain: Plain) -> None:
    answer = plain("POST", "oauth/token", {"grant_type": "refresh_token", "refresh_token": "x"})
    assert answer.status in (400, 415)
