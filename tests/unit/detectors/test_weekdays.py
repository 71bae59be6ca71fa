"""Days of the week are learnt where there are any, and only there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from bench_support import counts_alone
from detector_support import DAY_MINUTES, START, Talk, monitor, steps
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.weekdays import DAYS, Weekdays, weekday

WEEK = (1.0, 1.0, 1.3, 1.0, 1.0, 1.0, 1.0)


def fed(weeks: int, week: tuple[float, ...] = WEEK, *, deviation: float = 0.03, seed: int = 1) -> Weekdays:
    """Return what is learnt of weeks whose days swing by `deviation` around `week`, Monday first."""
    rng, known = np.random.default_rng(seed), Weekdays()
    for day in range(4, 4 + DAYS * weeks):
        swing = math.exp(rng.normal(0.0, deviation))
        for _ in range(24):
            known.add(day, 1.0, 100.0 * week[weekday(day)] * swing, 100.0)
    known.add(4 + DAYS * weeks, 1.0, 100.0, 100.0)
    return known


def factors(known: Weekdays) -> list[float]:
    """Return the factors from Monday to Sunday."""
    return [known.factor(day) for day in range(4, 4 + DAYS)]


def test_the_epoch_began_on_a_thursday() -> None:
    """Day 4 was its first Monday."""
    assert [weekday(day) for day in (0, 3, 4, START // 86_400)] == [3, 6, 0, 0]


def test_a_louder_wednesday_is_known_after_three_weeks() -> None:
    """Its factor beside the other working days, whose mean is left to their hours."""
    monday, tuesday, wednesday, *_ = factors(fed(3))
    assert wednesday / monday == pytest.approx(1.3, rel=0.05)
    assert tuesday / monday == pytest.approx(1.0, rel=0.05)


def test_one_week_tells_no_weekday() -> None:
    """A day that was seen once may have been any day."""
    assert factors(fed(1)) == [1.0] * DAYS


@pytest.mark.parametrize("deviation", [0.02, 0.1, 0.3])
def test_days_that_only_swing_have_no_week(deviation: float) -> None:
    """Of twenty topics whose days are alike, in hardly one is a day told apart by a tenth of the swing."""
    told = [factors(fed(6, (1.0,) * DAYS, deviation=deviation, seed=seed)) for seed in range(20)]
    assert sum(max(abs(math.log(f)) for f in one) > deviation / 4 for one in told) <= 2


def test_a_weekend_that_is_quieter_as_a_whole_is_left_to_its_hours() -> None:
    """Both of its days alike: no factor, or it would be counted twice."""
    assert factors(fed(6, (1.0,) * 5 + (0.5, 0.5))) == pytest.approx([1.0] * DAYS, rel=0.02)


def test_one_crisis_makes_no_weekday() -> None:
    """A day of three times the talk is seen once: days of that weekday differ as much as weekdays do."""
    known = fed(4, (1.0,) * DAYS)
    for _ in range(24):
        known.add(4 + 4 * DAYS + 2, 1.0, 300.0, 100.0)
    known.add(4 + 4 * DAYS + 3, 1.0, 100.0, 100.0)
    assert factors(known) == [1.0] * DAYS


def test_a_day_of_few_hours_tells_nothing() -> None:
    """A gap took the rest."""
    known = Weekdays()
    known.add(4, 11.0, 9000.0, 1100.0)
    known.add(5, 1.0, 100.0, 100.0)
    fresh = Weekdays()
    fresh.add(5, 1.0, 100.0, 100.0)
    assert known.dump() == fresh.dump()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 1 << 30), st.floats(0.0, 1.0))
def test_storing_and_restoring_anywhere_changes_nothing(seed: int, part: float) -> None:
    """In the middle of a day too."""
    rng = np.random.default_rng(seed)
    hours = [(day, float(rng.poisson(50))) for day in range(4, 40) for _ in range(24)]
    cut = round(part * len(hours))
    whole, stored = Weekdays(), Weekdays()
    for day, counted in hours:
        whole.add(day, 1.0, counted, 50.0)
    for day, counted in hours[:cut]:
        stored.add(day, 1.0, counted, 50.0)
    again = Weekdays()
    again.restore(stored.dump())
    for day, counted in hours[cut:]:
        again.add(day, 1.0, counted, 50.0)
    assert again.dump() == whole.dump()
    assert factors(again) == factors(whole)


def test_a_louder_weekday_stops_paging() -> None:
    """Twelve a minute, a third more each Wednesday: from the fifth week on Wednesdays are expected."""
    rng = np.random.default_rng(3)
    days = np.repeat([12.0 * WEEK[day % DAYS] for day in range(6 * DAYS)], DAY_MINUTES)
    talk = (Talk(int(count)) for count in rng.poisson(days))
    watcher = monitor(utc_offset_minutes=0, topics=1, pages_per_week=1)
    pages = [
        event.at
        for closed in steps(talk)
        for event in watcher.close(counts_alone(closed))
        if event.pages and event.at.timestamp() > START + 28 * 86_400
    ]
    assert sum(at.weekday() == 2 for at in pages) <= 1
