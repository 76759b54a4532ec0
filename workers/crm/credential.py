"""What a client shows of itself with each call."""

from dataclasses import dataclass, field
from typing import Protocol


class Credential(Protocol):
    """Whoever knows the token of the moment; asked by many threads at the same time."""

    def shown(self) -> str:
        """Return the token to show. Raises Refused and Retryable if there is none now."""

    def refused(self, token: str) -> bool:
        """Take note that `token` was answered 401; return True if there is another by now."""


@dataclass(frozen=True, slots=True)
class Given:
    """A token that stays as it is."""

    token: str = field(repr=False)

    def shown(self) -> str:
        """Return the token."""
        return self.token

    def refused(self, token: str) -> bool:  # noqa: ARG002 (it is the only one)
        """Return False: there is no other."""
        return False
