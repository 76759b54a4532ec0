"""Forgetting a person in the console: what would go comes first, and no URL says the address."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.access import Role
from tests.app.access.conftest import Browser
from tests.app.agency import ACME, Agency, agency
from tests.app.console.test_pages import browser, page

ZOE = "zoe@example.com"


@pytest.fixture
def office(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as found:
        yield found


def sent(admin: Browser, path: str, **fields: str) -> str:
    said = admin.post(path, page="/persons", **fields)
    assert said.status_code == 200, said.text
    assert "Location" not in said.headers
    return said.text


def test_what_would_go_is_shown_and_then_it_goes(office: Agency) -> None:
    (id,) = office.accept({"id": "z1", "type": "saved", "email": ZOE})
    office.work_off()
    admin = browser(office, Role.ADMIN)
    assert "First it is told" in page(admin, "/persons")
    shown = sent(admin, "/persons/look", email=ZOE)
    assert "This would go." in shown
    assert "Erase for good" in shown
    assert office.store.event(id) is not None
    done = sent(admin, "/persons/forget", email=ZOE)
    assert "Erased." in done
    assert "deleted" in done
    assert ZOE not in done
    assert office.store.event(id) is None
    trail = page(admin, "/audit")
    assert f" in {ACME}" in trail
    assert ZOE not in trail
    assert "nothing of this person" in sent(admin, "/persons/look", email=ZOE)


def test_what_is_no_address_is_told_with_the_form_as_it_was(office: Agency) -> None:
    said = browser(office, Role.ADMIN).post("/persons/look", page="/persons", email="<zoe>")
    assert said.status_code == 422
    assert "is no e-mail address" in said.text
    assert "&lt;zoe&gt;" in said.text
