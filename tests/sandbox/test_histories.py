"""Any history of calls leaves the sandbox as a plain model of it says."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.sandbox.account import Account

PIN = "hs_pinned_engagement_id"
CONTACTS = "/crm/v3/objects/contacts"
EMAILS = [f"{name}@example.org" for name in ("ann", "bea", "cid", "dan")]
emails = st.sampled_from(EMAILS)
names = st.sampled_from(["Ann", "Bea", "Cid", ""])


@dataclass(slots=True)
class Contact:
    """What is known of a contact."""

    email: str
    firstname: str = ""
    pin: str = ""
    notes: set[str] = field(default_factory=set)
    archived: bool = False


class History(RuleBasedStateMachine):
    """Contacts and notes: creates, upserts, associations, pins, archives, restores, reads."""

    account: Account
    contacts = Bundle("contacts")
    notes = Bundle("notes")

    def __init__(self) -> None:
        super().__init__()
        self.account.control("reset")
        self.model: dict[str, Contact] = {}
        self.note_ids: set[str] = set()

    def holder(self, email: str) -> str | None:
        """Return who has an address, by the model."""
        return next(
            (id for id, each in self.model.items() if each.email == email and not each.archived),
            None,
        )

    @rule(target=contacts, email=emails, firstname=names)
    def create(self, email: str, firstname: str) -> str:
        """Create a contact, or learn who has the address."""
        holder = self.holder(email)
        answer = self.account.call(
            "POST", CONTACTS, {"properties": {"email": email, "firstname": firstname}}
        )
        if holder is not None:
            assert answer.status_code == 409
            assert answer.json()["message"].endswith(f"Existing ID: {holder}")
            return holder
        assert answer.status_code == 201
        made = str(answer.json()["id"])
        assert made not in self.model
        self.model[made] = Contact(email=email, firstname=firstname)
        return made

    @rule(chosen=st.lists(emails, min_size=1, max_size=3, unique=True), firstname=names)
    def upsert(self, chosen: list[str], firstname: str) -> None:
        """Upsert contacts by their addresses."""
        inputs = [
            {"id": email.upper(), "idProperty": "email", "properties": {"firstname": firstname}}
            for email in chosen
        ]
        said = self.account.done("POST", f"{CONTACTS}/batch/upsert", {"inputs": inputs}, status=200)
        by_email = {row["properties"]["email"]: row for row in said["results"]}
        assert set(by_email) == set(chosen)
        for email in chosen:
            row, holder = by_email[email], self.holder(email)
            assert row["new"] is (holder is None)
            if holder is None:
                self.model[row["id"]] = Contact(email=email, firstname=firstname)
            else:
                assert row["id"] == holder
                self.model[holder].firstname = firstname

    @rule(target=notes)
    def write_note(self) -> str:
        """Create a note that belongs to nobody."""
        made = self.account.note()
        self.note_ids.add(made)
        return made

    @rule(contact=contacts, note=notes)
    def associate(self, contact: str, note: str) -> None:
        """Associate a note with a contact."""
        path = f"/crm/v4/objects/contacts/{contact}/associations/default/notes/{note}"
        answer = self.account.call("PUT", path)
        if self.model[contact].archived:
            assert answer.status_code == 404
            return
        assert answer.status_code == 200
        self.model[contact].notes.add(note)

    @rule(contact=contacts, note=notes)
    def dissociate(self, contact: str, note: str) -> None:
        """Take a note away from a contact."""
        path = f"/crm/v4/objects/contacts/{contact}/associations/notes/{note}"
        answer = self.account.call("DELETE", path)
        if self.model[contact].archived:
            assert answer.status_code == 404
            return
        assert answer.status_code == 204
        self.model[contact].notes.discard(note)

    @rule(contact=contacts, note=notes)
    def pin(self, contact: str, note: str) -> None:
        """Pin a note: only one that is associated is taken."""
        body = {"properties": {PIN: note}}
        answer = self.account.call("PATCH", f"{CONTACTS}/{contact}", body)
        known = self.model[contact]
        if known.archived:
            assert answer.status_code == 404
        elif note in known.notes:
            assert answer.status_code == 200
            known.pin = note
        else:
            assert answer.status_code == 400

    @rule(contact=contacts)
    def archive(self, contact: str) -> None:
        """Put a contact into the recycle bin."""
        self.account.done("DELETE", f"{CONTACTS}/{contact}", status=204)
        self.model[contact].archived = True

    @rule(contact=contacts)
    def restore(self, contact: str) -> None:
        """Take a contact out again, unless somebody else has its address by now."""
        known = self.model[contact]
        if known.archived and self.holder(known.email) is None:
            self.account.control(f"restore/contacts/{contact}")
            known.archived = False

    @invariant()
    def every_record_is_as_the_model_has_it(self) -> None:
        """Compare everything that can be read."""
        query: dict[str, object] = {
            "properties": f"email,firstname,{PIN}",
            "associations": "notes",
            "limit": 100,
        }
        for archived in (False, True):
            rows = self.account.done("GET", CONTACTS, status=200, archived=archived, **query)
            found = {row["id"]: row for row in rows["results"]}
            known = {id: each for id, each in self.model.items() if each.archived is archived}
            assert set(found) == set(known)
            for id, each in known.items():
                properties = found[id]["properties"]
                assert properties["email"] == each.email
                assert properties.get("firstname", "") == each.firstname
                assert properties.get(PIN, "") == each.pin
                if not archived:
                    linked = found[id].get("associations", {}).get("notes", {"results": []})
                    assert {row["id"] for row in linked["results"]} == each.notes

    @invariant()
    def associations_are_seen_from_both_ends(self) -> None:
        """Compare the contacts of each note."""
        rows = self.account.done(
            "GET", "/crm/v3/objects/notes", status=200, associations="contacts", limit=100
        )["results"]
        assert {row["id"] for row in rows} == self.note_ids
        for row in rows:
            linked = row.get("associations", {}).get("contacts", {"results": []})
            assert {each["id"] for each in linked["results"]} == {
                id
                for id, each in self.model.items()
                if row["id"] in each.notes and not each.archived
            }


def test_any_history_ends_as_the_model_says(account: Account) -> None:
    machine = type("OneHistory", (History,), {"account": account})
    chosen = settings(max_examples=40, stateful_step_count=25, deadline=None)
    run_state_machine_as_test(machine, settings=chosen)
