"""Our NAB score against the properties that NAB gives it; needs no data."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from nab_scoring import PROFILES, Series, raw_score, read_series, score, sigmoid

from detectors.counts import watch_counts
from detectors.settings import DetectionSettings

if TYPE_CHECKING:
    from pathlib import Path

START, STEP = 1_425_000_000, 300


def made(windows: tuple[tuple[int, int], ...], rows: int = 2000) -> Series:
    """Return a flat series with the given windows."""
    times = (datetime.fromtimestamp(START + i * STEP, UTC) for i in range(rows))
    stamps = tuple(time.strftime("%Y-%m-%d %H:%M:%S") for time in times)
    return Series("made", stamps, (5,) * rows, windows)


TWO = made(((800, 999), (1500, 1699)))


def test_silence_scores_nothing_and_the_first_row_of_each_window_everything() -> None:
    """The two ends of the scale."""
    assert score([TWO], {"made": []}).score == pytest.approx(0.0)
    assert score([TWO], {"made": [800, 1500]}).score == pytest.approx(100.0)


def test_an_alert_is_worth_less_the_later_it_comes() -> None:
    """Inside a window, the first alert of it counts and lateness costs."""
    worth = [score([TWO], {"made": [row, 1500]}).score for row in (800, 850, 900, 950, 999)]
    assert worth == sorted(worth, reverse=True)
    assert score([TWO], {"made": [850, 950, 1500]}).score == pytest.approx(worth[1])


def test_an_alert_outside_costs_a_ninth_just_after_a_window_less() -> None:
    """NAB forgives an alert a little after its window."""
    standard = score([TWO], {"made": [800, 1500]}).score
    near, far = (score([TWO], {"made": [800, 1500, row]}).score for row in (1705, 1990))
    assert far < near < standard
    assert standard - score([TWO], {"made": [760, 800, 1500]}).score == pytest.approx(100 * 0.11 / 4)


def test_alerts_of_the_probation_do_not_count() -> None:
    """The first 15 percent of the rows, at most 750, are for learning."""
    assert TWO.probation == 300
    assert score([TWO], {"made": [10, 299]}).alerts == 0
    assert made((), rows=9000).probation == 750


def test_the_profiles_weigh_as_named() -> None:
    """low_fp weighs alerts outside most, low_fn least."""
    alerts = {"made": [800, 1200, 1500]}
    low_fp, standard, low_fn = (score([TWO], alerts, name).score for name in ("low_fp", "standard", "low_fn"))
    assert low_fp < standard < low_fn


def test_the_sigmoid_falls_from_one_over_zero_to_minus_one() -> None:
    """Start of a window, its end, far beyond."""
    assert sigmoid(-1.0) == pytest.approx(0.9866, abs=1e-4)
    assert sigmoid(0.0) == 0.0
    assert sigmoid(3.1) == -1.0


def test_series_are_read_with_their_windows(tmp_path: Path) -> None:
    """A folder of CSV files with windows.json beside it."""
    folder = tmp_path / "tweets"
    folder.mkdir()
    rows = "\n".join(f"{stamp},7" for stamp in TWO.stamps)
    (folder / "made.csv").write_text(f"timestamp,value\n{rows}\n", encoding="utf-8")
    spans = [[TWO.stamps[first] + ".000000", TWO.stamps[last] + ".000000"] for first, last in TWO.windows]
    (tmp_path / "windows.json").write_text(json.dumps({"tweets/made.csv": spans}), encoding="utf-8")
    (found,) = read_series(folder)
    assert found.windows == TWO.windows
    assert found.step == STEP
    assert raw_score(found, [], PROFILES["standard"]) == -2.0


def test_rows_of_a_series_go_through_the_detector() -> None:
    """A flat series is watched without an alert."""
    assert list(watch_counts(TWO.name, TWO.rows, TWO.step, DetectionSettings())) == []
