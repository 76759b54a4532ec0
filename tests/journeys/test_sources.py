"""Every shipped source, the whole way: signed as its sender signs, over HTTP, to the CRM."""

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings import http as cloudevents
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from app.cli.wire import Said, ask
from tests.journeys.conftest import System, eventually
from tests.senders import ID, SENDERS, Outgoing
from workers import settings, sources
from workers.store import Store

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("sources")]

SAMPLES = Path(__file__).parent.parent / "sources"
PORTAL = "sandbox"
VARS = {
    "github": "vars: {company_domain: github.example}\n",
    "slack": "vars: {channels: {C9: slack.example}}\n",
}
BODIES = {
    "notes": "hs_note_body",
    "communications": "hs_communication_body",
    "meetings": "hs_meeting_title",
    "tasks": "hs_task_subject",
    "calls": "hs_call_title",
}


@dataclass(frozen=True, kw_only=True)
class Record:
    """A record as the CRM has it."""

    type: str
    id: str
    properties: Mapping[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.properties.get(name)


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A delivery: a sample of the source's own, perhaps changed; or what a library encoded."""

    source: str
    sample: str = ""
    swap: Mapping[str, str] = field(default_factory=dict)
    edit: Callable[[Any], Any] = lambda body: body
    made: tuple[Mapping[str, str], bytes] | None = None
    round: int = 0  # all of an earlier one have been handled before
    status: int = 202

    def content(self) -> tuple[dict[str, str], bytes]:
        """Headers and body, with addresses in a domain of the source's own."""
        if self.made is not None:
            return {k.lower(): v for k, v in self.made[0].items()}, self.made[1]
        path = SAMPLES / self.source / f"{self.sample}.sample.json"
        found = json.loads(path.read_text("utf-8"))
        headers = {name.lower(): value for name, value in found["headers"].items()}
        text = found.get("raw") or json.dumps(self.edit(found["body"]), ensure_ascii=False)
        text = re.sub(r"acme\.example", domain(self.source), text, flags=re.IGNORECASE)
        for old, new in self.swap.items():
            text = text.replace(old, new)
        return headers, text.encode()


def domain(source: str) -> str:
    return f"{source.replace('_', '-')}.example"


def zoe(source: str) -> str:
    return f"zoe@{domain(source)}"


def kim(source: str) -> str:
    return f"kim@{domain(source)}"


@dataclass(kw_only=True)
class Crm:
    """The CRM, and the system that writes to it."""

    system: System
    store: Store
    answers: dict[str, list[int]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)

    # Before

    def make(self, object_type: str, properties: Mapping[str, str]) -> str:
        """Make a record as another user of the CRM does; return its id."""
        said = self._asked("POST", f"/crm/v3/objects/{object_type}", {"properties": properties})
        return str(said["id"])

    def is_found(self, object_type: str, name: str, value: str) -> bool:
        """Whether the CRM's search, which lags behind, knows of the record."""
        asked = {"propertyName": name, "operator": "EQ", "value": value}
        body = {"filterGroups": [{"filters": [asked]}]}
        said = self._answered("POST", f"/crm/v3/objects/{object_type}/search", body)
        found = said.json()
        assert isinstance(found, dict)
        return said.status == 200 and bool(found["total"])  # 429: it was asked too often

    def link(self, one: tuple[str, str], other: tuple[str, str]) -> None:
        path = f"/crm/v4/objects/{one[0]}/{one[1]}/associations/default/{other[0]}/{other[1]}"
        self._asked("PUT", path, None)

    def _asked(self, method: str, path: str, body: object) -> Any:
        said = self._answered(method, path, body)
        assert said.status < 300, said.body
        return said.json()

    def _answered(self, method: str, path: str, body: object) -> Said:
        headers = {"Authorization": "Bearer somebody", "Content-Type": "application/json"}
        content = None if body is None else json.dumps(body).encode()
        return ask(self.system.crm + path, method=method, headers=headers, body=content)

    # Sending

    def send(self, each: Sent) -> None:
        """Send a delivery as its sender does, with what its own library signs."""
        headers, body = each.content()
        sender = SENDERS[each.source]
        given = headers.get("webhook-id") or headers.get("svix-id") or ID
        outgoing = Outgoing(
            url=f"{self.system.url}/hooks/{each.source}",
            body=body,
            now=datetime.now(UTC),
            kind=headers["content-type"].partition(";")[0],
            id=given,
        )
        signed = sender.sign(sender.secret(0), outgoing)
        added = {name.lower(): value for name, value in signed.headers.items()}
        said = ask(signed.url, method="POST", headers=headers | added, body=body)
        assert said.status == each.status, (each, said)
        self.answers.setdefault(each.source, []).append(said.status)

    def handled(self) -> bool:
        return self.store.counts(PORTAL).get("waiting", 0) == 0

    # After

    def records(self, object_type: str) -> list[Record]:
        """The records of a type that are not archived."""
        found = self.system.asked("/_sandbox/records").json()
        assert isinstance(found, dict)
        return [
            Record(type=object_type, id=each["id"], properties=each["properties"])
            for each in found.get(object_type, [])
            if not each["archived"]
        ]

    def all(self, object_type: str, name: str, value: str) -> list[Record]:
        return [each for each in self.records(object_type) if each[name] == value]

    def one(self, object_type: str, name: str, value: str) -> Record:
        """The only record with this value."""
        found = self.all(object_type, name, value)
        assert len(found) == 1, f"{len(found)} {object_type} with {name} {value}"
        return found[0]

    def contact(self, email: str) -> Record:
        return self.one("contacts", "email", email)

    def linked(self, record: Record, to: str) -> list[str]:
        return self.system.linked(f"{record.type}/{record.id}", to)

    def said_on(self, record: Record, activity: str = "notes") -> list[str]:
        """What the activities of a type on a record say, sorted."""
        ids = self.linked(record, activity)
        return sorted(
            str(each[BODIES[activity]]) for each in self.records(activity) if each.id in ids
        )

    def pinned(self, record: Record, activity: str = "notes") -> str:
        """What the activity that is pinned on a record says; nothing if none is."""
        pin = record["hs_pinned_engagement_id"]
        if not pin:
            return ""
        assert pin in self.linked(record, activity)  # an activity elsewhere cannot be pinned
        found = next(each for each in self.records(activity) if each.id == pin)
        return str(found[BODIES[activity]])

    def states(self, source: str) -> list[str]:
        """Where the events of a source stand, sorted."""
        return sorted(each["state"] for each in self.events if each["endpoint"] == source)


GITHUB_RELEASE = (
    {
        "content-type": "application/json",
        "x-github-event": "release",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0999",
    },
    json.dumps(
        {
            "action": "published",
            "release": {
                "html_url": "https://github.example/acme/app/releases/1",
                "tag_name": "v1.0",
                "published_at": "2026-09-21T14:13:20Z",
            },
            "repository": {"full_name": "acme/app"},
        }
    ).encode(),
)
SLACK_REACTION = (
    {"content-type": "application/json"},
    json.dumps(
        {
            "type": "event_callback",
            "team_id": "T1",
            "event_id": "Ev02",
            "event_time": 1_790_000_060,
            "event": {
                "type": "reaction_added",
                "user": "U8",
                "reaction": "pushpin",
                "item": {"type": "message", "channel": "C9", "ts": "1790000000.000200"},
            },
        }
    ).encode(),
)


def by_the_sdk(encode: Callable[..., Any], id: str) -> tuple[Mapping[str, str], bytes]:
    """A CloudEvent as the project's own library puts it into a request."""
    event = CloudEvent(
        attributes={
            "id": id,
            "source": "/shop/ä",
            "type": "example.shop.lead",
            "specversion": "1.0",
            "time": datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC),
            "datacontenttype": "application/json",
            "subject": f"by the SDK {id}",
        },
        data={"email": zoe("cloudevents"), "name": "Zoe Lind"},
    )
    message = encode(event, JSONFormat())
    return message.headers, message.body


