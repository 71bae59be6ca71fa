"""Counts without text."""

import numpy as np
import pytest
from detector_support import START
from hypothesis import given
from hypothesis import strategies as st

from detectors.counts import TrailingSums, watch_counts
from detectors.events import AlertEvent, AlertKind, EventName, Severity
from detectors.settings import DetectionSettings
from detectors.windows import WINDOW_SECONDS

STEP = 300
DAY = 86_400
BUDGET = DetectionSettings(pages_per_week=1.4)


def rows(days: int, rate: float, seed: int = 1, start: int = START) -> list[tuple[int, int]]:
    """Return Poisson counts each five minutes."""
    counts = np.random.default_rng(seed).poisson(rate, days * DAY // STEP)
    return [(start + i * STEP, int(count)) for i, count in enumerate(counts)]


def with_burst(days: int = 10) -> list[tuple[int, int]]:
    """Return ordinary counts with an hour of ten times the rate on the last day but one."""
    counts = rows(days, 10.0)
    first = len(counts) - 2 * DAY // STEP
    return [(at, n + 100 if first <= i < first + 12 else n) for i, (at, n) in enumerate(counts)]


def watch(series: list[tuple[int, int]]) -> list[AlertEvent]:
    """Return all events of a series."""
    return list(watch_counts("brand", series, STEP, BUDGET))


@given(st.lists(st.integers(0, 50), min_size=1, max_size=400), st.sampled_from([60, 300, 1800, 7200]))
def test_trailing_sums_are_sums_of_the_last_counts(counts: list[int], step: int) -> None:
    """Each window holds its last counts; one shorter than a step holds the newest."""
    sums = TrailingSums(step)
    for i, count in enumerate(counts, 1):
        expected = tuple(sum(counts[max(0, i - max(1, s // step)) : i]) for s in WINDOW_SECONDS)
        assert sums.push(count) == expected


def test_volume_alone_decides_and_pages_as_a_warning() -> None:
    """An hour of ten times the rate is a surge of severity warning at the row that shows it.

    What the budget allows of pages may come before it.
    """
    first = START + 8 * DAY
    events = [event for event in watch(with_burst()) if event.at.timestamp() >= first]
    assert [event.event for event in events if event.pages] == [EventName.OPENED]
    assert (events[0].kind, events[0].severity) == (AlertKind.SURGE, Severity.WARNING)
    assert first <= events[0].at.timestamp() <= first + STEP
    assert events[0].headline.vi.startswith("Tăng đột biến – brand: ")


def test_an_event_carries_the_time_of_its_row() -> None:
    """`at` is one of the rows' own stamps."""
    stamps = {at for at, _ in with_burst()}
    assert {int(event.at.timestamp()) for event in watch(with_burst())} <= stamps


def test_later_rows_change_no_earlier_event() -> None:
    """No look-ahead: each prefix of the rows gives a prefix of the events."""
    series = with_burst()
    events = watch(series)
    for cut in (100, len(series) - 2 * DAY // STEP + 3, len(series) - 40):
        early = watch(series[:cut])
        assert early == events[: len(early)]


def test_a_multiple_of_the_counts_is_judged_alike() -> None:
    """A brand ten times as large with the same burst pages too."""
    series = [(at, 10 * n) for at, n in with_burst()]
    assert sum(event.pages for event in watch(series)) == 1


@pytest.mark.parametrize("rate", [0.05, 1.0, 30.0])
def test_pages_of_ordinary_counts_keep_to_the_budget(rate: float) -> None:
    """Three series of forty days: at most the budget of 0.2 a day."""
    pages = sum(e.pages for seed in (1, 2, 3) for e in watch(rows(40, rate, seed)))
    assert pages <= 0.2 * 40 * 3


def test_what_repeats_each_day_is_learnt_within_a_week() -> None:
    """A daily square wave without noise may be told once while it is new, and never again."""
    series = [(START + i * STEP, 80 if (i // 144) % 2 else 20) for i in range(21 * DAY // STEP)]
    pages = [event.at.timestamp() for event in watch(series) if event.pages]
    assert len(pages) <= 1
    assert all(at < START + 7 * DAY for at in pages)
