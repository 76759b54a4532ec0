"""Samples are sent as events of their own that happen now, genuinely signed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cli import samples
from app.cli.moments import moved
from workers.settings import Endpoint
from workers.signatures import Request, verify
from workers.sources import Source, arrivals, load, shipped

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
THEN = datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)
SECRETS = dict.fromkeys(("standard_webhooks", "svix"), "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3")
UNSIGNABLE = {"sendgrid"}  # its secret is a public key: only SendGrid can sign


def _signed(source: Source, each: samples.Sample) -> tuple[Endpoint, samples.Delivery]:
    secret = "user:secret" if source.name == "basic" else SECRETS.get(source.name, "a-secret")
    endpoint = Endpoint(name="here", source=source.name, portal="p", secrets=(secret,))
    found = samples.delivery(
        each, endpoint=endpoint, source=source, base_url="http://127.0.0.1:1", now=NOW
    )
    return endpoint, found


def test_every_source_has_a_sample() -> None:
    assert all(samples.types(name) for name in shipped())


@pytest.mark.parametrize("name", sorted(set(shipped()) - UNSIGNABLE))
def test_a_sample_is_signed_so_that_the_door_takes_it(name: str) -> None:
    source = load(name)
    endpoint, found = _signed(source, samples.sample(name).fresh(source, now=NOW))
    request = Request.of(url=found.url, headers=found.headers, body=found.body)
    verdict = verify(source.scheme, request, secrets=endpoint.secrets, now=NOW)
    assert verdict.ok, verdict.detail


@pytest.mark.parametrize("name", ["stripe", "github", "shopify"])
def test_a_fresh_sample_is_another_event_and_happens_now(name: str) -> None:
    source = load(name)
    first, second = (samples.sample(name).fresh(source, now=NOW) for _ in range(2))
    found = [
        arrivals(source, endpoint="e", headers=dict(s.headers), body=s.body, received=NOW)[0]
        for s in (first, second)
    ]
    assert found[0].source_id != found[1].source_id
    for each in found:
        assert each.time is not None
        assert abs(each.time - NOW) < timedelta(seconds=1)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-09-21T14:13:20Z", "2026-11-25T12:00:00Z"),
        ("2026-09-21T14:13:20.123Z", "2026-11-25T12:00:00.123Z"),
        ("2026-09-21T16:13:21+02:00", "2026-11-25T14:00:01+02:00"),
        ("2026-09-21 14:13:20Z", "2026-11-25 12:00:00Z"),
        (int(THEN.timestamp()) + 5, int(NOW.timestamp()) + 5),
        (int(THEN.timestamp()) * 1000 + 7, int(NOW.timestamp()) * 1000 + 7),
        ("no time", "no time"),
        (129_000, 129_000),
        (True, True),
        (None, None),
        ("2026-09-21", "2026-09-21"),
    ],
)
def test_a_moment_is_moved_as_it_is_written(before: object, after: object) -> None:
    assert moved(before, around=THEN, to=NOW) == after
    assert moved({"a": [before]}, around=THEN, to=NOW) == {"a": [after]}


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_moving_changes_no_shape(payload: object) -> None:
    assert _shape(moved(payload, around=THEN, to=NOW)) == _shape(payload)


def _shape(payload: object) -> object:
    match payload:
        case dict():
            return {name: _shape(each) for name, each in payload.items()}
        case list():
            return [_shape(each) for each in payload]
        case _:
            return type(payload)
