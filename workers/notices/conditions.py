"""How a portal stands → what about it needs a person. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from workers.reasons import Reason, reason_of
from workers.settings import Notices

PAUSES = {
    Reason.UNAUTHORIZED: ("disconnected", "refuses our token (401); its events wait"),
    Reason.THROTTLED: ("throttled", "is throttled; its events wait"),
    Reason.NOT_CONFIGURED: ("locked", "needs a key that is not in `secret_key`; its events wait"),
    Reason.UNREACHABLE: ("unreachable", "cannot be reached; its events wait"),
}
AT_ONCE = (Reason.UNAUTHORIZED, Reason.NOT_CONFIGURED)  # a person must do something


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a portal stands at one moment."""

    portal: str
    dead: int = 0
    unknown: int = 0
    oldest_age_s: float | None = None  # of the events that are not yet taken up
    pause: str | None = None  # why nothing is written for now; None: it is not paused


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Something that needs a person, for as long as it holds."""

    portal: str
    name: str  # disconnected, locked, throttled, unreachable, dead, unknown, backlog
    summary: str  # what it is, in a sentence that begins after the portal's name
    value: float
    after_s: float = 0.0  # told once it has held for so long altogether

    @property
    def key(self) -> str:
        """What names it from one look to the next."""
        return f"{self.portal}/{self.name}"


def conditions(reading: Reading, limits: Notices) -> Iterator[Condition]:
    """Give what needs a person in this portal."""

    def found(name: str, summary: str, value: float, after_s: float = 0.0) -> Condition:
        return Condition(
            portal=reading.portal, name=name, summary=summary, value=value, after_s=after_s
        )

    reason = None if reading.pause is None else reason_of(reading.pause)
    if reason in PAUSES:
        name, summary = PAUSES[reason]
        after_s = 0.0 if reason in AT_ONCE else limits.throttled_s
        yield found(name, f"{summary}{_advice(reading)}", 1, after_s)
    if reading.dead > limits.dead:
        yield found("dead", f"has {_many(reading.dead, 'dead letter')}", reading.dead)
    if reading.unknown > limits.unknown:
        what = _many(reading.unknown, "event")
        yield found("unknown", f"has {what} whose effect nobody knows", reading.unknown)
    age_s = reading.oldest_age_s or 0.0
    if age_s > limits.backlog_age_s:
        yield found("backlog", f"has events that wait for {_long(age_s)}", age_s)


def _advice(reading: Reading) -> str:
    """Return what is to be done, if it is we who say why nothing is written."""
    ours = f"portal {reading.portal}: "
    pause = reading.pause or ""
    return f": {pause.removeprefix(ours)}" if pause.startswith(ours) else ""


def _many(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _long(seconds: float) -> str:
    minutes = int(seconds // 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{days} d"] * bool(days) + [f"{hours} h"] * bool(hours)
    parts += [f"{minutes} min"] * bool(minutes and not days)
    return " ".join(parts) or f"{seconds:.0f} s"
