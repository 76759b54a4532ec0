"""Filters for HTML, which the bodies of notes and other activities are."""

import html
import re

from workers.filters.values import Safe, text


def html_escape(value: object) -> Safe:
    """Return the text with nothing in it that HTML would take for its own."""
    return Safe(html.escape(text(value)))


def text_to_html(value: object) -> Safe:
    """Return text as HTML that shows it: escaped, its lines kept."""
    lines = html.escape(text(value)).replace("\r\n", "\n").strip("\n")
    return Safe(lines.replace("\n", "<br>"))


def safe_html(value: object) -> Safe:
    """Return HTML that is trusted, so that a note's body takes it as it is."""
    return Safe(text(value))


_DROPPED = re.compile(r"<(script|style|head|title)\b[^>]*>.*?</\1\s*>|<!--.*?-->", re.DOTALL | re.I)
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")


def strip_html(value: object) -> str:
    """Return the text that HTML shows, a line for each paragraph."""
    whole = _TAG.sub("", _BREAKS.sub("\n", _DROPPED.sub("", text(value)[:100_000])))
    lines = (" ".join(line.split()) for line in html.unescape(whole).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
