"""2. List, with paging."""

import pytest

from tests.contract.ours import Ours
from tests.contract.plain import Plain
from tests.contract.sdk import Sdk
from workers.crm import paging
from workers.crm.calls import CreateRow

MANY = 25


@pytest.fixture
def ids(ours: Ours) -> list[str]:
    """The ids of a few contacts, in the order in which a list has them."""
    rows = [CreateRow(properties={"email": f"c{n}@example.org"}, trace=f"{n}") for n in range(MANY)]
    reply = ours.send(ours.api.create_batch("contacts", rows=rows))
    assert isinstance(reply.body, dict)
    return sorted((row["id"] for row in reply.body["results"]), key=int)


def test_our_client_reads_every_record_once_in_pages_of_any_size(
    ours: Ours, ids: list[str]
) -> None:
    for limit in (7, 25, 100):
        call = ours.api.list_records("contacts", properties=["email"], limit=limit)
        rows = list(paging.records(ours.client.send, call))
        assert sorted((row.id for row in rows), key=int) == ids
        assert len({row.properties["email"] for row in rows}) == MANY


def test_the_sdk_reads_every_record_once(sdk: Sdk, ids: list[str]) -> None:
    found: list[str] = []
    after: dict[str, object] = {}
    while True:
        page = sdk.list("contacts", limit=10, **after)
        found += [row["id"] for row in page["results"]]
        if not page.get("paging"):
            break
        after = {"after": page["paging"]["next"]["after"]}
    assert sorted(found, key=int) == ids


def test_a_list_has_what_was_just_written_and_nothing_archived(
    sdk: Sdk, ours: Ours, ids: list[str]
) -> None:
    sdk.archive("contacts", ids[0])
    there = list(paging.records(ours.client.send, ours.api.list_records("contacts")))
    assert sorted((row.id for row in there), key=int) == ids[1:]
    gone = list(paging.records(ours.client.send, ours.api.list_records("contacts", archived=True)))
    assert [row.id for row in gone] == [ids[0]]
    assert [row["id"] for row in sdk.list("contacts", archived=True)["results"]] == [ids[0]]


@pytest.mark.usefixtures("ids")
def test_a_page_has_ten_records_and_says_where_the_next_begins(plain: Plain) -> None:
    answer = plain("GET", "objects/contacts")
    assert answer.status == 200
    assert len(answer.body["results"]) == 10
    following = answer.body["paging"]["next"]
    assert following["after"].isdigit()
    assert f"after={following['after']}" in following["link"]


@pytest.mark.usefixtures("ids")
def test_the_last_page_says_nothing_of_another(plain: Plain) -> None:
    answer = plain("GET", "objects/contacts", query="?limit=100")
    assert len(answer.body["results"]) == MANY
    assert "paging" not in answer.body


@pytest.mark.usefixtures("ids")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("?limit=100", 200),
        ("?limit=101", 400),
        ("?limit=50&propertiesWithHistory=email", 200),
        ("?limit=51&propertiesWithHistory=email", 400),
        ("?archived=True", 200),
    ],
)
def test_a_page_is_of_at_most_a_hundred_and_of_fifty_with_history(
    plain: Plain, query: str, status: int
) -> None:
    assert plain("GET", "objects/contacts", query=query).status == status
