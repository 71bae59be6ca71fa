"""The story desk: stories of all topics become alerts, each once, within the budget."""

import msgspec
import pytest
from detector_support import START, windows
from hypothesis import given, settings
from hypothesis import strategies as st
from story_support import AFTER, DAY, HOUR, ordinary, retold

from detectors.events import AlertEvent, AlertKind, DecisionReason, EventName, Name, Severity, encode_event
from detectors.incident import alert_id_of
from detectors.orders import Cancelled, PlannedEvent, Verdict, VerdictName
from detectors.settings import DetectionSettings
from detectors.story_desk import StoryDesk
from detectors.story_ledger import StoryLedger
from detectors.windows import Example, Windows

NAMES = {"y-te": Name("Y tế", "Health"), "dien": Name("Điện", "Electricity")}
SETTINGS = DetectionSettings(pages_per_week=3.5)


def desk() -> StoryDesk:
    """Return a desk that knows nothing yet."""
    return StoryDesk(NAMES, SETTINGS, "0" * 12)


def steps(articles: list[Example]) -> list[Windows]:
    """Return a step for each article as it arrives, with those of the six hours before."""
    return [
        windows(
            at=one.arrived + 60,
            arrived=1,
            examples=tuple(e for e in articles[: n + 1] if e.arrived > one.arrived - 6 * HOUR),
        )
        for n, one in enumerate(articles)
    ]


def feed(*stories: list[Example]) -> list[Windows]:
    """Return five ordinary days and what follows, then two silent days."""
    articles = sorted([*ordinary(), *(one for story in stories for one in story)], key=lambda e: e.arrived)
    silence = [windows(at=articles[-1].arrived + 2 * DAY + hour * HOUR) for hour in range(1, 4)]
    return [*steps(articles), *silence]


def watched(closed: list[Windows], watcher: StoryDesk | None = None) -> list[AlertEvent]:
    """Return the events of the steps."""
    watcher = watcher or desk()
    return [event for one in closed for event in watcher.close(one)]


def test_a_grave_story_pages_once_and_closes() -> None:
    """Under the name of its topic, explained by its own articles."""
    events = watched(feed(retold(1, 5, gravity=780, text="Sập cầu, 9 người chết", phrases=("Sập cầu",))))
    assert [event.event for event in events] == [EventName.OPENED, EventName.RAISED, EventName.CLOSED]
    paged = events[1]
    assert (paged.kind, paged.severity, paged.reason) == (
        AlertKind.NARRATIVE,
        Severity.WARNING,
        DecisionReason.GRAVE_STORY,
    )
    assert paged.topic.name.vi == "Y tế"
    assert paged.observed == 3
    assert paged.sources == {"press": 3}
    assert paged.samples[0].title_or_text == "Sập cầu, 9 người chết"
    assert paged.phrases == ("Sập cầu",)
    assert "“Sập cầu”: 3 bài của 3 báo/24 giờ (chuyện thường có 2,0 bài vào lúc này)" in paged.headline.vi
    assert (paged.expected, paged.interval[0] <= 2.0 < paged.interval[1]) == (2.0, True)
    assert events[2].headline.en.endswith(": no new article for 48 h")
    assert paged.evidence[0].score >= paged.evidence[0].threshold
    assert len({event.alert_id for event in events}) == 1


def test_a_story_of_some_gravity_is_only_watched() -> None:
    """Severity info, by the lower threshold."""
    events = watched(feed(retold(1, 4, gravity=560)))
    assert {event.severity for event in events} == {Severity.INFO}
    assert events[0].reason is DecisionReason.NEW_STORY


def test_one_matter_of_two_topics_is_told_once() -> None:
    """The desk reads all topics' articles together."""
    both = [msgspec.structs.replace(one, topics=("dien", "y-te")) for one in retold(1, 5, gravity=900)]
    events = watched(feed(both))
    assert {event.topic.id for event in events} == {"dien"}
    assert len({event.alert_id for event in events}) == 1


def test_two_stories_of_one_minute_have_ids_of_their_own() -> None:
    """Though topic and minute are the same."""
    events = watched(feed(retold(1, 4, gravity=900), retold(2, 4, gravity=900)))
    opened = [event for event in events if event.event is EventName.OPENED]
    assert len({event.alert_id for event in opened}) == 2


def test_nothing_is_told_while_the_memory_is_empty() -> None:
    """The first sixty hours."""
    early = retold(1, 5, at=START + DAY, gravity=900)
    assert watched(steps(sorted([*ordinary(2), *early], key=lambda one: one.arrived))) == []


