"""One wide line for each event, and plain lines for the rest; never a body, never a secret."""

import logging
import sys
from collections import Counter
from datetime import datetime
from typing import Any

import orjson
import structlog

from workers.events import Event
from workers.outcomes import Verdict


def configure(*, json: bool = True, level: str = "info") -> None:
    """Write log lines to standard error, as JSON or, for a person, aligned."""
    renderer: Any = (
        structlog.processors.JSONRenderer(serializer=_json)
        if json
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _json(line: object, **_: object) -> str:
    return orjson.dumps(line, default=str).decode()


class Log:
    """The logger; a thin layer, so that the event's line has one author."""

    def __init__(self) -> None:
        self._log: Any = structlog.get_logger()

    def info(self, message: str, **about: object) -> None:
        """Write a line at level info."""
        self._log.info(message, **about)

    def warning(self, message: str, **about: object) -> None:
        """Write a line at level warning."""
        self._log.warning(message, **about)

    def exception(self, message: str, **about: object) -> None:
        """Write a line with the exception at hand."""
        self._log.exception(message, **about)

    def event(self, event: Event, verdict: Verdict, *, now: datetime) -> None:
        """Write the line of an event that was handled: ids, counts, durations, reasons."""
        self._log.info(
            "event handled",
            event_id=event.id,
            source=event.source,
            source_id=event.source_id,
            type=event.type,
            state=verdict.state.value,
            at=verdict.reason.split(" ")[0].rstrip(":"),  # the place; the reason may quote a value
            changes=dict(Counter(outcome.state.value for outcome in verdict.outcomes)),
            calls=len({call for outcome in verdict.outcomes for call in outcome.calls}),
            due=verdict.due.isoformat() if verdict.due else None,
            age_s=round((now - event.received).total_seconds(), 3),
        )


log = Log()
