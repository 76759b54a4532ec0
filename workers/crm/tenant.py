"""Answers about the account → owners, what is activated, usage, tokens. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from workers.crm.rows import Reply
from workers.crm.shapes import items, mapping, optional, text, texts, whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Somebody, or a queue, that records can belong to."""

    id: str
    type: str
    email: str
    first_name: str
    last_name: str
    user_id: str | None
    archived: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The account itself."""

    portal_id: str
    type: str
    time_zone: str
    currency: str
    ui_domain: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a daily limit is used."""

    name: str
    limit: int | None
    used: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An access token, and what renews it."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    expires_in_s: int
    hub_id: str = ""  # of the account it is for; "" where the answer does not say
    scopes: tuple[str, ...] = ()  # that were granted; none where the answer does not say


def owners(reply: Reply) -> tuple[Owner, ...]:
    """Return a page of owners."""
    return tuple(_owner(item) for item in _results(reply))


def owner(reply: Reply) -> Owner:
    """Return the one owner of an answer."""
    return _owner(mapping(reply.body))


def enablement(reply: Reply) -> dict[str, bool]:
    """Return which object types, by id, are activated; those not named need no activation."""
    named = mapping(mapping(reply.body).get("enablementByObjectTypeId"))
    return {type_id: value is True for type_id, value in named.items()}


def enabled(reply: Reply) -> bool:
    """Return True if the object type that was asked about is activated."""
    return mapping(reply.body).get("enablement") is True


def account(reply: Reply) -> Account:
    """Return the account's own details."""
    body = mapping(reply.body)
    return Account(
        portal_id=text(body.get("portalId")),
        type=text(body.get("accountType")),
        time_zone=text(body.get("timeZone")),
        currency=text(body.get("companyCurrency")),
        ui_domain=text(body.get("uiDomain")),
    )


def usage(reply: Reply) -> tuple[Usage, ...]:
    """Return how much of each daily limit is used."""
    return tuple(
        Usage(
            name=text(item.get("name")),
            limit=whole(item.get("usageLimit")),
            used=whole(item.get("currentUsage")),
        )
        for item in _results(reply)
    )


def token(reply: Reply) -> Token:
    """Return the access token of an exchange or refresh."""
    body = mapping(reply.body)
    return Token(
        access_token=text(body.get("access_token")),
        refresh_token=text(body.get("refresh_token")),
        expires_in_s=whole(body.get("expires_in")) or 0,
        hub_id=text(body.get("hub_id")),
        scopes=texts(body.get("scopes")),
    )


def _results(reply: Reply) -> list[Mapping[str, object]]:
    return items(mapping(reply.body).get("results"))


def _owner(item: Mapping[str, object]) -> Owner:
    return Owner(
        id=text(item.get("id")),
        type=text(item.get("type")),
        email=text(item.get("email")),
        first_name=text(item.get("firstName")),
        last_name=text(item.get("lastName")),
        user_id=optional(item.get("userId")),
        archived=item.get("archived") is True,
    )
