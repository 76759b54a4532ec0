"""Paging: every page, each asked for when it is wanted, and an end to it."""

from collections.abc import Callable
from itertools import islice

import pytest

from workers.crm import paging
from workers.crm.calls import Api, Call
from workers.crm.replies import Reply
from workers.errors import Unanswered

API = Api()


def _crm(total: int, *, asked: list[Call]) -> Callable[[Call], Reply]:
    """Return a CRM of `total` records that gives two at a time."""

    def send(call: Call) -> Reply:
        asked.append(call)
        told = dict(call.query) | (call.body if isinstance(call.body, dict) else {})
        start = int(str(told.get("after", "0")))
        body: dict[str, object] = {
            "results": [{"id": str(n)} for n in range(start, min(start + 2, total))]
        }
        if start + 2 < total:
            body["paging"] = {"next": {"after": str(start + 2)}}
        return Reply(status=200, body=body)

    return send


@pytest.mark.parametrize("total", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize(
    "call", [API.list_records("contacts"), API.search_query("contacts", body={"limit": 2})]
)
def test_every_record_comes_once(total: int, call: Call) -> None:
    asked: list[Call] = []
    found = [row.id for row in paging.records(_crm(total, asked=asked), call)]
    assert found == [str(n) for n in range(total)]
    assert len(asked) == max(1, (total + 1) // 2)


def test_no_page_is_asked_for_before_it_is_wanted() -> None:
    asked: list[Call] = []
    rows = paging.records(_crm(100, asked=asked), API.list_records("contacts"))
    assert len(list(islice(rows, 3))) == 3
    assert len(asked) == 2


def test_a_cursor_that_comes_back_ends_it() -> None:
    def send(call: Call) -> Reply:
        return Reply(status=200, body={"results": [], "paging": {"next": {"after": call.name}}})

    with pytest.raises(Unanswered):
        list(paging.records(send, API.list_records("contacts")))
