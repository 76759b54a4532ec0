"""Samples in, the exact calls out: the plan beside each sample is the specification.

`make golden` writes the plans anew; read the diff before committing it.
"""

from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from app.cli import samples
from app.cli.plan import jobs_of, shown
from workers import sources
from workers.crm.calls import Api
from workers.errors import MappingError
from workers.rehearsal import rehearse

HERE = Path(__file__).parent
NOW = datetime(2026, 10, 1, 12, 0, tzinfo=UTC)
SAMPLES = sorted(HERE.glob(f"*/*{samples.SUFFIX}"))


def planned(path: Path) -> bytes:
    source = sources.load(path.parent.name)
    try:
        jobs = jobs_of(samples.read(path), source=source, endpoint=source.name, now=NOW)
    except MappingError as error:
        plan: dict[str, object] = {"dead": str(error)}
    else:
        found = rehearse(jobs, api=Api())
        plan = {
            "events": [
                {"type": job.event.type, "id": job.event.source_id}
                | ({} if job.changes else {"ignored": source.why_nothing(job.event.type)})
                for job in jobs
            ],
            "calls": [shown(call) for call in found.calls],
        }
    return orjson.dumps(plan, option=orjson.OPT_INDENT_2) + b"\n"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_sample_leads_to_the_calls_that_are_written_beside_it(
    path: Path, request: pytest.FixtureRequest
) -> None:
    golden = path.with_name(path.name.replace(samples.SUFFIX, ".plan.json"))
    plan = planned(path)
    if request.config.getoption("--regold"):
        golden.write_bytes(plan)
    assert golden.exists(), "no plan is written beside this sample; run `make golden`"
    assert orjson.loads(plan) == orjson.loads(golden.read_bytes())


@pytest.mark.parametrize("name", sources.shipped())
def test_every_source_has_two_samples_at_least(name: str) -> None:
    assert len([path for path in SAMPLES if path.parent.name == name]) >= 2
