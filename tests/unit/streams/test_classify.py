"""The classify stage: one outcome for each element, and columns that do not depend on batches."""

from collections import Counter
from typing import TypeVar

import msgspec
from core_support import MINUTE_MS, START_MINUTE, START_MS, batches, classifier, mention, record, talk
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.stories import STORY_DESK
from streams import observation as wire
from streams.classify import Classified, Record
from streams.mention import Outcome, Reason

Columns = TypeVar("Columns", wire.Rows, wire.Examples)
STREAM = [record(place, found) for place, found in enumerate(talk(3, hours=1.5))]


def of_topics(found: list[Columns]) -> list[Columns]:
    """Return the rows or examples of topics, without those of the story desk."""
    return [one for one in found if one.topic != STORY_DESK]


def rows_of(parts: list[Classified]) -> Counter[tuple[object, ...]]:
    """Return every observation with everything that is said of it."""
    found: Counter[tuple[object, ...]] = Counter()
    for observations in (part.observations[0] for part in parts):
        for rows in observations.rows:
            names = [observations.names[name] for name in rows.names]
            columns = (rows.positions, rows.arrivals, rows.minutes, rows.negative, rows.positive, rows.kinds)
            found.update(
                (rows.topic, rows.partition, *row)
                for row in zip(*columns, names, rows.mentions, rows.home, strict=True)
            )
    return found


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 80), max_size=12))
def test_batches_do_not_matter(sizes: list[int]) -> None:
    """The same rows, outcomes and sources, however the records are cut."""
    whole = classifier().classify(STREAM)
    parts = [classifier().classify(batch) for batch in batches(STREAM, sizes)]
    assert rows_of(parts) == rows_of([whole])
    assert sum((part.outcomes for part in parts), Counter[Outcome]()) == whole.outcomes


def test_every_element_has_one_outcome() -> None:
    """Homes and outcomes together are as many as the elements."""
    elements = [mention("a", 0, (0, 2)), mention("b", 0, ()), mention("c", 0, lag=49 * 3600), {"id": "d"}]
    part = classifier(4).classify(
        [record(0, *elements[:3]), Record(0, 1, START_MS, msgspec.json.encode(elements[3]))]
    )
    assert part.outcomes == {Outcome.UNMATCHED: 1, Outcome.STALE: 1, Outcome.REJECTED: 1}
    homes = [sum(rows.home) for found in part.observations for rows in of_topics(found.rows)]
    assert (sum(homes), len(homes)) == (1, 2)


def test_a_row_beyond_48_hours_is_stale() -> None:
    """48 hours after it was said a mention is still news, a second later archive."""
    edge = 48 * 3600
    part = classifier().classify([record(0, mention("a", 0, lag=edge), mention("b", 0, lag=edge + 1))])
    assert part.outcomes == {Outcome.STALE: 1}
    assert len(part.observations[0].rows[0].positions) == 1


def test_a_record_that_is_no_mention_passes_time_by() -> None:
    """Dead letters carry no arrival, yet tell how far the partition was read."""
    part = classifier().classify([Record(3, 7, START_MS, b"{"), Record(3, 8, START_MS + 5, None)])
    assert part.observations[0].progress == [wire.Progress(3, 0, 0, START_MS + 5)]
    assert [refused.rejection.reason for refused in part.refused] == [Reason.NOT_JSON, Reason.NOT_JSON]


def test_progress_spans_everything_that_was_read() -> None:
    """Unmatched and stale mentions too move stream time."""
    part = classifier(2).classify(
        [record(0, mention("a", 60, ())), record(1, mention("b", 0, lag=50 * 3600))]
    )
    minutes = [START_MS // MINUTE_MS, START_MS // MINUTE_MS + 1]
    kinds = {0: minutes}
    expected = wire.Progress(0, START_MS, START_MS + MINUTE_MS, START_MS + MINUTE_MS + 500, [], kinds)
    assert [found.progress for found in part.observations] == [[expected], [expected]]


def test_an_event_is_never_after_its_arrival() -> None:
    """A publisher's clock that runs ahead by minutes does not fill minutes to come."""
    part = classifier().classify([record(0, mention("a", 0, lag=-600))])
    assert part.observations[0].rows[0].minutes == [START_MINUTE]


def test_the_same_mention_at_the_same_place_of_two_partitions_is_no_fault() -> None:
    """Sent twice with other words: one example, of the copy that will be counted."""
    one, other = mention("a", 0), mention("a", 0, mood="lo lắng")
    part = classifier().classify([record(5, other, partition=1), record(5, one, partition=0)])
    assert [len(found.examples) for found in of_topics(part.observations[0].examples)] == [1]
    assert "bình thường" in part.observations[0].examples[0].examples[0].text


def test_examples_are_the_smallest_hashes_of_distinct_mentions() -> None:
    """A mention that is sent many times takes one place."""
    mentions = [mention(f"m{n % 12}", 1) for n in range(60)]
    part = classifier().classify([record(place, found) for place, found in enumerate(mentions)])
    hashes = sorted(set(part.observations[0].rows[0].mentions))
    assert [found.mention for found in part.observations[0].examples[0].examples] == hashes[:16]


def test_no_author_is_in_an_observation() -> None:
    """Only bits that many share."""
    part = classifier().classify([record(0, mention("a", 0, author="nguyen-van-a-4711"))])
    assert b"nguyen-van-a-4711" not in wire.encode(part.observations[0])
    assert len(part.observations[0].authors[0].bitmap) == 64


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=120), st.text(max_size=60))
def test_no_text_stops_the_stage(text: str, title: str) -> None:
    """Whatever is written about a topic becomes an observation with an example."""
    value = mention("a", 0) | {
        "text": f"{text} chuyện số 0 ở xã {text}",
        "title": title,
        "topics": ["chu-de-0"],
    }
    part = classifier().classify([Record(0, 0, START_MS, msgspec.json.encode(value))])
    assert sum(part.outcomes.values()) + len(of_topics(part.observations[0].examples)) == 1


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=80) | st.none(), max_size=5))
def test_no_bytes_stop_the_stage(values: list[bytes | None]) -> None:
    """Each record that cannot be read is one dead letter; its neighbours count."""
    records = [Record(0, place, START_MS, value) for place, value in enumerate(values)]
    part = classifier().classify([*records, record(99, mention("a", 0))])
    assert len(of_topics(part.observations[0].rows)) == 1


def test_an_article_also_goes_to_the_story_desk() -> None:
    """With its topics and keys; of one that is not grave only the keys; a post of a person never."""
    grave = mention("a", 0, (0, 2)) | {"title": "Ngộ độc bánh mì, 80 người nhập viện"}
    post = grave | {"id": "c", "source": {"name": "Diễn đàn", "kind": "forum"}}
    part = classifier().classify([record(0, grave, mention("b", 0), post)])
    desk = next(found for found in part.observations[0].examples if found.topic == STORY_DESK)
    told = {article.gravity_milli > 0: article for article in desk.examples}
    assert len(desk.examples) == 2
    assert told[True].topics == ("chu-de-0", "chu-de-2")
    assert told[True].text
    assert (told[False].text, told[False].phrases, told[False].topics) == ("", (), ())
    assert told[False].keys
    assert told[True].keys
