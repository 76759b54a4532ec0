"""Who asks, as this request found out."""

from dataclasses import dataclass
from datetime import datetime

from flask import g

from workers.store.people import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """A person with a session, or a program with a token."""

    name: str
    role: Role
    user: str  # himself, or who made the token; "" if that was the command line
    how: str  # "session", or "token ID"
    portal: str | None = None  # the only one that it sees; None: all
    must_change: bool = False  # may do nothing before the password is changed
    until: datetime | None = None

    @property
    def is_token(self) -> bool:
        """True for a program."""
        return self.how.startswith("token")

    def may(self, role: Role) -> bool:
        """Return True if this one has `role`."""
        return self.role.covers(role) and not self.must_change

    def sees(self, portal: str) -> bool:
        """Return True if this one may know of `portal`."""
        return self.portal in (None, portal)


def current() -> Who | None:
    """Return who asks; None for a stranger."""
    found: Who | None = g.get("who")
    return found


def named() -> str:
    """Return the name of whoever asks; "" for a stranger."""
    who = current()
    return "" if who is None else who.name
