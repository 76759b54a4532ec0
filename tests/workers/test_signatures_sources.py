"""Every shipped source, by one table: what its sender signs is taken, and anything else refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.senders import FORM, JSON, SENDERS, Outgoing, Sender
from workers import signatures, sources
from workers.signatures import Reason, Request, Verdict

NOW = datetime.fromtimestamp(1_790_000_000, tz=UTC)
BODY = '{"id":"evt_demo_1","note":"Zoë €5","url":"https:\\/\\/x"}\n'.encode()
FIELDS = b"Body=Hi+Zo%C3%AB&Empty=&From=%2B15550100001&MessageSid=SM0001"
URL = "https://hooks.example.com/hooks/it?tenant=a%20b"
SOURCES = {name: sources.load(name) for name in sources.shipped()}
TIMED = [name for name, sender in SENDERS.items() if sender.window_s is not None]
COVERED = [name for name, sender in SENDERS.items() if sender.covers]
OPEN = [name for name, sender in SENDERS.items() if not sender.covers]

each_source = pytest.mark.parametrize("name", SENDERS)
each_timed = pytest.mark.parametrize("name", TIMED)
each_covered = pytest.mark.parametrize("name", COVERED)


@dataclass(frozen=True, kw_only=True)
class Case:
    """A genuine delivery to a source, and its parts to be changed."""

    name: str
    url: str
    headers: Mapping[str, Sequence[str]]
    body: bytes
    secrets: Sequence[str]

    def verdict(self, *, now: datetime = NOW, method: str = "POST") -> Verdict:
        request = Request(method=method, url=self.url, headers=self.headers, body=self.body)
        scheme = SOURCES[self.name].scheme
        return signatures.verify(scheme, request, secrets=self.secrets, now=now)

    def with_header(self, name: str, *values: str) -> "Case":
        return replace(self, headers={**self.headers, name: values})

    def without(self, name: str) -> "Case":
        return replace(self, headers={k: v for k, v in self.headers.items() if k != name})


def case(name: str, *, kind: str = JSON, secret: int = 0, known: Sequence[int] = (0,)) -> Case:
    """What the sender sends with its secret, to an endpoint that knows these."""
    sender: Sender = SENDERS[name]
    body = FIELDS if kind == FORM else BODY
    signed = sender.sign(sender.secret(secret), Outgoing(url=URL, body=body, now=NOW, kind=kind))
    found = Request.of(headers={"Content-Type": kind, **signed.headers}, body=body)
    return Case(
        name=name,
        url=signed.url,
        headers=found.headers,
        body=body,
        secrets=[sender.known(sender.secret(number)) for number in known],
    )


def proofs(found: Case) -> list[str]:
    """The headers that carry the proof; of HubSpot's, those of the version that is accepted."""
    return [
        each
        for each in found.headers
        if each not in ("content-type", "x-hubspot-signature", "x-hubspot-signature-version")
    ]


def refused(found: Case, *reasons: Reason) -> None:
    verdict = found.verdict()
    assert not verdict.ok
    assert verdict.reason in (reasons or set(Reason) - {Reason.VERIFIED})
    assert verdict.secret_index is None


def test_the_table_has_every_shipped_source() -> None:
    assert sorted(SENDERS) == sources.shipped()


@each_source
@pytest.mark.parametrize("kind", [JSON, FORM])
def test_what_the_sender_signs_is_taken(name: str, kind: str) -> None:
    verdict = case(name, kind=kind).verdict()
    assert (verdict.ok, verdict.reason, verdict.secret_index) == (True, Reason.VERIFIED, 0)


# The body


@each_covered
@pytest.mark.parametrize(
    "body",
    [
        BODY.replace(b"demo", b"dem0"),
        BODY.rstrip(b"\n"),
        BODY + b"\n",
        b"\xef\xbb\xbf" + BODY,
        BODY.replace(b"\\/", b"/"),
        BODY.decode().encode("utf-16"),
        b"",
    ],
)
def test_an_altered_body_is_refused(name: str, body: bytes) -> None:
    refused(replace(case(name), body=body), Reason.MISMATCH, Reason.MALFORMED)


@pytest.mark.parametrize("name", OPEN)
def test_what_shows_a_secret_alone_does_not_cover_the_body(name: str) -> None:
    """The documentation says so: such a URL or password belongs behind TLS, and is no more."""
    assert replace(case(name), body=b"{}").verdict().ok


# Headers


@each_source
def test_each_header_of_the_proof_is_needed(name: str) -> None:
    found = case(name)
    for header in proofs(found):
        refused(found.without(header), Reason.MISSING, Reason.MALFORMED)
    if not proofs(found):
        refused(replace(found, url=URL), Reason.MISSING)