def recoded(body: Any) -> Any:
    data = json.dumps({"email": zoe("cloudevents"), "name": "Zoë Lind"}).encode()
    return body | {"data_base64": base64.b64encode(data).decode()}


def other_company(body: Any) -> Any:
    """The association that is removed is that to another company."""
    return [*body[:-1], body[-1] | {"toObjectId": 7002}]


def deliveries(deal_id: str) -> list[Sent]:
    """What all senders send; the envelope names a deal that is there."""
    leads = [
        Sent(source=name, sample=sample)
        for name in ("basic", "bearer", "hmac", "token")
        for sample in ("lead", "nested")
    ]
    people = [
        Sent(source=name, sample=sample)
        for name in ("standard_webhooks", "svix")
        for sample in ("user.created", "contact.updated")
    ]
    return [
        *leads,
        *people,
        *(
            Sent(source="stripe", sample=sample)
            for sample in (
                "customer.created",
                "invoice.paid",
                "invoice.paid-yen",
                "invoice.payment_failed",
                "checkout.session.completed",
            )
        ),
        Sent(source="hubspot", sample="changes"),
        Sent(source="hubspot", sample="deletions-and-associations", edit=other_company),
        *(
            Sent(source="shopify", sample=sample)
            for sample in (
                "customers-create",
                "orders-create",
                "orders-paid",
                "refunds-create",
                "shop-redact",
            )
        ),
        *(
            Sent(source="github", sample=sample)
            for sample in ("issues.opened", "issue_comment.created", "issues.closed", "ping")
        ),
        Sent(source="github", made=GITHUB_RELEASE),
        Sent(source="slack", sample="url_verification", status=200),
        Sent(source="slack", sample="message"),
        Sent(source="slack", sample="command"),
        Sent(source="slack", made=SLACK_REACTION),
        Sent(source="calendly", sample="invitee.created"),
        Sent(source="calendly", sample="invitee.created", swap={"/I1": "/I2", "zoe@": "kim@"}),
        Sent(source="calendly", sample="invitee.canceled", round=1),
        Sent(source="typeform", sample="form_response"),
        Sent(source="typeform", sample="form_response-high-score"),
        Sent(source="zendesk", sample="trigger"),
        Sent(source="zendesk", sample="ticket.comment_added"),
        Sent(source="zendesk", sample="ticket.status_changed", swap={"T14:13": "T15:13"}),
        *(
            Sent(source="intercom", sample=sample)
            for sample in ("contact.user.created", "conversation.user.created", "ping")
        ),
        Sent(source="intercom", sample="conversation.admin.closed", round=1),
        Sent(source="zoom", sample="webinar.registration_created", status=200),
        Sent(source="zoom", sample="meeting.participant_joined", status=200),
        Sent(
            source="zoom",
            sample="meeting.participant_joined",
            status=200,
            swap={'"p1"': '"p2"', '"email": ""': f'"email": "{kim("zoom")}"'},
        ),
        Sent(source="zoom", sample="meeting.ended", status=200),
        Sent(source="docusign", sample="envelope-completed", swap={'"7788"': f'"{deal_id}"'}),
        Sent(source="docusign", sample="envelope-declined"),
        Sent(source="mailchimp", sample="subscribe"),
        Sent(source="mailchimp", sample="unsubscribe"),
        Sent(source="mailchimp", sample="upemail", swap={"zoe@": "kim@"}),
        Sent(source="twilio", sample="message", status=200),
        Sent(source="twilio", sample="call.completed", status=200, round=1),
        Sent(source="twilio", sample="stop", status=200, round=1),
        Sent(source="sendgrid", sample="events", edit=lambda body: [*body, 7]),
        Sent(source="sendgrid", sample="unsubscribe"),
        Sent(source="segment", sample="identify"),
        Sent(source="segment", sample="batch", round=1),
        Sent(source="meta_lead_ads", sample="leadgen"),
        Sent(source="meta_lead_ads", sample="leadgen-with-answers"),
        *(
            Sent(source="cloudevents", sample=sample)
            for sample in ("structured", "binary", "batch")
        ),
        Sent(source="cloudevents", sample="base64", edit=recoded),
        Sent(source="cloudevents", made=by_the_sdk(cloudevents.to_structured, "51")),
        Sent(source="cloudevents", made=by_the_sdk(cloudevents.to_binary, "52")),
    ]


