"""The budget of stories: how often a story came to each score, learnt without labels (pure)."""

from __future__ import annotations

import math
from typing import Any

__all__ = ["StoryLedger"]

_WEEK_SECONDS = 7 * 86_400
#: Candidate thresholds.
_LOWEST, _SPACING, _LEVELS = 0.2, 0.01, 101
#: An entry weighs half after eight weeks: a season, not a storm.
_HALF_LIFE_WEEKS = 8.0
#: What is assumed before anything is known, worth three weeks: stories a week from a score on, as three
#: papers had them from August to October 2025.
_PRIOR_WEEKS = 3.0
_PRIOR_AT, _PRIOR_RATE, _PRIOR_FALL = 0.75, 3.5, 5.0


class StoryLedger:
    """Threshold that keeps to a number of stories a week.

    For each candidate threshold the stories that came to it are counted, fading, over the time that was
    watched; the threshold is the lowest candidate that at most the wanted number came to.

    Notes
    -----
    As `BudgetLadder`, without its incident rule: a story is one incident already. Entries count as
    ``n + sqrt(n)``, so that the budget is kept rather than met. 101 numbers of state.

    """

    def __init__(self) -> None:
        self._weeks = _PRIOR_WEEKS
        self._at = 0
        self._entries = [_PRIOR_WEEKS * _prior(level) for level in range(_LEVELS)]

    def watch(self, at: int) -> None:
        """Note that stories were watched until `at` (epoch seconds)."""
        weeks = (at - self._at) / _WEEK_SECONDS if self._at else 0.0
        keep = 0.5 ** (weeks / _HALF_LIFE_WEEKS)
        self._weeks = self._weeks * keep + weeks
        self._entries = [entries * keep for entries in self._entries]
        self._at = at

    def enter(self, before: float, after: float) -> None:
        """Note that a story's best score rose."""
        for level in range(_level(before) + 1, _level(after) + 1):
            self._entries[level] += 1.0

    def threshold(self, weekly: float) -> float:
        """Return the lowest score that at most `weekly` stories a week come to."""
        wanted = weekly * self._weeks
        rates = (entries + math.sqrt(entries) for entries in self._entries)
        level = next((level for level, entries in enumerate(rates) if entries <= wanted), _LEVELS)
        return _LOWEST + _SPACING * level

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [self._weeks, self._at, list(self._entries)]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        self._weeks, self._at = float(state[0]), int(state[1])
        self._entries = [float(entries) for entries in state[2]]


def _level(score: float) -> int:
    """Return the highest candidate that a score comes to; -1 for none."""
    return min(math.floor((score - _LOWEST) / _SPACING + 1e-9), _LEVELS - 1) if score >= _LOWEST else -1


def _prior(level: int) -> float:
    return _PRIOR_RATE * math.exp((_PRIOR_AT - _LOWEST - _SPACING * level) * _PRIOR_FALL)
