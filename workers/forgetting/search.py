"""Forgetting a person: what is kept of one in a portal, and taking it out.

What is found by the address leads to the ids of the person's contacts, and these to the events that
never said the address. An event that names the person goes whole, whoever else it is about.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from workers.changes import Change, Create, Keyed, Numbered, Update, Upsert
from workers.events import Event
from workers.knowledge import RecordId, identity, operation_key
from workers.marks import ERASED, Marks
from workers.objects import canonical
from workers.outcomes import EventState, State
from workers.plan.jobs import Job, targets
from workers.plan.requirements import identities
from workers.sources import Source
from workers.store import Standing, Store
from workers.store.keys import portal_key, split_event_id
from workers.translate import translate

CONTACTS = "contacts"
CHUNK = 200
ACTIVITIES = frozenset(
    ("notes", "calls", "communications", "emails", "meetings", "postal_mail", "tasks")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """An event about the person, and where it stands."""

    event: Event
    standing: Standing | None

    @property
    def records(self) -> Iterator[tuple[str, RecordId]]:
        """Each record that it wrote, by the step."""
        for outcome in self.standing.outcomes if self.standing else ():
            object_type, slash, id = outcome.record.partition("/")
            if slash and outcome.state is not State.UNKNOWN:
                yield outcome.step, (object_type, id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recollection:
    """What a portal's part of the store has of a person."""

    portal: str
    contacts: tuple[str, ...]  # the ids of the person's records in the CRM
    events: tuple[Known, ...]
    calls: tuple[str, ...]
    keys: tuple[str, ...]  # by which records of the person are known

    @property
    def nothing(self) -> bool:
        """True if there is nothing to take out."""
        return not (self.contacts or self.events or self.calls or self.keys)