def configured(folder: Path) -> Path:
    """A configuration with an endpoint for each shipped source, named like it."""
    lines = [
        "store: ${REDIS_URL:-redis://127.0.0.1:6399/0}",
        "portals:",
        f"  {PORTAL}:",
        "    base_url: ${SANDBOX_URL:-http://127.0.0.1:8788}",
        "    token: sandbox",
        "endpoints:",
    ]
    for name in sources.shipped():
        sender = SENDERS[name]
        known = [sender.known(sender.secret(number)) for number in (1, 0)]  # being rotated
        lines += [f"  {name}:", f"    source: {name}", f"    portal: {PORTAL}"]
        lines += [f"    secrets: {json.dumps(known)}"]
        if name in VARS:
            own = (sources.loading.SHIPPED / f"{name}.yaml").read_text("utf-8")
            rules = own[own.index("\non:") + 1 :]
            mapping = folder / f"{name}.yaml"
            mapping.write_text(f"source: {name}\n{VARS[name]}{rules}", "utf-8")
            lines += [f"    mapping: {mapping.name}"]
    path = folder / "config.yaml"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


@pytest.fixture(scope="module")
def crm(tmp_path_factory: pytest.TempPathFactory, project: Path) -> Iterator[Crm]:
    """The whole system, after every sender has sent and all of it was handled."""
    folder = tmp_path_factory.mktemp("sources")
    config = configured(folder)
    system = System(folder, project, {"HOOKLINE_CONFIG": str(config)})
    with system.running("--no-first"):
        environ = {
            "HOOKLINE_CONFIG": str(config),
            "REDIS_URL": f"redis://127.0.0.1:{system.store}/0",
            "SANDBOX_URL": system.crm,
        }
        store = Store.of(settings.load(environ))
        found = Crm(system=system, store=store)
        sent = deliveries(prepared(found))
        try:
            for number in range(max(each.round for each in sent) + 1):
                for each in sent:
                    if each.round == number:
                        found.send(each)
                eventually(found.handled, what=f"round {number} is handled")
            found.events = system.events()
            yield found
        finally:
            store.close()


