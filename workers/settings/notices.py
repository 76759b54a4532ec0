"""Who is told when something needs a person, and from which limits on."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One that is told: a webhook, or an address for mail."""

    url: str = field(default="", repr=False)  # a Slack webhook's URL is its own password
    format: str = "slack"  # of a webhook: what Slack and its kind take, or all there is as JSON
    mail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """The server that takes mail."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: str = "starttls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """To whom, and from which limits on."""

    targets: tuple[Target, ...]
    smtp: Smtp | None = None
    dead: int = 0  # more dead letters than this in a portal
    unknown: int = 0
    backlog_age_s: float = 300.0  # an event waits longer than this
    throttled_s: float = 300.0  # a portal was throttled, or out of reach, for so long altogether
    quiet_s: float = 300.0  # what is over, and stays so for this long, is told to be over
