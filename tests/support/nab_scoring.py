"""The scoring of the Numenta Anomaly Benchmark (NAB 1.1, Lavin, Ahmad 2015) for row-by-row detectors."""

from __future__ import annotations

import csv
import json
import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

#: Part of a series, and most rows, that NAB gives a detector to learn before it counts anything.
PROBATION_PART = 0.15
PROBATION_ROWS = 750
_FAR = 3.0


class Profile(NamedTuple):
    """What a window found, a window missed and an alert outside windows are worth."""

    found: float
    missed: float
    outside: float


PROFILES = {
    "standard": Profile(1.0, 1.0, 0.11),
    "low_fp": Profile(1.0, 1.0, 0.22),
    "low_fn": Profile(1.0, 2.0, 0.11),
}


class Series(NamedTuple):
    """One labelled series: stamps and counts per row, and its windows as (first row, last row)."""

    name: str
    stamps: tuple[str, ...]
    counts: tuple[int, ...]
    windows: tuple[tuple[int, int], ...]

    @property
    def rows(self) -> list[tuple[int, int]]:
        """Rows as (epoch second, count); naive stamps are taken as UTC."""
        return [(epoch(stamp), count) for stamp, count in zip(self.stamps, self.counts, strict=True)]

    @property
    def step(self) -> int:
        """Seconds between two rows."""
        return epoch(self.stamps[1]) - epoch(self.stamps[0])

    @property
    def probation(self) -> float:
        """Rows before which alerts do not count."""
        return min(math.floor(PROBATION_PART * len(self.stamps)), PROBATION_ROWS)


class Result(NamedTuple):
    """Score of 0 (silence) to 100 (each window found at its first row), and what it is made of."""

    score: float
    found: int
    windows: int
    alerts: int
    outside: int
    alerts_a_day: float


def epoch(stamp: str) -> int:
    """Return a naive stamp, taken as UTC, as epoch second."""
    return int(datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp())


def read_series(folder: Path) -> list[Series]:
    """Return the series of a folder whose parent holds `windows.json`, by name."""
    labels = json.loads((folder.parent / "windows.json").read_text(encoding="utf-8"))
    windows = {key.rpartition("/")[2]: spans for key, spans in labels.items()}
    return [_series(path, windows.get(path.name, [])) for path in sorted(folder.glob("*.csv"))]


def _series(path: Path, spans: Sequence[Sequence[str]]) -> Series:
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["timestamp"], int(float(row["value"]))) for row in csv.DictReader(file)]
    stamps = tuple(stamp for stamp, _ in rows)
    place = {stamp: i for i, stamp in reversed(list(enumerate(stamps)))}
    windows = tuple((place[first[:19]], place[last[:19]]) for first, last in spans)
    return Series(path.stem, stamps, tuple(count for _, count in rows), windows)


def sigmoid(place: float) -> float:
    """Return NAB's scaled sigmoid: near 1 at a window's start (-1), 0 at its end, -1 far beyond it."""
    return -1.0 if place > _FAR else 2.0 / (1.0 + math.exp(5.0 * place)) - 1.0


def raw_score(series: Series, alerts: Iterable[int], profile: Profile) -> float:
    """Return NAB's unscaled score of a series; `alerts` are rows."""
    best = [-profile.missed] * len(series.windows)
    outside = 0.0
    for row in alerts:
        if row < series.probation:
            continue
        inside = _window_of(series, row)
        if inside is None:
            outside += _outside(series, row) * profile.outside
        else:
            first, last = series.windows[inside]
            width = last - first + 1.0
            worth = sigmoid(-(last - row + 1) / width) / sigmoid(-1.0) * profile.found
            best[inside] = max(best[inside], worth)
    return outside + math.fsum(best)


def _window_of(series: Series, row: int) -> int | None:
    return next((k for k, (first, last) in enumerate(series.windows) if first <= row <= last), None)


def _outside(series: Series, row: int) -> float:
    past = [window for window in series.windows if window[1] < row]
    if not past:
        return -1.0
    first, last = past[-1]
    return sigmoid((row - last) / (last - first))


def score(series: Sequence[Series], alerts: Mapping[str, Sequence[int]], profile: str = "standard") -> Result:
    """Return the score of alerts (rows by name of series) over all series together."""
    chosen = PROFILES[profile]
    count = sum(len(one.windows) for one in series)
    raw = math.fsum(raw_score(one, alerts[one.name], chosen) for one in series)
    silence = -chosen.missed * count
    counted = {one.name: [row for row in alerts[one.name] if row >= one.probation] for one in series}
    inside = {(one.name, _window_of(one, row)) for one in series for row in counted[one.name]}
    outside = sum(_window_of(one, row) is None for one in series for row in counted[one.name])
    days = math.fsum((len(one.stamps) - one.probation) * one.step / 86_400 for one in series)
    total = sum(map(len, counted.values()))
    return Result(
        score=100.0 * (raw - silence) / (chosen.found * count - silence) if count else math.nan,
        found=sum(window is not None for _, window in inside),
        windows=count,
        alerts=total,
        outside=outside,
        alerts_a_day=total / days,
    )