def prepared(crm: Crm) -> str:
    """Make what the senders' events refer to; return the id of the envelope's deal."""
    crm.make("contacts", {"email": kim("mailchimp")})
    crm.make("contacts", {"email": zoe("sendgrid")})
    crm.make("contacts", {"email": f"old@{domain('sendgrid')}"})
    crm.make("contacts", {"email": zoe("slack")})
    crm.make("contacts", {"email": zoe("zendesk"), "zendesk_user_id": "901"})
    crm.make("companies", {"name": "Slack", "domain": domain("slack")})
    crm.make("companies", {"name": "GitHub", "domain": domain("github")})
    staged = {"pipeline": "default", "dealstage": "contractsent"}
    crm.make("deals", {"dealname": "Gone", "source_record_id": "4455/6001", **staged})
    crm.make("companies", {"name": "To be linked", "source_record_id": "4455/7001"})
    left = crm.make("companies", {"name": "To be left", "source_record_id": "4455/7002"})
    known = {"source_record_id": "4455/5001", "phone": "+4722345678"}
    contact = crm.make("contacts", {"email": zoe("hubspot"), **known})
    crm.make("contacts", {"email": zoe("twilio"), "phone": "+15550100001"})
    for sought in (
        ("companies", "domain", domain("slack")),
        ("companies", "domain", domain("github")),
        ("contacts", "phone", "+15550100001"),
    ):
        eventually(partial(crm.is_found, *sought), what=f"{sought} can be found")
    crm.link(("contacts", contact), ("companies", left))
    return crm.make("deals", {"dealname": "Order form", **staged})


def has(record: Record, **properties: str | None) -> None:
    """Check properties of a record."""
    assert {name: record[name] for name in properties} == properties


def test_every_source_has_been_heard(crm: Crm) -> None:
    assert sorted(crm.answers) == sources.shipped()
    assert {each["state"] for each in crm.events} == {"done", "ignored", "dead"}
    dead = [each for each in crm.events if each["state"] == "dead"]
    assert [each["endpoint"] for each in dead] == ["sendgrid"]


@pytest.mark.parametrize("name", ["basic", "bearer", "hmac", "token"])
def test_any_sender_makes_contacts_and_notes(crm: Crm, name: str) -> None:
    contact = crm.contact(zoe(name))
    has(contact, firstname="Zoe", lastname="Lind", phone="+4722345678")
    assert crm.said_on(contact) == ["Please call &lt;me&gt;"]
    assert crm.states(name) == ["done", "done"]


@pytest.mark.parametrize("name", ["standard_webhooks", "svix"])
def test_the_open_standards_make_contacts_and_pin_who_signed_up(crm: Crm, name: str) -> None:
    contact = crm.contact(zoe(name))
    has(contact, firstname="Zoe", lastname="Lind", phone="+4722345678")
    assert crm.said_on(contact) == ["Signed up"]
    assert crm.pinned(contact) == "Signed up"


