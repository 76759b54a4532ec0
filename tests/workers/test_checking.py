"""A mapping is judged against what a portal has, before anything is sent."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from app.sandbox.server import Server
from app.sandbox.web import Options
from workers import checking, sources
from workers.crm.call import Call
from workers.crm.calls import Api
from workers.crm.client import Client
from workers.errors import SourceError
from workers.settings import Portal

API = Api()
ANY = "any-token"
HEAD = """\
source: shop
verify: {scheme: none}
event: {id: "{{ body.id }}", type: "{{ body.type }}"}
vars: {stage: wonclosed, size: large}
on:
  order:
"""
CONTACT = """\
    - upsert: contact
      object: contacts
      key: {email: "{{ body.email }}"}
"""


class Account:
    """A portal that can be asked, and mappings that are judged against it."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server = server
        self.folder = folder

    def make(self, call: Call) -> None:
        """Define something in the portal."""
        client = Client(self._portal(ANY))
        client.send(call)
        client.close()

    def described(self, source: sources.Source, *, token: str = ANY) -> checking.Described:
        """What the portal says of what a mapping needs."""
        client = Client(self._portal(token))
        try:
            wanted = checking.needs([source])
            return checking.describe(wanted, portal="acme", api=API, ask=client.send)
        finally:
            client.close()

    def _portal(self, token: str) -> Portal:
        return Portal(name="acme", base_url=self.server.url, token=token)

    def load(self, steps: str) -> sources.Source:
        """A source whose one type has these steps; its lines begin at 7."""
        file = self.folder / "shop.yaml"
        file.write_text(HEAD + steps, "utf-8")
        return sources.load(file)

    def judged(self, steps: str, *, certain: bool = True) -> list[str]:
        """What is found, without the folder's name."""
        source = self.load(steps)
        found = checking.judge(source, self.described(source))
        return [str(f).replace(f"{self.folder}/", "") for f in found if f.certain is certain]


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Account]:
    """A new account, which the sandbox serves."""
    with Server(Options(tier="unlimited")) as server:
        yield Account(server, tmp_path)


# Properties


def test_a_mapping_that_fits_has_no_faults(account: Account) -> None:
    steps = """\
      set: {firstname: "{{ body.name }}", lifecyclestage: customer}
    - create: deal
      object: deals
      set: {dealname: Order, pipeline: default, dealstage: closedwon, amount: "{{ body.total }}"}
    - associate: [deal, contact]
    - log: note
      on: [contact, deal]
      set: {hs_note_body: "Paid {{ body.total }}"}
    - pin: note
      to: deal
"""
    assert account.judged(CONTACT + steps) == []
    assert account.judged(CONTACT + steps, certain=False) == []


def test_a_property_that_there_is_not_is_told_with_the_one_that_was_meant(account: Account) -> None:
    found = account.judged(CONTACT + "      set:\n        frstname: Zoe\n        shoe_size: 42\n")
    assert found == [
        "shop.yaml:11: portal acme has no property contacts.frstname; did you mean 'firstname'?",
        "shop.yaml:12: portal acme has no property contacts.shoe_size; check its internal name, "
        "or make it with `hookline provision acme`",
    ]


