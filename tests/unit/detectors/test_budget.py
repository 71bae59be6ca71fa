"""The budget ladder: thresholds from a wanted rate of alerts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from river.checks import common

from detectors.budget import BudgetLadder, stricter

QUIET = 144


def opened(scores: list[float], ladder: BudgetLadder) -> int:
    """Return the alerts that the ladder's own threshold would have opened, by the incident rule."""
    count, last = 0, -QUIET - 1
    for step, score in enumerate(scores):
        if score >= ladder.get():
            count += step - last > QUIET
            last = step
        ladder.update(score)
    return count


def heavy(seed: int, steps: int) -> list[float]:
    """Return deviations with a tail far heavier than a normal one: their logarithms are exponential."""
    return np.expm1(np.random.default_rng(seed).exponential(0.25, steps)).tolist()


def normal(seed: int, steps: int) -> list[float]:
    """Return independent standard normal deviates."""
    return np.random.default_rng(seed).standard_normal(steps).tolist()


@pytest.mark.parametrize("per_day", [0.1, 0.3])
def test_alerts_keep_to_the_budget(per_day: float) -> None:
    """Over six series of ninety days, with a light tail or a heavy one, the alerts are near the budget."""
    rate, days = per_day / 288, 90
    for draw in (normal, heavy):
        count = sum(opened(draw(s, days * 288), BudgetLadder(rate, QUIET, 16128)) for s in range(6))
        assert 0.6 * per_day * days * 6 <= count <= 1.3 * per_day * days * 6


def test_before_any_step_theory_decides() -> None:
    """A new ladder has the threshold of well-behaved topics: higher for a smaller budget."""
    thresholds = [BudgetLadder(1 / days / 288, QUIET, 16128).get() for days in (7, 70, 700)]
    assert thresholds == sorted(thresholds)
    assert 2.5 < thresholds[0] < thresholds[-1] < 6.5


def test_a_smaller_budget_has_a_higher_threshold() -> None:
    """Fewer alerts wanted, more evidence asked."""
    ladders = [BudgetLadder(per_week / 2016, QUIET, 16128) for per_week in (0.2, 1.0, 5.0)]
    for score in heavy(1, 8000):
        for ladder in ladders:
            ladder.update(score)
    low, middle, high = (ladder.get() for ladder in ladders)
    assert low > middle > high


def test_a_burst_does_not_lift_the_threshold_before_its_crest() -> None:
    """A ramp of scores meets the threshold that held before it began."""
    ladder = BudgetLadder(0.2 / 288, QUIET, 16128)
    for score in heavy(2, 5000):
        ladder.update(score)
    before = ladder.get()
    for step in range(QUIET):
        ladder.update(2.0 + step * 0.1)
        assert ladder.get() <= 1.1 * before


@settings(max_examples=20, deadline=None)
@given(st.lists(st.floats(0, 8), min_size=1, max_size=400), st.integers(0, 400))
def test_a_restored_ladder_goes_on_as_if_never_stored(scores: list[float], cut: int) -> None:
    """Dump and restore at any point change nothing."""
    whole, part = BudgetLadder(0.01, 10, 100), BudgetLadder(0.01, 10, 100)
    for score in scores[:cut]:
        part.update(score)
    again = BudgetLadder(0.01, 10, 100)
    again.restore(part.dump())
    for score in scores[cut:]:
        again.update(score)
    for score in scores:
        whole.update(score)
    assert again.dump() == whole.dump()


@pytest.mark.parametrize(
    "check",
    [common.check_clone_same_class, common.check_pickling_supports_roundtrip, common.check_str],
    ids=lambda check: check.__name__,
)
def test_the_ladder_is_a_statistic_of_river(check: object) -> None:
    """It clones, pickles and prints as River's own statistics do."""
    check(BudgetLadder())  # type: ignore[operator]


@given(st.floats(1.7, 20.0), st.floats(0.01, 1.0), st.floats(0.01, 1.0))
def test_a_smaller_part_of_the_alerts_needs_a_higher_threshold(
    threshold: float, one: float, two: float
) -> None:
    """The whole needs what it needed; part of a part is their product."""
    assert stricter(threshold, 1.0) == pytest.approx(threshold)
    assert stricter(threshold, min(one, two)) >= stricter(threshold, max(one, two)) >= threshold - 1e-9
    assert stricter(stricter(threshold, one), two) == pytest.approx(stricter(threshold, one * two))
