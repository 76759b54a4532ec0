"""Which record holds which unique value. A contact's further addresses count with the first."""

from collections.abc import Iterator, Mapping

from app.sandbox.catalogue import ObjectType
from app.sandbox.model import Record

CONTACT, EMAIL, MORE_EMAILS = "0-1", "email", "hs_additional_emails"


class UniqueValues:
    """The unique values of an account, each with the id of its holder."""

    def __init__(self) -> None:
        self._holders: dict[tuple[str, str], dict[str, str]] = {}  # by type and property

    def clear(self) -> None:
        """Forget them all."""
        self._holders.clear()

    def holder(self, kind: ObjectType, name: str, value: str) -> str | None:
        """Return the id of the record that has a value, None if it is free."""
        return self._holders.get((kind.id, name), {}).get(value)

    def keep(self, kind: ObjectType, record: Record) -> None:
        """Note the unique values of a record."""
        for name, value in claims(kind, record.properties):
            self._holders.setdefault((kind.id, name), {}).setdefault(value, record.id)

    def free(self, kind: ObjectType, record: Record) -> None:
        """Let others have the unique values of a record."""
        for name, value in claims(kind, record.properties):
            table = self._holders.get((kind.id, name), {})
            if table.get(value) == record.id:
                del table[value]


def concerns(kind: ObjectType, values: Mapping[str, str]) -> bool:
    """Return True if what is written may change who holds what."""
    return any(
        name == MORE_EMAILS or ((found := kind.properties.get(name)) is not None and found.unique)
        for name in values
    )


def claims(kind: ObjectType, properties: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield what no two records may have: the property that a value is unique in, and the value."""
    for name, value in properties.items():  # a record has few, its type has hundreds
        if value and (definition := kind.properties.get(name)) is not None and definition.unique:
            yield name, value
    if kind.id == CONTACT:
        for value in properties.get(MORE_EMAILS, "").split(";"):
            if value:
                yield EMAIL, value
