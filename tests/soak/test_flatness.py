"""The judge of flatness finds what leaks, and lets noise pass: it would be no proof otherwise."""

import random

import pytest

from tests.soak.flatness import Bound, Judgement, Reading, judge

BOUND = Bound(share=0.05, floor=1.0)
SECONDS = 600


def judged(values: list[float], *, lives: list[str] | None = None) -> Judgement:
    names = lives or [""] * len(values)
    readings = [
        Reading(at_s=at, value=value, life=life)
        for at, (value, life) in enumerate(zip(values, names, strict=True))
    ]
    return judge("memory", readings, since_s=0, until_s=SECONDS, bound=BOUND, unit="MiB")


@pytest.fixture
def chance() -> random.Random:
    return random.Random(1)  # noqa: S311 (repeatable, not secret)


def test_noise_about_a_level_is_flat(chance: random.Random) -> None:
    found = judged([chance.gauss(100, 10) for _ in range(SECONDS)])
    assert found.flat
    assert found.level == pytest.approx(100, abs=3)


def test_a_leak_below_the_noise_is_found_and_named(chance: random.Random) -> None:
    found = judged([100 + at * 20 / SECONDS + chance.gauss(0, 10) for at in range(SECONDS)])
    assert not found.flat
    assert found.growth == pytest.approx(20, abs=5)
    assert str(found).startswith("memory grew by ")


def test_peaks_are_no_growth_wherever_they_are() -> None:
    values = [100.0] * SECONDS
    values[500:560] = [10_000.0] * 60
    assert judged(values).growth == 0


def test_what_shrinks_is_flat() -> None:
    assert judged([100 - at / 10 for at in range(SECONDS)]).flat


def test_a_leak_within_each_of_many_lives_is_found(chance: random.Random) -> None:
    """Whoever is started again begins anew, and its level over all lives is the same."""
    lives = [f"{at // 250}" for at in range(SECONDS)]
    values = [100 + (at % 250) / 10 + chance.gauss(0, 2) for at in range(SECONDS)]
    assert not judged(values, lives=lives).flat


def test_lives_at_different_levels_are_no_growth(chance: random.Random) -> None:
    lives = [f"{at // 250}" for at in range(SECONDS)]
    values = [100 + (at // 250) * 50 + chance.gauss(0, 2) for at in range(SECONDS)]
    assert judged(values, lives=lives).flat


def test_what_lived_too_shortly_is_not_judged() -> None:
    lives = [f"{at // 20}" for at in range(SECONDS)]
    found = judged([float(at % 20) for at in range(SECONDS)], lives=lives)
    assert found.growth is None
    assert "no life was long enough" in str(found)


def test_what_was_before_and_after_does_not_count() -> None:
    readings = [Reading(at_s=at, value=at if at < 100 else 100) for at in range(SECONDS)]
    whole = judge("m", readings, since_s=0, until_s=150, bound=BOUND, unit="MiB")
    later = judge("m", readings, since_s=100, until_s=SECONDS, bound=BOUND, unit="MiB")
    assert (whole.flat, later.flat) == (False, True)
