"""What asks a portal outside any turn draws from the quota of all, and shows what writers do."""

from dataclasses import replace

import pytest

from app.cli.ports import free_port
from tests.credentials.conftest import KEY, PORTAL, Bench
from workers.asking import asking
from workers.crm import tenant
from workers.crm.calls import Api
from workers.errors import Throttled
from workers.settings import Settings


def settings_of(bench: Bench, *, store_url: str = "") -> Settings:
    return Settings(
        store_url=store_url or bench.url,
        broker_url="memory://",
        portals={PORTAL: bench.portal},
        endpoints={},
        secret_keys=(KEY,),
    )


def test_its_calls_count_against_the_quota_that_all_share(bench: Bench) -> None:
    portal = replace(bench.portal, oauth=None, token="pat-1", calls_per_window=3, window_s=60)
    for _ in range(2):  # each as another process would
        with asking(portal, settings_of(bench), clock=bench.now) as crm:
            crm.send(Api().account())
    assert bench.store.quota_used(PORTAL, "crm", window_s=60) == 2
    assert bench.store.draw(PORTAL, "crm", limit=3, window_s=60) == 0  # a writer's own call
    before = bench.server.sandbox.log.total
    with (
        asking(portal, settings_of(bench), clock=bench.now) as crm,
        pytest.raises(Throttled, match="its limit of 3 calls"),
    ):
        crm.send(Api().account())
    assert bench.server.sandbox.log.total == before


def test_without_a_store_there_is_nobody_to_share_with(bench: Bench) -> None:
    portal = replace(bench.portal, oauth=None, token="pat-1")
    away = settings_of(bench, store_url=f"redis://127.0.0.1:{free_port()}/0")
    with asking(portal, away, clock=bench.now) as crm:
        for _ in range(2):
            assert tenant.account(crm.send(Api().account())).portal_id


def test_an_app_is_shown_by_the_grant_of_the_writers(bench: Bench) -> None:
    bench.install()
    bench.asked()
    with asking(bench.portal, settings_of(bench), clock=bench.now) as crm:
        assert tenant.account(crm.send(Api().account())).portal_id
    assert bench.asked() == 0
