"""One wide line for each event, and plain lines for the rest; never a body, never a secret.

Of an exception it is told where it came from and of which kind it is, and not what it says: that
may quote a value.
"""

import logging
import re
import sys
import threading
import traceback
from collections import Counter
from collections.abc import Mapping, MutableMapping
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
            _place_of_exception,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    sys.excepthook = _crashed
    threading.excepthook = lambda args: _crashed(args.exc_type, args.exc_value, args.exc_traceback)


def places(error: BaseException) -> str:
    """Return the places that an exception went through, and those of what led to it; no values."""
    lines: list[str] = []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None:
        lines += [places(cause), "", "and then:", ""]
    lines += [each.rstrip("\n") for each in traceback.format_tb(error.__traceback__)]
    kind = type(error)
    lines.append(f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins."))
    return "\n".join(lines)


class Unquoting(logging.Filter):
    """Takes out of what Celery says of a task that failed what its exception says."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record; every one is wanted."""
        error = record.exc_info[1] if record.exc_info else None
        if error is not None:
            record.exc_text = places(error)
        if isinstance(record.args, Mapping):
            hidden = {name: "…" for name in ("args", "kwargs", "traceback") if name in record.args}
            kind = {"exc": type(error).__name__} if error is not None else {}
            record.args = {**record.args, **hidden, **kind}
        return True


def unquote_tasks() -> None:
    """Have Celery's own lines of tasks that failed quote nothing."""
    logging.getLogger("celery.app.trace").addFilter(Unquoting())


def _place_of_exception(
    _: Any, __: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    found = line.pop("exc_info", None)
    error = found if isinstance(found, BaseException) else sys.exc_info()[1] if found else None
    if error is not None:
        line["exception"] = places(error)
    return line


def _crashed(_: Any, error: BaseException | None, __: Any) -> None:
    if isinstance(error, KeyboardInterrupt | SystemExit):
        return
    log.error("crashed", exc_info=error)


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
