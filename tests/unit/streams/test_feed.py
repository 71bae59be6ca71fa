"""Gaps of the whole input and of one kind of source: what is far longer than its habit is not calm."""

import random
from datetime import timedelta

import pytest
from core_support import (
    START,
    START_MINUTE,
    Desk,
    Mention,
    catalogue,
    classifier,
    mention,
    observed,
    record,
    state_of,
    tick,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import AlertEvent, Severity
from streams import observation as wire
from streams.feed import Feed, feed_of_kind, missing
from streams.pipeline import Pipeline

DAY = 1440


def unfed(arrivals: list[int], through: int) -> set[int]:
    """Return the unfed minutes of a feed that hears the arrivals in one go."""
    feed = Feed()
    feed.hear(arrivals)
    return {minute for first, last in feed.close(through) for minute in range(first, last + 1)}


def polled(days: int, every: int = 60) -> list[int]:
    """Return arrivals each so many minutes."""
    return list(range(0, days * DAY, every))


def test_a_gap_begins_after_twice_the_longest_usual_silence() -> None:
    """Polled each hour, so 59 minutes are usual: after 118 the input is a gap until the next arrival."""
    gap = unfed([*polled(5), 6 * DAY], 6 * DAY + 100)
    last = 5 * DAY - 60
    assert gap == set(range(last + 2 * 59 + 1, 6 * DAY))


def test_before_three_days_no_habit_is_known() -> None:
    """A young input is always fed."""
    assert unfed(polled(3), 9 * DAY) == set()
    assert unfed([], 9 * DAY) == set()


def test_nights_are_a_habit_and_outages_are_not() -> None:
    """Eight silent hours each night are usual; two outages of a day leave the habit as it was."""
    talk = [minute for minute in polled(20, 10) if minute % DAY >= 480]
    assert unfed(talk, 20 * DAY) == set()
    torn = [minute for minute in talk if minute // DAY not in (8, 12)]
    gaps = unfed(torn, 20 * DAY)
    assert {minute // DAY for minute in gaps} == {8, 9, 12, 13}
    assert 2 * 900 < len(gaps) < 2 * DAY


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 1 << 30), st.lists(st.integers(0, 12 * DAY), max_size=12))
def test_how_minutes_are_heard_and_closed_changes_nothing(seed: int, stops: list[int]) -> None:
    """All at once or bit by bit, stored in between or not: the same minutes are unfed."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible stream
    arrivals = [
        minute for minute in polled(12, 30) if chance.random() < 0.9 and not 8 * DAY < minute < 9 * DAY
    ]
    feed = Feed()
    begin = 0
    for stop in [*sorted(stops), 12 * DAY]:
        part = [minute for minute in arrivals if begin <= minute <= stop]
        chance.shuffle(part)
        feed.hear(part)
        gaps = feed.close(stop)
        begin = stop + 1
    assert {minute for first, last in gaps for minute in range(first, last + 1)} == unfed(arrivals, 12 * DAY)


def test_memory_is_bounded() -> None:
    """A year of hundreds of gaps: 64 of them and 14 days are kept."""
    feed = Feed()
    for day in range(365):
        feed.hear(range(day * DAY, day * DAY + 200, 5))
        feed.hear(range(day * DAY + 700, day * DAY + 720, 5))
        gaps = feed.close((day + 1) * DAY)
    assert len(gaps) <= 64
    assert (len(feed.habits), feed.waiting) == (14, [])


def weather(days: float, seed: int, *, begin: float = 0.0) -> list[Mention]:
    """Return mentions of topic 0, one each two minutes, a third of them negative, from some sources."""
    chance = random.Random(seed)  # noqa: S311 - a reproducible stream
    found: list[Mention] = []
    arrived = begin * 86_400
    while arrived < (begin + days) * 86_400:
        arrived += chance.expovariate(1 / 120)
        mood = "bức xúc, phẫn nộ" if chance.random() < 0.3 else "bàn bạc bình thường"
        name = f"w{seed}-{len(found)}"
        found.append(mention(name, arrived, mood=mood, source=f"báo {chance.randrange(12)}"))
    return found


def late(found: list[Mention], seconds: float) -> list[Mention]:
    """Return the mentions as a connector brings them that comes back so many seconds after `START`."""
    back = (START + timedelta(seconds=seconds)).isoformat()
    return [one | {"fetched_at": back} for one in found]


def run(mentions: list[Mention]) -> tuple[list[AlertEvent], Pipeline]:
    """Return what the pipeline tells of the mentions, and the pipeline."""
    pipeline = Pipeline(catalogue(), 14.0)
    ordered = sorted(mentions, key=lambda one: str(one["fetched_at"]))
    return list(pipeline.run(record(place, one) for place, one in enumerate(ordered))), pipeline


def paged_since(days: float, events: list[AlertEvent]) -> bool:
    """Whether a page came so many days after `START` or later: before, the budget may have spent one."""
    return any(event.pages and event.at >= START + timedelta(days=days) for event in events)


@pytest.fixture(scope="module")
def week() -> list[Mention]:
    """Return five quiet days."""
    return weather(5, 1)


def test_a_backlog_after_an_outage_does_not_page(week: list[Mention]) -> None:
    """Eight hours are said while the connector is dead and arrive within a second: told of nothing."""
    missed, after = weather(8 / 24, 2, begin=5), weather(0.5, 3, begin=5 + 8 / 24)
    events, pipeline = run([*week, *late(missed, (5 + 8 / 24) * 86_400), *after])
    assert pipeline.watch.clock.feed.gaps
    assert not paged_since(5, events)


def test_a_dead_feed_teaches_no_calm(week: list[Mention]) -> None:
    """Two days of nothing at all: what is expected is what it was, and ordinary talk again is no surge."""
    _, pipeline = run(week)
    usual = pipeline.watch.topics["chu-de-0"].monitor.expected(START_MINUTE * 60).mean
    events, after = run([*week, *weather(0.5, 3, begin=7)])
    expected = after.watch.topics["chu-de-0"].monitor.expected(START_MINUTE * 60).mean
    assert usual == pytest.approx(0.5, rel=0.2)
    assert expected == pytest.approx(usual, rel=0.05)
    assert not paged_since(5, events)


def test_time_stands_still_for_an_open_alert_in_a_gap(week: list[Mention]) -> None:
    """An alert that opened before the input died is open when it comes back a day later."""
    burst = [
        mention(f"b{n}", 5 * 86_400 + n * 4, mood="bức xúc, phẫn nộ vì nhiễm độc", source=f"báo {n % 30}")
        for n in range(300)
    ]
    events, pipeline = run([*week, *burst, *weather(0.1, 3, begin=6)])
    crisis = next(event.alert_id for event in events if event.severity is Severity.CRITICAL)
    assert pipeline.watch.topics["chu-de-0"].monitor.open_alert == crisis


def test_a_restart_in_a_gap_changes_nothing() -> None:
    """The journal leaves out steps that brought nothing but time; the gap that they knew of is not lost."""
    before, after = weather(4, 1), weather(0.02, 3, begin=4.6)
    parts = [before[n : n + 40] for n in range(0, len(before), 40)]
    log = observed(classifier().classify([record(n, *part)]) for n, part in enumerate(parts))
    died = START_MINUTE * 60_000 + 4 * 86_400_000
    log += [wire.encode(tick(died + n * 600_000, 0)) for n in range(2, 80)]
    log += observed([classifier().classify([record(len(parts), *after)])])
    through, torn = Desk().run(log), Desk()
    for stop in (len(parts) + 20, len(parts) + 40, len(log)):
        torn.run(log[:stop])
        torn.start()
    assert through.watch.clock.feed.gaps
    assert state_of(torn.watch, ()) == state_of(through.watch, ())
    assert torn.alerts() == through.alerts()


def test_a_kind_that_speaks_now_and_then_is_never_missed() -> None:
    """Of one that is silent for half a day as a rule nobody can tell that its connector is dead."""
    often, seldom = feed_of_kind(), feed_of_kind()
    often.hear(polled(5, 600))
    seldom.hear(polled(5, 800))
    assert often.close(9 * DAY)
    assert not seldom.close(9 * DAY)


def test_a_kind_that_stays_away_is_missed_for_three_days() -> None:
    """Then it has left."""
    gaps = {1: [(100, 100 + 9 * DAY)], 2: [(0, 150)]}
    assert missing(gaps, 99) == {2}
    assert missing(gaps, 120) == {1, 2}
    assert missing(gaps, 100 + 3 * DAY - 1) == {1}
    assert missing(gaps, 100 + 3 * DAY) == set()
    assert missing({}, 0) == set()


def social(found: list[Mention]) -> list[Mention]:
    """Return the mentions as said on social media."""
    return [one | {"id": f"s{one['id']}", "source": {"name": "mạng", "kind": "social"}} for one in found]


def test_a_dead_kind_teaches_no_calm_and_its_return_does_not_page() -> None:
    """Social media, half of the talk, are away for two days; the last hours of them arrive at once."""
    before = [*weather(4, 1), *social(weather(4, 2))]
    press = weather(2.5, 3, begin=4)
    back = [*late(social(weather(8 / 24, 4, begin=5.7)), 6.1 * 86_400), *social(weather(0.4, 5, begin=6.1))]
    _, usual = run(before)
    events, after = run([*before, *press, *back])
    expected = [
        one.watch.topics["chu-de-0"].monitor.expected(START_MINUTE * 60).mean for one in (usual, after)
    ]
    assert (after.watch.clock.feed.gaps, list(after.watch.clock.lacks(0))) == ([], [1])
    assert expected[0] == pytest.approx(1.0, rel=0.2)
    assert expected[1] == pytest.approx(expected[0], rel=0.05)
    assert not paged_since(6.09, events)


def test_the_press_is_heard_while_social_media_are_away() -> None:
    """A crisis pages; time does not stand still as in a gap of all."""
    burst = [
        mention(f"b{n}", 4.5 * 86_400 + n * 4, mood="bức xúc, phẫn nộ vì nhiễm độc", source=f"báo {n % 30}")
        for n in range(300)
    ]
    events, pipeline = run([*weather(4.6, 1), *social(weather(4, 2)), *burst])
    assert pipeline.watch.clock.lacks(0)
    assert paged_since(4, events)


def test_a_restart_while_a_kind_is_away_changes_nothing() -> None:
    """Its gap is told by each step of the journal."""
    found = sorted([*weather(4.6, 1), *social(weather(4, 2))], key=lambda one: str(one["fetched_at"]))
    parts = [found[n : n + 60] for n in range(0, len(found), 60)]
    log = observed(classifier().classify([record(n, *part)]) for n, part in enumerate(parts))
    through, torn = Desk().run(log), Desk()
    for stop in (len(log) - 5, len(log) - 2, len(log)):
        torn.run(log[:stop])
        torn.start()
    assert through.watch.clock.lacks(0)
    assert state_of(torn.watch, ()) == state_of(through.watch, ())
    assert torn.alerts() == through.alerts()
