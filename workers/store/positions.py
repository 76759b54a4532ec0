"""Where a page ended: a place in the order of what is listed, and the cursor that says it."""

import base64
import binascii
from typing import NamedTuple

MOST_MS = 2**53
MOST_SEQUENCE = 2**64
MOST_LETTERS = 400


class Position(NamedTuple):
    """A row's place in a list; the greater is the newer, and no two rows share one."""

    at_ms: int  # when the event arrived, or came into the list
    sequence: int
    name: str  # PORTAL.LANE, or the event's id where many came at the same moment

    def cursor(self) -> str:
        """Return a text for a URL that names the place."""
        text = f"{self.at_ms}-{self.sequence}-{self.name}"
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def of(cls, cursor: str) -> "Position":
        """Return the place that `cursor` names. Raises ValueError for what is none of ours."""
        if len(cursor) > MOST_LETTERS:
            raise ValueError("too long")
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            at_ms, sequence, name = raw.decode().split("-", 2)
        except (binascii.Error, UnicodeDecodeError, ValueError) as error:
            raise ValueError(cursor) from error
        if not _whole(at_ms, MOST_MS) or not _whole(sequence, MOST_SEQUENCE) or "." not in name:
            raise ValueError(cursor)
        return cls(int(at_ms), int(sequence), name)


def _whole(text: str, most: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len(str(most)) and int(text) < most