def test_stripe(crm: Crm) -> None:
    contact = crm.contact(zoe("stripe"))
    has(
        contact,
        firstname="Zoe",
        lastname="Lind",
        phone="+4722345678",
        city="Oslo",
        stripe_customer_id="cus_A1",
        lifecyclestage="customer",
    )
    company = crm.one("companies", "domain", domain("stripe"))
    assert crm.linked(contact, "companies") == [company.id]
    paid = crm.one("deals", "stripe_invoice_id", "in_A2")
    has(paid, dealname="Invoice AC-0007", amount="1290", deal_currency_code="NOK")
    has(paid, pipeline="default", dealstage="closedwon")
    assert crm.linked(paid, "contacts") == [contact.id]
    receipt = crm.pinned(paid)
    assert receipt.startswith("Invoice AC-0007 paid: 1290 NOK")
    assert 'href="https://pay.example/i/7?a=1&amp;b=2"' in receipt
    yen = crm.one("deals", "stripe_invoice_id", "in_A3")
    has(yen, amount="500", deal_currency_code="JPY", hs_pinned_engagement_id=None)
    assert crm.linked(yen, "contacts") == []
    assert crm.said_on(yen) == ["Invoice AC-0008 paid: 500 JPY"]
    failed = crm.one("deals", "stripe_invoice_id", "in_A4")
    has(failed, amount="129")
    assert crm.pinned(contact) == "Payment of invoice AC-0009 failed (try 2)"
    checkout = crm.one("deals", "stripe_session_id", "cs_A3")
    has(checkout, amount="129", dealstage="closedwon")
    deals = {paid.id, failed.id, checkout.id}
    assert set(crm.linked(contact, "deals")) == deals


def test_hubspot(crm: Crm) -> None:
    contact = crm.one("contacts", "source_record_id", "4455/5001")
    has(contact, lifecyclestage="customer")
    assert not contact["phone"]  # cleared there, and so here
    assert not contact["city"]  # an integration's change, perhaps our own
    assert not contact["favourite_colour"]  # not among those that are kept alike
    assert crm.all("deals", "source_record_id", "4455/6001") == []
    company = crm.one("companies", "source_record_id", "4455/7001")
    assert crm.linked(contact, "companies") == [company.id]
    assert crm.states("hubspot").count("dead") == 0


def test_shopify(crm: Crm) -> None:
    contact = crm.contact(zoe("shopify"))
    has(
        contact,
        firstname="Zoe",
        lastname="Lind",
        phone="+4722345678",
        company="Acme",
        city="Oslo",
        lifecyclestage="lead",
        shopify_customer_id="acme.myshopify.example/7001",
    )
    company = crm.one("companies", "domain", domain("shopify"))
    has(company, name="Acme")
    assert crm.linked(contact, "companies") == [company.id]
    assert crm.pinned(contact) == "New customer of acme.myshopify.example, tags: vip"
    deal = crm.one("deals", "shopify_order_id", "acme.myshopify.example/8001")
    has(deal, dealname="Order #1042", amount="499", deal_currency_code="NOK")
    has(deal, pipeline="default", dealstage="closedwon")
    assert crm.linked(deal, "contacts") == [contact.id]
    order = "Order #1042: 499.00 NOK<ul><li>2 × Mug &lt;large&gt;</li></ul>"
    assert crm.said_on(deal) == [order, "Refunded 249.6 NOK"]
    assert order in crm.said_on(contact)
    assert crm.pinned(deal) == "Refunded 249.6 NOK"
    assert crm.states("shopify") == ["done"] * 4 + ["ignored"]


def test_github(crm: Crm) -> None:
    ticket = crm.one("tickets", "github_issue", "acme/app#12")
    has(ticket, subject="Export <fails>", hs_pipeline="0", hs_pipeline_stage="4")
    has(ticket, hs_ticket_priority="HIGH", content="Steps:\n1. Export")
    comment = "<b>kim</b>: Seen &lt;b&gt;too&lt;/b&gt;<br>Since Monday"
    assert comment in crm.said_on(ticket)
    assert crm.pinned(ticket).endswith("acme/app#12</a> opened by zoe")
    company = crm.one("companies", "domain", domain("github"))
    (release,) = crm.said_on(company)
    assert release.endswith("acme/app v1.0</a> released")
    assert crm.states("github") == ["done"] * 4 + ["ignored"]


