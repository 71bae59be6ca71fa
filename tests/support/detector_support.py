"""Steps of made-up talk for the tests of the detectors."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from river.checks import common

from detectors.counts import TrailingSums
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.windows import WINDOW_SECONDS, Example, Windows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from detectors.events import AlertEvent

MINUTE = 60
DAY_MINUTES = 1440
#: A Monday, 00:00 UTC.
START = 1_790_553_600

#: River's checks that need no data set.
RIVER_CHECKS = [
    common.check_repr,
    common.check_str,
    common.check_tags,
    common.check_clone_same_class,
    common.check_clone_is_idempotent,
    common.check_init_has_default_params_for_tests,
    common.check_init_default_params_are_not_mutable,
    common.check_doc,
    common.check_clone_changes_memory_addresses,
    common.check_mutate_can_be_idempotent,
    common.check_pickling_supports_roundtrip,
    common.check_repr_roundtrips_clone,
    common.check_clone_with_new_params_applies,
    common.check_get_params_matches_signature,
]


class Talk(NamedTuple):
    """Mentions of one minute: how many, how many of them negative, how many positive."""

    total: int
    negative: int = 0
    positive: int = 0


def ordinary(
    minutes: int, *, rate: float = 0.5, share: float = 0.2, seed: int = 1, joy: float = 0.2
) -> list[Talk]:
    """Return minutes of Poisson talk at `rate` a minute with fixed negative and positive shares."""
    rng = np.random.default_rng(seed)
    totals = rng.poisson(rate, minutes)
    negatives = rng.binomial(totals, share)
    positives = rng.binomial(totals - negatives, joy)
    return [Talk(*map(int, talk)) for talk in zip(totals, negatives, positives, strict=True)]


def example(number: int = 1, **changes: object) -> Example:
    """Return an example with the given changes."""
    values: dict[str, object] = {
        "mention": number,
        "text": f"Người dân xã Hoa Sen phản ánh nước đục, lần {number}",
        "source": f"Báo {number}",
        "kind": "press",
        "url": f"https://example.org/{number}",
        "published": START,
        "arrived": START,
        "negative_milli": 900,
        "phrases": ("nước đục", "Hoa Sen"),
    }
    return Example(**(values | changes))  # type: ignore[arg-type]


def windows(**changes: object) -> Windows:
    """Return the windows of a silent minute with the given changes."""
    zeros = (0,) * len(WINDOW_SECONDS)
    values: dict[str, object] = {
        "at": START,
        "step": MINUTE,
        "arrived": 0,
        "total": zeros,
        "negative": zeros,
        "positive": zeros,
        "negative_milli": zeros,
        "kinds": ((0, 0, 0, 0, 0),) * len(WINDOW_SECONDS),
    }
    return Windows(**(values | changes))  # type: ignore[arg-type]


def steps(
    talk: Iterable[Talk], *, start: int = START, authors: int = 50, examples: tuple[Example, ...] = ()
) -> Iterator[Windows]:
    """Yield the windows after each minute of `talk`, everything arriving at once, from social sources."""
    total, negative, positive = TrailingSums(MINUTE), TrailingSums(MINUTE), TrailingSums(MINUTE)
    for i, minute in enumerate(talk, 1):
        totals, bad = total.push(minute.total), negative.push(minute.negative)
        yield Windows(
            at=start + i * MINUTE,
            step=MINUTE,
            arrived=minute.total,
            total=totals,
            negative=bad,
            positive=positive.push(minute.positive),
            negative_milli=tuple(count * 1000 for count in bad),
            kinds=tuple((0, count, 0, 0, 0) for count in totals),
            spread=12,
            authors=authors,
            examples=examples,
            arrived_negative_milli=minute.negative * 1000,
        )


def monitor(topic: str = "water", **settings: object) -> TopicMonitor:
    """Return a new monitor of one of twenty topics that share the default budget."""
    chosen = DetectionSettings(**({"topics": 20} | settings))  # type: ignore[arg-type]
    return TopicMonitor(topic, "Nước sạch Hoa Sen", "Hoa Sen water", chosen, chosen.digest())


def watch(feed: Iterable[Windows], watcher: TopicMonitor | None = None) -> list[AlertEvent]:
    """Return all events that the feed causes."""
    watcher = watcher or monitor()
    return [event for closed in feed for event in watcher.close(closed)]
