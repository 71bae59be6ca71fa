"""The detect stage: each mention once, each topic for itself, nothing changed by batches or the future."""

import random
from collections import Counter
from functools import cache

import pytest
from core_support import (
    ANGRY,
    MINUTE_MS,
    START_MINUTE,
    START_MS,
    Desk,
    batches,
    classifier,
    mention,
    observed,
    record,
    talk,
    tick,
    topics_of,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import encode_event
from streams import observation as wire
from streams.classify import Record
from streams.watch import Effects

STREAM = [record(place, found) for place, found in enumerate(talk(6, hours=7.5))]
END = wire.encode(tick(STREAM[-1].appended_ms + 2 * MINUTE_MS, 0))
FEW = settings(max_examples=10, deadline=None)


def folded(sizes: list[int], topics: int = 3, stream: list[Record] | None = None) -> Desk:
    """Return a desk that took a stream in batches of the sizes, closed by a tick."""
    parts = batches(STREAM if stream is None else stream, sizes)
    return Desk(topics=topics).run([*observed(classifier(1, topics).classify(part) for part in parts), END])


@cache
def one_by_one() -> Desk:
    """Return the desk that took every record alone."""
    return folded([1] * len(STREAM))


def test_the_stream_is_worth_testing() -> None:
    """It opens an alert and holds duplicates."""
    desk = one_by_one()
    assert desk.alerts()
    assert desk.outcomes["duplicate"]


@FEW
@given(st.lists(st.integers(1, 150), max_size=9))
def test_batches_change_no_event_no_count_and_no_outcome(sizes: list[int]) -> None:
    """However the input is cut."""
    desk, expected = folded(sizes), one_by_one()
    assert desk.alerts() == expected.alerts()
    assert desk.cells() == expected.cells()
    assert desk.outcomes == expected.outcomes
    assert topics_of(desk.watch) == topics_of(expected.watch)


@FEW
@given(st.integers(1, len(STREAM)))
def test_what_comes_later_changes_no_earlier_alert(length: int) -> None:
    """The events of the beginning of a stream are the beginning of its events."""
    log = observed(classifier().classify([found]) for found in STREAM)
    events = Desk().run(log[:length]).events
    assert events == one_by_one().events[: len(events)]


def test_an_unrelated_topic_changes_no_state_of_the_others() -> None:
    """More topics in the catalogue, the same windows of those that were there."""
    alone, beside = one_by_one(), folded([40] * 9, topics=5)
    assert beside.cells() == alone.cells()
    for topic, state in alone.watch.topics.items():
        assert beside.watch.topics[topic].windows.dump()[:2] == state.windows.dump()[:2]


def test_no_mention_raises_the_count_of_another_topic() -> None:
    """Counts per topic are those of the mentions that name it."""
    truth: Counter[str] = Counter()
    known = set[str]()
    for number, found in enumerate(talk(6, hours=7.5)):
        text, name = str(found["text"]), f"{found['source']} {found['id']}"
        if name not in known:
            truth.update(f"chu-de-{n}" for n in range(3) if f"chuyện số {n} ở xã" in text)
        known.add(name)
        assert number >= 0
    counted: Counter[str] = Counter()
    for (topic, _), counts in one_by_one().cells().items():
        counted[topic] += counts[0]
    assert counted == truth


def test_no_mention_raises_the_score_of_another_topic() -> None:
    """A storm of one topic leaves scores, thresholds and alerts of the others as they were."""
    storm = [
        mention(f"bão {n}", 7 * 3600 + 6 * n, mood=ANGRY, source=f"báo {n % 30}", author=f"người {n}")
        for n in range(200)
    ]
    stormy = sorted([*talk(6, hours=7.5), *storm], key=lambda found: str(found["fetched_at"]))
    beside = folded([40] * 12, stream=[record(place, found) for place, found in enumerate(stormy)])
    calm, others = one_by_one(), ("chu-de-1", "chu-de-2")
    for topic in others:
        assert _figures(beside, topic) == _figures(calm, topic)
    assert _told(beside, others) == _told(calm, others)
    assert _figures(beside, "chu-de-0") != _figures(calm, "chu-de-0")


def _figures(desk: Desk, topic: str) -> tuple[dict[str, float], dict[str, float]]:
    monitor = desk.watch.monitor(topic)
    return monitor.scores(), monitor.thresholds()


def _told(desk: Desk, topics: tuple[str, ...]) -> list[bytes]:
    return [encode_event(event) for event in desk.events if event.topic.id in topics]


@pytest.mark.parametrize("how", ["record", "envelope", "batch", "partition", "hours later", "restart"])
def test_a_mention_sent_again_counts_once(how: str) -> None:
    """In the same or another record, batch, partition or life of the worker."""
    one, other = mention("a", 10, (0, 1)), mention("b", 20)
    again = mention("a", 47 * 3600, (0, 1), lag=47 * 3600 - 10) if how == "hours later" else one
    partition = int(how == "partition")
    second = record(1 - partition, again, partition=partition)
    parts = (
        [[record(0, one, other), second]]
        if how in ("record", "partition")
        else [[record(0, one, other)], [second]]
    )
    if how == "envelope":
        parts = [[record(0, one, other, one)]]
    desk = Desk(sources=1 + partition)
    log = observed(classifier().classify(part) for part in parts)
    for offset in range(len(log)):
        desk.write(desk.batch(log, offset, offset + 1))
        if how == "restart":
            desk.start()
    assert desk.outcomes == {"counted": 2, "duplicate": 1}
    assert sum(counts[0] for (topic, _), counts in desk.cells().items() if topic == "chu-de-0") == 2


def test_a_position_is_applied_once() -> None:
    """The classify stage ran a part of its records again: what was applied is passed over without outcome."""
    records = [record(n, mention(f"m{n}", n)) for n in range(6)]
    log = observed(classifier().classify(part) for part in (records[:4], records[2:]))
    assert Desk().run(log).outcomes == {"counted": 6}
    twice = classifier().classify([*records[:3], *records[1:3]])
    assert Desk().run(observed([twice])).outcomes == {"counted": 3}


def test_a_row_that_is_48_hours_old_when_its_minute_opens_is_stale() -> None:
    """It was news when it was sent, and archive when time had gone on."""
    parts = [
        [record(0, mention("a", 0))],
        [record(1, mention("b", 3600 * 3))],
        [record(2, mention("c", 0, lag=46 * 3600))],
    ]
    desk = Desk().run(observed(classifier().classify(part) for part in parts))
    assert desk.outcomes == {"counted": 2, "stale": 1}


def test_a_late_arrival_counts_in_its_own_minute_of_event_time() -> None:
    """What was decided stays; what was said keeps its minute."""
    parts = [
        [record(0, mention("a", 0))],
        [record(1, mention("b", 600))],
        [record(2, mention("c", 60, (1,)))],
    ]
    desk = Desk().run(observed(classifier().classify(part) for part in parts))
    assert desk.cells()["chu-de-1", START_MINUTE + 1] == (1, 0, 0)
    assert desk.watch.topics["chu-de-1"].windows.closed == START_MINUTE + 8


def test_a_batch_that_reaches_over_months_tells_every_count() -> None:
    """A fast replay: minutes that are dropped before the batch ends were told all the same."""
    stream = [record(n, mention(f"m{n}", n * 20 * 3600)) for n in range(12)]
    whole = observed([classifier().classify(stream)])
    assert sum(counts[0] for counts in Desk().run(whole).cells().values()) == 12


def test_a_leap_of_stream_time_is_the_same_in_any_batches() -> None:
    """Fifty years between two mentions: one batch or two, the same state, in bounded work."""
    early = mention("a", 0) | {
        "published_at": "1975-01-01T00:00:00+00:00",
        "fetched_at": "1975-01-01T00:00:00+00:00",
    }
    stream = [record(0, early), record(1, mention("b", 0)), record(2, mention("c", 180))]
    whole = Desk().run(observed([classifier().classify(stream)]))
    parted = Desk().run(observed(classifier().classify([part]) for part in stream))
    for topic, state in whole.watch.topics.items():
        other = parted.watch.topics[topic]
        assert state.windows.dump() == other.windows.dump()
        assert state.monitor.dump() == other.monitor.dump()
    assert sum(counts[0] for counts in whole.cells().values()) == 3


def test_an_arrival_before_the_first_is_not_lost() -> None:
    """The second batch begins before the minute in which time began."""
    parts = [[record(0, mention("a", 300))], [record(1, mention("b", 0))], [record(2, mention("c", 900))]]
    desk = Desk().run(observed(classifier().classify(part) for part in parts))
    windows = desk.watch.topics["chu-de-0"].windows
    assert len(windows.dump()[2]) == 1, "only the newest minute is open"
    assert windows.close().total[-1] == 2


def test_a_step_of_an_older_worker_is_repeated() -> None:
    """The journal of a worker that wrote no signatures: what it counted is counted."""
    log = observed([classifier().classify([record(0, mention("a", 0), mention("b", 60))])])
    found = Desk().watch.admit(0, wire.decode(log[0]))
    assert found is not None
    for rows in found[0].rows:
        rows.signatures.clear()
    effects = Effects()
    Desk().watch.fold(found[0], effects)
    assert effects.counted == {"chu-de-0": 2}


def test_a_partition_of_dead_letters_does_not_stop_the_others() -> None:
    """A broken producer that never falls silent holds back no decision."""
    desk = Desk(sources=2)
    log = []
    for minute in range(5):
        good = record(minute, mention(f"m{minute}", minute * 60))
        bad = Record(1, minute, START_MS + minute * MINUTE_MS, b"{broken")
        log += observed(classifier().classify([part]) for part in (good, bad))
    assert desk.run(log).watch.closed == START_MINUTE + 2


@FEW
@given(st.randoms(use_true_random=False))
def test_the_order_of_topics_does_not_matter(chance: random.Random) -> None:
    """Rows, authors and examples of a record may stand in any order."""
    log = []
    for value in observed(classifier().classify(part) for part in batches(STREAM, [60] * 6)):
        observations = wire.decode(value)
        for column in (observations.rows, observations.authors, observations.examples):
            chance.shuffle(column)
        log.append(wire.encode(observations))
    assert Desk().run([*log, END]).alerts() == one_by_one().alerts()
