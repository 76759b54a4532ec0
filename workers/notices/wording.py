"""Notices → what a webhook or a mail says. Pure."""

from collections.abc import Sequence
from email.message import EmailMessage

from workers.notices.watch import Notice, Turned
from workers.settings import Target

MARKS = {Turned.BEGAN: "🔴", Turned.ENDED: "🟢"}


def posted(target: Target, notices: Sequence[Notice], *, look: str | None) -> dict[str, object]:
    """Return the JSON for a webhook: of Slack's kind, or all there is. `look` is our own URL."""
    if target.format == "slack":
        lines = [f"{MARKS[each.turned]} {_escaped(each.line)}" for each in notices]
        return {"text": "\n".join(["*Hookline*", *lines, *([look] if look else [])])}
    return {
        "sender": "hookline",
        "url": look,
        "notices": [
            {
                "turned": each.turned.value,
                "condition": each.name,
                "portal": each.portal,
                "summary": each.line,
                "value": each.value,
                "since": each.since.isoformat(),
                "at": each.at.isoformat(),
            }
            for each in notices
        ],
    }


def mailed(notices: Sequence[Notice], *, sender: str, to: str, look: str | None) -> EmailMessage:
    """Return the mail."""
    message = EmailMessage()
    more = f" (and {len(notices) - 1} more)" if len(notices) > 1 else ""
    message["Subject"] = f"Hookline: {notices[0].line}{more}"
    message["From"] = sender
    message["To"] = to
    message["Auto-Submitted"] = "auto-generated"  # so that no absence is answered to it
    lines = [_told(each) for each in notices]
    message.set_content("\n".join([*lines, *(["", look] if look else [])]) + "\n")
    return message


def _told(notice: Notice) -> str:
    since = f"since {notice.since:%Y-%m-%d %H:%M} UTC"
    return notice.line if notice.turned is Turned.ENDED else f"{notice.line} ({since})"


def _escaped(text: str) -> str:
    """Return a text in which Slack finds no markup: its three characters, as it asks for."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
