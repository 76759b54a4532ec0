"""The portals and the endpoints of the configuration."""

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from workers.settings.fields import Fields, nearest
from workers.settings.model import Endpoint, Portal, Written
from workers.settings.oauth import oauth
from workers.settings.variables import file_of

T = TypeVar("T")
HUBSPOT = "https://api.hubapi.com"
TOKEN = "add `token: ${HUBSPOT_TOKEN}`"  # noqa: S105 (advice)
OAUTH_CALLS = 110  # in a window: what HubSpot lets an app make in an account
SOURCES = Path(__file__).parent.parent / "sources"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")  # is part of keys, URLs and event ids
API = re.compile(r"classic|20[0-9]{2}-[0-9]{2}")
LOOPBACK = re.compile(r"http://(localhost|127\.[0-9.]+|\[::1\])([:/]|$)")

LIMITS = {
    "calls_per_window": (1, 100_000),
    "window_s": (0.1, 3_600),
    "searches_per_s": (1, 1_000),
    "daily_reserve": (0, 0.9),
    "threads": (1, 64),
    "connect_timeout_s": (0.1, 300),
    "read_timeout_s": (0.1, 600),
}


def named(top: Fields, name: str, read: Callable[[Fields, str], T], *, advice: str) -> dict[str, T]:
    """Return what the mapping under `name` holds, by its names; it must hold something."""
    entries = top.inner(name)
    if entries is None or entries.node.value == {}:
        top.fault(entries.node if entries else top.node, name, f"there are none; {advice}")
    if entries is None:
        return {}
    found: dict[str, T] = {}
    for each, node in entries.node.items.items():
        if not NAME.fullmatch(each):
            entries.fault(node, each, "is no name; use up to 64 letters, digits, - and _")
        inner = entries.inner(each)
        if inner is None:
            entries.fault(node, each, f"is empty; {advice}")
        else:
            found[each] = read(inner, each)
    return found


def numbers(
    entry: Fields, of: type[Any], limits: Mapping[str, tuple[float, float]]
) -> dict[str, Any]:
    """Return the numbers that `limits` names, with the defaults of the dataclass `of`."""
    defaults: dict[str, Any] = {each.name: each.default for each in fields(of)}
    return {
        name: entry.number(name, defaults[name], low=low, high=high)
        for name, (low, high) in limits.items()
    }


def optional(entry: Fields, name: str, *, low: int) -> int | None:
    """Return a whole number, None if there is none."""
    return None if entry.get(name) is None else entry.number(name, low, low=low)


def portal(entry: Fields, name: str) -> Portal:
    """Return a portal."""
    base_url = (entry.url("base_url", HUBSPOT, ("https", "http")) or HUBSPOT).rstrip("/")
    if base_url.startswith("http://") and not LOOPBACK.match(base_url):
        node = entry.node.items["base_url"]
        entry.warn(node, "base_url", "is not https, so the token travels in the clear; use https")
    app = oauth(entry, base_url=base_url)
    token, token_file = _token(entry, oauth=app is not None)
    api = entry.text("api") or "classic"
    if not API.fullmatch(api):
        told = f"{api!r} is no family of paths; write classic, or a date like 2026-03"
        entry.fault(entry.node.items["api"], "api", told)
    limits = numbers(entry, Portal, LIMITS)
    if app is not None and entry.get("calls_per_window") is None:
        limits["calls_per_window"] = OAUTH_CALLS
    found = Portal(
        name=name,
        base_url=base_url,
        token=token,
        token_file=token_file,
        oauth=app,
        api=api,
        calls_per_day=optional(entry, "calls_per_day", low=1),
        duplicates=entry.choice("duplicates", "oldest", ("oldest", "dead")),
        paused=entry.truth("paused", default=False),
        **limits,
    )
    entry.close()
    return found


def _token(entry: Fields, *, oauth: bool) -> tuple[str, Path | None]:
    """Return the private app's token, and the file that it is in."""
    node = entry.get("token")
    if oauth:
        if node is not None:
            told = "there is `oauth` as well; keep one of them"
            entry.fault(node, "token", told)
        return "", None
    token = entry.text("token", needed=f"{TOKEN}, or `oauth` with an app of your own")
    if node is not None and token is not None and not token.strip():
        entry.fault(node, "token", f"is empty; {TOKEN}")
    file = None if node is None else file_of(node.text, entry.notes.environ)
    return (token or "").strip(), file


def endpoint(
    entry: Fields,
    name: str,
    *,
    folder: Path,
    dirs: tuple[Path, ...],
    portals: Mapping[str, Portal],
) -> Endpoint:
    """Return an endpoint, whose source, mapping file and portal are there."""
    source = entry.text("source", needed="write which kind of sender this is") or ""
    source = _source(entry, source, folder=folder, dirs=dirs) if source else ""
    goes_to, choice = _portals(entry, portals)
    mapping = entry.text("mapping")
    path = None if mapping is None else folder / mapping
    if path is not None and not path.is_file():
        entry.fault(entry.node.items["mapping"], "mapping", f"{path} is no file; check the path")
    rate = None
    if entry.get("rate_per_s") is not None:
        rate = entry.number("rate_per_s", 1.0, low=0.001)
    tokens = entry.secrets("handshake_token")
    found = Endpoint(
        name=name,
        source=source,
        portal=goes_to[0] if goes_to else "",
        others=goes_to[1:],
        choice=choice,
        secrets=entry.secrets("secret", "secrets"),
        mapping=path,
        enabled=entry.truth("enabled", default=True),
        rate_per_s=rate,
        handshake_token=tokens[0] if tokens else None,
    )
    entry.close()
    return found


def _portals(
    entry: Fields, portals: Mapping[str, Portal]
) -> tuple[tuple[str, ...], Written | None]:
    """Return the portals of an endpoint, and what chooses among them for each event."""
    node = entry.get("portal")
    chosen = node is not None and "{{" in node.text
    if chosen or "portals" in entry.node.items:
        listed = entry.texts("portals")
        if not listed:
            told = "lists none; write those that its events may go to: [main, emea]"
            entry.fault(entry.node.items.get("portals") or entry.node, "portals", told)
    else:
        goes_to = entry.text("portal", needed="write which portal it writes to")
        listed = [] if goes_to is None else [goes_to]
    if node is not None and not chosen and "portals" in entry.node.items:
        told = "there are `portals` already; keep one, or choose with {{ … }}"
        entry.fault(node, "portal", told)
    field = "portals" if "portals" in entry.node.items else "portal"
    for each in listed:
        if portals and each not in portals:
            told = f"there is no portal {each!r}; {nearest(each, portals)}"
            entry.fault(entry.node.items[field], field, told)
    choice = None
    if node is not None and chosen:
        choice = Written(text=node.text, file=node.file, line=node.text_line or node.line)
    return tuple(dict.fromkeys(listed)), choice


def _source(entry: Fields, source: str, *, folder: Path, dirs: tuple[Path, ...]) -> str:
    """Return the source's name, or its path if it is given as a file."""
    node = entry.node.items["source"]
    if "/" in source or source.endswith((".yaml", ".yml")):
        path = folder / source
        if not path.is_file():
            entry.fault(node, "source", f"{path} is no file; check the path")
        return str(path if "/" in str(path) else path.absolute())
    known = {path.stem for each in (*dirs, SOURCES) for path in each.glob("*.yaml")}
    if source not in known:
        entry.fault(node, "source", f"there is no source {source!r}; {nearest(source, known)}")
    return source