STREAM = feed(
    retold(1, 6, gravity=900), retold(2, 8, at=AFTER + DAY, gravity=600), retold(3, 5, at=AFTER + 2 * DAY)
)
WHOLE = [encode_event(event) for event in watched(STREAM)]


@settings(max_examples=20, deadline=None)
@given(st.integers(0, len(STREAM)))
def test_truncation_and_restart_change_nothing(cut: int) -> None:
    """What was told before the cut stays; what is told after it is the same from a stored state."""
    first = desk()
    early = [encode_event(event) for event in watched(STREAM[:cut], first)]
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(first.dump()))
    later = watched(STREAM[cut:], StoryDesk.load(stored, NAMES, SETTINGS, "0" * 12))
    assert early == WHOLE[: len(early)]
    assert [encode_event(event) for event in later] == WHOLE[len(early) :]


def planned(*topics: str) -> PlannedEvent:
    """Return an event of the two days in which the stories come."""
    return PlannedEvent("exam", topics, AFTER, AFTER + 2 * DAY, 3.0)


@pytest.mark.parametrize(
    ("gravity", "topics", "severity", "reason"),
    [
        (790, ("y-te",), Severity.INFO, DecisionReason.PLANNED),
        (790, ("dien",), Severity.WARNING, DecisionReason.GRAVE_STORY),
        (790, (), Severity.WARNING, DecisionReason.GRAVE_STORY),
        (900, ("y-te",), Severity.WARNING, DecisionReason.GRAVE_STORY),
    ],
)
def test_a_planned_event_excuses_the_stories_of_its_topics_but_no_harm(
    gravity: int, topics: tuple[str, ...], severity: Severity, reason: DecisionReason
) -> None:
    """A plan for another topic, or for all, explains no story; three dead need no explanation."""
    watcher = desk()
    watcher.hear(planned(*topics))
    told = max(watched(feed(retold(1, 5, gravity=gravity)), watcher), key=lambda event: event.severity.rank)
    assert (told.kind, told.severity, told.reason) == (AlertKind.NARRATIVE, severity, reason)


def test_a_cancelled_event_excuses_nothing() -> None:
    """As if it had never been planned."""
    watcher = desk()
    watcher.hear(planned("y-te"))
    watcher.hear(Cancelled("exam"))
    assert watched(feed(retold(1, 5, gravity=790)), watcher) == watched(feed(retold(1, 5, gravity=790)))


def test_false_alarms_ask_for_more_and_good_pages_for_no_less() -> None:
    """Verdicts on the desk's own alerts alone; a false alarm that is taken back is forgotten."""
    page = next(one for one in watched(feed(retold(1, 5, gravity=900))) if one.severity.paging)
    ids = [alert_id_of("y-te", AFTER + n * HOUR, f"story{n}") for n in range(8)]

    def threshold(name: VerdictName | None, alerts: list[str]) -> float:
        watcher = desk()
        for alert in alerts:
            watcher.hear(Verdict("y-te", alert, VerdictName.FALSE_ALARM))
            watcher.hear(Verdict("y-te", alert, name))
        events = watched(feed(retold(1, 5, gravity=950)), watcher)
        return next(one.evidence[0].threshold for one in events if one.severity.paging)

    usual = threshold(None, [])
    assert threshold(VerdictName.FALSE_ALARM, [page.alert_id]) > usual
    assert threshold(VerdictName.FALSE_ALARM, ids) > usual
    assert threshold(VerdictName.USEFUL, ids) == usual
    assert threshold(None, ids) == usual
    assert threshold(VerdictName.FALSE_ALARM, [alert_id_of("y-te", AFTER), "y-te", "a1"]) == usual


def test_an_unknown_state_is_learnt_anew() -> None:
    """As everywhere."""
    assert StoryDesk.load({"version": 0}, NAMES, SETTINGS, "").dump() == desk().dump()


@pytest.mark.parametrize("weekly", [1.0, 3.5, 14.0])
def test_the_ledger_keeps_to_the_budget(weekly: float) -> None:
    """Twenty stories a week of evenly spread scores: after half a year the wanted number passes, or less."""
    ledger = StoryLedger()
    passed = 0
    for story in range(20 * 52):
        score = 0.2 + (story * 0.6180339887) % 1.0
        ledger.watch(START + story * 7 * DAY // 20)
        if story >= 20 * 26:
            passed += score >= ledger.threshold(weekly)
        ledger.enter(0.0, score)
    assert 0.5 * weekly <= passed / 26 <= 1.05 * weekly


def test_a_smaller_budget_asks_for_more() -> None:
    """And before anything is known as well."""
    thresholds = [StoryLedger().threshold(weekly) for weekly in (20.0, 14.0, 3.5, 1.0, 0.1)]
    assert thresholds == sorted(set(thresholds))
