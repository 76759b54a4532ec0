"""Reads who is told when something needs a person."""

import re

from workers.documents import Node
from workers.settings.fields import Fields
from workers.settings.notices import Notices, Smtp, Target
from workers.settings.parts import numbers

FORMATS = ("slack", "json")
SECURITIES = ("starttls", "tls", "none")
PORTS = {"starttls": 587, "tls": 465, "none": 25}
ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
TO = "write `to:` and below it lines like `- url: …` or `- mail: …`"
LIMITS = {
    "dead": (0, 1_000_000_000),
    "unknown": (0, 1_000_000_000),
    "backlog_age_s": (1, 100_000_000),
    "throttled_s": (0, 100_000_000),
    "quiet_s": (1, 86_400),
}


def notices(top: Fields) -> Notices | None:
    """Return whom to tell; None if nobody is named."""
    entry = top.inner("notices")
    if entry is None:
        return None
    to = entry.get("to")
    listed = () if to is None else (to.elements or (to,))
    if not listed:
        entry.fault(entry.node, "to", f"there is nobody to be told; {TO}")
    targets = tuple(_target(each, entry) for each in listed)
    smtp = entry.inner("smtp")
    if smtp is None and any(each.mail for each in targets):
        told = "is missing; mail needs a server: write `smtp: {host: …, sender: …}`"
        entry.fault(entry.node, "smtp", told)
    found = Notices(
        targets=targets,
        smtp=None if smtp is None else _smtp(smtp),
        **numbers(entry, Notices, LIMITS),
    )
    entry.close()
    return found


def _target(node: Node, of: Fields) -> Target:
    entry = Fields(node, path=f"{of.path}.to", notes=of.notes)
    mail = entry.text("mail") or ""
    url = entry.url("url", None, ("https", "http")) or ""
    if mail and not ADDRESS.fullmatch(mail):
        entry.fault(node.items["mail"], "mail", "is no address; write it like name@example.com")
    if bool(mail) is bool(node.items.get("url")):
        entry.fault(node, "", f"names neither or both; {TO}")
    found = Target(url=url, mail=mail, format=entry.choice("format", "slack", FORMATS))
    entry.close()
    return found


def _smtp(entry: Fields) -> Smtp:
    security = entry.choice("security", "starttls", SECURITIES)
    user, password = entry.text("user"), entry.text("password")
    if (user is None) is not (password is None):
        entry.fault(entry.node, "user", "and password go together; write both, or neither")
    found = Smtp(
        host=entry.text("host", needed="write the name of the server that takes mail") or "",
        port=entry.number("port", PORTS[security], low=1, high=65_535),
        sender=entry.text("sender", needed="write the address that the mail comes from") or "",
        user=user,
        password=password,
        security=security,
    )
    entry.close()
    return found
