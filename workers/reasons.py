"""A reason in words → its class, of a closed set: for counting and for logs. Pure.

The words may quote a value of somebody's; the class never does.
"""

import re
from enum import StrEnum


class Reason(StrEnum):
    """Why something came to what it came to."""

    NONE = "none"  # nothing stood in its way
    STALE = "stale"  # a newer event was there first
    PRESENT = "present"  # the CRM holds it already
    NOT_MAPPED = "not_mapped"
    NOT_WANTED = "not_wanted"  # the mapping's own conditions say so
    MAPPING = "mapping"  # the mapping cannot be applied to the event
    UNREADABLE = "unreadable"  # no event could be made of it
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    THROTTLED = "throttled"
    LOCKED = "locked"
    UNREACHABLE = "unreachable"
    UNANSWERED = "unanswered"
    CRM_FAULT = "crm_fault"
    NO_RECORD = "no_record"
    NO_PROPERTY = "no_property"
    NO_LABEL = "no_label"
    INVALID_VALUE = "invalid_value"
    CONFLICT = "conflict"
    LOST = "lost"  # what became of it cannot be known
    NOT_REACHED = "not_reached"  # the turn ended before
    NOT_CONFIGURED = "not_configured"
    BUG = "bug"
    OTHER = "other"


_ANSWER = re.compile(r"\b(?:GET|POST|PUT|PATCH|DELETE) /\S*: (\d{3})\b")
_STATUSES = {
    401: Reason.UNAUTHORIZED,
    403: Reason.FORBIDDEN,
    404: Reason.NO_RECORD,
    409: Reason.CONFLICT,
    423: Reason.LOCKED,
    429: Reason.THROTTLED,
}
_WORDS = tuple(  # the first that is found; those of ours before those of the CRM
    (re.compile(pattern, re.IGNORECASE), reason)
    for pattern, reason in (
        (r"a fault in Hookline itself", Reason.BUG),
        (r"; in .*\{[{%]|has no value in this event|body is not JSON", Reason.MAPPING),
        (r"\bstale: ", Reason.STALE),
        (r"\bis there, and nothing\b", Reason.PRESENT),
        (r" maps no '", Reason.NOT_MAPPED),
        (r" ignores '|: ignored: |no step's `when` was true", Reason.NOT_WANTED),
        (r"its limit of \d+ calls|of the day's \d+ calls", Reason.THROTTLED),
        (r"the token may not read", Reason.FORBIDDEN),
        (r"refresh token no more|has let Hookline's app in", Reason.UNAUTHORIZED),
        (r"token is not refreshed|it was granted cannot be opened", Reason.UNAUTHORIZED),
        (r"token in its file is not shown", Reason.UNAUTHORIZED),
        (r"no access token can be had", Reason.UNREACHABLE),
        (r"could not connect", Reason.UNREACHABLE),
        (r"answer (?:to its creation )?was lost|its answer lost|could not be read", Reason.LOST),
        (r"an answer may still come", Reason.LOST),
        (r"no answer in time|connection broke|the answer broke off", Reason.UNANSWERED),
        (r"the answer left this|with an empty answer|not a JSON object", Reason.UNANSWERED),
        (r"not reached in this turn", Reason.NOT_REACHED),
        (r"is not in this worker's configuration", Reason.NOT_CONFIGURED),
        (r"is sealed with the key|needs a `secret_key`", Reason.NOT_CONFIGURED),
        (r"was changed after it was sealed|not sealed as Hookline seals", Reason.UNREADABLE),
        (r"has no association label|cannot be associated with", Reason.NO_LABEL),
        (r"has no property|propert(?:y|ies) .*does(?: not|n't) exist", Reason.NO_PROPERTY),
        (r"knows no such record|there is no (?!step)|not.found|does not exist", Reason.NO_RECORD),
        (r"already (?:has that value|exists)|existing id", Reason.CONFLICT),
        (r"there is no step", Reason.MAPPING),
        (r"not valid|invalid|not one of the allowed|read.only", Reason.INVALID_VALUE),
    )
)


def reason_of(words: str) -> Reason:
    """Return the class of a reason; OTHER for one that is not recognised."""
    if not words:
        return Reason.NONE
    status = _ANSWER.search(words)
    if status:
        number = int(status[1])
        if number in _STATUSES:
            return _STATUSES[number]
        if number >= 500 or number in (408, 477):
            return Reason.CRM_FAULT
    return next((reason for pattern, reason in _WORDS if pattern.search(words)), Reason.OTHER)
