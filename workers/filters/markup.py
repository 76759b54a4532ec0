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


_UNDONE = re.compile(r"<[^<>]*\Z|&[#\w]{0,32}\Z")  # a tag or an entity that was cut through


def cut(value: str, length: int) -> str:
    """Return HTML of at most `length` characters: a longer one ends with … after a whole part."""
    if len(value) <= length:
        return value
    return _UNDONE.sub("", value[: length - 1]).rstrip() + "…"


MAX_HTML = 100_000  # characters that are looked at
# A tag ends before the next one begins, so that one which never ends costs no second look.
_HIDDEN = re.compile(r"<(script|style|head|title)\b[^<>]*>|<!--", re.IGNORECASE)
_ENDS = {
    name: re.compile(rf"</{name}\s*>", re.IGNORECASE)
    for name in ("script", "style", "head", "title")
} | {"": re.compile("-->")}
_BREAKS = re.compile(r"<(?:br|/p|/div|/li|/tr|/h[1-6])\b[^<>]*>", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z/!?][^<>]*>")


def strip_html(value: object) -> str:
    """Return the text that HTML shows, a line for each paragraph."""
    whole = _TAG.sub("", _BREAKS.sub("\n", _shown(text(value)[:MAX_HTML])))
    lines = (" ".join(line.split()) for line in html.unescape(whole).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _shown(whole: str) -> str:
    """Return HTML without comments, scripts and the like; one pass, whatever is in it."""
    parts: list[str] = []
    open_ended: set[str] = set()
    kept_from = at = 0
    while (begins := _HIDDEN.search(whole, at)) is not None:
        at = begins.end()
        name = (begins[1] or "").lower()
        if name in open_ended:
            continue
        ends = _ENDS[name].search(whole, at)
        if ends is None:
            open_ended.add(name)  # nor does any later one end
            continue
        parts.append(whole[kept_from : begins.start()])
        kept_from = at = ends.end()
    return "".join((*parts, whole[kept_from:]))
