"""What must be true at the end, judged by the accepted events and the CRM's records alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from app.cli.wire import ask

Body = Mapping[str, object]


def records(crm: str, *, timeout_s: float = 30) -> dict[str, list[dict[str, Any]]]:
    """Every record of the CRM that is not archived, by type."""
    found = ask(f"{crm}/_sandbox/records", timeout_s=timeout_s).json()
    assert isinstance(found, dict)
    return {name: [each for each in rows if not each["archived"]] for name, rows in found.items()}


def audit(crm: str, accepted: Iterable[Body]) -> list[str]:
    """Return everything that is lost, doubled or wrong; nothing is the good answer."""
    return judged(records(crm), accepted)


def judged(held: Mapping[str, list[dict[str, Any]]], accepted: Iterable[Body]) -> list[str]:
    """Return what is lost, doubled or wrong among the records of a CRM."""
    accepted = list(accepted)
    contacts = {each["id"]: each for each in held.get("contacts", [])}
    faults: list[str] = []
    emails = Counter(each["properties"].get("email", "") for each in contacts.values())
    faults += [f"{n} contacts of {email}" for email, n in emails.items() if n > 1]
    for kind, name, type_ in (
        ("notes", "hs_note_body", "visited"),
        ("deals", "dealname", "bought"),
    ):
        made: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for each in held.get(kind, []):
            made[each["properties"][name]].append(each)
        for body in accepted:
            if body["type"] == type_:
                faults += _once(kind, body, made.pop(str(body["id"]), []), contacts)
        faults += [f"{kind}: {id} was never accepted" for id in made]
    faults += _newest(accepted, contacts, held)
    return faults


def _once(
    kind: str, body: Body, found: list[dict[str, Any]], contacts: Mapping[str, dict[str, Any]]
) -> list[str]:
    if len(found) != 1:
        return [f"{kind}: {body['id']} is there {len(found)} times"]
    on = [
        contacts[link["id"]]["properties"]["email"]
        for link in found[0]["associations"]
        if link["to"] == "contacts"
    ]
    return [] if on == [body["email"]] else [f"{kind}: {body['id']} is on {on}"]


def _newest(
    accepted: list[Body],
    contacts: Mapping[str, dict[str, Any]],
    held: Mapping[str, list[dict[str, Any]]],
) -> list[str]:
    """Return the contacts whose name or pin is not that of their newest visit."""
    notes = {each["id"]: each["properties"]["hs_note_body"] for each in held.get("notes", [])}
    people = {each["properties"]["email"]: each["properties"] for each in contacts.values()}
    newest: dict[str, tuple[float, str]] = {}
    for body in accepted:
        if body["type"] == "visited":
            email, stamp = str(body["email"]), (float(str(body["at"])), str(body["id"]))
            newest[email] = max(newest.get(email, stamp), stamp)
    faults = []
    for email, (_, id) in newest.items():
        person = people.get(email, {})
        pinned = notes.get(person.get("hs_pinned_engagement_id", ""))
        if (person.get("firstname"), pinned) != (id, id):
            faults.append(f"{email}: name {person.get('firstname')}, pin {pinned}, not {id}")
    return faults
