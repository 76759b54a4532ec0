"""Forgetting a person: telling what would go, taking it out of the store, asking the CRM.

Nothing that is returned or kept says the address: it came with the question, and whoever asked
knows it. What brokers, back-ups and captured samples hold is not looked at here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from app.desk import Desk
from app.desk.refusals import Misasked
from workers.crm.calls import Api
from workers.errors import StoreDown
from workers.filters.addresses import email as bare
from workers.forgetting import NotDeleted, Recollection, delete, pseudonym

LONGEST = 254  # characters of an address
WAITING = "waiting"
IN_FILE = "the store's file may hold what was erased until it is written anew"


class Crm(StrEnum):
    """What became of the wish that the CRM deletes a person for good."""

    DELETED = "deleted"
    REFUSED = "refused"
    NOT_ASKED = "not asked"  # it could not be reached, or may not be asked
    KEPT = "kept"  # as it was wished


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedEvent:
    """An event about the person."""

    id: str
    type: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRow:
    """What a portal's part of the store has, or had, of the person."""

    portal: str
    contacts: tuple[str, ...]  # ids of records in the CRM, also of those that it owes us to delete
    events: tuple[NamedEvent, ...]
    calls: int
    identities: int
    crm: Crm | None = None  # None: nothing was done

    @property
    def nothing(self) -> bool:
        """True if there is nothing of the person here."""
        return not (self.contacts or self.events or self.calls or self.identities)

    @property
    def states(self) -> tuple[tuple[str, int], ...]:
        """How many of the events stand how."""
        found = [each.state for each in self.events]
        return tuple((state, found.count(state)) for state in sorted(set(found)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    """What there is of a person, or was: `who` is how the trail calls him."""

    who: str
    done: bool  # False: this is only what would go
    portals: tuple[PersonRow, ...]
    faults: tuple[str, ...] = ()  # what is left to do, and why

    @property
    def nothing(self) -> bool:
        """True if there is nothing of the person in the store."""
        return all(each.nothing for each in self.portals)


def address(text: str) -> str:
    """Return the address as it is kept. Raises Misasked for what is none."""
    found = bare(text[: LONGEST + 1])
    if "@" not in found.strip("@") or len(found) > LONGEST:
        raise Misasked("email: is no e-mail address; give the one that the contact has")
    return found


def look(desk: Desk, email: str, *, portals: Sequence[str]) -> PersonPage:
    """Return what would go; changes nothing. Raises Misasked."""
    email = address(email)
    who = pseudonym(desk.store, email)
    rows = (
        _row(desk.runtime.recollect(name, email), owed=desk.store.owed(name, who))
        for name in portals
    )
    return PersonPage(who=who, done=False, portals=tuple(rows))


def forget(desk: Desk, email: str, *, portals: Sequence[str], keep_crm: bool = False) -> PersonPage:
    """Erase the person, and ask the CRM's GDPR delete unless it is to keep him. Raises Misasked.

    What could not be done is among the faults. To say it again does no harm, and goes on with that.
    """
    email = address(email)
    who = pseudonym(desk.store, email)
    rows: list[PersonRow] = []
    faults: list[str] = []
    for name in portals:
        found = desk.runtime.forget(name, email, owe="" if keep_crm else who)
        owed = desk.store.owed(name, who)
        crm = Crm.KEPT if keep_crm else _delete(desk, name, email, owed, faults)
        if crm is Crm.DELETED:
            desk.store.owe(name, who, ())
        rows.append(_row(found, owed=owed, crm=crm))
    faults += _rewrite(desk)
    return PersonPage(who=who, done=True, portals=tuple(rows), faults=tuple(faults))


def deeds(page: PersonPage) -> list[tuple[str, dict[str, str]]]:
    """Return what the trail keeps: on whom, and the details."""
    return [
        (
            f"{page.who} in {each.portal}",
            {
                "events": str(len(each.events)),
                "calls": str(each.calls),
                "crm": each.crm.value if each.crm else "",
            },
        )
        for each in page.portals
    ]


def _delete(desk: Desk, portal: str, email: str, contacts: Sequence[str], faults: list[str]) -> Crm:
    api = Api(desk.settings.portals[portal].api)
    try:
        delete(api, email=email, contacts=contacts, ask=partial(desk.runtime.ask, portal))
    except NotDeleted as error:
        why = str(error).replace(email, "the address")
        faults.append(
            f"portal {portal}: {why}; the store has forgotten. Say the same again for the CRM"
        )
        return Crm.REFUSED if error.refused else Crm.NOT_ASKED
    return Crm.DELETED


def _rewrite(desk: Desk) -> list[str]:
    try:
        begun = desk.runtime.rewrite_files()
    except StoreDown as error:
        return [f"{IN_FILE}: {error}"]
    return [] if begun else [f"{IN_FILE}: it is being written; say the same again later"]


def _row(found: Recollection, *, owed: Sequence[str], crm: Crm | None = None) -> PersonRow:
    return PersonRow(
        portal=found.portal,
        contacts=tuple(sorted({*found.contacts, *owed})),
        events=tuple(
            NamedEvent(
                id=each.event.id,
                type=each.event.type,
                state=WAITING if each.standing is None else each.standing.state.value,
            )
            for each in found.events
        ),
        calls=len(found.calls),
        identities=len(found.keys),
        crm=crm,
    )
