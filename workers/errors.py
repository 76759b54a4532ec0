"""What can go wrong, sorted by what the caller should do next.

    HooklineError
    ├── Permanent             retrying cannot help: record it, park the event, move on
    │   ├── SettingsError     the process should not start
    │   ├── SourceError       a source or mapping file is wrong
    │   ├── MappingError      this event cannot be translated
    │   └── Refused           the CRM will not do this; `status` and `category` say why
    ├── Retryable             the same input may succeed later: `retry_after_s` says when
    │   ├── Throttled         a limit was reached: the whole portal waits
    │   ├── Unanswered        no answer came: the effect may or may not have happened
    │   ├── Unreachable       no connection could be made: the request certainly did not leave
    │   ├── StoreDown         the store cannot be reached, or cannot write
    │   │   └── Unfit         what is in it has a form that this version cannot work on
    │   ├── Locked            what is kept is sealed, and its key is not here
    │   ├── Full              too much waits already: nothing was kept
    │   └── Flooded           a sender is faster than its endpoint allows: nothing was kept
    └── LeaseLost             another writer owns the portal: stop at once, undo nothing

Anything else that escapes is a bug, and is logged as one.
"""

from collections.abc import Sequence


class HooklineError(Exception):
    """Raised for everything that Hookline can foresee."""


class Permanent(HooklineError):
    """Raised when the same input will never succeed."""


class Faults(Permanent):
    """Raised with every fault of a file at once, each as "place: what is wrong; what to do"."""

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


class SettingsError(Faults):
    """Raised when the configuration has faults; the process should not start."""


class SourceError(Faults):
    """Raised when a source or mapping file has faults."""


class MappingError(Permanent):
    """Raised when a mapping cannot be applied to this event; names file, line and reason."""


class Refused(Permanent):
    """Raised when the CRM answers that it will not do what was asked."""

    def __init__(
        self, message: str, *, status: int, category: str = "", body: object = None
    ) -> None:
        self.status = status
        self.category = category
        self.body = body
        super().__init__(message)


class Retryable(HooklineError):
    """Raised when the same input may succeed later, in `retry_after_s` seconds if that is known."""

    def __init__(self, message: str, *, retry_after_s: float | None = None) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class Throttled(Retryable):
    """Raised when a limit was reached; `policy` names it, and nothing should be sent until then."""

    def __init__(self, message: str, *, retry_after_s: float | None, policy: str) -> None:
        self.policy = policy
        super().__init__(message, retry_after_s=retry_after_s)


class Unanswered(Retryable):
    """Raised when the request may have reached the CRM and no usable answer came back."""


class Unreachable(Retryable):
    """Raised when no connection to the CRM could be made: the whole portal waits."""


class StoreDown(Retryable):
    """Raised when the store cannot be reached or cannot write; nothing was kept."""


class Unfit(StoreDown):
    """Raised when only another version may work on the store, or not this one yet."""


class Locked(Retryable):
    """Raised when what is kept is sealed with a key that this process was not given."""


class Full(Retryable):
    """Raised when a ceiling on what may wait is reached; nothing was kept."""


class Flooded(Retryable):
    """Raised when an endpoint gets more events a second than its `rate_per_s`; nothing was kept."""


class LeaseLost(HooklineError):
    """Raised when a write came under a fencing number that is no longer the newest."""
