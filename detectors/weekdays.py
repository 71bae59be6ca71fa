"""Days of the week: which of them a topic is talked of more than its hours alone would tell."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

DAYS = 7
#: The first day of the epoch was a Thursday.
_FIRST = 3
#: A day of fewer learnt hours tells nothing: an incident, a gap or the start of collection took the rest.
_LEAST_HOURS = 12
#: A day counts as at most so many times the usual, or so small a part of it.
_MOST = math.log(3.0)
#: Visits of a weekday, and days of any kind, after which one weighs half.
_MEMORY_VISITS = 8
_MEMORY_DAYS = 8 * DAYS
#: Weekdays are told apart from their second visit on.
_LEAST_VISITS = 2
#: Weekdays are compared with their own kind: what tells weekends from working days is in the hours.
_KINDS = (range(5), range(5, DAYS))
_FREEDOM = DAYS - len(_KINDS)
#: Between weekdays the days must vary so many times as much as within them, and more while few are known:
#: the upper twentieth of F with five and n degrees of freedom is near 2.2 (1 + 6 / n).
_BEYOND_CHANCE = 2.2
_FEW_COMPARED = 6.0


def weekday(day: int) -> int:
    """Return the weekday, 0 (Monday) .. 6, of a day since the epoch."""
    return (day + _FIRST) % DAYS


class Weekdays:
    """Factor of each day of the week beside the hours of working days and weekends.

    Each day gives one logarithm of what was counted over what its hours let expect. Their means by weekday,
    less that of all working days or of the weekend, are drawn to 0 as far as they vary no more than days of
    one weekday do among themselves (James and Stein 1961, positive part, with the 5 % point of F in the place
    of 1): a topic without a week keeps factors of 1, and one whose days swing widely needs many weeks.

    Notes
    -----
    20 numbers of state, whatever its age.

    """

    def __init__(self) -> None:
        self._day = 0
        self._hours = 0.0
        self._counted = 0.0
        self._expected = 0.0
        self._visits = [0] * DAYS
        self._means = [0.0] * DAYS
        self._within = 0.0
        self._compared = 0
        self._factors = (1.0,) * DAYS

    def factor(self, day: int) -> float:
        """Return the factor of a local day since the epoch."""
        return self._factors[weekday(day)]

    def add(self, day: int, hours: float, counted: float, expected: float) -> None:
        """Take some hours of a local day: what was counted, and what was expected without this factor."""
        if day != self._day:
            self._end()
            self._day, self._hours, self._counted, self._expected = day, 0.0, 0.0, 0.0
        self._hours += hours
        self._counted += counted
        self._expected += expected

    def _end(self) -> None:
        if self._hours < _LEAST_HOURS:
            return
        told = math.log((self._counted + 1.0) / (self._expected + 1.0))
        self._take(weekday(self._day), min(max(told, -_MOST), _MOST))
        self._factors = self._shrunk()

    def _take(self, which: int, told: float) -> None:
        visits, away = self._visits[which], told - self._means[which]
        if visits:
            self._compared += 1
            rate = max(1.0 / self._compared, 1.0 / _MEMORY_DAYS)
            self._within += rate * (away * away * visits / (visits + 1) - self._within)
        self._visits[which] = min(visits + 1, _MEMORY_VISITS)
        self._means[which] += away / self._visits[which]

    def _shrunk(self) -> tuple[float, ...]:
        if min(self._visits) < _LEAST_VISITS or self._within <= 0.0:
            return (1.0,) * DAYS
        centred = [mean - fmean(self._of(kind)) for kind in _KINDS for mean in self._of(kind)]
        between = sum(m * m * n for m, n in zip(centred, self._visits, strict=True)) / _FREEDOM
        chance = _BEYOND_CHANCE * (1.0 + _FEW_COMPARED / min(self._compared, _MEMORY_DAYS))
        part = max(0.0, 1.0 - chance * self._within / between) if between else 0.0
        return tuple(math.exp(part * mean) for mean in centred)

    def _of(self, kind: range) -> list[float]:
        return [self._means[i] for i in kind]

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [
            self._day, self._hours, self._counted, self._expected, list(self._visits), list(self._means),
            self._within, self._compared,
        ]  # fmt: skip

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._day, self._hours = int(state[0]), float(state[1])
        self._counted, self._expected = float(state[2]), float(state[3])
        self._visits = [int(v) for v in state[4]]
        self._means = [float(v) for v in state[5]]
        self._within, self._compared = float(state[6]), int(state[7])
        self._factors = self._shrunk()
