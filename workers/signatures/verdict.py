"""What the verifier says about a request."""

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why a request was believed, or not."""

    VERIFIED = "verified"
    UNSIGNED = "unsigned"  # the scheme asks for no proof
    NO_SECRET = "no_secret"  # noqa: S105
    MISSING = "missing"
    UNSUPPORTED = "unsupported"
    MALFORMED = "malformed"
    DOUBLED = "doubled"
    MISMATCH = "mismatch"
    STALE = "stale"
    FUTURE = "future"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a request is believed, and why; `secret_index` is the secret that proved it."""

    ok: bool
    reason: Reason
    detail: str  # for a person; never holds a secret or a signature
    secret_index: int | None = None


class Refused(Exception):
    """Raised inside the verifier, with the verdict that it comes to."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.verdict = Verdict(ok=False, reason=reason, detail=detail)
        super().__init__(detail)
