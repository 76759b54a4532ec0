"""The plan that is written beside a sample: what the sample leads to, compared and written anew."""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from app.cli import samples
from app.cli.plan import PORTAL, jobs_of, shown
from workers.crm.calls import Api
from workers.errors import MappingError, Permanent
from workers.plan.jobs import Job
from workers.rehearsal import rehearse
from workers.sources import Source
from workers.translate import why_nothing

SUFFIX = ".plan.json"
NOW = datetime(
    2026, 10, 1, 12, tzinfo=UTC
)  # when every sample arrives, so that plans stay the same


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """A sample, its plan, and the plan that was written beside it (None: none was)."""

    sample: Path
    found: Any
    expected: Any

    @property
    def same(self) -> bool:
        """Return True if the sample leads to what is written beside it."""
        return bool(self.found == self.expected)

    def differences(self) -> Iterator[str]:
        """Give the lines that differ, with some around them, as `diff -u` does."""
        before, after = (_lines(each) for each in (self.expected, self.found))
        yield from difflib.unified_diff(before, after, "expected", "found", lineterm="", n=2)


def compared(sample: Path, source: Source, *, endpoint: str) -> Compared:
    """Return the sample's plan beside the one that is expected. Raises Permanent."""
    beside = expectation(sample)
    expected = None
    if beside.exists():
        try:
            expected = orjson.loads(beside.read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise Permanent(f"{beside}: cannot be read ({error}); write it anew") from error
    return Compared(
        sample=sample, found=planned(sample, source, endpoint=endpoint), expected=expected
    )


def expectation(sample: Path) -> Path:
    """Return where the plan of a sample is written."""
    return sample.with_name(sample.name.removesuffix(samples.SUFFIX) + SUFFIX)


def planned(sample: Path, source: Source, *, endpoint: str) -> dict[str, Any]:
    """Return what the sample leads to: its events, and the exact calls. Raises Permanent.

    A sample that cannot be translated leads to a dead letter, which is a plan as well.
    """
    portals = source.portals or (PORTAL,)
    try:
        jobs = jobs_of(
            samples.read(sample), source=source, endpoint=endpoint, now=NOW, portals=portals
        )
    except MappingError as error:
        return {"dead": str(error)}
    found = {
        portal: _plan([job for job in jobs if job.event.portal == portal], source)
        for portal in portals
    }
    return {"portals": found} if len(found) > 1 else found[portals[0]]


def _plan(jobs: list[Job], source: Source) -> dict[str, Any]:
    events = [
        {"type": job.event.type, "id": job.event.source_id}
        | ({} if job.changes else {"ignored": why_nothing(job.event, source)})
        for job in jobs
    ]
    calls = [shown(call) for call in rehearse(jobs, api=Api()).calls]
    # As it is read back from a file: numbers and the like have one form there.
    plain: dict[str, Any] = orjson.loads(orjson.dumps({"events": events, "calls": calls}))
    return plain


def write(found: Compared) -> None:
    """Write the plan of a sample beside it."""
    expectation(found.sample).write_bytes(written(found.found))


def written(plan: Any) -> bytes:
    """Return a plan as it is written."""
    return orjson.dumps(plan, option=orjson.OPT_INDENT_2) + b"\n"


def _lines(plan: Any) -> list[str]:
    return [] if plan is None else written(plan).decode().splitlines()