def test_what_hubspot_sets_itself_cannot_be_written(account: Account) -> None:
    (found,) = account.judged(CONTACT + "      set: {hs_object_id: '{{ body.id }}'}\n")
    assert found.startswith("shop.yaml:10: contacts.hs_object_id is read-only: HubSpot sets it; ")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("custumer", "'custumer' is none of its options; did you mean 'customer'?"),
        ("Customer", "'Customer' is none of its options; did you mean 'customer'?"),
        ('\'{{ "led" if body.new else "customer" }}\'', "'led' is none of its options"),
        ("'{{ body.stage or \"led\" }}'", "'led' is none of its options"),
        ("'{{ body.stage | default(\"led\") }}'", "'led' is none of its options"),
        ('\'{{ body.stage | lookup({1: "lead", 2: "led"}) }}\'', "'led' is none of its options"),
        ('\'{{ body.stage | lookup({1: "lead"}, "led") }}\'', "'led' is none of its options"),
        ("'{% if body.new %}led{% else %}lead{% endif %}'", "'led' is none of its options"),
        ("'{{ vars.size }}'", "'large' is none of its options"),
        ("'{{ body.at | from_unix }}'", "the value is a time, and the property takes one of its"),
        ("'{{ body.new and body.x > 1 }}'", None),
        ("'{{ body.x > 1 }}'", "the value is true or false, and neither is an option"),
        ('\'{{ "customer" if body.new else "lead" }}\'', None),
        ("'{{ body.stage }}'", None),
        ("null", None),
    ],
)
def test_an_option_that_there_is_not_is_found_in_every_branch(
    account: Account, value: str, told: str | None
) -> None:
    found = account.judged(CONTACT + f"      set: {{lifecyclestage: {value}}}\n")
    assert len(found) == (0 if told is None else 1)
    if told is not None:
        assert f"shop.yaml:10: contacts.lifecyclestage: {told}" in found[0]


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("amount", "twelve", "'twelve' is not a number; write plain digits, such as 1200.50"),
        ("amount", "12.5", None),
        ("amount", "'{{ body.cents / 100 }}'", None),
        ("amount", "'{{ body.paid == 1 }}'", "the value is true or false, and the property takes"),
        ("amount", "'{{ body.at | from_unix }}'", "the value is a time, and the property takes a"),
        ("closedate", "'{{ body.at | from_iso }}'", None),
        ("closedate", "'{{ body.at | date }}'", None),
        ("closedate", "tomorrow", "'tomorrow' is not a time; write a time such as 2026-09-21T"),
        ("closedate", "'{{ body.email | email }}'", "the value is an e-mail address or a domain"),
        ("due_day", "'{{ body.at | from_iso }}'", "takes a day; add `| date`"),
        ("due_day", "'{{ body.at | from_iso | date }}'", None),
        ("due_day", "2026-13-01", "'2026-13-01' is not a day; write a day such as 2026-09-21"),
        ("due_day", "2026-09-21", None),
        ("due_day", "1790000000001", "'1790000000001' is not a day"),
        ("is_gift", "'yes'", "'yes' is not true or false; write true or false"),
        ("is_gift", "true", None),
        ("is_gift", "'{{ body.gift == 1 }}'", None),
        ("is_gift", "'{{ body.gift | int }}'", "the value is a number, and the property takes"),
        ("colours", "red;blue", None),
        ("colours", "red;bleu", "'bleu' is none of its options; did you mean 'blue'?"),
    ],
)
def test_a_value_of_another_type_is_found(
    account: Account, name: str, value: str, told: str | None
) -> None:
    for body in (
        {"name": "due_day", "type": "date", "fieldType": "date"},
        {"name": "is_gift", "type": "bool", "fieldType": "booleancheckbox"}
        | {"options": [{"label": each, "value": each} for each in ("true", "false")]},
        {"name": "colours", "type": "enumeration", "fieldType": "checkbox"}
        | {"options": [{"label": each, "value": each} for each in ("red", "blue")]},
    ):
        group = {"groupName": "dealinformation", "label": body["name"]}
        account.make(API.create_property("deals", {**group, **body}))
    create = "    - create: deal\n      object: deals\n      set:\n"
    create += "        {dealname: A, pipeline: default, dealstage: closedwon, "
    found = account.judged(f"{create}{name}: {value}}}\n")
    assert len(found) == (0 if told is None else 1)
    if told is not None:
        assert found[0].startswith(f"shop.yaml:10: deals.{name}: ")
        assert told in found[0]


# Pipelines


@pytest.mark.parametrize(
    ("pipeline", "stage", "told"),
    [
        ("default", "wonclosed", "deals.dealstage: 'wonclosed' is no stage of pipeline 'default'"),
        ("default", "'{{ vars.stage }}'", "'wonclosed' is no stage of pipeline 'default'; "),
        ("default", "'{{ body.stage }}'", None),
        ("defualt", "closedwon", "no pipeline 'defualt' of deals; did you mean 'default'?"),
        ("'{{ body.pipeline }}'", "closedwon", None),
        ("'{{ body.pipeline }}'", "nothing", "'nothing' is no stage of pipeline 'default'; "),
    ],
)
def test_a_stage_belongs_to_its_pipeline(
    account: Account, pipeline: str, stage: str, told: str | None
) -> None:
    steps = "    - create: deal\n      object: deals\n      set:\n"
    found = account.judged(
        f"{steps}        {{dealname: A, pipeline: {pipeline}, dealstage: {stage}}}\n"
    )
    assert len(found) == (0 if told is None else 1)
    assert told is None or told in found[0]


# What a new record must have


def test_a_create_without_what_is_required_is_a_fault(account: Account) -> None:
    steps = "    - create: deal\n      object: deals\n      set: {dealname: A, pipeline: null}\n"
    assert account.judged(steps) == [
        "shop.yaml:9: deals.pipeline is required, and this clears it; give it a value",
        "shop.yaml:7: 'deal' makes deals without dealstage, which is required; set dealstage",
    ]


def test_an_upsert_without_it_may_be_an_update_so_it_is_not_certain(account: Account) -> None:
    steps = (
        "    - upsert: contact\n      object: contacts\n      key: {phone: '{{ body.phone }}'}\n"
    )
    assert account.judged(steps) == []
    assert account.judged(steps, certain=False) == [
        "shop.yaml:7: 'contact' may make contacts with none of email, firstname, lastname; "
        "set one of them, or HubSpot refuses a new record"
    ]


