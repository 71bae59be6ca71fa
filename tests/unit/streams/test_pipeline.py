"""One decision path: the pipeline that the backtest drives decides what the worker decides."""

import pytest
from core_support import MINUTE_MS, Desk, catalogue, classifier, observed, record, talk, tick
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import encode_event
from detectors.settings import DetectionSettings
from detectors.stories import STORY_DESK
from streams import observation as wire
from streams.classify import Record
from streams.pipeline import Monitors, Pipeline, config_hash

STREAM = [record(place, found) for place, found in enumerate(talk(6, hours=7.5))]


def backtested(stream: list[Record]) -> list[bytes]:
    """Return the events of a pipeline."""
    return sorted(map(encode_event, Pipeline(catalogue(), 14.0).run(stream)))


EXPECTED = backtested(STREAM)


@pytest.mark.parametrize("partitions", [1, 2, 4])
@pytest.mark.parametrize("size", [1, 17, 400])
def test_the_worker_decides_as_the_backtest(partitions: int, size: int) -> None:
    """A file sent in order into one of several partitions, the others silent, in batches of any size."""
    logs: list[list[bytes]] = [[] for _ in range(partitions)]
    silent = wire.encode(tick(STREAM[0].appended_ms, *range(1, partitions)))
    end = wire.encode(tick(STREAM[-1].appended_ms + MINUTE_MS + 2000, *range(partitions)))
    for partition, log in enumerate(logs):
        parts = (STREAM[place : place + size] for place in range(0, len(STREAM), size))
        log += [silent, *observed((classifier(partitions).classify(part) for part in parts), partition), end]
    desks = [
        Desk(partition=n, partitions=partitions, sources=partitions).run(log, 3) for n, log in enumerate(logs)
    ]
    assert EXPECTED
    assert sorted(event for desk in desks for event in desk.alerts()) == EXPECTED


@settings(max_examples=8, deadline=None)
@given(st.integers(1, len(STREAM) - 1))
def test_the_same_records_give_the_same_events(length: int) -> None:
    """Twice the same, and a part of the input no other events before its end."""
    events = list(Pipeline(catalogue(), 14.0).run(STREAM[:length]))
    assert events == list(Pipeline(catalogue(), 14.0).run(STREAM[:length]))


def crowd(sources: int, authors: int, kind: str) -> list[Record]:
    """Return a crisis told by so many sources and authors of a kind."""
    found = [
        spoken
        | {"source": {"name": f"trang {place % sources}", "kind": kind}, "author_key": f"{place % authors}"}
        for place, spoken in enumerate(talk(6, hours=7.5))
    ]
    return [record(place, spoken) for place, spoken in enumerate(found)]


@pytest.mark.parametrize(
    ("sources", "authors", "kind", "shown"),
    [(9, 9, "social", False), (10, 1, "social", True), (1, 40, "forum", True), (1, 1, "press", True)],
)
def test_a_sample_leaves_from_a_crowd_or_the_press_only(
    sources: int, authors: int, kind: str, *, shown: bool
) -> None:
    """Nine sources and nine authors are no crowd: their alert shows no one's words."""
    events = list(Pipeline(catalogue(), 14.0).run(crowd(sources, authors, kind)))
    assert events
    assert any(event.samples for event in events) is shown


def test_nothing_in_nothing_out() -> None:
    """An empty input has no event."""
    pipeline = Pipeline(catalogue(), 14.0)
    assert list(pipeline.run([])) == []
    assert not pipeline.outcomes


def test_outcomes_and_dead_letters_are_kept() -> None:
    """For the summary."""
    pipeline = Pipeline(catalogue(), 14.0)
    list(pipeline.run([*STREAM, Record(0, 9_999, STREAM[-1].appended_ms, b"{")]))
    assert pipeline.outcomes["rejected"] == len(pipeline.refused) == 1
    assert {"counted", "unmatched", "duplicate"} <= set(pipeline.outcomes)


def test_the_hash_tells_catalogue_and_budget() -> None:
    """Every event says what shaped it."""
    one = config_hash(catalogue(), DetectionSettings(pages_per_week=14))
    assert len(one) == 12
    assert one != config_hash(catalogue(5), DetectionSettings(pages_per_week=14))
    assert one != config_hash(catalogue(), DetectionSettings(pages_per_week=7))


def test_each_topic_has_its_monitor_in_one_partition() -> None:
    """No topic is watched twice or not at all; nor the story desk."""
    monitors = Monitors(catalogue(5), 14.0)
    found = [topic for partition in range(4) for topic in monitors.of(partition, 4)]
    assert sorted(found) == [STORY_DESK, *(topic.id for topic in catalogue(5).topics)]
