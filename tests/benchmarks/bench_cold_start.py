"""Pages of new topics in their first days, against the alert budget.

`HAIDANG_COLD_TOPICS` (40 unless given) simulated stationary topics, half Poisson, half negative binomial,
each from its first mention on, at one page a week and topic.

Run: make bench ARGS="-k cold_start"
"""

from __future__ import annotations

import os
from collections import Counter

import pytest
from bench_support import counts_alone, show
from detector_support import START, steps, watch
from simulated import CLASSES, talk, topic

from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings

TOPICS = int(os.environ.get("HAIDANG_COLD_TOPICS", "40"))
WARM_UP_DAYS = 3
DAYS = 14
CHOSEN = DetectionSettings(pages_per_week=TOPICS, topics=TOPICS, holidays="", utc_offset_minutes=0)


def page_days(number: int, *, text: bool) -> list[int]:
    """Return the days, from 0, on which a new topic pages."""
    told = steps(talk(topic(number), DAYS))
    feed = told if text else (counts_alone(closed) for closed in told)
    events = watch(feed, TopicMonitor(str(number), "", "", CHOSEN, ""))
    return [int(event.at.timestamp() - START - 1) // 86_400 for event in events if event.pages]


@pytest.mark.parametrize("text", [False, True], ids=["counts", "text"])
def test_pages_of_new_topics(text: bool) -> None:  # noqa: FBT001 - a case of the table
    """By class of rates: the warm-up, the rest of the first week, the second week, and what is allowed."""
    seen: dict[int, Counter[int]] = {place: Counter() for place in range(len(CLASSES))}
    for number in range(TOPICS):
        seen[topic(number).rate_class].update(page_days(number, text=text))
    each = TOPICS / len(CLASSES)
    for place, (low, high) in enumerate(CLASSES):
        days = seen[place]
        parts = [sum(days[d] for d in span) for span in (range(3), range(3, 7), range(7, DAYS))]
        show(
            f"{'text' if text else 'counts'}, {low}-{high} a minute: days 1-3 {parts[0]} "
            f"(allowed {each * 3 / 7:.1f}), days 4-7 {parts[1]} ({each * 4 / 7:.1f}), "
            f"days 8-14 {parts[2]} ({each:.1f})"
        )
    early = sum(days[d] for days in seen.values() for d in range(WARM_UP_DAYS))
    assert early <= TOPICS * WARM_UP_DAYS / 7
