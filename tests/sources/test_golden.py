"""Samples in, the exact calls out: the plan beside each sample is the specification.

`make golden` writes the plans anew; read the diff before committing it.
"""

from pathlib import Path

import pytest

from app.cli import expectations, samples
from workers import sources

HERE = Path(__file__).parent
SAMPLES = sorted(HERE.glob(f"*/*{samples.SUFFIX}"))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_a_sample_leads_to_the_calls_that_are_written_beside_it(
    path: Path, request: pytest.FixtureRequest
) -> None:
    source = sources.load(path.parent.name)
    found = expectations.compared(path, source, endpoint=source.name)
    if request.config.getoption("--regold"):
        expectations.write(found)
        found = expectations.compared(path, source, endpoint=source.name)
    assert found.expected is not None, "no plan is written beside this sample; run `make golden`"
    assert found.found == found.expected


@pytest.mark.parametrize("name", sources.shipped())
def test_every_source_has_two_samples_at_least(name: str) -> None:
    assert len([path for path in SAMPLES if path.parent.name == name]) >= 2
