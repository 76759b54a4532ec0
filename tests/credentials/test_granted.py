"""What an account granted: refreshed in time, by one for all, until the account takes it back."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tests.app.conftest import eventually
from tests.credentials.conftest import (
    CLIENT_SECRET,
    KEEP,
    KEY,
    LIMITS,
    OLDER_KEY,
    PORTAL,
    Bench,
    store_of,
)
from workers.credentials.granted import BACKOFF_MOST_S, EARLY_S, GLANCE_S, HOLD_S
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.errors import Refused, StoreDown, Unreachable
from workers.reasons import Reason, reason_of
from workers.sealing import Seal
from workers.store import Store
from workers.store.clients import client
from workers.store.grants import Grant

LIFE_S = 1_800


class Held(Store):
    """A store in which the keeping of a refresh waits until it is let go."""

    def __init__(self, url: str) -> None:
        super().__init__(url, limits=LIMITS, keep=KEEP, seal=Seal((KEY,)))
        self.reached, self.released = threading.Event(), threading.Event()

    def end_refresh(self, portal: str, owner: str, grant: Grant, fresh: Grant) -> bool:
        self.reached.set()
        assert self.released.wait(30)
        return super().end_refresh(portal, owner, grant, fresh)


class Shaky(Store):
    """A store that does not answer when a refresh is to be kept for the first time."""

    def __init__(self, url: str) -> None:
        super().__init__(url, limits=LIMITS, keep=KEEP, seal=Seal((KEY,)))
        self.down = True

    def end_refresh(self, portal: str, owner: str, grant: Grant, fresh: Grant) -> bool:
        if self.down:
            self.down = False
            raise StoreDown("store: it does not answer")
        return super().end_refresh(portal, owner, grant, fresh)


def test_a_token_is_shown_until_it_is_about_to_end_and_then_another(bench: Bench) -> None:
    bench.install()
    bench.asked()
    credential = bench.credential()
    first = credential.shown()
    assert bench.takes(first)
    bench.pass_(LIFE_S - EARLY_S - 1)
    assert credential.shown() == first
    assert bench.asked() == 0
    bench.pass_(2)
    second = credential.shown()
    assert second != first
    assert bench.takes(first)  # it is refreshed some time before it ends
    assert bench.takes(second)
    assert bench.asked() == 1
    assert bench.credential().shown() == second  # what one has got is there for all
    assert bench.asked() == 0


def test_a_token_that_is_refused_is_replaced_and_the_call_is_made(bench: Bench) -> None:
    bench.install()
    with closing(Client(bench.portal, credential=bench.credential())) as crm:
        bench.account.contact("ann@example.org")
        call = Api().read("contacts", "ann@example.org", key_property="email")
        first = crm.send(call)
        bench.account.control("clock", by_s=LIFE_S + 1)  # the CRM's clock is ahead of ours
        assert crm.send(call).body == first.body


def test_many_threads_of_many_processes_refresh_once(bench: Bench) -> None:
    bench.install()
    credentials = [bench.credential() for _ in range(4)]
    before = {each.shown() for each in credentials}
    bench.asked()
    bench.account.control("latency", path="/oauth/", latency_s=0.3)
    bench.pass_(LIFE_S + 60)
    started = threading.Barrier(12)

    def shown(number: int) -> str:
        started.wait()
        return credentials[number % 4].shown()

    with ThreadPoolExecutor(12) as pool:
        tokens = set(pool.map(shown, range(12)))
    assert bench.asked() == 1
    assert len(tokens) == 1
    assert not tokens & before


def test_while_one_refreshes_early_the_others_go_on_with_the_old_token(bench: Bench) -> None:
    bench.install()
    credential, other = bench.credential(), bench.credential()
    first = credential.shown()
    bench.pass_(LIFE_S - EARLY_S + 1)
    assert bench.store.begin_refresh(PORTAL, "somebody", for_s=HOLD_S)
    assert (credential.shown(), other.shown()) == (first, first)


def test_refused_at_the_same_time_by_many_it_is_refreshed_once(bench: Bench) -> None:
    bench.install()
    credentials = [bench.credential() for _ in range(3)]
    first = credentials[0].shown()
    bench.asked()
    started = threading.Barrier(9)

    def refused(number: int) -> bool:
        started.wait()
        return credentials[number % 3].refused(first)

    with ThreadPoolExecutor(9) as pool:
        assert all(pool.map(refused, range(9)))
    assert bench.asked() == 1
    assert len({each.shown() for each in credentials}) == 1


def test_a_token_endpoint_that_is_down_is_waited_for_with_the_old_token(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    first = credential.shown()
    bench.account.control("faults", kind="status", path="/oauth/", status=503, times=0)
    bench.pass_(LIFE_S - EARLY_S + 1)
    bench.asked()
    assert [credential.shown() for _ in range(5)] == [first] * 5
    assert bench.asked() == 1  # not with each call
    bench.pass_(EARLY_S)
    with pytest.raises(Unreachable, match="503"):
        credential.shown()
    bench.account.done("DELETE", "/_sandbox/faults", status=204)
    assert credential.shown() != first


def test_a_token_endpoint_that_stays_down_is_asked_more_and_more_rarely(bench: Bench) -> None:
    bench.install()
    bench.account.control("faults", kind="status", path="/oauth/", status=500, times=0)
    bench.pass_(LIFE_S - EARLY_S + 1)
    bench.asked()
    times: list[int] = []
    credentials = [bench.credential() for _ in range(2)]  # of two processes
    for second in range(64):
        for each in credentials:
            each.shown()
        times += [second] * bench.asked()
        bench.pass_(1)
    assert len(times) <= 6
    gaps = [after - before for before, after in pairwise(times)]
    assert gaps == sorted(gaps)
    grant = bench.store.grant(PORTAL)
    assert grant is not None
    assert "500" in grant.trouble
    bench.account.done("DELETE", "/_sandbox/faults", status=204)
    bench.pass_(BACKOFF_MOST_S)
    credentials[0].shown()
    grant = bench.store.grant(PORTAL)
    assert grant is not None
    assert (grant.trouble, grant.failures, grant.again) == ("", 0, None)


def test_what_the_endpoint_says_to_wait_is_waited(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    told = {"kind": "status", "path": "/oauth/", "status": 429, "retry_after_s": 30, "times": 0}
    bench.account.control("faults", **told)
    bench.pass_(LIFE_S - EARLY_S + 1)
    credential.shown()
    bench.asked()
    bench.pass_(25)
    credential.shown()
    assert bench.asked() == 0


def test_threads_go_on_with_the_old_token_while_one_of_them_refreshes(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    first = credential.shown()
    holding = Held(bench.url)
    credential._store = holding
    bench.stores.append(holding)
    bench.pass_(LIFE_S - EARLY_S + 1)
    with ThreadPoolExecutor(1) as pool:
        slow = pool.submit(credential.shown)
        assert holding.reached.wait(30)
        assert {credential.shown() for _ in range(20)} == {first}
        holding.released.set()
        assert slow.result() != first


def test_threads_that_need_the_same_token_learn_together_that_there_is_none(bench: Bench) -> None:
    bench.install()
    bench.portal = replace(bench.portal, read_timeout_s=0.5)
    credential = bench.credential()
    bench.account.control("faults", kind="latency", path="/oauth/", delay_s=1, times=0)
    bench.pass_(LIFE_S + 1)
    bench.asked()
    started = threading.Barrier(6)

    def shown(_: int) -> str:
        started.wait()
        try:
            return credential.shown()
        except Unreachable as error:
            return str(error)

    with ThreadPoolExecutor(6) as pool:
        told = set(pool.map(shown, range(6)))
    assert len(told) == 1
    assert "no access token can be had at the moment" in told.pop()
    assert bench.asked() < 6  # a thread that came late may have asked anew


def test_another_consent_is_noticed_by_whoever_holds_the_old_token(bench: Bench) -> None:
    """An account that was let go must not be written to by a token that lives on."""
    bench.install()
    credential = bench.credential()
    first = credential.shown()
    bench.store.forget_grant(PORTAL)
    bench.pass_(GLANCE_S)
    with pytest.raises(Refused, match="no account has let"):
        credential.shown()
    bench.install()
    assert credential.shown() != first


def test_a_token_of_another_account_is_not_taken(bench: Bench) -> None:
    bench.install()
    consents = bench.server.sandbox.consents
    for name, grant in consents.refresh.items():
        consents.refresh[name] = replace(grant, hub_id=9_009)
    bench.pass_(LIFE_S)
    with pytest.raises(Refused, match="is for account 9009") as refused:
        bench.credential().shown()
    assert reason_of(str(refused.value)) is Reason.UNAUTHORIZED


# Refresh tokens that are good for one time


def test_a_refresh_token_that_is_given_anew_is_kept(bench: Bench) -> None:
    bench.install()
    bench.account.control("oauth/settings", rotates=True)
    shown = set()
    for _ in range(3):
        bench.pass_(LIFE_S)
        shown.add(bench.credential().shown())
    assert len(shown) == 3


def test_a_slow_refresh_that_another_overtook_is_not_taken_for_a_grant_taken_back(
    bench: Bench,
) -> None:
    bench.install()
    bench.account.control("oauth/settings", rotates=True)
    slow, quick = bench.credential(), bench.credential()
    bench.pass_(LIFE_S + 1)
    holding = Held(bench.url)
    slow._store = holding
    bench.stores.append(holding)
    with ThreadPoolExecutor(1) as pool:
        going = pool.submit(slow.shown)
        assert holding.reached.wait(30)  # it has its answer, by which the refresh token is spent
        bench.store.redis.delete("hl:{acme}:refreshing")  # and its lock ran out
        with pytest.raises(Refused, match="takes its refresh token no more"):
            quick.shown()
        holding.released.set()
        token = going.result()
    assert bench.takes(token)
    assert quick.shown() == token


def test_an_answer_that_a_store_that_is_down_did_not_take_is_kept_later(bench: Bench) -> None:
    bench.install()
    bench.account.control("oauth/settings", rotates=True)
    credential = bench.credential()
    bench.pass_(LIFE_S + 1)
    shaky = Shaky(bench.url)
    credential._store = shaky
    bench.stores.append(shaky)
    token = credential.shown()
    assert bench.takes(token)
    bench.pass_(GLANCE_S)
    assert credential.shown() == token
    assert bench.credential().shown() == token
    bench.pass_(LIFE_S)
    assert bench.takes(bench.credential().shown())


def test_an_app_that_was_put_out_is_refused_without_asking_again(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    token = credential.shown()
    bench.account.control("oauth/uninstall")
    with pytest.raises(Refused, match="takes its refresh token no more") as refused:
        credential.refused(token)
    assert refused.value.status == 401
    assert "hookline connect acme" in str(refused.value)
    assert reason_of(str(refused.value)) is Reason.UNAUTHORIZED
    bench.asked()
    for each in (credential, bench.credential()):
        with pytest.raises(Refused, match="takes its refresh token no more"):
            each.shown()
    assert bench.asked() == 0
    bench.install()
    assert bench.takes(credential.shown())


def test_before_the_first_install_it_is_told_what_to_do(bench: Bench) -> None:
    with pytest.raises(Refused, match="hookline connect acme") as refused:
        bench.credential().shown()
    assert reason_of(str(refused.value)) is Reason.UNAUTHORIZED


def test_a_wrong_client_secret_is_no_revocation(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    assert bench.portal.oauth is not None
    wrong = replace(bench.portal.oauth, client_secret="wrong")
    bench.portal = replace(bench.portal, oauth=wrong)
    astray = bench.credential()
    bench.pass_(LIFE_S)
    with pytest.raises(Refused, match="client secret"):
        astray.shown()
    assert bench.takes(credential.shown())


def test_a_refresh_that_ends_after_a_new_install_does_not_undo_it(bench: Bench) -> None:
    before = bench.install()
    assert bench.store.begin_refresh(PORTAL, "slow", for_s=HOLD_S)
    bench.account.control("oauth/uninstall")
    after = bench.install()
    assert not bench.store.revoke_grant(PORTAL, "slow", before, reason="gone")
    assert not bench.store.end_refresh(PORTAL, "slow", before, before)
    assert bench.store.grant(PORTAL) == after


# Keys


def test_tokens_are_sealed_anew_by_the_newest_key_when_they_are_refreshed(bench: Bench) -> None:
    bench.store.close()
    bench.store = store_of(bench.url, OLDER_KEY)
    bench.install()
    both = bench.credential(KEY, OLDER_KEY)
    first = both.shown()
    bench.pass_(LIFE_S)
    second = both.shown()
    assert first != second
    assert bench.credential(KEY).shown() == second  # the older key may go now


def test_without_the_key_it_is_told_which_one_is_missing(bench: Bench) -> None:
    bench.install()
    with pytest.raises(Refused, match=r"access token of portal acme .*which this process has not"):
        bench.credential(OLDER_KEY).shown()


def test_no_token_and_no_secret_is_in_the_store_in_the_clear(bench: Bench) -> None:
    bench.install()
    credential = bench.credential()
    tokens = [credential.shown()]
    bench.pass_(LIFE_S)
    tokens.append(credential.shown())
    tokens += list(bench.server.sandbox.consents.refresh)
    kept = bytearray()
    with closing(client(bench.url, timeout_s=10)) as store:
        for key in store.keys("*"):
            kept += key + (store.dump(key) or b"")
            if store.type(key) == b"hash":
                kept += b"".join(store.hgetall(key).values())
    assert len(tokens) == 3
    for secret in (*tokens, CLIENT_SECRET):
        assert secret.encode() not in kept


# Processes

REFRESH = """\
import sys, threading
from workers.store.grants import Grants
from datetime import UTC, datetime, timedelta
from tests.credentials.conftest import portal_of, store_of
from workers.credentials.granted import Granted
base_url, url, moved_s, held = sys.argv[1:]
if held:
    def end_refresh(store, *_):
        store.redis.set("answered", 1)
        threading.Event().wait()
    Grants.end_refresh = end_refresh