def test_slack(crm: Crm) -> None:
    company = crm.one("companies", "domain", domain("slack"))
    said = crm.said_on(company)
    assert "Slack, U7: call Zoe back" in said
    assert len(said) == 2
    assert crm.pinned(company).startswith("U8 marked a message of 2026-09-21 14:13 UTC")
    assert crm.said_on(crm.contact(zoe("slack"))) == ["kim: wants a &lt;call&gt; back"]
    assert crm.states("slack") == ["done"] * 3  # its challenge is no event


def test_calendly(crm: Crm) -> None:
    uri = "https://api.calendly.example/scheduled_events/E1/invitees/I"
    gone, kept = crm.contact(zoe("calendly")), crm.contact(kim("calendly"))
    has(gone, firstname="Zoe", lastname="Lind", hs_timezone="europe_slash_oslo")
    company = crm.one("companies", "domain", domain("calendly"))
    assert set(crm.linked(company, "contacts")) == {gone.id, kept.id}
    canceled = crm.one("meetings", "calendly_invitee", f"{uri}1")
    has(canceled, hs_meeting_title="Demo 30", hs_meeting_outcome="CANCELED")
    assert canceled["hs_meeting_body"] == "<b>Company?</b> Acme &amp; Sons<br>"
    assert str(canceled["hs_meeting_start_time"]).startswith("2026-09-25T09:00:00")
    assert crm.linked(canceled, "contacts") == [gone.id]
    assert not gone["hs_pinned_engagement_id"]
    scheduled = crm.one("meetings", "calendly_invitee", f"{uri}2")
    has(scheduled, hs_meeting_outcome="SCHEDULED")
    assert kept["hs_pinned_engagement_id"] == scheduled.id
    assert crm.linked(scheduled, "contacts") == [kept.id]


def test_typeform(crm: Crm) -> None:
    contact = crm.contact(zoe("typeform"))
    has(contact, numemployees="50-100", typeform_score="12")
    assert crm.said_on(contact, "tasks") == ["Call back: Demo"]
    notes = crm.said_on(contact)
    assert len(notes) == 2
    assert "<b>Demo</b><ul>" in crm.pinned(contact)
    assert any("<li>Topics?: CRM, Mail</li><li>News?: false</li>" in note for note in notes)
    assert any("Name?: Zoe &lt;b&gt;Lind&lt;/b&gt;" in note for note in notes)


def test_zendesk(crm: Crm) -> None:
    contact = crm.contact(zoe("zendesk"))
    ticket = crm.one("tickets", "zendesk_ticket_id", "4455/35")
    has(ticket, subject="Export fails", hs_pipeline="0", hs_pipeline_stage="4")
    assert crm.linked(ticket, "contacts") == [contact.id]  # by address, and by Zendesk's own id
    comment = "Zoe: Still &lt;broken&gt;<br>since Monday"
    assert crm.said_on(ticket) == ["Solved in Zendesk", comment]
    assert crm.pinned(ticket) == "Solved in Zendesk"


def test_intercom(crm: Crm) -> None:
    contact = crm.contact(zoe("intercom"))
    has(contact, firstname="Zoe", intercom_id="c1", intercom_plan="pro")
    ticket = crm.one("tickets", "intercom_conversation_id", "215")
    has(ticket, subject="Pricing?", hs_pipeline_stage="4")
    assert crm.linked(ticket, "contacts") == [contact.id]
    assert crm.said_on(ticket) == crm.said_on(contact) == ["Pricing &amp; terms?"]
    assert not contact["hs_pinned_engagement_id"]  # unpinned when it was closed
    assert crm.states("intercom") == ["done"] * 3 + ["ignored"]


def test_zoom(crm: Crm) -> None:
    contact = crm.contact(zoe("zoom"))
    has(contact, firstname="Zoe", lastname="Lind", company="Acme")
    assert crm.pinned(contact) == "Registered for <b>Launch</b> on 2026-10-01 10:00 UTC"
    meeting = crm.one("meetings", "zoom_meeting_uuid", "u/1==")
    has(meeting, hs_meeting_title="Demo", hs_meeting_outcome="COMPLETED")
    assert str(meeting["hs_meeting_end_time"]).startswith("2026-09-21T14:13:00")
    assert crm.linked(meeting, "contacts") == [crm.contact(kim("zoom")).id]


