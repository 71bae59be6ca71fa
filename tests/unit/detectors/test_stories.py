"""Stories: what bursts in the press inside a topic, and how grave it is."""

import msgspec
import pytest
from detector_support import START, example, monitor, windows

from detectors.events import AlertEvent, AlertKind, EventName, Severity
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.stories import STORY_QUIET_SECONDS, StoryEvidence, StoryReading, pairs
from detectors.windows import Example, Windows

HOUR, DAY = 3600, 86_400
#: An ordinary day: ten articles, each of its own matter, none grave.
MATTERS = (
    "học phí",
    "quỹ lớp",
    "sách mới",
    "lịch thi",
    "bữa ăn",
    "sân chơi",
    "xe đưa đón",
    "phòng học",
    "thư viện",
    "giờ ra chơi",
)
STORY = "Sập cầu Bình Ninh khiến nhiều xe rơi xuống sông"


def article(number: int, at: int, text: str, gravity: int = 0, **changes: object) -> Example:
    """Return an article that arrives at `at`."""
    fields = {"text": text, "source": f"Báo {number % 3}", "arrived": at - 30, "published": at - HOUR}
    return example(number, gravity_milli=gravity, phrases=(text[:12],), **(fields | changes))


def step(at: int, *articles: Example) -> Windows:
    """Return the step in which the articles arrive."""
    return windows(at=at, arrived=len(articles), examples=articles)


def ordinary_days(days: int = 5) -> list[Windows]:
    """Return some days of ordinary articles."""
    return [
        step(at, article(day * 100 + i, at, f"Chuyện {matter} trường số {day * 31 + i} huyện {day * 7 + i}"))
        for day in range(days)
        for i, matter in enumerate(MATTERS)
        for at in [START + day * DAY + (i + 1) * HOUR]
    ]


def burst(at: int, gravity: int = 900, **changes: object) -> list[Windows]:
    """Return three articles of one story within two hours."""
    return [
        step(at + i * HOUR, article(9000 + i, at + i * HOUR, f"{STORY}, tin {i}", gravity, **changes))
        for i in range(3)
    ]


def read(
    feed: list[Windows], evidence: StoryEvidence | None = None, *, speaks: bool = True
) -> list[StoryReading]:
    """Return the readings of a feed."""
    evidence = evidence or StoryEvidence(DetectionSettings())
    return [reading for closed in feed for reading in evidence.read(closed, speaks=speaks)]


AFTER = START + 5 * DAY + 12 * HOUR


def test_a_grave_story_of_three_articles_is_told_once() -> None:
    """Three articles of two papers or more within hours are a story; the fourth belongs to it."""
    fourth = step(AFTER + 5 * HOUR, article(9100, AFTER, f"{STORY}: lời kể", 900))
    readings = read([*ordinary_days(), *burst(AFTER), fourth])
    assert [reading.fresh for reading in readings] == [True, False]
    assert readings[0].score >= readings[0].threshold
    assert [reading.articles for reading in readings] == [3, 4]


@pytest.mark.parametrize(
    ("gravity", "changes"), [(0, {}), (400, {}), (900, {"source": "Báo A"}), (900, {"kind": "social"})]
)
def test_what_is_not_grave_of_one_paper_or_no_press_is_no_story(
    gravity: int, changes: dict[str, object]
) -> None:
    """A planned event, one paper's series and comments that repeat each other begin none."""
    assert read([*ordinary_days(), *burst(AFTER, gravity, **changes)]) == []


def test_nothing_begins_in_an_unknown_topic_nor_while_it_may_not_speak() -> None:
    """Without a history everything is new."""
    assert read(burst(AFTER)) == []
    assert read([*ordinary_days(), *burst(AFTER)], speaks=False) == []


def test_a_digest_of_many_stories_is_none() -> None:
    """Headlines that name the news of the day are passed over."""
    feed = [
        step(AFTER + i * HOUR, article(i, AFTER + i * HOUR, f"Điểm tin 18h: {STORY}", 900)) for i in range(3)
    ]
    assert read([*ordinary_days(), *feed]) == []


