"""What the headers of an answer say of the quota. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from workers.crm.shapes import whole

WINDOW_S = 10.0  # HubSpot's burst window, where an answer does not say
SECONDLY_WAIT_S = 1.0
_SECONDS = re.compile(r"\d{1,7}(\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What is left of the quota; None for what the headers do not say."""

    most: int | None
    remaining: int | None
    interval_ms: int | None
    daily: int | None
    daily_remaining: int | None


def limits(headers: Mapping[str, str]) -> Limits:
    """Return what rate-limit headers, their names in lower case, say; searches carry none."""

    def number(name: str) -> int | None:
        return whole(headers.get(f"x-hubspot-ratelimit-{name}"))

    return Limits(
        most=number("max"),
        remaining=number("remaining"),
        interval_ms=number("interval-milliseconds"),
        daily=number("daily"),
        daily_remaining=number("daily-remaining"),
    )


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the wait that Retry-After asks for, in seconds or as a date; None without one.

    A date is compared with the answer's own Date, so no clock of ours has a say.
    """
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        return float(value)
    try:
        then = parsedate_to_datetime(value)
        sent = parsedate_to_datetime(headers.get("date", ""))
        return max(0.0, (then - sent).total_seconds())
    except (ValueError, TypeError):
        return None


def policy_of(said: Mapping[str, object]) -> str:
    """Return which limit a 429 speaks of: its policyName, or what its message gives away."""
    named = str(said.get("policyName") or "").upper()
    if named:
        return named
    message = str(said.get("message") or "").lower()
    found = re.search(r"your (\w+) limit", message)
    return found.group(1).upper() if found else ""


def policy_wait_s(policy: str, headers: Mapping[str, str], *, meter: str) -> float | None:
    """Return how long a reached limit lasts where no Retry-After says; None if nobody can tell.

    The daily one lasts until midnight in the account's time zone, which the answer does not name.
    """
    if policy == "DAILY":
        return None
    if policy == "SECONDLY" or (not policy and meter == "search"):
        return SECONDLY_WAIT_S
    interval_ms = limits(headers).interval_ms
    return WINDOW_S if interval_ms is None else interval_ms / 1000
