"""The volume detector on NAB's Twitter series; `HAIDANG_NAB_DIR` names a folder of them.

Run: HAIDANG_NAB_DIR=.../realTweets make bench ARGS="-k nab"
"""

from __future__ import annotations

import os
import statistics
import time
from pathlib import Path

import pytest
from bench_support import show
from nab_scoring import Series, read_series, score

from detectors.counts import TrailingSums, watch_counts, windows_of
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings

FOLDER = os.environ.get("HAIDANG_NAB_DIR")
pytestmark = pytest.mark.skipif(
    FOLDER is None, reason="HAIDANG_NAB_DIR names no folder of NAB series (CSV files, windows.json beside it)"
)
#: 0.2 alerts a series and day.
WEEKLY = 1.4


@pytest.fixture(scope="module")
def series() -> list[Series]:
    """Return the labelled series."""
    return read_series(Path(str(FOLDER)))


def alerts(one: Series, weekly: float) -> list[int]:
    """Return the rows at which the detector pages."""
    place = {at: i for i, (at, _) in enumerate(one.rows)}
    chosen = DetectionSettings(pages_per_week=weekly)
    events = watch_counts(one.name, one.rows, one.step, chosen)
    return [place[int(event.at.timestamp())] for event in events if event.pages]


def test_an_oracle_at_each_label_gets_93(series: list[Series]) -> None:
    """Our score agrees with NAB's own figure for an alert in the middle of each window."""
    oracle = {one.name: [(first + last) // 2 for first, last in one.windows] for one in series}
    assert score(series, oracle).score == pytest.approx(93.3, abs=1.5)


def test_the_score_by_budget(series: list[Series]) -> None:
    """At least 70 at the budget of 0.2 a series and day, and never far above the budget."""
    for weekly in (0.7, 1.0, WEEKLY, 2.0, 2.8):
        found = {one.name: alerts(one, weekly) for one in series}
        by_profile = {name: score(series, found, name) for name in ("standard", "low_fp", "low_fn")}
        standard = by_profile["standard"]
        figures = " ".join(f"{name} {result.score:.1f}" for name, result in by_profile.items())
        show(
            f"budget {weekly / 7:.2f} a day: {figures}; windows {standard.found}/{standard.windows}, "
            f"alerts a day {standard.alerts_a_day:.3f}, outside {standard.outside}"
        )
        assert standard.alerts_a_day <= 1.3 * weekly / 7
        if weekly == WEEKLY:
            assert standard.score >= 70


def test_each_series_and_each_half(series: list[Series]) -> None:
    """Figures per series left out and per half, to see whether one of them carries the rest."""
    found = {one.name: alerts(one, WEEKLY) for one in series}
    for one in series:
        rest = [other for other in series if other is not one]
        show(f"without {one.name}: {score(rest, found).score:.1f}; alone {score([one], found).score:.1f}")
    for name, later in (("first", False), ("second", True)):
        halves = [_half(one, found[one.name], later=later) for one in series]
        kept = {one.name: rows for one, rows in halves}
        show(f"{name} half of each series: {score([one for one, _ in halves], kept).score:.1f}")


def _half(one: Series, rows: list[int], *, later: bool) -> tuple[Series, list[int]]:
    """Return the series with the windows of one half, and the alerts of that half."""
    middle = len(one.stamps) // 2
    windows = tuple(window for window in one.windows if (window[0] >= middle) is later)
    return one._replace(windows=windows), [row for row in rows if (row >= middle) is later]


def test_the_cost_of_a_close(series: list[Series]) -> None:
    """Microseconds a step of the count path."""
    one, chosen = series[0], DetectionSettings(pages_per_week=WEEKLY)
    monitor, sums, spent = TopicMonitor(one.name, "", "", chosen, ""), TrailingSums(one.step), []
    for at, count in one.rows:
        windows = windows_of(at, one.step, count, sums.push(count))
        begin = time.perf_counter_ns()
        monitor.close(windows)
        spent.append((time.perf_counter_ns() - begin) / 1000)
    show(f"close: median {statistics.median(spent):.1f} us, mean {statistics.fmean(spent):.1f} us")
