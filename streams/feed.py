"""Whether the input, and each kind of source, is fed: a silence far beyond its habit is a gap (pure).

A dead connector and a quiet night look alike to a topic. So the arrivals of all mentions are watched, matched
or not: how long the input is usually silent is known per day, and minutes of a much longer silence are
*unfed*. They decide nothing and teach nothing. Where one kind of source alone is silent (the connector of
social media is dead, the press goes on) its topics go on deciding, but learn nothing: their talk is not
whole.
"""

from __future__ import annotations

from bisect import insort
from statistics import median
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["Feed", "Span", "feed_of_kind", "is_gap", "missing"]

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
#: A kind that is usually silent for half a day is never missed: nobody can tell its death from its habit.
_MOST_KIND_MINUTES = _DAY_MINUTES
#: A kind that stays away for longer has left, and its topics learn to do without.
_LEFT_MINUTES = 3 * _DAY_MINUTES
#: Gaps remembered, the newest: a step that is repeated after a crash carries those of the steps before it.
_SPANS = 64


class Feed(msgspec.Struct):
    """Arrivals of the whole input or of one kind of source, minute by minute.

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
    most
        Where more silence than so many minutes is usual, no silence is a gap; 0: there is no such limit.

    """

    last: int = -1
    through: int = -1
    waiting: list[int] = msgspec.field(default_factory=list)
    day: int = -1
    longest: int = 0
    habits: list[int] = msgspec.field(default_factory=list)
    gaps: list[Span] = msgspec.field(default_factory=list)
    most: int = 0

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
        """Return the minutes of silence that are usual at most; None while no silence is a gap."""
        if len(self.habits) < _LEAST_DAYS:
            return None
        limit = max(_LEAST_MINUTES, round(_TIMES * median(self.habits)))
        return None if self.most and limit > self.most else limit


def feed_of_kind() -> Feed:
    """Return the feed of a kind of source: of one that is silent half a day no silence is a gap."""
    return Feed(most=_MOST_KIND_MINUTES)


def is_gap(gaps: Iterable[Span], minute: int) -> bool:
    """Return whether a minute is unfed."""
    return any(first <= minute <= last for first, last in gaps)


def missing(gaps: Mapping[int, Iterable[Span]], minute: int) -> frozenset[int]:
    """Return the kinds of source that are missing in a minute, of the gaps of each.

    A kind that stays away is missed for three days: then it has left, and its topics learn to do without.
    """
    return frozenset(
        kind
        for kind, spans in gaps.items()
        if any(first <= minute <= last and minute - first < _LEFT_MINUTES for first, last in spans)
    )