def test_docusign(crm: Crm) -> None:
    deal = crm.one("deals", "dealname", "Order form")
    has(deal, dealstage="closedwon")
    signed = "Signed: <b>Order form Acme</b>, by Zoe Lind, Kim Berg"
    assert crm.pinned(deal) == signed
    first, second = crm.contact(zoe("docusign")), crm.contact(kim("docusign"))
    has(second, firstname="Kim", lastname="Berg")
    assert crm.said_on(first) == crm.said_on(second) == [signed]
    assert crm.said_on(first, "tasks") == ["Order form Acme: declined"]
    (task,) = crm.all("tasks", "hs_task_subject", "Order form Acme: declined")
    has(task, hs_task_body="Wrong price")


def test_mailchimp(crm: Crm) -> None:
    contact = crm.contact(zoe("mailchimp"))
    has(contact, firstname="Zoe", lastname="Lind", newsletter_status="unsubscribed")
    said = ["Left audience a6b5 (manual)", "Subscribed to audience a6b5"]
    assert crm.said_on(contact) == said
    assert crm.all("contacts", "email", kim("mailchimp")) == []
    has(crm.contact("kim@new.example"), newsletter_status=None)


def test_twilio(crm: Crm) -> None:
    contact = crm.one("contacts", "phone", "+15550100001")
    has(contact, sms_opt_out="true")
    assert crm.said_on(contact, "communications") == ["Hi Zoë", "Stop"]
    assert crm.pinned(contact, "communications") == "Stop"
    assert crm.said_on(contact, "calls") == ["Call from +15550100001"]
    call = crm.one("calls", "hs_call_title", "Call from +15550100001")
    has(call, hs_call_direction="INBOUND", hs_call_duration="61000", hs_call_status="COMPLETED")
    assert crm.answers["twilio"] == [200, 200, 200]


def test_sendgrid(crm: Crm) -> None:
    contact = crm.contact(zoe("sendgrid"))
    has(contact, email_status="unsubscribe")
    assert contact["last_email_engagement"]
    assert crm.said_on(contact) == []
    bounced = crm.contact(f"old@{domain('sendgrid')}")
    has(bounced, email_status="bounce", email_status_reason="550 no such user")
    assert crm.pinned(bounced) == "E-mail bounced: 550 no such user"
    assert crm.states("sendgrid") == ["dead", "done", "done", "done", "ignored"]
    (dead,) = [each for each in crm.events if each["state"] == "dead"]
    assert "sources/sendgrid.yaml:" in crm.system.shown(dead["id"])["reason"]


def test_segment(crm: Crm) -> None:
    contact = crm.contact(zoe("segment"))
    has(contact, firstname="Zoe", lastname="Lind", company="Acme", segment_user_id="u55")
    company = crm.one("companies", "segment_group_id", "g7")
    has(company, name="Acme", domain=domain("segment"), numberofemployees="80")
    assert crm.linked(contact, "companies") == [company.id]
    assert crm.pinned(contact) == "<b>Trial Started</b><br>plan: pro<br>seats: 5"
    assert crm.states("segment") == ["done"] * 3 + ["ignored"]


def test_meta_lead_ads(crm: Crm) -> None:
    plain = crm.one("contacts", "meta_lead_id", "9007199254740993")  # no float holds this number
    has(plain, hs_lead_status="NEW", meta_form_id="5511")
    assert crm.said_on(plain, "tasks") == ["Call the new lead 9007199254740993"]
    answered = crm.one("contacts", "meta_lead_id", "55460")
    has(answered, email=zoe("meta_lead_ads"), firstname="Zoe", lastname="Lind")
    assert crm.pinned(answered).endswith("<br>budget: 1–2 &lt;k&gt;")
    assert crm.one("contacts", "meta_lead_id", "55461").id != answered.id


def test_cloudevents(crm: Crm) -> None:
    contact = crm.contact(zoe("cloudevents"))
    has(contact, lastname="Lind")
    assert str(contact["firstname"]) in ("Zoe", "Zoë")  # all are of the same moment
    said: Sequence[str] = crm.said_on(contact)
    lead = "example.shop.lead"
    assert said.count(f"{lead}: Zoë €5") == 3  # structured, binary, and in the batch
    assert said.count("example.shop.order: Zoë €5") == 1
    assert said.count(lead) == 1  # its data was base64
    assert said.count(f"{lead}: by the SDK 51") == said.count(f"{lead}: by the SDK 52") == 1
    assert crm.states("cloudevents") == ["done"] * 7
