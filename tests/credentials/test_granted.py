"""What an account granted: refreshed in time, by one for all, until the account takes it back."""

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.app.conftest import eventually
from tests.credentials.conftest import CLIENT_SECRET, KEY, OLDER_KEY, PORTAL, Bench, store_of
from workers.credentials.granted import EARLY_S, HOLD_S
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.errors import Refused, Unreachable
from workers.reasons import Reason, reason_of
from workers.store.clients import client

LIFE_S = 1_800


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
from datetime import UTC, datetime, timedelta
from tests.credentials.conftest import portal_of, store_of
from workers.credentials.granted import Granted
base_url, url, moved_s = sys.argv[1:]
clock = lambda: datetime.now(UTC) + timedelta(seconds=float(moved_s))
wait = threading.Event().wait
print(Granted(portal_of(base_url), store=store_of(url), clock=clock, wait=wait).shown())
"""


def _process(bench: Bench, project: Path) -> subprocess.Popen[bytes]:
    """Another process that asks for the token."""
    return subprocess.Popen(
        [sys.executable, "-c", REFRESH, bench.server.url, bench.url, str(bench.moved_s)],
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


def test_a_process_that_is_killed_in_the_middle_of_a_refresh_stops_nobody_for_long(
    bench: Bench, project: Path
) -> None:
    bench.install()
    bench.pass_(LIFE_S + 1)
    bench.asked()
    bench.account.control("faults", kind="latency", path="/oauth/", delay_s=4, times=1)
    dying = _process(bench, project)
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
