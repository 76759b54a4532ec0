"""A writer whose token ends, is rotated, or is taken back: no event is lost, and it is told why."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from app.desk.portals import portal_detail
from app.sandbox.access import Token
from tests.app.agency import ACME, Agency, agency
from tests.app.conftest import eventually
from tests.credentials.conftest import (
    BACK,
    CLIENT_ID,
    CLIENT_SECRET,
    KEY,
    brought_back,
    portal_of,
)
from tests.sandbox.account import Account
from workers.credentials.installing import consent_url, install
from workers.drain import Ended
from workers.notices.conditions import conditions
from workers.notices.round import read
from workers.notices.watch import Notice, Turned, Watched, step
from workers.sealing import Seal
from workers.settings import Notices, Portal

LIFE_S = 1_800


@pytest.fixture
def found(redis_url: str, tmp_path: Path) -> Iterator[Agency]:
    with agency(redis_url, tmp_path) as opened:
        yield opened


@pytest.fixture
def account(found: Agency) -> Iterator[Account]:
    opened = Account(found.server)
    opened.control("oauth/apps", client_id=CLIENT_ID, client_secret=CLIENT_SECRET)
    yield opened
    opened.close()


class Rung:
    """What bells are rung with."""

    def __init__(self) -> None:
        self.portals: list[str] = []

    def send_task(self, name: str, *, args: list[str], **_: object) -> None:
        if name == "hookline.drain":
            self.portals += args


def configure(found: Agency, portal: Portal) -> None:
    """Let the portal be another, as it would be after a restart."""
    portals = {**found.runtime.settings.portals, ACME: portal}
    found.runtime.settings = replace(
        found.runtime.settings, portals=portals, secret_keys=(KEY,), turn_events=100
    )
    found.store.seal = Seal((KEY,))


def let_in(found: Agency) -> None:
    portal = found.runtime.settings.portals[ACME]
    assert portal.oauth is not None
    code = brought_back(consent_url(portal.oauth, redirect_uri=BACK, state="s"))["code"]
    install(portal, store=found.store, code=code, redirect_uri=BACK, by="ada", now=found.now)


def drained_to_its_end(found: Agency) -> Ended:
    """Drain as often as a slow machine needs; the clock stands still."""
    while (ended := found.drain()) in (Ended.SLICE, Ended.LOST):
        pass
    return ended


def contacts(account: Account) -> int:
    return len(account.done("GET", "/_sandbox/records", status=200).get("contacts", []))


def token_calls(account: Account) -> int:
    report = account.done("GET", "/_sandbox/calls", status=200, last=1_000)
    return sum(each["path"].endswith("/token") for each in report["calls"])


def calls(account: Account) -> int:
    return int(account.done("GET", "/_sandbox/calls/count", status=200)["total"])


def held(found: Agency) -> list[str]:
    """What a person is told of the portal."""
    reading = read(found.store, ACME, now=found.now)
    return [each.name for each in conditions(reading, Notices(targets=()))]


# An app


def test_a_token_that_ends_in_the_middle_of_a_drain_loses_and_doubles_nothing(
    found: Agency, account: Account
) -> None:
    configure(found, portal_of(found.server.url))
    let_in(found)
    found.saved(range(300), note=True)
    first = found.store.grant(ACME)
    assert first is not None
    account.done("DELETE", "/_sandbox/calls", status=204)
    account.control("latency", latency_s=0.2)

    def ends_meanwhile() -> None:
        eventually(lambda: calls(account) >= 2)
        account.control("clock", by_s=LIFE_S + 1)

    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(ends_meanwhile)
        found.drain()
        ending.result()
    found.work_off()
    after = found.store.grant(ACME)
    assert after is not None
    assert after.access != first.access
    assert contacts(account) == 300
    notes = account.done("GET", "/_sandbox/records", status=200)["notes"]
    assert len(notes) == 300
    assert found.store.counts(ACME)["done"] == 300
    assert token_calls(account) == 1  # by which it was refreshed
    report = account.done("GET", "/_sandbox/calls", status=200, last=1_000)
    assert any(each["status"] == 401 for each in report["calls"])
    assert found.store.paused(ACME, now=found.now) is None


def test_an_app_that_is_put_out_pauses_its_portal_and_says_so_until_it_is_let_in_again(
    found: Agency, account: Account
) -> None:
    configure(found, portal_of(found.server.url))
    let_in(found)
    found.saved(range(3))
    found.work_off()
    assert contacts(account) == 3
    account.control("oauth/uninstall")
    found.saved(range(10, 13))
    assert found.drain() is Ended.PAUSED
    shown = portal_detail(found.desk, ACME, portals=[ACME])
    assert shown.paused is not None
    assert "takes its refresh token no more" in shown.paused
    assert f"hookline connect {ACME}" in shown.paused
    assert held(found) == ["disconnected"]
    for _ in range(3):  # it stays so, and asks for nothing
        found.later(minutes=2)
        found.drain()
    assert contacts(account) == 3
    assert token_calls(account) == 2
    let_in(found)
    assert found.store.paused(ACME, now=found.now) is None
    found.work_off()
    assert contacts(account) == 6
    assert held(found) == []


def test_before_anybody_let_the_app_in_events_wait(found: Agency, account: Account) -> None:
    configure(found, portal_of(found.server.url))
    found.saved(range(2))
    assert found.drain() is Ended.PAUSED
    assert held(found) == ["disconnected"]
    assert found.store.backlog(ACME).waiting == 2
    let_in(found)
    found.work_off()
    assert contacts(account) == 2


def test_events_that_wait_for_a_consent_grow_as_old_as_they_must_and_go_on_at_once(
    found: Agency, account: Account
) -> None:
    configure(found, portal_of(found.server.url))
    let_in(found)
    found.saved(range(2))
    found.work_off()
    account.control("oauth/uninstall")
    found.saved(range(10, 13))
    assert found.drain() is Ended.PAUSED  # these were in hand, and these not
    found.saved(range(20, 23))
    for _ in range(5):
        found.later(days=1)
        assert found.drain() is Ended.PAUSED
    assert found.store.standing_in(ACME)["dead"] == 0
    let_in(found)
    assert drained_to_its_end(found) is Ended.EMPTY  # without a clock that is moved
    assert contacts(account) == 8
    assert found.store.counts(ACME)["done"] == 8


def test_a_grant_taken_back_is_told_once_with_what_to_do_and_once_that_it_is_over(
    found: Agency, account: Account
) -> None:
    configure(found, portal_of(found.server.url))
    let_in(found)
    account.control("oauth/uninstall")
    found.saved(range(2))
    limits = Notices(targets=())
    watched: dict[str, Watched] = {}
    told: list[Notice] = []

    def look() -> None:
        found.later(seconds=30)
        found.drain()
        holding = conditions(read(found.store, ACME, now=found.now), limits)
        after, new = step(watched, holding, quiet_s=limits.quiet_s, now=found.now)
        watched.clear()
        watched.update(after)
        told.extend(new)

    for _ in range(20):  # its pauses come and go
        look()
    assert [each.turned for each in told] == [Turned.BEGAN]
    assert f"hookline connect {ACME}" in told[0].line
    let_in(found)
    for _ in range(20):
        look()
    assert [each.turned for each in told] == [Turned.BEGAN, Turned.ENDED]


def test_a_client_secret_that_is_refused_in_mid_turn_kills_no_event(
    found: Agency, account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "secret"
    file.write_text(CLIENT_SECRET)
    portal = portal_of(found.server.url)
    assert portal.oauth is not None
    configure(found, replace(portal, oauth=replace(portal.oauth, client_secret_file=file)))
    let_in(found)
    found.saved(range(2))
    found.work_off()
    file.write_text("of-yesterday")
    account.control("clock", by_s=LIFE_S + 1)  # the CRM takes the token no more
    found.saved(range(10, 13))
    assert found.drain() is Ended.PAUSED
    assert found.store.standing_in(ACME)["dead"] == 0
    assert held(found) == ["disconnected"]
    paused = found.store.paused(ACME, now=found.now)
    assert paused is not None
    assert "check `client_id` and `client_secret`" in paused[1]
    file.write_text(CLIENT_SECRET + "\n")  # it is rotated in its file, without a restart
    found.later(seconds=61)
    found.drain()
    assert contacts(account) == 5


def test_a_long_backlog_outlives_many_tokens_and_the_crm_sees_none_that_ended(
    found: Agency, account: Account
) -> None:
    configure(found, portal_of(found.server.url))
    let_in(found)
    found.runtime.settings = replace(found.runtime.settings, turn_events=50)
    found.saved(range(1_000))
    account.done("DELETE", "/_sandbox/calls", status=204)
    account.control("latency", latency_s=0.05)
    drained = threading.Event()

    def time_goes_by() -> None:
        seen = 0
        while not drained.is_set():
            now = calls(account)
            if now > seen:
                seen = now
                found.later(seconds=200)  # ours first: the CRM's clock is never ahead
                account.control("clock", by_s=200)

    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(time_goes_by)
        try:
            drained_to_its_end(found)
        finally:
            drained.set()
        going.result()
    report = account.done("GET", "/_sandbox/calls", status=200, last=1_000)
    assert contacts(account) == 1_000
    assert not [each for each in report["calls"] if each["status"] == 401]
    assert token_calls(account) > 1


def test_a_portal_without_events_refreshes_its_token_and_knows_when_it_was_put_out(
    found: Agency, account: Account
) -> None:
    rung = Rung()
    found.runtime.celery = rung
    configure(found, portal_of(found.server.url))
    let_in(found)
    first = found.store.grant(ACME)
    assert first is not None
    found.runtime.tick()
    assert rung.portals == []
    found.later(seconds=LIFE_S - 60)
    found.runtime.tick()
    assert rung.portals == [ACME]
    found.drain()
    second = found.store.grant(ACME)
    assert second is not None
    assert second.expires > first.expires
    account.control("oauth/uninstall")
    found.later(seconds=LIFE_S - 60)
    found.runtime.tick()
    assert rung.portals == [ACME, ACME]
    found.drain()
    assert held(found) == ["disconnected"]
    found.later(minutes=2)
    found.runtime.tick()
    assert rung.portals == [ACME, ACME]  # it waits for a person


# A token in a file


def test_a_token_that_is_rotated_in_its_file_is_taken_without_a_restart_or_a_pause(
    found: Agency, account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("pat-old\n")
    portal = replace(found.runtime.settings.portals[ACME], token="pat-old", token_file=file)
    configure(found, portal)
    found.saved(range(2))
    found.work_off()
    (tmp_path / "next").write_text("pat-new\n")
    (tmp_path / "next").replace(file)
    found.server.sandbox.access.grant("pat-old", Token(expires=found.server.sandbox.crm.now()))
    found.saved(range(2, 4))
    found.drain()
    assert contacts(account) == 4
    assert found.store.paused(ACME, now=found.now) is None


def test_a_token_that_is_refused_pauses_the_portal_until_its_file_has_another(
    found: Agency, account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("pat-old")
    portal = replace(found.runtime.settings.portals[ACME], token="pat-old", token_file=file)
    configure(found, portal)
    found.server.sandbox.access.grant("pat-old", Token(expires=found.server.sandbox.crm.now()))
    found.saved(range(2))
    assert found.drain() is Ended.PAUSED
    assert held(found) == ["disconnected"]
    file.write_text("pat-new")
    found.later(minutes=2)
    found.work_off()
    assert contacts(account) == 2


def test_a_token_of_another_account_in_the_file_is_not_shown(
    found: Agency, account: Account, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("pat-old")
    portal = replace(found.runtime.settings.portals[ACME], token="pat-old", token_file=file)
    configure(found, portal)
    found.saved(range(2))
    found.work_off()
    found.runtime.look(ACME)  # from now on it is known whose the portal is
    found.server.sandbox.access.grant("pat-of-another", Token(hub_id=9_009))
    file.write_text("pat-of-another")
    found.saved(range(2, 4))
    assert found.drain() is Ended.PAUSED
    paused = found.store.paused(ACME, now=found.now)
    assert paused is not None
    assert "it is of account 9009" in paused[1]
    assert held(found) == ["disconnected"]
    assert contacts(account) == 2
    file.write_text("pat-new")
    found.later(minutes=2)
    found.work_off()
    assert contacts(account) == 4