def test_what_the_topic_always_says_is_no_story() -> None:
    """The same words day after day are expected."""
    daily = [closed for day in range(5) for closed in burst(START + day * DAY + 11 * HOUR, gravity=0)]
    feed = sorted([*ordinary_days(), *daily], key=lambda closed: closed.at)
    assert read([*feed, *burst(AFTER)]) == []


def test_more_gravity_never_lowers_the_score() -> None:
    """The same articles, graver and graver."""
    scores = []
    for gravity in (600, 700, 800, 1000):
        evidence = StoryEvidence(DetectionSettings(pages_per_week=0.001))
        read([*ordinary_days(), *burst(AFTER, gravity)], evidence)
        scores.append(evidence.reading.score)
    assert scores == sorted(scores)


def test_a_story_is_over_after_three_quiet_days() -> None:
    """Then it is forgotten."""
    evidence = StoryEvidence(DetectionSettings())
    read([*ordinary_days(), *burst(AFTER)], evidence)
    last = AFTER + 2 * HOUR
    assert evidence.close(last + STORY_QUIET_SECONDS - 60) == []
    assert len(evidence.close(last + STORY_QUIET_SECONDS)) == 1
    assert evidence.open == []


def test_a_stored_memory_goes_on_alike_and_is_small() -> None:
    """Dump and load anywhere change nothing; below 64 kB."""
    feed = [*ordinary_days(), *burst(AFTER)]
    whole = read(feed)
    for cut in (0, 20, len(feed) - 2):
        first, second = StoryEvidence(DetectionSettings()), StoryEvidence(DetectionSettings())
        early = read(feed[:cut], first)
        packed = msgspec.msgpack.encode(first.dump())
        assert len(packed) < 64_000
        second.restore(msgspec.msgpack.decode(packed))
        assert early + read(feed[cut:], second) == whole


def test_a_smaller_budget_asks_for_more() -> None:
    """The threshold follows the pages allowed, and never falls below its floor."""
    thresholds = [DetectionSettings(pages_per_week=pages).story_threshold() for pages in (100, 14, 5, 1, 0.1)]
    assert thresholds == sorted(thresholds)
    assert thresholds[0] == thresholds[2] == pytest.approx(4.0)


def test_pairs_are_words_that_say_something() -> None:
    """Small words and punctuation part; spelling in capitals does not matter."""
    assert pairs("Sập cầu, của ai") == pairs("SẬP CẦU")
    assert pairs("và của, 10 20") == []


def watched(feed: list[Windows], watcher: TopicMonitor) -> list[AlertEvent]:
    """Close the steps of a feed with silent steps of an hour between."""
    return [event for closed in feed for event in watcher.close(closed)]


def test_a_story_opens_and_closes_an_alert_of_its_own() -> None:
    """Kind narrative, severity warning, explained by its own articles; closed at the end, ids alike."""
    settings = {"warm_up_hours": 1}
    silence = [windows(at=AFTER + 4 * HOUR + i * HOUR) for i in range(80)]
    events = watched(
        [*ordinary_days(8)[:50], *[windows(at=AFTER - HOUR)] * 60, *burst(AFTER), *silence],
        monitor(**settings),
    )
    assert [event.event for event in events] == [EventName.OPENED, EventName.CLOSED]
    opened = events[0]
    assert (opened.kind, opened.severity, opened.observed) == (AlertKind.NARRATIVE, Severity.WARNING, 3)
    assert opened.alert_id == events[1].alert_id
    assert [evidence.name for evidence in opened.evidence] == ["novelty"]
    assert all("Sập cầu" in sample.title_or_text for sample in opened.samples)
    assert opened.phrases
    assert 0.5 <= opened.confidence < 1.0
    assert "3 lượt nhắc/24 giờ" in opened.headline.vi
