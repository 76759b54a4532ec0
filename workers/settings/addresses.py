"""A store's URL → what it names: one server, a primary that Sentinels know, or a cluster.

redis://USER:PASSWORD@HOST:6379/0                            one server; rediss:// with TLS; unix://
redis+sentinel://USER:PASSWORD@HOST:26379,HOST:26379/NAME/0  the primary NAME; rediss+sentinel://
redis+cluster://USER:PASSWORD@HOST:6379,HOST:6379            any of its servers; rediss+cluster://

Behind a "?" come the options of redis-py: ssl_ca_certs, ssl_certfile, ssl_keyfile, ssl_cert_reqs,
ssl_check_hostname; and for the Sentinels' own log-in sentinel_username and sentinel_password.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

SENTINEL_PORT = 26_379
PORT = 6_379
TLS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
SENTINELS = ("sentinel_username", "sentinel_password")
HOST = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^:\[\]/]+)(:(?P<port>[0-9]{1,5}))?")
LIKE = {
    "sentinel": "redis+sentinel://HOST:26379,HOST:26379/NAME/0",
    "cluster": "redis+cluster://HOST:6379,HOST:6379",
}
SAFE = ("rediss", "rediss+sentinel", "rediss+cluster")  # by TLS
SCHEMES = ("redis", "unix", "redis+sentinel", "redis+cluster", *SAFE)


class Kind(StrEnum):
    """What a URL leads to."""

    SINGLE = "single"
    SENTINEL = "sentinel"
    CLUSTER = "cluster"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a store is, and as whom it is spoken to; of one server only the URL is looked at."""

    kind: Kind
    url: str = field(repr=False)
    tls: bool = False
    hosts: tuple[tuple[str, int], ...] = ()
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    primary: str = ""  # by which the Sentinels know it
    database: int = 0
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, url: str) -> "Address":
        """Return what `url` names. Raises ValueError with what is wrong and what to write."""
        scheme, _, rest = url.partition("://")
        base, _, kind = scheme.partition("+")
        if not kind:
            return cls(kind=Kind.SINGLE, url=url, tls=base == "rediss")
        if base not in ("redis", "rediss") or kind not in LIKE:
            raise ValueError(f"{scheme}:// is not known; known are {', '.join(SCHEMES)}")
        like = f"write it like {LIKE[kind]}"
        place, _, query = rest.partition("?")
        where, _, path = place.partition("/")
        login, _, listed = where.rpartition("@")
        user, _, password = login.partition(":")
        port = SENTINEL_PORT if kind == "sentinel" else PORT
        primary, database = _path(path, kind=kind, like=like)
        options = dict(parse_qsl(query, keep_blank_values=True))
        known = TLS + (SENTINELS if kind == "sentinel" else ())
        for name in options:
            if name not in known:
                raise ValueError(f"the option {name} is not known here; known: {', '.join(known)}")
        return cls(
            kind=Kind(kind),
            url=url,
            tls=base == "rediss",
            hosts=tuple(_host(each, port, like=like) for each in listed.split(",")),
            username=unquote(user) or None,
            password=unquote(password) or None,
            primary=primary,
            database=database,
            options=options,
        )

    def keywords(self) -> dict[str, Any]:
        """Return what redis-py's clients take: the log-in and TLS."""
        return {"username": self.username, "password": self.password, **self.security()}

    def security(self) -> dict[str, Any]:
        """Return what of TLS redis-py's clients take."""
        if not self.tls:
            return {}
        given: dict[str, Any] = {k: v for k, v in self.options.items() if k in TLS}
        if "ssl_check_hostname" in given:
            given["ssl_check_hostname"] = str(given["ssl_check_hostname"]).lower() != "false"
        return {"ssl": True, **given}

    def of_sentinels(self) -> dict[str, Any]:
        """Return the log-in at the Sentinels themselves, and TLS."""
        names = {"username": "sentinel_username", "password": "sentinel_password"}
        login = {to: self.options[name] for to, name in names.items() if name in self.options}
        return {**login, **self.security()}


def _path(path: str, *, kind: str, like: str) -> tuple[str, int]:
    """Return the primary's name and the number of the database."""
    parts = [unquote(part) for part in path.split("/") if part]
    primary = ""
    if kind == "sentinel":
        if not parts:
            raise ValueError(f"the name of the primary is missing; {like}")
        primary = parts.pop(0)
    if len(parts) > 1 or any(not part.isdigit() for part in parts):
        raise ValueError(f"what stands behind the hosts is not understood; {like}")
    database = int(parts[0]) if parts else 0
    if kind == "cluster" and database:
        raise ValueError(f"a cluster has no database but 0; {like}")
    return primary, database


def _host(text: str, port: int, *, like: str) -> tuple[str, int]:
    found = HOST.fullmatch(text)
    if found is None or not 0 < int(found["port"] or port) < 65_536:
        raise ValueError(f"its hosts are not understood; {like}")
    return unquote(found["host"]).strip("[]"), int(found["port"] or port)


def with_options(url: str, options: Mapping[str, str]) -> str:
    """Return `url` with further options, which do not replace its own."""
    base, _, query = url.partition("?")
    given = dict(parse_qsl(query, keep_blank_values=True))
    joined = urlencode({**options, **given})
    return f"{base}?{joined}" if joined else base


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """How kombu and Celery reach a Redis, or any other broker."""

    url: str = field(repr=False)
    options: Mapping[str, object] = field(default_factory=dict, repr=False)  # of the transport
    tls: Mapping[str, object] | None = field(default=None, repr=False)


def reach(url: str) -> Reach:
    """Return how kombu reaches what `url` names: it writes Sentinels in a way of its own."""
    if not url.startswith(("redis+sentinel:", "rediss+sentinel:")):
        return Reach(url=_without_more(url))
    address = Address.of(url)
    login = ""
    if address.password is not None:
        login = f"{quote(address.username or '', safe='')}:{quote(address.password, safe='')}@"
    hosts = (f"[{host}]" if ":" in host else host for host, _ in address.hosts)
    ports = (port for _, port in address.hosts)
    urls = [
        f"sentinel://{login}{host}:{port}/{address.database}"
        for host, port in zip(hosts, ports, strict=True)
    ]
    tls = {k: v for k, v in address.security().items() if k != "ssl"} if address.tls else None
    if tls is not None:
        tls.setdefault("ssl_cert_reqs", "required")
    return Reach(
        url=";".join(urls),
        options={"master_name": address.primary, "sentinel_kwargs": address.of_sentinels()},
        tls=tls,
    )


def _without_more(url: str) -> str:
    """Return the URL of a Redis without the options that kombu does not know."""
    if urlsplit(url.partition(";")[0]).scheme not in ("redis", "rediss"):
        return url
    base, _, query = url.partition("?")
    kept = {name: value for name, value in parse_qsl(query) if name in TLS}
    return f"{base}?{urlencode(kept)}" if kept else base