@each_source
def test_no_character_of_the_proof_can_be_altered(name: str) -> None:
    found = case(name)
    for header in proofs(found):
        (value,) = found.headers[header]
        for place in range(0, len(value), max(1, len(value) // 20)):
            other = "B" if value[place] != "B" else "C"
            changed = value[:place] + other + value[place + 1 :]
            if _same(changed, value):
                continue
            refused(found.with_header(header, changed))
    if not proofs(found):
        refused(replace(found, url=found.url[:-1]), Reason.MISMATCH)


def _same(one: str, other: str) -> bool:
    """Whether two spellings mean the same to any reader of hex or of credentials."""
    return one.casefold() == other.casefold()


@each_source
def test_a_doubled_header_is_refused(name: str) -> None:
    found = case(name)
    for header in proofs(found):
        (value,) = found.headers[header]
        refused(found.with_header(header, value, value), Reason.DOUBLED)
    if not proofs(found):
        token = found.url.rpartition("token=")[2]
        refused(replace(found, url=f"{found.url}&token={token}"), Reason.DOUBLED)


@each_source
def test_a_doubled_header_that_a_proxy_has_joined_is_refused(name: str) -> None:
    found = case(name)
    for header in proofs(found):
        (value,) = found.headers[header]
        for joint in (",", ", "):
            refused(found.with_header(header, value + joint + value))


@each_source
@pytest.mark.parametrize("value", ["", " ", "=", ",", "v1,", "t=,v1=", "\x00", "é", "a" * 10_000])
def test_what_is_no_proof_at_all_is_refused(name: str, value: str) -> None:
    found = case(name)
    for header in proofs(found):
        refused(found.with_header(header, value))
    if not proofs(found):
        refused(replace(found, url=f"{URL}&token={value}"))


# Secrets


@each_source
def test_another_secret_is_refused(name: str) -> None:
    refused(case(name, secret=1, known=[0]), Reason.MISMATCH)


@each_source
def test_while_a_secret_is_rotated_the_old_and_the_new_one_are_good(name: str) -> None:
    new, old, retired = 1, 0, 2
    assert case(name, secret=new, known=[new, old]).verdict().secret_index == 0
    assert case(name, secret=old, known=[new, old]).verdict().secret_index == 1
    refused(case(name, secret=retired, known=[new, old]), Reason.MISMATCH)
    refused(case(name, secret=old, known=[new]), Reason.MISMATCH)


@each_source
def test_without_a_secret_nothing_is_taken(name: str) -> None:
    for secrets in ([], [""], [" \n"]):
        refused(replace(case(name), secrets=secrets), Reason.NO_SECRET)


@each_source
def test_an_empty_secret_beside_a_good_one_opens_nothing(name: str) -> None:
    sender = SENDERS[name]
    found = case(name)
    known = [*found.secrets, ""]
    assert replace(found, secrets=known).verdict().ok
    if name not in ("sendgrid", "slack", "standard_webhooks", "svix", "zoom"):  # no library would
        forged = sender.sign("", Outgoing(url=URL, body=BODY, now=NOW))
        headers = Request.of(headers={"Content-Type": JSON, **forged.headers}).headers
        refused(replace(found, url=forged.url, headers=headers, secrets=known), Reason.MISMATCH)


# Times


@each_timed
def test_the_window_has_two_sides(name: str) -> None:
    window_s = SENDERS[name].window_s
    assert window_s is not None
    found = case(name)
    for away_s in (window_s - 2, 2 - window_s):
        assert found.verdict(now=NOW + timedelta(seconds=away_s)).ok
    late = found.verdict(now=NOW + timedelta(seconds=window_s + 2))
    early = found.verdict(now=NOW - timedelta(seconds=window_s + 2))
    assert (late.ok, late.reason) == (False, Reason.STALE)
    assert (early.ok, early.reason) == (False, Reason.FUTURE)


@each_timed
def test_a_time_stamp_cannot_be_renewed(name: str) -> None:
    """An old signature with a new time beside it, as one who has seen it would send it."""
    later = NOW + timedelta(days=1)
    found = case(name)
    fresh = SENDERS[name].sign(SENDERS[name].secret(9), Outgoing(url=URL, body=BODY, now=later))
    stamped = Request.of(headers=fresh.headers).headers
    names = [each for each in proofs(found) if "timestamp" in each]
    if names:
        (stamp,) = names
        found = found.with_header(stamp, *stamped[stamp])
    else:
        (header,) = proofs(found)
        value = found.headers[header][0].replace("t=1790000000", f"t={int(later.timestamp())}")
        found = found.with_header(header, value)
    assert not found.verdict(now=later).ok
    assert found.verdict(now=later).reason is Reason.MISMATCH


# What else is signed


@pytest.mark.parametrize("name", ["hubspot", "twilio"])
def test_another_url_is_refused_where_it_is_signed(name: str) -> None:
    found = case(name)
    for url in (
        found.url.replace("a%20b", "c"),
        found.url.replace("https", "http"),
        f"{found.url}&x",
    ):
        refused(replace(found, url=url), Reason.MISMATCH)


def test_another_method_is_refused_where_it_is_signed() -> None:
    assert case("hubspot").verdict(method="PUT").reason is Reason.MISMATCH


@pytest.mark.parametrize("name", ["standard_webhooks", "svix"])
def test_another_id_is_refused_where_it_is_signed(name: str) -> None:
    header = "webhook-id" if name == "standard_webhooks" else "svix-id"
    refused(case(name).with_header(header, "msg_other"), Reason.MISMATCH)


def test_headers_are_known_in_any_case() -> None:
    for name in SENDERS:
        found = case(name)
        shouted = [(header.upper(), values[0]) for header, values in found.headers.items()]
        again = replace(found, headers=Request.of(headers=shouted).headers)
        assert again.verdict().ok


@each_covered
def test_the_signature_of_one_source_opens_no_other(name: str) -> None:
    found = case(name)
    for other in COVERED:
        alike = {"github", "meta_lead_ads"}
        if other == name or {name, other} <= alike:
            continue
        assert not replace(found, name=other).verdict().ok