@dataclass(slots=True, kw_only=True)
class Search:
    """Looks for one person in one portal."""

    store: Store
    sources: Mapping[str, Source]
    portal: str
    email: str
    _changes: dict[str, Sequence[Change]] = field(default_factory=dict)

    def recollection(self) -> Recollection:
        """Return what there is. Raises Locked if a part of it cannot be read."""
        marks = Marks(self.email)
        by_address = list(self._known(lambda event: _says(marks, event)))
        contacts = self._contacts(by_address)
        wanted = {(CONTACTS, id) for id in contacts}
        events = {each.event.id: each for each in by_address}
        for each in self._known(lambda event: event.id not in events):
            if self._is_about(each, wanted, marks):
                events[each.event.id] = each
        found = tuple(events[id] for id in sorted(events))
        named = marks.also(self._names(found, contacts))
        calls = [
            id for id, call in self.store.every_call(self.portal) if _without(named, call) != call
        ]
        keys = self.store.identities_of(self.portal, [*wanted, *_activities(found)])
        abouts = self.store.about_keys(self.portal, (self.email, *contacts))
        return Recollection(
            portal=self.portal,
            contacts=contacts,
            events=found,
            calls=tuple(calls),
            keys=tuple(sorted({*keys, *self._own_key(), *self.store.present(abouts)})),
        )

    def erase(self, found: Recollection, *, fence: int, check: Callable[[], None]) -> None:
        """Take out what was found. Raises LeaseLost; what is left then is found again."""
        marks = Marks(self.email).also(self._names(found.events, found.contacts))
        for id, call in self.store.every_call(self.portal):
            erased = _without(marks, call)
            if erased != call:
                check()
                self.store.rewrite_call(self.portal, id, erased)
        contacts = [(CONTACTS, id) for id in found.contacts]
        self.store.forget_clocks(
            self.portal,
            [*contacts, *_activities(found.events)],
            also=self._clocks_that_tell(found, marks),
        )
        self.store.forget_keys([*found.keys, *self._intents(found)])
        for each in found.events:
            self.store.erase_event(each.event, unseen=each.standing is None, fence=fence)
        members = [split_event_id(each.event.id)[1] for each in found.events]
        self.store.unlist(self.portal, members)
        self.store.reword_chores(self.portal, marks.in_text, instead=ERASED)

    # Which events

    def _known(self, wanted: Callable[[Event], bool]) -> Iterator[Known]:
        chunk: list[Event] = []
        for event in self.store.every_event(self.portal):
            if wanted(event):
                chunk.append(event)
            if len(chunk) == CHUNK:
                yield from self._standing(chunk)
                chunk = []
        yield from self._standing(chunk)

    def _standing(self, events: Sequence[Event]) -> Iterator[Known]:
        standings = self.store.standings(events)
        for event in events:
            yield Known(event=event, standing=standings.get(event.id))

    def _is_about(self, known: Known, wanted: set[RecordId], marks: Marks) -> bool:
        """Return True if an event whose body does not say the address is about the person.

        It wrote or names one of the records; or only its mapping finds the address, in Base64, say;
        or the CRM's words do.
        """
        if any(record in wanted for _, record in known.records):
            return True
        standing = known.standing
        if standing is not None:
            reasons = (standing.reason, *(each.reason for each in standing.outcomes))
            if any(map(marks.in_text, reasons)):
                return True
            if standing.state is EventState.DONE:
                return False  # it wrote others
        changes = self._asked(known.event, kept=False)
        if any(self._is_own(change) for change in changes):
            return True
        named = [each for change in changes for each in targets(change)]
        if any(
            (canonical(each.object_type), each.id) in wanted
            for each in named
            if isinstance(each, Numbered)
        ):
            return True
        keys = identities([Job(event=known.event, changes=changes)])
        ids, _ = self.store.ids(self.portal, keys)
        return any((key.object_type, id) in wanted for key, id in ids.items())

    # Whose records

    def _contacts(self, events: Sequence[Known]) -> tuple[str, ...]:
        """Return the ids of the contacts with the address, as kept and as the events wrote them."""
        own = self._own()
        ids, _ = self.store.ids(self.portal, [own])
        found = set(ids.values())
        for each in events:
            steps = {change.name for change in self._asked(each.event) if self._is_own(change)}
            found |= {
                id
                for step, (object_type, id) in each.records
                if step in steps and object_type == CONTACTS
            }
        return tuple(sorted(found))

    def _is_own(self, change: Change) -> bool:
        """Return True if a change writes a contact that has the address."""
        match change:
            case Upsert():
                return identity(change.key) == self._own() or (
                    canonical(change.key.object_type) == CONTACTS and self._has(change.properties)
                )
            case Create():
                return canonical(change.object_type) == CONTACTS and self._has(change.properties)
            case Update():
                target = change.target
                if isinstance(target, Keyed):
                    return identity(target) == self._own() or self._has(change.properties)
                return self._has(change.properties)
            case _:
                return False

    def _has(self, properties: Mapping[str, str]) -> bool:
        return properties.get("email", "").strip().lower() == self.email

    def _own(self) -> Keyed:
        return Keyed(object_type=CONTACTS, property="email", value=self.email)

    def _own_key(self) -> list[str]:
        return self.store.present(self.store.identity_keys(self.portal, [self._own()]))

    def _names(self, events: Sequence[Known], contacts: Sequence[str]) -> set[str]:
        """Return what calls name the person's records and their inputs by."""
        names = set(contacts)
        wanted = {(CONTACTS, id) for id in contacts}
        for each in events:
            changes = self._asked(each.event)
            names |= {operation_key(each.event.key, change.name) for change in changes}
            names |= {id for _, (object_type, id) in each.records if object_type in ACTIVITIES}
            keys = identities([Job(event=each.event, changes=changes)])
            ids, _ = self.store.ids(self.portal, keys)
            names |= {key.value for key, id in ids.items() if (key.object_type, id) in wanted}
        return names

    def _intents(self, found: Recollection) -> list[str]:
        """Return under which keys it is noted what the events' creates made."""
        return [
            portal_key(self.portal, "intent", operation_key(each.event.key, change.name))
            for each in found.events
            for change in self._asked(each.event)
        ]

    def _clocks_that_tell(
        self, found: Recollection, marks: Marks
    ) -> Iterator[tuple[RecordId, str]]:
        """Give the clocks of others' records that name the person, as associated with them."""
        records = {record for each in found.events for _, record in each.records}
        wanted = {f"{CONTACTS}/{id}" for id in found.contacts}
        for record, clocks in self.store.clocks(self.portal, sorted(records)).items():
            for name, clock in clocks.items():
                if any(each in name for each in wanted) or marks.in_text(clock.encode()):
                    yield record, name

    def _asked(self, event: Event, *, kept: bool = True) -> Sequence[Change]:
        """Return the event's changes; none if its mapping cannot be applied to it.

        Of very many events they are not `kept` for the next time.
        """
        found = self._changes.get(event.id)
        if found is None:
            source = self.sources.get(event.endpoint)
            try:
                found = () if source is None else translate(event, source)
            except Exception:  # noqa: BLE001 (no fault of a mapping may keep a person in the store)
                found = ()
            if kept:
                self._changes[event.id] = found
        return found


def _says(marks: Marks, event: Event) -> bool:
    """Return True if the address stands in an event, or in what is about it."""
    about = (event.source_id, event.type, event.fault, *event.headers.values())
    return marks.in_bytes(event.body) or any(marks.in_text(each) for each in about)


def _activities(events: Sequence[Known]) -> list[RecordId]:
    """Return the activities that the events made."""
    found = {record for each in events for _, record in each.records if record[0] in ACTIVITIES}
    return sorted(found)


def _without(marks: Marks, call: dict[str, object]) -> dict[str, object]:
    """Return a call without what is the person's: inputs, and what the answer says of them."""
    body = call.get("body")
    inputs = body.get("inputs") if isinstance(body, dict) else None
    theirs = [each for each in inputs or () if isinstance(each, dict) and marks.about(each)]
    marks = marks.also(str(each.get("objectWriteTraceId") or "") for each in theirs)
    erased = marks.erased(call)
    if not isinstance(erased, dict) or erased == call:
        return call
    return {**erased, "error": ERASED if call.get("error") else ""}  # it may quote a value
