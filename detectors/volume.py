"""Volume: how far the counts of a topic stand above its own level, hour and weekend."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from river import base

if TYPE_CHECKING:
    from collections.abc import Mapping

HOURS = 24
#: One factor per hour of working days, then of weekend days.
CELLS = 2 * HOURS
_HOUR_SECONDS = 3600
_DAY_SECONDS = 86_400
#: The first day of the epoch was a Thursday: days 2 and 3 of each week of the epoch are a weekend.
_WEEKEND = (2, 3)


class Place(NamedTuple):
    """Where a moment lies in the week: its own hour, the neighbour it leans to, and how far (0 .. .5)."""

    cell: int
    neighbour: int
    lean: float


def place_of(at: int, utc_offset_seconds: int) -> Place:
    """Return the place of the moment just before `at` (epoch seconds) in the local week."""
    local = at - 1 + utc_offset_seconds
    day, second = divmod(local, _DAY_SECONDS)
    hour, within = divmod(second, _HOUR_SECONDS)
    offset = within / _HOUR_SECONDS - 0.5
    beside = hour + (1 if offset > 0 else -1)
    neighbour_day = day + beside // HOURS
    return Place(_cell(day, hour), _cell(neighbour_day, beside % HOURS), abs(offset))


def _cell(day: int, hour: int) -> int:
    return hour + (HOURS if day % 7 in _WEEKEND else 0)


class WindowVolume(base.AnomalyDetector):
    """Square-root residual of one trailing count against level x hour-of-day factor.

    The expected count is an exponentially weighted level times the factor of the hour and weekend, shrunk to
    1 while the hour has seen few mentions. The residual ``2 (sqrt(x + 3/8) - sqrt(mu + 3/8))`` has variance
    near 1 for a Poisson count of any mean (Anscombe 1948); it is divided by its own slow standard deviation,
    never less than 1, so that a bursty topic needs a larger burst. Counts are compared with counts *as known
    at the same stage*, so reporting delay is part of the level.

    Parameters
    ----------
    memory
        Steps after which an observation weighs half.
    inertia
        Expected mentions of an hour's cell that weigh as much as the factor 1.

    Notes
    -----
    Features: ``count`` and the `Place` as ``cell``, ``neighbour``, ``lean``. Score: standard deviations above
    expectation, negative below. Cost about 1 us to score and 1 us to learn; 52 numbers of state.

    """

    def __init__(self, memory: float = 2016.0, inertia: float = 50.0) -> None:
        self.memory = memory
        self.inertia = inertia
        self._fade = 1.0 - 0.5 ** (1.0 / memory)
        self._seen = 0
        self._level = 0.0
        self._spread = 1.0
        self._cell_mean = [0.0] * CELLS
        self._cell_seen = [0] * CELLS

    def score_one(self, x: Mapping[str, Any]) -> float:  # type: ignore[override]
        """Return the residual of ``x`` in standard deviations."""
        place = Place(int(x.get("cell", 0)), int(x.get("neighbour", 0)), float(x.get("lean", 0.0)))
        return self.score(float(x.get("count", 0.0)), self.mean(place))

    def learn_one(self, x: Mapping[str, Any]) -> None:  # type: ignore[override]
        """Learn the count at its place."""
        place = Place(int(x.get("cell", 0)), int(x.get("neighbour", 0)), float(x.get("lean", 0.0)))
        self.learn(float(x.get("count", 0.0)), place, self.mean(place))

    def mean(self, place: Place) -> float:
        """Return the expected count at `place`."""
        own = self._factor(place.cell)
        return self._level * (own + (self._factor(place.neighbour) - own) * place.lean)

    def _factor(self, cell: int) -> float:
        weight = self._cell_seen[cell] * self._level
        return (self._cell_mean[cell] * self._cell_seen[cell] + self.inertia) / (weight + self.inertia)

    @property
    def deviation(self) -> float:
        """Standard deviation of the residual, at least 1."""
        return math.sqrt(max(self._spread, 1.0))

    def score(self, count: float, mean: float) -> float:
        """Return the standardised residual of `count` against `mean`."""
        return 2.0 * (math.sqrt(count + 0.375) - math.sqrt(mean + 0.375)) / self.deviation

    def learn(self, count: float, place: Place, mean: float) -> None:
        """Take `count` into level, hour and spread; `mean` is what was expected of it."""
        residual = 2.0 * (math.sqrt(count + 0.375) - math.sqrt(mean + 0.375))
        self._seen += 1
        rate = max(self._fade, 1.0 / (self._seen + 1))
        self._spread += rate * (residual * residual - self._spread)
        self._level += max(self._fade, 1.0 / self._seen) * (count - self._level)
        seen = self._cell_seen[place.cell] = min(self._cell_seen[place.cell] + 1, 10**9)
        self._cell_mean[place.cell] += max(self._fade * 5, 1.0 / seen) * (count - self._cell_mean[place.cell])

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._seen, self._level, self._spread, list(self._cell_mean), list(self._cell_seen)]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._seen, self._level, self._spread = int(state[0]), float(state[1]), float(state[2])
        self._cell_mean = [float(v) for v in state[3]]
        self._cell_seen = [int(v) for v in state[4]]