def test_what_the_event_may_set_is_not_missed(account: Account) -> None:
    steps = "    - create: deal\n      object: deals\n      set_all: '{{ body.deal }}'\n"
    assert account.judged(steps) == []


# Keys


@pytest.mark.parametrize(
    ("object_type", "key", "told"),
    [
        ("contacts", "email", None),
        ("companies", "domain", None),
        ("contacts", "emial", "has no property contacts.emial; did you mean 'email'?"),
        ("deals", "order_no", "has no property deals.order_no; make it with `hookline provision"),
        ("deals", "dealname", "deals.dealname is not unique, so no record can be known by it; "),
        ("deals", "hs_object_id", "is the record's own id, and no key; write `id` instead of"),
    ],
)
def test_a_key_is_a_property_that_the_portal_keeps_unique(
    account: Account, object_type: str, key: str, told: str | None
) -> None:
    steps = (
        f"    - find: one\n      object: {object_type}\n      key: {{{key}: '{{{{ body.k }}}}'}}\n"
    )
    found = account.judged(steps)
    assert len(found) == (0 if told is None else 1)
    if told is not None:
        assert found[0].startswith("shop.yaml:9: ")
        assert told in found[0]


def test_a_key_that_is_there_and_unique_is_right_for_every_reference(account: Account) -> None:
    body = {"name": "order_no", "label": "Order", "groupName": "dealinformation"}
    body |= {"type": "string", "fieldType": "text"}
    account.make(API.create_property("deals", {**body, "hasUniqueValue": True}))
    place = "{object: deals, key: {%s: '{{ body.k }}'}}"
    right = f"    - associate: [contact, {place % 'order_no'}]\n"
    assert account.judged(CONTACT + right) == []
    (found,) = account.judged(CONTACT + right.replace("order_no", "order_on"))
    assert "did you mean 'order_no'?" in found


# Object types


def test_an_object_type_that_the_portal_does_not_have_is_told(account: Account) -> None:
    account.make(
        API.create_schema(
            {
                "name": "boat",
                "labels": {"singular": "Boat", "plural": "Boats"},
                "properties": [
                    {"name": "hull", "label": "Hull", "type": "string", "fieldType": "text"}
                ],
                "requiredProperties": ["hull"],
                "associatedObjects": ["CONTACT"],
            }
        )
    )
    steps = "    - create: it\n      object: %s\n      set: {%s: A}\n"
    assert account.judged(steps % ("2-100", "hull")) == []
    (missing,) = account.judged(steps % ("2-100", "hs_object_source"))[:1]
    assert "read-only" in missing
    assert account.judged(steps % ("2-777", "hull")) == [
        "shop.yaml:7: portal acme has no object type '2-777'; check its name or id in HubSpot"
    ]
    (found,) = account.judged(steps % ("p_boats", "hull"))
    assert "portal acme has no object type 'p_boats'" in found


def test_a_step_for_another_portal_is_not_judged_by_this_one(account: Account) -> None:
    steps = "    - create: it\n      object: 2-777\n      set: {hull: A}\n      portal: %s\n"
    assert len(account.judged(CONTACT + steps % "acme")) == 1
    assert account.judged(CONTACT + steps % "other") == []


# Associations


def test_a_label_that_there_is_not_is_told_with_the_one_that_was_meant(account: Account) -> None:
    label = {"label": "Buyer", "name": "buyer", "inverseLabel": "Bought by"}
    account.make(API.create_label("contacts", "companies", body=label))
    steps = (
        CONTACT
        + "    - upsert: company\n      object: companies\n      key: {domain: '{{ body.d }}'}\n"
        + "    - associate: [%s]\n      label: %s\n"
    )
    assert account.judged(steps % ("contact, company", "Buyer")) == []
    assert account.judged(steps % ("contact, company", "Buyr")) == [
        "shop.yaml:13: there is no label 'Buyr' from contacts to companies; did you mean 'Buyer'?"
    ]
    (found,) = account.judged(steps % ("company, contact", "Buyer"))
    assert found.endswith("only the other way round; turn the two records round")


@pytest.mark.parametrize(
    ("link", "told"),
    [
        ("type: 279", None),
        ("type: 280", "it is one the other way round; turn the two records round"),
        ("type: 9999", "use one of 1 (Primary), 279 (no label)"),
        ("type: 279\n      category: USER_DEFINED", "write `category: HUBSPOT_DEFINED`"),
    ],
)
def test_the_number_of_an_association_has_a_direction(
    account: Account, link: str, told: str | None
) -> None:
    steps = CONTACT + (
        "    - find: company\n      object: companies\n      key: {domain: '{{ body.d }}'}\n"
        f"    - associate: [contact, company]\n      {link}\n"
    )
    found = account.judged(steps)
    assert len(found) == (0 if told is None else 1)
    if told is not None:
        assert found[0].startswith("shop.yaml:13: ")
        assert told in found[0]


