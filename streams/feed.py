"""Whether the whole input is fed: a silence far beyond its habit is a gap, not calm (pure).

A dead connector and a quiet night look alike to a topic. So the arrivals of all mentions are watched, matched
or not: how long the input is usually silent is known per day, and minutes of a much longer silence are
*unfed*. They decide nothing and teach nothing.
"""

from __future__ import annotations

from bisect import insort
from statistics import median
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Feed", "Span"]

#: First and last minute of a gap (since the epoch).
Span = tuple[int, int]
#: The habit is the median of so many days' longest silences, so that an outage does not become one.
_DAYS = 14
_LEAST_DAYS = 3
#: A gap is twice as long as the habit, and half an hour at least. Of arrivals by chance the longest silence
#: of a day is about seven mean silences (of 1,440 arrivals), and twice that comes once in years.
_TIMES = 2
_LEAST_MINUTES = 30
_DAY_MINUTES = 1440
#: Gaps remembered, the newest: a step that is repeated after a crash carries those of the steps before it.
_SPANS = 64


class Feed(msgspec.Struct):
    """Arrivals of the whole input, minute by minute.

    Attributes
    ----------
    last
        Last minute that is over in which something arrived; -1 before any.
    through
        Last minute judged.
    waiting
        Minutes in which something arrived and that are not over, ascending.
    day, longest
        Day (since the epoch) of ``last`` and its longest silence, in minutes, so far.
    habits
        Longest silence of each of the last days with an arrival, at most 14.
    gaps
        Unfed minutes, oldest first.

    """

    last: int = -1
    through: int = -1
    waiting: list[int] = msgspec.field(default_factory=list)
    day: int = -1
    longest: int = 0
    habits: list[int] = msgspec.field(default_factory=list)
    gaps: list[Span] = msgspec.field(default_factory=list)

    def hear(self, minutes: Iterable[int]) -> None:
        """Take in arrival minutes, in any order; of one that is over already the first open one."""
        for minute in minutes:
            open_minute = max(minute, self.through + 1)
            if open_minute not in self.waiting:
                insort(self.waiting, open_minute)

    def close(self, through: int) -> list[Span]:
        """Judge the minutes up to ``through`` and return the gaps known, the newest 64."""
        while self.waiting and self.waiting[0] <= through:
            minute = self.waiting.pop(0)
            self._pass_silence(minute - 1)
            self._arrive(minute)
        self._pass_silence(through)
        return list(self.gaps)

    def _pass_silence(self, through: int) -> None:
        """Mark the minutes up to ``through`` that come too long after the last arrival."""
        limit = self._limit()
        if limit is not None:
            first = max(self.last + limit + 1, self.through + 1)
            if first <= through:
                self._mark(first, through)
        self.through = max(self.through, through)

    def _mark(self, first: int, last: int) -> None:
        if self.gaps and self.gaps[-1][1] == first - 1:
            first = self.gaps.pop()[0]
        self.gaps.append((first, last))
        del self.gaps[:-_SPANS]

    def _arrive(self, minute: int) -> None:
        day = minute // _DAY_MINUTES
        if day != self.day:
            if self.day >= 0:
                self.habits = [*self.habits, self.longest][-_DAYS:]
            self.day, self.longest = day, 0
        if self.last >= 0:
            self.longest = max(self.longest, minute - self.last - 1)
        self.last = self.through = minute

    def _limit(self) -> int | None:
        """Return the minutes of silence that are usual at most; None while the habit is not known."""
        if len(self.habits) < _LEAST_DAYS:
            return None
        return max(_LEAST_MINUTES, round(_TIMES * median(self.habits)))
