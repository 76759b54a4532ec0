"""What a running system measures is right."""

from prometheus_client.parser import text_string_to_metric_families

from tests.monitoring.system import PORTAL


def values(text: str) -> dict[tuple[str, ...], float]:
    """Each value by its name and label values, these in the order of the labels' names."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_each_event_is_counted_where_it_ended_with_its_reason(told: str) -> None:
    found = values(told)
    handled = {key[3:]: n for key, n in found.items() if key[0] == "hookline_events_handled_total"}
    assert handled == {("none", "done"): 2, ("mapping", "dead"): 1, ("not_mapped", "ignored"): 1}
    assert found["hookline_portal_events", PORTAL, "dead"] == 1
    assert found["hookline_portal_events", PORTAL, "waiting"] == 0
    assert found["hookline_events_duplicate_total", "shop", PORTAL] == 4
    assert found["hookline_deliveries_total", "shop", "signature_mismatch", "401"] == 4


def test_waiting_and_applying_are_timed_once_for_each_event(told: str) -> None:
    found = values(told)
    assert found["hookline_event_wait_seconds_count", "shop", PORTAL] == 4
    assert found["hookline_event_apply_seconds_count", "shop", PORTAL] == 2
    assert found["hookline_event_apply_seconds_sum", "shop", PORTAL] > 0
    assert found["hookline_accept_seconds_count", "shop"] == 8


def test_each_call_is_counted_by_kind_and_status(told: str) -> None:
    found = values(told)
    assert found["hookline_crm_calls_total", "batch upsert", PORTAL, "200"] == 1
    assert found["hookline_crm_call_inputs_total", "batch upsert", PORTAL] == 2
    assert found["hookline_crm_call_seconds_count", "batch upsert", PORTAL] == 1
    assert found["hookline_quota_daily_calls", PORTAL] > 0
    left = found["hookline_quota_daily_left_calls", PORTAL]
    assert 0 < left < found["hookline_quota_daily_calls", PORTAL]
    assert found["hookline_quota_window_used_calls", "crm", PORTAL] > 0


def test_turns_and_drains_are_counted(told: str) -> None:
    found = values(told)
    assert found["hookline_turns_total", PORTAL] == 1
    assert found["hookline_drains_total", "empty", PORTAL] == 1
    assert found["hookline_portal_writer", PORTAL] == 0
    assert found["hookline_worker_seen_seconds",] < 60
