"""Pages of simulated stationary topics against the alert budget.

`HAIDANG_SIM_TOPICS` (200 for the whole figure, 16 unless given), `HAIDANG_SIM_DAYS` (60) and
`HAIDANG_SIM_WEEKLY` (pages a week and topic, 1; 0.07 is the default budget shared by 200 topics).

Run: HAIDANG_SIM_TOPICS=200 make bench ARGS="-k budget"
"""

from __future__ import annotations

import math
import os
from collections import Counter

import pytest
from bench_support import counts_alone, show
from detector_support import START, steps, watch
from simulated import CLASSES, talk, topic

from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings

TOPICS = int(os.environ.get("HAIDANG_SIM_TOPICS", "16"))
DAYS = int(os.environ.get("HAIDANG_SIM_DAYS", "60"))
WEEKLY = float(os.environ.get("HAIDANG_SIM_WEEKLY", "1"))
#: Signals without memory open at most so many alerts a week of 168 hours, whatever the threshold: at r
#: signals an hour r exp(-r q) alerts open, each after q quiet hours, which is largest at r = 1 / q.
MOST_WEEKLY = 168 / (DetectionSettings().quiet_hours * math.e)
#: Pages count from here on: the longest warm-up.
WARM_UP_DAYS = 3
CHOSEN = DetectionSettings(pages_per_week=WEEKLY * TOPICS, topics=TOPICS, holidays="", utc_offset_minutes=0)


def pages(number: int, *, text: bool) -> int:
    """Return the pages of a topic after its warm-up."""
    told = steps(talk(topic(number), DAYS))
    feed = told if text else (counts_alone(w) for w in told)
    events = watch(feed, TopicMonitor(str(number), "", "", CHOSEN, ""))
    return sum(event.pages and event.at.timestamp() > START + WARM_UP_DAYS * 86_400 for event in events)


@pytest.mark.parametrize("text", [False, True], ids=["counts", "text"])
def test_realised_pages_against_the_budget(text: bool) -> None:  # noqa: FBT001 - a case of the table
    """Each class of rates, Poisson and negative binomial, and all together."""
    seen: Counter[tuple[int, bool]] = Counter()
    topics: Counter[tuple[int, bool]] = Counter()
    for number in range(TOPICS):
        key = (topic(number).rate_class, topic(number).dispersion == 1.0)
        topics[key] += 1
        seen[key] += pages(number, text=text)
    allowed = WEEKLY * (DAYS - WARM_UP_DAYS) / 7
    for key in sorted(topics):
        low, high = CLASSES[key[0]]
        name = f"{low}-{high} a minute, {'Poisson' if key[1] else 'negative binomial'}"
        ratio = seen[key] / topics[key] / allowed
        show(f"{name}: {seen[key]} pages of {topics[key] * allowed:.1f} allowed: {ratio:.2f}")
    ratio = seen.total() / TOPICS / allowed
    name = f"{'text' if text else 'counts'}, {TOPICS} topics, {DAYS} days"
    show(f"{name}: {seen.total()} of {TOPICS * allowed:.1f} allowed: {ratio:.2f}")
    show(f"the incident rule allows at most {MOST_WEEKLY:.1f} a week and topic")
    assert 0.5 * min(1.0, MOST_WEEKLY / WEEKLY) <= ratio <= 1.5
