"""The calendar: public holidays, and planned events that make a rush of talk expected."""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import Any

import holidays
import msgspec

from detectors.orders import PlannedEvent
from detectors.windows import WINDOW_SECONDS

__all__ = ["NOTHING_PLANNED", "Calendar", "is_day_off"]

#: Factors of a moment at which nothing is planned.
NOTHING_PLANNED = (1.0,) * len(WINDOW_SECONDS)
#: Planned events kept for a topic; of more, those that end last.
_KEPT = 64
_DAY_SECONDS = 86_400
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


@lru_cache(maxsize=64)
def _days_off(country: str, year: int) -> frozenset[int]:
    """Return the public holidays of a year as days since the epoch."""
    found = holidays.country_holidays(country, years=year)
    return frozenset(day.toordinal() - _EPOCH_ORDINAL for day in found)


@lru_cache(maxsize=1024)
def is_day_off(country: str, day: int) -> bool:
    """Return whether a local day is a public holiday, when people and press behave as at a weekend.

    Parameters
    ----------
    country
        ISO 3166 code that the package ``holidays`` knows (of Vietnam: Tet week, the Hung kings' day, days
        given as a substitute); empty: no day is.
    day
        Days since 1970-01-01 in local time.

    """
    if not country:
        return False
    return day in _days_off(country, date.fromordinal(day + _EPOCH_ORDINAL).year)


class Calendar:
    """The planned events of one topic, or of all topics for the story desk.

    During an event the expected count is the usual one times its factor; a window that the event covers in
    part expects the part. Of overlapping events the largest factor holds, since they tell of the same crowd.
    """

    def __init__(self) -> None:
        self._events: dict[str, PlannedEvent] = {}

    def plan(self, event: PlannedEvent) -> None:
        """Expect an event, or change the one with its id."""
        self._events[event.event_id] = event
        if len(self._events) > _KEPT:
            soonest = min(self._events.values(), key=lambda one: (one.end, one.event_id))
            del self._events[soonest.event_id]

    def cancel(self, event_id: str) -> None:
        """Expect an event no more; an unknown one changes nothing."""
        self._events.pop(event_id, None)

    def factors(self, at: int) -> tuple[float, ...]:
        """Return by how much each of `WINDOW_SECONDS` that ends at `at` (epoch s) is expected to grow."""
        if not self._events:
            return NOTHING_PLANNED
        events = self._events.values()
        return tuple(max(_factor(one, at - seconds, at) for one in events) for seconds in WINDOW_SECONDS)

    def expects(self, topic: str, at: int) -> bool:
        """Return whether an event that names the topic touches the day that ends at `at` (epoch s).

        An event for all topics names none.
        """
        day = at - _DAY_SECONDS
        return any(topic in one.topics and one.start < at and one.end > day for one in self._events.values())

    def forget(self, at: int) -> None:
        """Forget the events that no window reaches any more at `at`."""
        if self._events:
            kept = self._events.items()
            self._events = {event_id: one for event_id, one in kept if one.end > at - _DAY_SECONDS}

    def dump(self) -> list[Any]:
        """Return the state as builtins."""
        return [list(msgspec.structs.astuple(one)) for one in self._events.values()]

    def restore(self, state: list[Any]) -> None:
        """Take a state that `dump` returned."""
        events = [PlannedEvent(event_id, tuple(topics), *rest) for event_id, topics, *rest in state]
        self._events = {one.event_id: one for one in events}


def _factor(event: PlannedEvent, start: int, end: int) -> float:
    """Return what `event` makes of the expected count of a window."""
    covered = max(0, min(end, event.end) - max(start, event.start))
    return 1.0 + (event.factor - 1.0) * covered / (end - start)
