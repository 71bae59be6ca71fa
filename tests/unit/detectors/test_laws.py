"""Laws of a topic's monitor, over made-up days with bursts, campaigns, gaps and few voices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
from detector_support import START, example, windows
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.counts import TrailingSums
from detectors.events import encode_event
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings, NamedDetector
from detectors.windows import DAY, HOUR, WINDOW_SECONDS, Windows

if TYPE_CHECKING:
    from detectors.events import AlertEvent

STEP = 900
DAY_STEPS = 86_400 // STEP
WEEK_SECONDS = 7 * 86_400
#: No holidays: they are the one thing that whole weeks do not repeat.
SETTINGS = DetectionSettings(
    topics=20,
    holidays="",
    detectors=(NamedDetector(name="river.anomaly.HalfSpaceTrees", parameters={"n_trees": 3}),),
)
SEEDS = st.integers(0, 1 << 30)
QUICK = settings(max_examples=12, deadline=None)


def new(topic: str = "water") -> TopicMonitor:
    """Return a new monitor."""
    return TopicMonitor(topic, "Nước sạch Hoa Sen", "Hoa Sen water", SETTINGS, SETTINGS.digest())


def made_up(seed: int, days: int = 5) -> list[Windows]:
    """Return days of talk by quarters of an hour, with a burst and a gap in the last two."""
    rng = np.random.default_rng(seed)
    steps = days * DAY_STEPS
    totals = rng.poisson(
        rng.choice((0.5, 4.0, 30.0)) * (1 + 0.5 * np.sin(np.arange(steps) / DAY_STEPS * 6.283))
    )
    shares = np.full(steps, 0.2)
    at, long = int(rng.integers(steps - 2 * DAY_STEPS, steps - 20)), int(rng.integers(4, 20))
    totals[at : at + long] += rng.poisson(rng.choice((20, 120)), min(long, steps - at))
    shares[at : at + long] = rng.choice((0.1, 0.8))
    copied, voices = rng.choice((0.0, 0.9)), int(rng.choice((0, 4, 60)))
    gap = int(rng.integers(steps - 2 * DAY_STEPS, steps - 10))
    negatives = rng.binomial(totals, shares)
    sums = TrailingSums(STEP), TrailingSums(STEP)
    found = []
    for i in range(steps):
        total, negative = sums[0].push(int(totals[i])), sums[1].push(int(negatives[i]))
        burst = at <= i < at + long
        found.append(
            Windows(
                at=START + (i + 1) * STEP,
                step=STEP,
                arrived=int(totals[i]),
                total=total,
                negative=negative,
                positive=(0,) * 5,
                negative_milli=tuple(1000 * count for count in negative),
                kinds=tuple((0, count, 0, 0, 0) for count in total),
                spread=12 if burst else 4,
                authors=voices if burst else min(total[HOUR], 40),
                copies=int(total[HOUR] * copied) if burst else 0,
                fed_seconds=0 if gap <= i < gap + 6 else WINDOW_SECONDS[DAY],
                examples=(example(i, published=START + i * STEP, arrived=START + i * STEP),) if burst else (),
            )
        )
    return found


def told(feed: list[Windows], monitor: TopicMonitor | None = None) -> list[AlertEvent]:
    """Return what a monitor tells of the feed."""
    monitor = monitor or new()
    return [event for closed in feed for event in monitor.close(closed)]


def wire(events: list[AlertEvent]) -> list[bytes]:
    """Return what would leave."""
    return [encode_event(event) for event in events]


@QUICK
@given(SEEDS, st.floats(0, 1))
def test_truncation_changes_no_earlier_alert(seed: int, part: float) -> None:
    """What comes later cannot change what was said."""
    feed = made_up(seed)
    cut = round(part * len(feed))
    whole = told(feed)
    early = told(feed[:cut])
    assert wire(early) == wire(whole)[: len(early)]
    assert all(event.at.timestamp() > feed[cut - 1].at for event in whole[len(early) :] if cut)


@QUICK
@given(SEEDS, st.integers(-300, 300))
def test_whole_weeks_shift_the_alerts_and_nothing_else(seed: int, weeks: int) -> None:
    """The same talk some weeks earlier or later gives the same alerts then."""
    feed, shift = made_up(seed), weeks * WEEK_SECONDS
    moved = [
        msgspec.structs.replace(
            closed,
            at=closed.at + shift,
            examples=tuple(
                msgspec.structs.replace(one, published=one.published + shift, arrived=one.arrived + shift)
                for one in closed.examples
            ),
        )
        for closed in feed
    ]
    for one, other in zip(told(feed), told(moved), strict=True):
        assert (one.at.timestamp() + shift, one.onset.timestamp() + shift) == (
            other.at.timestamp(),
            other.onset.timestamp(),
        )
        for field in (
            "event",
            "kind",
            "severity",
            "reason",
            "observed",
            "expected",
            "interval",
            "confidence",
        ):
            assert getattr(one, field) == getattr(other, field)
        assert [(e.name, e.score, e.threshold) for e in one.evidence] == [
            (e.name, e.score, e.threshold) for e in other.evidence
        ]


@QUICK
@given(SEEDS, st.lists(st.floats(0, 1), max_size=3))
def test_storing_and_restoring_anywhere_changes_nothing(seed: int, parts: list[float]) -> None:
    """In a warm-up, a gap, a campaign or an open alert, with named detectors too."""
    feed = made_up(seed)
    monitor, events, begin = new(), [], 0
    for cut in [*sorted(round(part * len(feed)) for part in parts), len(feed)]:
        events += told(feed[begin:cut], monitor)
        stored = msgspec.msgpack.decode(msgspec.msgpack.encode(monitor.dump()))
        monitor = TopicMonitor.load(
            stored, "water", "Nước sạch Hoa Sen", "Hoa Sen water", SETTINGS, SETTINGS.digest()
        )
        begin = cut
    whole = new()
    assert wire(events) == wire(told(feed, whole))
    assert monitor.dump() == whole.dump()


@pytest.mark.parametrize("steps", [0, 1, 3, 4, 5])
def test_a_monitor_that_hardly_closed_is_restored_exactly(steps: int) -> None:
    """Its means of arrivals too, before and within the first hour."""
    feed, monitor = made_up(1), new()
    told(feed[:steps], monitor)
    again = TopicMonitor.load(monitor.dump(), "water", "Nước", "Water", SETTINGS, SETTINGS.digest())
    assert again.dump() == monitor.dump()
    told(feed[steps:100], monitor)
    told(feed[steps:100], again)
    assert again.dump() == monitor.dump()


@QUICK
@given(SEEDS, st.permutations(range(3)))
def test_topics_are_decided_each_by_itself(seed: int, order: list[int]) -> None:
    """In whatever order, and whatever is said of the others."""
    feeds = [made_up(seed + n) for n in range(3)]
    monitors = [new(f"topic-{n}") for n in range(3)]
    events: list[list[AlertEvent]] = [[], [], []]
    for place in range(len(feeds[0])):
        for n in order:
            events[n] += monitors[n].close(feeds[n][place])
    assert [wire(one) for one in events] == [
        wire(told(feed, new(f"topic-{n}"))) for n, feed in enumerate(feeds)
    ]


@QUICK
@given(SEEDS)
def test_a_state_stays_small(seed: int) -> None:
    """At most 16 kB without the memory of stories, named detectors included, and 64 kB with it."""
    monitor = new()
    for closed in made_up(seed, days=9):
        monitor.close(closed)
    state = monitor.dump()
    assert len(msgspec.msgpack.encode(state)) <= 64_000
    assert (
        len(msgspec.msgpack.encode({name: part for name, part in state.items() if name != "stories"}))
        <= 16_000
    )


@pytest.mark.parametrize("version", [None, 0, 6, 99, "7"])
def test_a_state_of_another_version_is_learnt_anew(version: object) -> None:
    """Older, newer or foreign: a new monitor, whatever else the state holds."""
    state = new().dump() | {"version": version, "volume": "something else", "seen": 10_000}
    loaded = TopicMonitor.load(state, "water", "Nước", "Water", SETTINGS, "x")
    assert loaded.warming_up
    assert loaded.close(windows(at=START, step=STEP)) == []
