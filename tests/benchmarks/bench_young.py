"""The first week of new topics whose hours swing: pages on ordinary talk, and minutes until anger pages.

`HAIDANG_YOUNG_TOPICS` (30) topics, six of which share 14 pages a week; each is watched four times more with
something happening to it on its fifth, sixth or seventh day.

Run: make bench ARGS="-k young"
"""

from __future__ import annotations

import math
import os
from statistics import median
from typing import TYPE_CHECKING

from bench_support import show
from detector_support import MINUTE, START, steps, watch
from msgspec.structs import replace
from young import HAPPENINGS, HOUR_MINUTES, Onset, first_week, onset

from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.windows import HOUR

if TYPE_CHECKING:
    from detectors.events import AlertEvent

TOPICS = int(os.environ.get("HAIDANG_YOUNG_TOPICS", "30"))
SHARING = 6
CHOSEN = DetectionSettings(pages_per_week=14, topics=SHARING, holidays="")
#: Of five mentions of an hour four are by different people.
VOICES = 0.8
#: What is told up to an hour after it ended still tells of it.
AFTER_MINUTES = HOUR_MINUTES


def told(number: int, happens: Onset | None = None) -> list[AlertEvent]:
    """Return the alert events of a topic's first week."""
    feed = (
        replace(
            closed,
            authors=int(VOICES * closed.total[HOUR]),
            angry_authors=int(VOICES * closed.negative[HOUR]),
        )
        for closed in steps(first_week(number, happens))
    )
    return watch(feed, TopicMonitor(str(number), "", "", CHOSEN, ""))


def minutes_to(events: list[AlertEvent], happens: Onset) -> float:
    """Return minutes from the onset to the first of the events, infinite if it is none or too late."""
    longest = happens.happening.hours * HOUR_MINUTES + AFTER_MINUTES
    after = ((event.at.timestamp() - START) / MINUTE - happens.minute for event in events)
    return next((minutes for minutes in after if 0 <= minutes <= longest), math.inf)


def test_ordinary_talk() -> None:
    """Pages a day, of six topics, from the third to the seventh day."""
    pages = [0] * 7
    for number in range(TOPICS):
        for event in told(number):
            pages[int(event.at.timestamp() - START - 1) // 86_400] += event.pages
    show(f"ordinary talk, {TOPICS} topics: {pages} pages a day, {sum(pages) / TOPICS * SHARING:.1f} of six")


def test_minutes_until_anger_is_told() -> None:
    """Of each happening: how many are told and paged, within which time."""
    for happening in HAPPENINGS:
        found = []
        for number in range(TOPICS):
            happens = onset(number, happening)
            events = told(number, happens)
            pages = [event for event in events if event.pages]
            found.append((minutes_to(events, happens), minutes_to(pages, happens)))
        first, paged = zip(*found, strict=True)
        counts = ", ".join(f"{_within(paged, longest)} within {longest} min" for longest in (180, 300))
        all_told, all_paged = _within(first, math.inf), _within(paged, math.inf)
        show(f"{happening.name}, {TOPICS} topics: told {all_told}, paged {all_paged}, {counts}")
        show(f"  median {median(paged):.0f} min to the page")


def _within(minutes: tuple[float, ...], longest: float) -> int:
    return sum(one <= longest and not math.isinf(one) for one in minutes)
