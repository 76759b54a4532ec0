"""What a process needs to know before it starts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from workers.settings.notices import Notices
from workers.settings.oauth import OAuth
from workers.settings.openid import OpenId


@dataclass(frozen=True, slots=True, kw_only=True)
class Portal:
    """A HubSpot account we write to."""

    name: str
    base_url: str
    token: str = field(repr=False)  # as it was at the start; "" with `oauth`
    token_file: Path | None = None  # where it is looked for again
    oauth: OAuth | None = None  # the app that an account lets in, instead of a token
    api: str = "classic"  # the path family: "classic", or a dated one such as "2026-03"
    calls_per_window: int = 190
    window_s: float = 10.0
    searches_per_s: int = 5
    calls_per_day: int | None = None  # None: what the answers' headers say
    daily_reserve: float = 0.05  # the share of the daily limit that retries and backfill leave
    threads: int = 8  # calls at the same time
    connect_timeout_s: float = 5.0
    read_timeout_s: float = 30.0
    duplicates: str = "oldest"  # of two records with one key: the oldest is written; or "dead"
    paused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A template of the configuration, and where it stands: `workers.sources` compiles it."""

    text: str
    file: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One URL of ours, /hooks/NAME: a source, its secrets, a mapping and its portals."""

    name: str
    source: str
    portal: str  # the first, where there are several
    others: tuple[str, ...] = ()  # further portals that its events go to
    choice: Written | None = None  # which of them an event goes to; None: to all
    secrets: tuple[str, ...] = field(default=(), repr=False)  # several while one is rotated
    mapping: Path | None = None  # None: the one in the source's own file
    enabled: bool = True
    rate_per_s: float | None = None  # None: no ceiling of its own
    handshake_token: str | None = field(default=None, repr=False)  # Meta's verify token, say

    @property
    def portals(self) -> tuple[str, ...]:
        """Every portal that its events may go to, in the order in which they are kept there."""
        return (self.portal, *self.others)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """Where an event must be before its sender is told that it is kept."""

    replicas: int = 1  # so many of them
    timeout_s: float = 1.0  # in which they must say so; else the sender is answered 503
    disk: bool = False  # and on the disks, theirs and the primary's: WAITAOF instead of WAIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that a process needs to know before it starts."""

    store_url: str = field(repr=False)
    broker_url: str = field(repr=False)
    store_sync: Sync | None = None  # None: the primary alone is enough
    results_url: str | None = field(default=None, repr=False)  # of hookline.accept; None: nowhere
    portals: Mapping[str, Portal]
    endpoints: Mapping[str, Endpoint]
    sources_dirs: tuple[Path, ...] = ()  # looked into before the sources that we ship
    max_body_bytes: int = 1_000_000
    dedupe_s: int = 7 * 86_400
    keep_handled_s: int = 7 * 86_400
    keep_dead_s: int = 30 * 86_400
    keep_clocks_s: int = 90 * 86_400
    future_tolerance_s: int = 300
    max_backlog: int = 2_000_000  # events waiting in one portal; more are answered 503
    max_store_bytes: int | None = None  # None: what the store itself allows
    turn_events: int = 1_600  # whole rounds of the threads: 8 calls of 100, twice
    slice_s: float = 5.0  # a portal with more to do lets others have their turn after this
    lease_s: float = 10.0
    retry_first_s: float = 2.0
    retry_ceiling_s: float = 900.0
    give_up_s: float = 3 * 86_400.0
    metrics: str = "loopback"  # who may see /metrics: this machine, whoever has the token, all
    metrics_token: str | None = field(default=None, repr=False)
    otlp_endpoint: str | None = None  # where traces go; None: nowhere
    notices: Notices | None = None  # who is told when something needs a person; None: nobody
    oidc: OpenId | None = None  # who else vouches for people who log in
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)  # the first seals, all open
    secret_key_files: tuple[Path, ...] = ()  # where they are looked for again, if all are in files
    encrypt_bodies: bool = False  # what events say is sealed before it reaches the store
    embedded: bool = True  # `hookline run` starts a store of its own
    data_dir: Path = Path(".hookline")
    appendfsync: str = "everysec"  # of the embedded store; "always" syncs before every 2xx
    warnings: tuple[str, ...] = ()  # what does not keep a process from starting
    external_url: str | None = None  # what senders see before /hooks; None: what requests say
    session_s: int = 43_200  # a log-in to the console holds this long
    trusted_proxies: int = 0  # how many proxies of our own add X-Forwarded-Proto and -Host
    mask: tuple[str, ...] | None = None  # fields not shown to everybody; None: the usual ones