def test_nothing_is_pinned_to_what_has_no_place_for_it(account: Account) -> None:
    steps = (
        "    - create: item\n      object: line_items\n      set: {name: A}\n"
        "    - log: note\n      on: [item]\n      set: {hs_note_body: A}\n"
        "    - pin: note\n      to: item\n"
    )
    assert any("nothing can be pinned to line_items" in each for each in account.judged(steps))


# What a portal does not tell


def test_a_token_that_is_refused_is_one_line_and_nothing_is_judged(account: Account) -> None:
    source = account.load(CONTACT + "      set: {frstname: Zoe}\n")
    described = account.described(source, token="expired")
    assert described.refused.startswith("refuses the token (401); ")
    assert checking.judge(source, described) == []


def test_a_scope_that_is_missing_is_one_line_and_the_rest_is_judged(account: Account) -> None:
    scopes = ["crm.schemas.contacts.read", "crm.objects.contacts.read"]
    body: Mapping[str, object] = {"token": "narrow", "scopes": scopes}
    account.make(Call(name="grant", method="POST", path="/_sandbox/tokens", body=dict(body)))
    deal = "    - create: deal\n      object: deals\n      set: {dealnaem: A}\n"
    source = account.load(CONTACT + "      set: {frstname: Zoe}\n" + deal)
    described = account.described(source, token="narrow")
    assert [each for each in described.unasked if "properties of deals (403)" in each]
    assert [str(f).partition(":10: ")[2] for f in checking.judge(source, described)] == [
        "portal acme has no property contacts.frstname; did you mean 'firstname'?"
    ]


def test_a_portal_that_does_not_answer_is_one_line(account: Account) -> None:
    source = account.load(CONTACT)
    client = Client(Portal(name="acme", base_url="http://127.0.0.1:9", token=ANY))
    wanted = checking.needs([source])
    described = checking.describe(wanted, portal="acme", api=API, ask=client.send)
    client.close()
    assert described.refused.startswith("cannot be asked (")


# What no event can reach


def test_what_can_never_run_is_told_and_so_is_what_depends_on_it(account: Account) -> None:
    steps = """\
    - find: company
      object: companies
      key: {domain: "{{ body.d }}"}
      when: "{{ '' if body.a else 0 }}"
    - log: note
      on: [company]
      set: {hs_note_body: A}
    - pin: note
      to: contact
    - log: other
      on: [company, contact]
      set: {hs_note_body: B}
"""
    found = checking.unreachable(account.load(CONTACT + steps))
    assert [str(each).replace(f"{account.folder}/", "") for each in found] == [
        "shop.yaml:13: `when` is never true, so 'company' never runs; "
        "correct the condition, or remove the step",
        "shop.yaml:14: 'note' never runs, since 'company' (shop.yaml:10) never does; "
        "refer to another step, or remove it",
        "shop.yaml:17: 'pin note to contact' never runs, since 'note' (shop.yaml:14) never does; "
        "refer to another step, or remove it",
    ]


def test_a_step_that_is_switched_off_is_told_with_what_refers_to_it(account: Account) -> None:
    steps = "    - find: company\n      key: {domain: a}\n      when: false\n"
    with pytest.raises(SourceError) as caught:
        account.load(CONTACT + steps + "    - associate: [contact, company]\n")
    assert [each.replace(f"{account.folder}/", "") for each in caught.value.faults] == [
        "shop.yaml:12: this step never runs; remove it",
        "shop.yaml:13: 'company' (shop.yaml:10) never runs, so it is never there for this step; "
        "refer to another step",
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("  '*':\n" + CONTACT + "default:\n" + CONTACT, "`default` is never reached"),
        ("ignore: [{when: true}]\n", "this ignores every event"),
        ("ignore: [{when: '{{ 1 > 2 }}'}]\n", "this ignores nothing"),
        ("ignore: [{when: '{{ body.test }}'}]\n", None),
    ],
)
def test_what_another_part_of_the_file_takes_is_told(
    account: Account, more: str, told: str | None
) -> None:
    found = [str(each) for each in checking.unreachable(account.load(CONTACT + more))]
    assert len(found) == (0 if told is None else 1)
    assert told is None or told in found[0]


@pytest.mark.parametrize("name", sources.shipped())
def test_every_step_of_what_is_shipped_can_be_reached(name: str) -> None:
    assert checking.unreachable(sources.load(name)) == []