clock = lambda: datetime.now(UTC) + timedelta(seconds=float(moved_s))
wait = threading.Event().wait
print(Granted(portal_of(base_url), store=store_of(url), clock=clock, wait=wait).shown())
"""


def _process(bench: Bench, project: Path, held: str = "") -> subprocess.Popen[bytes]:
    """Another process that asks for the token."""
    return subprocess.Popen(
        [sys.executable, "-c", REFRESH, bench.server.url, bench.url, str(bench.moved_s), held],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(project)},
        stdout=subprocess.PIPE,
    )


def test_two_processes_that_refresh_at_the_same_time_ask_once(bench: Bench, project: Path) -> None:
    bench.install()
    bench.pass_(LIFE_S + 1)
    bench.asked()
    bench.account.control("latency", path="/oauth/", latency_s=0.5)
    running = [_process(bench, project) for _ in range(2)]
    shown = {each.communicate(timeout=60)[0].strip() for each in running}
    assert [each.returncode for each in running] == [0, 0]
    assert len(shown) == 1
    assert bench.takes(shown.pop().decode())
    assert bench.asked() == 1


@pytest.mark.parametrize("when", ["before the answer", "after the answer"])
def test_a_process_that_is_killed_in_the_middle_of_a_refresh_stops_nobody_for_long(
    bench: Bench, project: Path, when: str
) -> None:
    bench.install()
    bench.pass_(LIFE_S + 1)
    bench.asked()
    if when == "before the answer":
        bench.account.control("faults", kind="latency", path="/oauth/", delay_s=4, times=1)
    dying = _process(bench, project, "held" if when == "after the answer" else "")
    if when == "after the answer":
        eventually(lambda: bench.store.redis.exists("answered") == 1)
    with closing(client(bench.url, timeout_s=10)) as store:
        key = "hl:{acme}:refreshing"
        eventually(lambda: store.exists(key) == 1)
        dying.send_signal(signal.SIGKILL)
        dying.communicate(timeout=60)
        assert store.exists(key) == 1  # nobody gave it back
        assert store.pttl(key) <= HOLD_S * 1000
        store.pexpire(key, 200)  # as the time goes by
    credential = bench.credential()
    token = credential.shown()
    assert bench.takes(token)
    assert bench.credential().shown() == token
