"""One wide line for each event, and plain lines for the rest; never a body, never a secret."""

import logging
import re
import sys
from collections import Counter
from typing import Any

import orjson
import structlog

from workers.events import Event
from workers.outcomes import Verdict
from workers.reasons import reason_of

_PLACE = re.compile(r"(\S+:\d+): ")


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

    def error(self, message: str, **about: object) -> None:
        """Write a line at level error."""
        self._log.error(message, **about)

    def exception(self, message: str, **about: object) -> None:
        """Write a line with the exception at hand."""
        self._log.exception(message, **about)

    def event(
        self,
        event: Event,
        verdict: Verdict,
        *,
        waited_s: float | None,
        applied_s: float | None,
        attempts: int,
    ) -> None:
        """Write the line of an event that was handled.

        It names the event by our id, and the reason by its class: what a sender or the CRM wrote
        may be somebody's data, and `hookline events show ID` has it.
        """
        self._log.info(
            "event handled",
            id=event.id,
            portal=event.portal,
            endpoint=event.endpoint,
            source=event.source,
            type=event.type,
            state=verdict.state.value,
            reason=reason_of(verdict.reason).value,
            at=_place(verdict),
            wait_s=None if waited_s is None else round(waited_s, 3),
            apply_s=None if applied_s is None else round(applied_s, 3),
            attempts=attempts,
            changes=dict(Counter(outcome.state.value for outcome in verdict.outcomes)),
            calls=len({call for outcome in verdict.outcomes for call in outcome.calls}),
            due=verdict.due.isoformat() if verdict.due else None,
        )


def _place(verdict: Verdict) -> str | None:
    """Return the line of the mapping that the reason is about, if it is about one."""
    found = _PLACE.match(verdict.reason)
    return found[1] if found else None


log = Log()
