"""The laws of a topic's monitor."""

import itertools
import statistics
from collections.abc import Iterable
from datetime import timedelta

import msgspec
import pytest
from detector_support import (
    DAY_MINUTES,
    MINUTE,
    START,
    Talk,
    example,
    monitor,
    ordinary,
    steps,
    watch,
    windows,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from detectors.events import AlertEvent, AlertKind, DecisionReason, EventName, Severity, encode_event
from detectors.monitor import TopicMonitor
from detectors.settings import DetectionSettings
from detectors.windows import HOUR, Windows

WEEK = 7 * 86_400
QUIET_DAYS = 3 * DAY_MINUTES
HISTORY = ordinary(QUIET_DAYS, rate=0.5, share=0.2)
CRISIS = ordinary(180, rate=8.0, share=0.7, seed=2, joy=0.0)
ANNOUNCEMENT = ordinary(180, rate=8.0, share=0.15, seed=3, joy=0.1)
PRAISE = ordinary(180, rate=8.0, share=0.02, seed=4, joy=0.8)
AFTERMATH = ordinary(30 * 60, rate=0.5, share=0.2, seed=5)
STORY = list(steps([*HISTORY, *CRISIS, *AFTERMATH], examples=(example(1), example(2))))
SHORT = STORY[: QUIET_DAYS + 180]


def wire(events: list[AlertEvent]) -> list[bytes]:
    """Return what would leave."""
    return [encode_event(event) for event in events]


@pytest.fixture(scope="module")
def told() -> list[AlertEvent]:
    """Return the events of the whole story."""
    return watch(STORY)


def test_a_crisis_pages_within_minutes(told: list[AlertEvent]) -> None:
    """Sixteen times the volume, seven of ten negative: a crisis within five minutes."""
    first = next(event for event in told if event.pages)
    assert first.kind is AlertKind.CRISIS
    assert 0 < first.at.timestamp() - (START + QUIET_DAYS * MINUTE) <= 300
    assert abs(first.onset.timestamp() - (START + QUIET_DAYS * MINUTE)) <= 600


def test_a_severe_crisis_becomes_critical_and_later_closes(told: list[AlertEvent]) -> None:
    """Severity only rises, up to critical; closed once, at the end; revisions without a gap."""
    assert [event.revision for event in told] == list(range(1, len(told) + 1))
    ranks = [event.severity.rank for event in told]
    assert ranks == sorted(ranks)
    assert told[0].event is EventName.OPENED
    assert [event.event for event in told].index(EventName.CLOSED) == len(told) - 1
    assert told[-1].severity is Severity.CRITICAL
    assert len({event.alert_id for event in told}) == 1


def test_updates_keep_their_pause(told: list[AlertEvent]) -> None:
    """An `updated` comes at least ten minutes after the event before it."""
    for before, event in itertools.pairwise(told):
        if event.event is EventName.UPDATED:
            assert (event.at - before.at).total_seconds() >= 600


def test_an_announcement_is_told_in_a_few_events() -> None:
    """Twelve hours of a surge: its growth, not its noise; the window shown never shrinks."""
    surge = ordinary(12 * 60, rate=4.0, share=0.15, seed=3, joy=0.1)
    events = watch(steps([*HISTORY, *surge]))
    assert 3 <= len(events) <= 10
    assert not any(event.pages for event in events), "some quarter is always a little negative"
    spans = [event.window.end - event.window.start for event in events]
    assert spans == sorted(spans)


def test_an_alert_closes_twelve_hours_after_its_last_signal(told: list[AlertEvent]) -> None:
    """The burst ends, the 6-hour window may echo it, then it takes twelve quiet hours."""
    burst_end = START + (QUIET_DAYS + 180) * MINUTE
    assert 12 * 3600 - 900 <= told[-1].at.timestamp() - burst_end <= 18.5 * 3600


def test_a_planned_announcement_stays_info() -> None:
    """The same volume without negativity never pages."""
    events = watch(steps([*HISTORY, *ANNOUNCEMENT]))
    assert {(event.kind, event.severity) for event in events} == {(AlertKind.SURGE, Severity.INFO)}


def test_a_wave_of_praise_is_positive() -> None:
    """Volume with a high positive share is told as such, and never pages."""
    events = watch(steps([*HISTORY, *PRAISE]))
    assert events
    assert not any(event.pages for event in events)
    assert events[0].kind is AlertKind.POSITIVE


def test_a_surge_that_turns_negative_is_raised_to_a_crisis() -> None:
    """One alert: opened as info, raised when the negative share rises."""
    events = watch(steps([*HISTORY, *ANNOUNCEMENT, *CRISIS]))
    assert events[0].severity is Severity.INFO
    raised = next(event for event in events if event.event is EventName.RAISED)
    assert raised.kind is AlertKind.CRISIS
    assert len({event.alert_id for event in events}) == 1


def test_negativity_alone_pages_from_many_and_not_from_few() -> None:
    """Ordinary volume, share from .2 to .8: many authors page, four do not."""
    anger = ordinary(360, rate=0.5, share=0.8, seed=6)
    many = watch(steps([*HISTORY, *anger]))
    few = watch(steps([*HISTORY, *anger], authors=4))
    assert any(event.pages for event in many)
    assert few
    assert not any(event.pages for event in few)


def test_a_crisis_of_four_voices_does_not_page() -> None:
    """Eighty comments of a handful of people are not a public crisis."""
    events = watch(steps([*HISTORY, *CRISIS], authors=4))
    assert not any(event.pages for event in events)


def copied(feed: list[Windows], share: float) -> list[Windows]:
    """Return the feed with so large a part of each hour being near-copies."""
    return [msgspec.structs.replace(one, copies=round(one.total[HOUR] * share)) for one in feed]


def test_a_copy_paste_campaign_is_named_and_does_not_page() -> None:
    """Nine of ten repeat one text: told as copies, as negativity at info; not as public anger."""
    campaign = STORY[:QUIET_DAYS] + copied(STORY[QUIET_DAYS : QUIET_DAYS + 180], 0.95)
    events = watch(campaign)
    assert events
    assert not any(event.pages for event in events)
    assert {event.reason for event in events} == {DecisionReason.COPIES}
    assert all(event.headline.en.startswith(("Copied text – ", "Quiet again – ")) for event in events)
    duplication = next(e for e in events[-1].evidence if e.name == "duplication")
    assert duplication.score >= duplication.threshold
    assert duplication.since is not None


def test_a_crisis_that_is_also_copied_pages_all_the_same() -> None:
    """Half of it shared on: what people said themselves is still a crisis."""
    events = watch(STORY[:QUIET_DAYS] + copied(STORY[QUIET_DAYS : QUIET_DAYS + 180], 0.5))
    assert any(event.pages and event.kind is AlertKind.CRISIS for event in events)


def sourced(feed: Iterable[Windows], sources: int) -> list[Windows]:
    """Return the feed as said by so many sources."""
    return [msgspec.structs.replace(one, spread=sources) for one in feed]


def test_a_collection_that_begins_in_mid_stream_is_no_crisis() -> None:
    """Five days without a word but four, then 1.5 a minute for good, most of it negative, from one source."""
    strays = [Talk(int(i % 1440 == 7 and i > 1440)) for i in range(5 * DAY_MINUTES)]
    begun = ordinary(3 * DAY_MINUTES, rate=1.5, share=0.75, seed=11, joy=0.0)
    watcher = monitor()
    events = watch(sourced(steps([*strays, *begun]), 1), watcher)
    assert not any(event.pages for event in events)
    assert {event.reason for event in events} <= {DecisionReason.FIRST_HEARD}
    assert not watcher.warming_up
    assert 1.2 <= watcher.expected(START + 8 * 86_400).mean <= 1.8


def test_a_silent_topic_that_many_sources_take_up_pages() -> None:
    """The same burst after the same silence, told by twelve sources, is believed."""
    strays = [Talk(int(i % 1440 == 7 and i > 1440)) for i in range(5 * DAY_MINUTES)]
    events = watch(steps([*strays, *ordinary(120, rate=3.0, share=0.75, seed=11, joy=0.0)]))
    assert any(event.pages for event in events)


@pytest.mark.parametrize(("day", "times"), [(0.5, 16), (0.5, 8), (1.5, 16), (1.5, 8)])
def test_a_burst_in_the_first_days_is_left_out_of_what_is_usual(day: float, times: int) -> None:
    """Six hours of many times the talk: what is expected after the warm-up is what is ordinary."""
    at, long = int(day * DAY_MINUTES), 360
    burst = ordinary(long, rate=0.5 * times, share=0.2, seed=2)
    watcher = monitor()
    watch(steps([*HISTORY[:at], *burst, *HISTORY[at + long :]]), watcher)
    noon = START + 4 * 86_400 + 15 * 3600
    assert watcher.expected(noon).mean == pytest.approx(0.5, rel=0.25)


def test_ordinary_talk_tells_nothing() -> None:
    """Ten days of the same Poisson talk cause no page."""
    events = watch(steps(ordinary(10 * DAY_MINUTES, rate=0.3, seed=7)), monitor(topics=20))
    assert not any(event.pages for event in events)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_topic_of_few_mentions_a_day_never_pages(seed: int) -> None:
    """Three mentions a day, all of them negative: the tenth within one hour would be news, these are not."""
    talk = ordinary(14 * DAY_MINUTES, rate=3 / DAY_MINUTES, share=1.0, seed=seed)
    assert watch(steps(talk), monitor(pages_per_week=100)) == []


def test_a_new_topic_warms_up_without_a_page() -> None:
    """A fourfold rise on the second day is not told, an angry one at info; the topic is warming up."""
    for share, told in ((0.05, 0), (0.6, 1)):
        watcher, day = monitor(), ordinary(DAY_MINUTES)
        events = watch(steps([*day, *ordinary(60, rate=2.0, share=share, seed=2)]), watcher)
        assert len({event.alert_id for event in events}) == told
        assert {event.severity for event in events} <= {Severity.INFO}
        assert watcher.warming_up


def test_what_is_told_of_a_new_topic_pages_when_it_is_known() -> None:
    """Anger that begins in the last hour of the warm-up and goes on is raised after it."""
    events = watch(steps([*ordinary(59 * 60), *ordinary(360, rate=0.5, share=0.8, seed=2)]))
    raised = next(event for event in events if event.pages)
    assert raised.event is EventName.RAISED
    assert 60 * 60 <= (raised.at.timestamp() - START) / MINUTE < 60 * 60 + 30


def test_a_young_topic_is_told_at_info_of_what_pages_a_grown_one() -> None:
    """The same anger pages at once after fifteen days; after three it must first grow beyond doubt."""
    for days, severity in ((3, Severity.INFO), (15, Severity.WARNING)):
        talk = [*ordinary(days * DAY_MINUTES), *ordinary(60, rate=8.0, share=0.7, seed=2, joy=0.0)]
        events = [event for event in watch(steps(talk)) if event.at.timestamp() > START + days * 86_400]
        assert (events[0].kind, events[0].severity) == (AlertKind.CRISIS, severity)
        assert next(event for event in events if event.pages).at <= events[0].at + timedelta(minutes=5)


def test_a_crisis_shows_a_window_that_is_negative() -> None:
    """Half an hour of anger in an hour of much calm talk is not told with the share of the hour."""
    calm, angry = ordinary(40, rate=1.5, share=0.1, seed=2), ordinary(20, rate=2.5, share=0.6, seed=3)
    for event in watch(steps([*HISTORY, *calm, *angry])):
        if event.kind is AlertKind.CRISIS:
            assert event.negative.observed >= event.negative.expected + 0.05


def test_an_alert_shows_no_window_that_dilutes_it() -> None:
    """A crisis of three hours is told by the hour and by six, not by a day of which most was calm."""
    events = [event for event in watch(SHORT) if event.event is not EventName.CLOSED]
    lasted = [(event.at - event.onset).total_seconds() for event in events]
    shown = [(event.window.end - event.window.start).total_seconds() for event in events]
    assert len(events) > 1
    assert all(span <= 6 * max(last, 3600) for span, last in zip(shown, lasted, strict=True))


def test_overwhelming_evidence_pages_a_new_topic() -> None:
    """Forty times the volume on the second day pages all the same."""
    talk = [*ordinary(DAY_MINUTES), *ordinary(60, rate=25.0, share=0.8, seed=2)]
    assert any(event.pages for event in watch(steps(talk)))


def test_a_topic_is_calibrated_after_at_most_three_days() -> None:
    """Warm-up ends by itself."""
    watcher = monitor()
    watch(steps(HISTORY), watcher)
    assert not watcher.warming_up


def test_an_open_incident_does_not_teach_the_baseline() -> None:
    """What is expected of the next day is what was expected before the crisis."""
    watcher = monitor()
    watch(STORY[:QUIET_DAYS], watcher)
    before = watcher.expected(START + 4 * 86_400)
    watch(STORY[QUIET_DAYS : QUIET_DAYS + 180], watcher)
    after = watcher.expected(START + 4 * 86_400)
    assert after.mean == pytest.approx(before.mean, rel=0.1)
    assert after.low <= after.mean <= after.high


def test_truncation_changes_no_earlier_alert(told: list[AlertEvent]) -> None:
    """What comes later cannot change what was said."""
    for cut in (QUIET_DAYS + 5, QUIET_DAYS + 90, QUIET_DAYS + 700):
        early = watch(STORY[:cut])
        assert wire(early) == wire(told)[: len(early)]
        assert all(event.at.timestamp() > STORY[cut - 1].at for event in told[len(early) :])


@settings(max_examples=8, deadline=None)
@given(st.integers(0, len(SHORT)))
def test_a_restored_monitor_goes_on_as_if_never_stored(cut: int) -> None:
    """Dump and load through MessagePack at any point change nothing, alert open or not."""
    chosen = DetectionSettings(topics=20)
    watcher = monitor()
    before = watch(SHORT[:cut], watcher)
    stored = msgspec.msgpack.decode(msgspec.msgpack.encode(watcher.dump()))
    again = TopicMonitor.load(stored, "water", "Nước sạch Hoa Sen", "Hoa Sen water", chosen, chosen.digest())
    assert again.dump() == watcher.dump()
    assert again.open_alert == watcher.open_alert
    assert wire(before + watch(SHORT[cut:], again)) == wire(watch(SHORT))


def test_a_state_is_small() -> None:
    """A topic's state takes at most ten kilobytes."""
    watcher = monitor()
    watch(SHORT, watcher)
    assert len(msgspec.msgpack.encode(watcher.dump())) <= 10_000


def test_a_state_of_an_unknown_version_is_learnt_anew() -> None:
    """An old or foreign snapshot gives a new monitor, not an error."""
    chosen = DetectionSettings()
    fresh = TopicMonitor.load({"version": 0}, "water", "Nước", "Water", chosen, "x")
    assert fresh.warming_up
    assert fresh.expected(START).mean == 0.0


def test_other_topics_change_nothing(told: list[AlertEvent]) -> None:
    """Topics watched beside it, in any order, leave a topic's events as they are."""
    watchers = {topic: monitor(topic) for topic in ("power", "water", "roads")}
    noise = list(steps(ordinary(len(STORY), rate=0.2, seed=9)))
    events: list[AlertEvent] = []
    for i, closed in enumerate(STORY[: QUIET_DAYS + 180]):
        for topic in sorted(watchers, reverse=i % 2 == 0):
            found = watchers[topic].close(closed if topic == "water" else noise[i])
            events += found if topic == "water" else []
    assert wire(events) == wire(told)[: len(events)]


@pytest.mark.parametrize("weeks", [1, 60])
def test_shifting_by_whole_weeks_shifts_the_alerts(weeks: int) -> None:
    """The same talk some weeks later gives the same alerts some weeks later, holidays apart."""
    shifted = [msgspec.structs.replace(closed, at=closed.at + weeks * WEEK) for closed in SHORT]
    first, later = (watch(feed, monitor(holidays="")) for feed in (SHORT, shifted))
    assert [e.at.timestamp() + weeks * WEEK for e in first] == [e.at.timestamp() for e in later]
    assert [(e.event, e.kind, e.observed, e.expected, e.evidence[0].score) for e in first] == [
        (e.event, e.kind, e.observed, e.expected, e.evidence[0].score) for e in later
    ]


def test_a_step_of_another_length_starts_the_topic_anew() -> None:
    """Counts of minutes teach nothing about counts of hours."""
    watcher = monitor()
    watch(STORY[:QUIET_DAYS], watcher)
    watcher.close(windows(at=START, step=3600))
    assert watcher.warming_up


def test_each_field_of_an_event_is_filled(told: list[AlertEvent]) -> None:
    """The event that pages explains itself."""
    event = next(event for event in told if event.pages)
    assert event.window.start < event.window.end == event.at
    assert event.interval[0] <= event.expected <= event.interval[1] < event.observed
    assert event.negative.observed > event.negative.expected
    names = [evidence.name for evidence in event.evidence]
    assert names == ["volume", "negativity", "spread", "duplication", "authors"]
    assert all(e.score >= e.threshold > 0 and e.since is not None for e in event.evidence[:2])
    assert (event.evidence[4].score, event.evidence[4].threshold) == (50.0, 10.0)
    assert event.sources == {"social": event.observed}
    assert event.phrases == ("nước đục",)
    assert len(event.samples) == 2
    assert 0.5 <= event.confidence < 1.0
    assert event.model.config_hash == DetectionSettings(topics=20).digest()


def test_scores_are_there_from_the_start() -> None:
    """Each evidence has a score before the first mention."""
    assert set(monitor().scores()) == {"volume", "negativity", "spread", "authors", "duplication", "river"}
    assert not any(monitor().scores().values())


def test_silence_from_the_first_step_is_no_event() -> None:
    """A topic without a mention says nothing and expects next to nothing."""
    watcher = monitor()
    assert watch(steps([Talk(0)] * 5000), watcher) == []
    assert statistics.fsum(watcher.expected(START + h * 3600).mean for h in range(24)) == 0.0
