"""Association types: HubSpot's own, the labels of an account, the defaults of custom objects."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources

import orjson

from app.sandbox.errors import ApiError, unset

HUBSPOT, OURS = "HUBSPOT_DEFINED", "USER_DEFINED"
MOST_LABELS = 50  # of an account's own, for one pair of object types

TypeKey = tuple[str, int]  # category and type id; the id alone is not unique


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkType:
    """One direction of an association type."""

    from_type: str
    to_type: str
    type_id: int
    inverse_id: int
    label: str | None
    kind: str  # unlabelled, primary, label, …
    name: str
    category: str = HUBSPOT

    @property
    def key(self) -> TypeKey:
        """What names the type in a request."""
        return (self.category, self.type_id)


@cache
def hubspot_types() -> tuple[LinkType, ...]:
    """Return HubSpot's own association types."""
    text = resources.files("app.sandbox").joinpath("data/association_types.json").read_bytes()
    return tuple(
        LinkType(
            from_type=from_type,
            to_type=to_type,
            type_id=type_id,
            inverse_id=inverse_id,
            label=label,
            kind=kind,
            name=name,
        )
        for from_type, to_type, type_id, inverse_id, label, kind, name in orjson.loads(text)
    )


@cache
def _by_id() -> dict[int, LinkType]:
    return {each.type_id: each for each in hubspot_types()}


class LinkTypes:
    """The association types of an account: HubSpot's, and its own labels."""

    def __init__(self) -> None:
        self.labels: list[LinkType] = []
        self._of_pair: dict[tuple[str, str], dict[TypeKey, LinkType]] = {}

    def __getstate__(self) -> list[LinkType]:
        return self.labels

    def __setstate__(self, labels: list[LinkType]) -> None:
        self.labels, self._of_pair = labels, {}

    def between(self, from_type: str, to_type: str) -> dict[TypeKey, LinkType]:
        """Return the association types from one object type to another, by category and id."""
        pair = (from_type, to_type)
        found = self._of_pair.get(pair)
        if found is None:
            every = (*hubspot_types(), *self.labels)
            found = {t.key: t for t in every if (t.from_type, t.to_type) == pair}
            if not any(t.kind == "unlabelled" for t in found.values()):
                made = _default_of_custom(from_type, to_type)
                if made is not None:
                    found[made.key] = made
            self._of_pair[pair] = found
        return found

    def default(self, from_type: str, to_type: str) -> LinkType:
        """Return the unlabelled type of a pair. Raises ApiError if the pair has none."""
        for link in self.between(from_type, to_type).values():
            if link.kind == "unlabelled":
                return link
        raise ApiError(400, f"No default association type from {from_type} to {to_type}.")

    def primary(self, from_type: str, to_type: str) -> LinkType | None:
        """Return the type that makes a company the primary one, None if the pair has none."""
        found = self.between(from_type, to_type).values()
        return next((link for link in found if link.kind == "primary"), None)

    def named(self, from_type: str, to_type: str, name: str) -> LinkType:
        """Return a type by its number or its old snake-case name. Raises ApiError."""
        for link in self.between(from_type, to_type).values():
            if name in (str(link.type_id), link.name):
                return link
        if name.isdecimal():
            raise _wrong_direction(from_type, int(name))
        raise ApiError(400, f"{name} is not an association type of {from_type} and {to_type}.")

    def checked(self, from_type: str, to_type: str, keys: Iterable[TypeKey]) -> list[LinkType]:
        """Return the types of an association. Raises ApiError for one in the wrong direction."""
        found = self.between(from_type, to_type)
        types = []
        for key in keys:
            if key not in found:
                raise _wrong_direction(from_type, key[1])
            types.append(found[key])
        return types

    def target(self, from_type: str, keys: Sequence[TypeKey], *, known: Iterable[str]) -> str:
        """Return the id of the object type, one of `known`, that association types lead to.

        Raises ApiError if there is none.
        """
        if not keys:
            raise unset("types")
        category, type_id = keys[0]
        if category == HUBSPOT:
            link = _by_id().get(type_id)
            if link is not None and link.from_type == from_type:
                return link.to_type
        for to_type in known:
            if keys[0] in self.between(from_type, to_type):
                return to_type
        raise _wrong_direction(from_type, type_id)

    # Labels of the account's own

    def add_label(
        self, from_type: str, to_type: str, *, name: str, label: str, inverse: str | None
    ) -> list[LinkType]:
        """Add a label, paired if `inverse` is given; return both directions. Raises ApiError."""
        own = [t for t in self.labels if (t.from_type, t.to_type) == (from_type, to_type)]
        if any(each.name == name for each in own):
            raise ApiError(
                409, f"A label named {name} already exists.", category="OBJECT_ALREADY_EXISTS"
            )
        if len(own) >= MOST_LABELS:
            raise ApiError(400, f"At most {MOST_LABELS} labels between {from_type} and {to_type}.")
        type_id = 1 + max((each.type_id for each in self.labels), default=0)
        both_ways = from_type == to_type and inverse is None
        made = LinkType(
            from_type=from_type,
            to_type=to_type,
            type_id=type_id,
            inverse_id=type_id if both_ways else type_id + 1,
            label=label,
            kind="label",
            name=name,
            category=OURS,
        )
        back = replace(
            made,
            from_type=to_type,
            to_type=from_type,
            type_id=made.inverse_id,
            inverse_id=type_id,
            label=inverse or label,
        )
        added = [made] if both_ways else [made, back]
        self.labels += added
        self._of_pair.clear()
        return added

    def rename_label(
        self, from_type: str, to_type: str, type_id: int, *, label: str, inverse: str | None
    ) -> None:
        """Give a label another text. Raises the 404 if there is none."""
        own = self._label(from_type, to_type, type_id)
        renamed = []
        for each in self.labels:
            if each is own:
                renamed.append(replace(each, label=label))
            elif inverse and each.type_id == own.inverse_id:
                renamed.append(replace(each, label=inverse))
            else:
                renamed.append(each)
        self.labels = renamed
        self._of_pair.clear()

    def drop_label(self, from_type: str, to_type: str, type_id: int) -> set[int]:
        """Take a label away; return the ids it had. Raises the 404 if there is none."""
        own = self._label(from_type, to_type, type_id)
        gone = {own.type_id, own.inverse_id}
        self.labels = [each for each in self.labels if each.type_id not in gone]
        self._of_pair.clear()
        return gone

    def _label(self, from_type: str, to_type: str, type_id: int) -> LinkType:
        for each in self.labels:
            if (each.from_type, each.to_type, each.type_id) == (from_type, to_type, type_id):
                return each
        raise ApiError(404, f"There is no label {type_id}.", category="OBJECT_NOT_FOUND")


def _wrong_direction(from_type: str, type_id: int) -> ApiError:
    link = _by_id().get(type_id)
    return ApiError(
        400,
        f"invalid from object type {from_type} for associations to be created. "
        f"expected: {link.from_type if link else 'unknown'}. For definition 0-{type_id}",
    )


def _default_of_custom(from_type: str, to_type: str) -> LinkType | None:
    """Return the unlabelled type that an account makes for a pair with a custom object."""
    if not (from_type.startswith("2-") or to_type.startswith("2-")):
        return None
    one, two = (int(each.partition("-")[2]) for each in (from_type, to_type))
    return LinkType(
        from_type=from_type,
        to_type=to_type,
        type_id=900_000 + (one * 1009 + two) % 90_000,
        inverse_id=900_000 + (two * 1009 + one) % 90_000,
        label=None,
        kind="unlabelled",
        name=f"{from_type}_to_{to_type}",
        category=OURS,
    )
